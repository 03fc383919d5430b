package rest_test

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore/rest"
)

// callers knows callers by their bearer tokens.
func callers(known map[string]*access.Rights) *rest.Authorization {
	return &rest.Authorization{
		Configuration: []byte(`{"issuer":"https://i.example","authorization_endpoint":"https://i.example/authorize","token_endpoint":"https://i.example/token"}`),
		Rights: func(r *http.Request) (*access.Rights, error) {
			token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			switch rights, ok := known[token]; {
			case token == "down":
				return nil, errors.New("the registry of callers is down")
			case token == "panic":
				panic("a fault")
			case !ok:
				return nil, &rest.Unauthorized{Reason: "who are you?"}
			default:
				return rights, nil
			}
		},
	}
}

func as(caller string) string { return "Authorization: Bearer " + caller }

func ofPatient(id, permissions string) []access.Grant {
	return []access.Grant{{Type: "*", Permissions: permissions, Patient: id}}
}

var everything = &access.Rights{Caller: "root", Grants: []access.Grant{{Type: "*", Permissions: access.Permissions}}, Admin: true}

// Nobody is answered before it is known who asks, but where it is said how to ask.
func TestUnauthorized(t *testing.T) {
	c := newClient(t, &rest.Options{Authorization: callers(map[string]*access.Rights{"root": everything, "nothing": {Caller: "nothing"}, "nil": nil})})
	for _, asked := range [][3]string{
		{"GET", "/Patient/1", ""}, {"GET", "/Patient", ""}, {"GET", "", ""}, {"POST", "", `{}`}, {"POST", "/Patient", `{}`}, {"PUT", "/Patient/1", `{}`}, {"DELETE", "/Patient/1", ""}, {"PATCH", "/Patient/1", `[]`},
		{"GET", "/Nonsense", ""}, {"GET", "/_history", ""}, {"POST", "/$fhirpath", `{}`}, {"GET", "/$nothing", ""}, {"PUT", "/Patient", `{}`}, {"HEAD", "/Patient/1", ""}, {"POST", "/metadata", ""}, {"GET", "/metadata/x", ""}, {"GET", "/%2e%2e/metadata", ""}, {"OPTIONS", "/Patient", ""},
	} {
		for _, headers := range [][]string{nil, {as("stranger")}, {"Authorization: Basic cm9vdDo="}} {
			a := c.must(401, asked[0], asked[1], asked[2], headers...)
			require.Equal(t, "Bearer", a.header.Get("WWW-Authenticate"))
			if asked[0] != "HEAD" {
				require.Contains(t, a.body, `"code":"login","diagnostics":"who are you?"`)
			}
		}
		for _, caller := range []string{"nothing", "nil"} {
			a := c.must(403, asked[0], asked[1], asked[2], as(caller))
			require.Equal(t, `Bearer error="insufficient_scope"`, a.header.Get("WWW-Authenticate"))
		}
	}
	a := c.must(503, "GET", "/Patient/1", "", as("down"))
	require.Equal(t, "10", a.header.Get("Retry-After"))
	require.NotContains(t, a.body, "registry")
	c.must(500, "GET", "/Patient/1", "", as("panic"))
	c.must(401, "GET", "/Patient", "", "Accept: application/fhir+xml")
	require.Contains(t, c.must(401, "GET", "/Patient?_format=xml", "").header.Get("Content-Type"), "xml")

	metadata := c.must(200, "GET", "/metadata", "").body
	require.Contains(t, metadata, `"security":{"extension":[{"url":"http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris","extension":[{"url":"token","valueUri":"https://i.example/token"},{"url":"authorize","valueUri":"https://i.example/authorize"}]}],"service":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/restful-security-service","code":"SMART-on-FHIR"}]`)
	for _, path := range []string{"/fhir/.well-known/smart-configuration", "/.well-known/smart-configuration"} {
		response, err := http.Get(strings.TrimSuffix(c.base, "/fhir") + path)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, 200, response.StatusCode)
		require.Equal(t, "application/json", response.Header.Get("Content-Type"))
		require.Contains(t, string(body), `"issuer":"https://i.example"`)
	}
	c.must(401, "POST", "/.well-known/smart-configuration", "")

	open := newClient(t, nil)
	open.must(404, "GET", "/.well-known/smart-configuration", "")
	require.NotContains(t, open.must(200, "GET", "/metadata", "").body, `"security"`)
	open.must(204, "DELETE", "/Patient/never", "")
}

// Two patients whose data refer to each other: each caller sees one of them, by whatever
// way.
func TestTwoPatients(t *testing.T) {
	known := map[string]*access.Rights{"root": everything}
	for _, id := range []string{"ann", "bob"} {
		known[id] = &access.Rights{Caller: id, Grants: ofPatient(id, access.Permissions)}
		known[id+" again"] = &access.Rights{Caller: id + " again", Grants: ofPatient(id, access.Permissions)}
	}
	c := newClient(t, &rest.Options{Authorization: callers(known)})
	put := func(resources ...string) {
		for _, r := range resources {
			parts := regexp.MustCompile(`"resourceType":"(\w+)","id":"([^"]+)"`).FindStringSubmatch(r)
			c.must(201, "PUT", "/"+parts[1]+"/"+parts[2], r, as("root"))
		}
	}
	for id, other := range map[string]string{"ann": "bob", "bob": "ann"} {
		put(`{"resourceType":"Patient","id":"`+id+`","name":[{"family":"Name-`+id+`"}],"generalPractitioner":[{"reference":"Practitioner/doc"}],"link":[{"other":{"reference":"RelatedPerson/r-`+other+`"},"type":"seealso"}]}`,
			`{"resourceType":"RelatedPerson","id":"r-`+id+`","patient":{"reference":"Patient/`+id+`"},"name":[{"family":"Name-`+id+`"}]}`,
			`{"resourceType":"Observation","id":"o-`+id+`","status":"final","code":{"text":"Name-`+id+`"},"subject":{"reference":"Patient/`+id+`"},"hasMember":[{"reference":"Observation/o-`+other+`"}],"performer":[{"reference":"Practitioner/doc"}]}`,
			`{"resourceType":"Encounter","id":"e-`+id+`","status":"finished","class":{"code":"AMB","display":"Name-`+id+`"},"subject":{"reference":"Patient/`+id+`"}}`,
			`{"resourceType":"Device","id":"d-`+id+`","patient":{"reference":"Patient/`+id+`"},"lotNumber":"Name-`+id+`"}`,
			`{"resourceType":"Task","id":"t-`+id+`","status":"draft","intent":"order","description":"Name-`+id+`","for":{"reference":"Patient/`+id+`"}}`,
			`{"resourceType":"DocumentReference","id":"x-`+id+`","status":"current","description":"Name-`+id+`","subject":{"reference":"Patient/`+id+`"},"content":[{"attachment":{"title":"t"}}],"relatesTo":[{"code":"appends","target":{"reference":"DocumentReference/x-`+other+`"}}]}`,
			`{"resourceType":"List","id":"l-`+id+`","status":"current","mode":"working","title":"Name-`+id+`","subject":{"reference":"Patient/`+id+`"},"entry":[{"item":{"reference":"Observation/o-`+other+`"}}]}`,
			`{"resourceType":"Binary","id":"b-`+id+`","contentType":"text/plain","data":"TmFtZQ=="}`)
	}
	put(`{"resourceType":"Practitioner","id":"doc","active":true}`, `{"resourceType":"Organization","id":"org","name":"Clinic"}`, `{"resourceType":"Device","id":"stock"}`,
		`{"resourceType":"Group","id":"both","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/ann"}},{"entity":{"reference":"Patient/bob"}}]}`)

	for _, path := range []string{
		"/Patient/bob", "/Patient/bob/_history", "/Patient/bob/_history/1", "/Observation/o-bob", "/Encounter/e-bob", "/Device/d-bob", "/Task/t-bob", "/DocumentReference/x-bob", "/List/l-bob", "/RelatedPerson/r-bob",
	} {
		a := c.must(404, "GET", path, "", as("ann"))
		// As of what never was.
		never := c.must(404, "GET", strings.ReplaceAll(path, "bob", "never"), "", as("ann"))
		require.Equal(t, never.body, a.body, path)
		c.must(200, "GET", path, "", as("bob"))
		c.must(200, "GET", path, "", as("root"))
		c.must(404, "GET", path, "", as("ann"), `If-None-Match: W/"1"`)
	}
	for _, path := range []string{"/Binary/b-ann", "/Binary"} {
		c.must(403, "GET", path, "", as("ann"))
	}
	for path, total := range map[string]string{
		"/Patient": "1", "/Patient?name=Name": "1", "/Patient?family:contains=bob": "0", "/Patient?_id=bob": "0", "/Patient?_id:not=ann": "0", "/Patient?_has:Observation:patient:code:text=name-bob": "0", "/Patient?_has:Observation:subject:_has:Observation:has-member:code:text=name-bob": "0",
		"/Observation": "1", "/Observation?subject=Patient/bob": "0", "/Observation?has-member=Observation/o-bob": "1", "/Observation?has-member.status=final": "0", "/Observation?subject:Patient.family=name-bob": "0", "/Observation?patient.link:RelatedPerson.name=name-bob": "0",
		"/Patient?link:RelatedPerson.name=Name": "0", "/Observation?_list=l-bob": "0", "/Observation?_list=l-ann": "0", "/Device": "2", "/Device?patient:missing=true": "1", "/Task": "1", "/Practitioner": "1", "/Organization": "1", "/Group": "1", "/DocumentReference?relatesto.description=name-bob": "0",
		"/Patient/bob/Observation": "0", "/Patient/bob/*": "1", "/Patient/ann/Observation": "1", "?_type=Patient,Observation": "2", "/Observation?_summary=count": "1", "/Observation?_filter=has-member[status%20eq%20final].status%20eq%20final": "0",
	} {
		a := c.must(200, "GET", path, "", as("ann"))
		if path == "/Observation?has-member=Observation/o-bob" || path == "/Observation?_list=l-ann" {
			require.Contains(t, a.body, `"total":`+total) // the reference stands in the caller's own data
			continue
		}
		require.Contains(t, a.body, `"total":`+total, path)
		require.NotContains(t, a.body, "Name-bob", path)
	}
	for _, path := range []string{
		"/Observation?_include=Observation:has-member&_include=*", "/Patient?_revinclude=*", "/Group?_include=Group:member", "/Practitioner?_revinclude=Patient:general-practitioner&_revinclude:iterate=Observation:subject", "/Observation?_revinclude=Observation:has-member", "/List?_include=List:item", "/Patient?_include=Patient:link",
		"/DocumentReference?_include=DocumentReference:relatesto", "/_history", "/Patient/_history", "/Observation/_history", "/Observation/o-ann/_history", "", "?_sort=-_id", "/Observation?_sort=subject:Patient.family",
	} {
		a := c.must(200, "GET", path, "", as("ann"))
		require.NotContains(t, a.body, "Name-bob", path)
		if !strings.Contains(path, "o-ann") {
			require.Contains(t, c.must(200, "GET", path, "", as("bob")).body, "Name-bob", path)
		}
	}
	a := c.must(200, "POST", "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient/bob"}},{"request":{"method":"GET","url":"Patient?family=name-bob"}},{"request":{"method":"GET","url":"Binary/b-ann"}},{"request":{"method":"DELETE","url":"Observation/o-bob"}},{"request":{"method":"GET","url":"Patient/ann"}}]}`, as("ann"))
	require.Equal(t, []string{"404", "200", "403", "404", "200"}, statusesOf(a.body))
	require.NotContains(t, a.body, "Name-bob")
	a = c.must(200, "POST", "/$fhirpath", `{"resourceType":"Parameters","parameter":[{"name":"expression","valueString":"subject.resolve().name.family | focus.resolve().id"},{"name":"resource","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/bob"},"focus":[{"reference":"Binary/b-ann"}]}}]}`, as("ann"))
	require.NotContains(t, a.body, "part")

	// Writes.
	about := func(id, patient string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"text":"y"},"subject":{"reference":"Patient/` + patient + `"}}`
	}
	for _, w := range []struct {
		status             int
		method, path, body string
		headers            []string
	}{
		{403, "POST", "/Observation", about("x", "bob"), nil}, {403, "PUT", "/Observation/new", about("new", "bob"), nil}, {403, "PUT", "/Observation/o-bob", about("o-bob", "ann"), nil}, {403, "PUT", "/Observation/o-ann", about("o-ann", "bob"), nil},
		{412, "PUT", "/Observation/o-bob", about("o-bob", "ann"), []string{`If-Match: W/"1"`}}, {412, "PUT", "/Observation/never", about("never", "ann"), []string{`If-Match: W/"1"`}}, {403, "PUT", "/Observation/o-bob", about("o-bob", "ann"), []string{"If-None-Match: *"}},
		{404, "PATCH", "/Observation/o-bob", `[{"op":"test","path":"/status","value":"final"}]`, []string{"Content-Type: application/json-patch+json"}}, {404, "PATCH", "/Observation/o-bob", `[{"op":"test","path":"/status","value":"draft"}]`, []string{"Content-Type: application/json-patch+json"}},
		{403, "PATCH", "/Observation/o-ann", `[{"op":"replace","path":"/subject/reference","value":"Patient/bob"}]`, []string{"Content-Type: application/json-patch+json"}},
		{404, "DELETE", "/Observation/o-bob", "", nil}, {404, "DELETE", "/Observation/never", "", nil}, {412, "DELETE", "/Observation/o-bob", "", []string{`If-Match: W/"1"`}}, {204, "DELETE", "/Observation?_id=o-bob", "", nil},
		{201, "POST", "/Observation", about("x", "ann"), []string{"If-None-Exist: _id=o-bob"}}, {404, "PATCH", "/Observation?_id=o-bob", `[{"op":"test","path":"/status","value":"final"}]`, []string{"Content-Type: application/json-patch+json"}},
		{403, "PUT", "/Observation?_id=o-bob", about("o-bob", "ann"), nil}, {403, "DELETE", "/Binary/b-ann", "", nil}, {403, "POST", "/Binary", `{"resourceType":"Binary","contentType":"text/plain"}`, nil}, {403, "POST", "/Patient", `{"resourceType":"Patient"}`, nil},
		{403, "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` + about("o-ann", "ann") + `,"request":{"method":"PUT","url":"Observation/o-ann"}},{"resource":` + about("o-bob", "ann") + `,"request":{"method":"PUT","url":"Observation/o-bob"}}]}`, nil},
		{404, "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` + about("o-ann", "ann") + `,"request":{"method":"PUT","url":"Observation/o-ann"}},{"request":{"method":"GET","url":"Observation/o-bob"}}]}`, nil},
		{412, "POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` + strings.Replace(about("x", "ann"), `"status"`, `"focus":[{"reference":"Patient?family=name-bob"}],"status"`, 1) + `,"request":{"method":"POST","url":"Observation"}}]}`, nil},
		{200, "PUT", "/Observation/o-ann", about("o-ann", "ann"), nil}, {201, "PUT", "/Observation/free", about("free", "ann"), nil}, {204, "DELETE", "/Observation/free", "", nil}, {204, "DELETE", "/Observation/free", "", nil}, {410, "GET", "/Observation/free", "", nil},
	} {
		a := c.must(w.status, w.method, w.path, w.body, append(w.headers, as("ann"))...)
		require.NotContains(t, a.body, "Name-bob")
		if w.status == 403 {
			require.Equal(t, `Bearer error="insufficient_scope"`, a.header.Get("WWW-Authenticate"))
			require.Contains(t, a.body, `"code":"forbidden"`)
		}
	}
	require.Contains(t, c.must(200, "GET", "/Observation/o-bob", "", as("root")).header.Get("ETag"), `W/"1"`)
	c.must(404, "GET", "/Observation/free", "", as("bob"))

	// A page is of the caller who got it.
	next := regexp.MustCompile(`"next","url":"[^"]*/fhir([^"]+)"`)
	for _, path := range []string{"/Device?_count=1", "/Device/_history?_count=1", "/_history?_count=2", "/Observation/o-ann/_history?_count=1"} {
		page := next.FindStringSubmatch(c.must(200, "GET", path, "", as("ann")).body)
		require.NotNil(t, page, path)
		c.must(200, "GET", page[1], "", as("ann"))
		for _, thief := range []string{"ann again", "root"} {
			c.must(400, "GET", page[1], "", as(thief))
		}
	}
	require.Equal(t, "", next.FindString(c.must(200, "GET", "/Observation?_count=1", "", as("bob")).body))
	c.must(403, "GET", "/Observation?_explain=true", "", as("ann"))
	c.must(200, "GET", "/Observation?_explain=true", "", as("root"))
}

// statusesOf returns the statuses of a Bundle's answer.
func statusesOf(body string) (all []string) {
	for _, found := range regexp.MustCompile(`"status":"(\d+)`).FindAllStringSubmatch(body, -1) {
		all = append(all, found[1])
	}
	return all
}

// Permissions are by type and interaction.
func TestInteractionsOutsideTheRights(t *testing.T) {
	grants := map[string]string{"POST /Observation": "c", "GET /Observation/o": "r", "GET /Observation/o/_history": "r", "GET /Observation/o/_history/1": "r", "PUT /Observation/o": "u", "PATCH /Observation/o": "u", "DELETE /Observation/o": "d", "GET /Observation": "s", "POST /Observation/_search": "s", "GET /Observation/_history": "s", "GET /Patient/p/Observation": "s", "GET ?_type=Observation": "s", "DELETE /Observation?_id=o": "ds", "PUT /Observation?_id=o": "su", "PATCH /Observation?_id=o": "su"}
	known := map[string]*access.Rights{"root": everything}
	for _, letter := range access.Permissions {
		known[string(letter)] = &access.Rights{Grants: []access.Grant{{Type: "Observation", Permissions: string(letter)}, {Type: "Patient", Permissions: access.Permissions}}}
		without := strings.ReplaceAll(access.Permissions, string(letter), "")
		known["not "+string(letter)] = &access.Rights{Grants: []access.Grant{{Type: "Observation", Permissions: without}}}
	}
	c := newClient(t, &rest.Options{Authorization: callers(known)})
	const resource = `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"}}`
	for asked, needs := range grants {
		method, path, _ := strings.Cut(asked, " ")
		body, headers := "", []string(nil)
		switch {
		case method == "PATCH":
			body, headers = `[{"op":"replace","path":"/status","value":"final"}]`, []string{"Content-Type: application/json-patch+json"}
		case strings.HasSuffix(path, "_search"):
			headers = []string{"Content-Type: application/x-www-form-urlencoded"}
		case method == "PUT" || method == "POST":
			body = resource
		}
		for _, letter := range access.Permissions {
			c.do("PUT", "/Observation/o", resource, as("root"))
			a := c.do(method, path, body, append(headers, as("not "+string(letter)))...)
			require.Equal(t, strings.ContainsRune(needs, letter), a.status == 403, "%s without %c: %d %s", asked, letter, a.status, a.body)
			c.do("PUT", "/Observation/o", resource, as("root"))
			a = c.do(method, path, body, append(headers, as(string(letter)))...)
			require.Equal(t, needs != string(letter), a.status == 403, "%s with %c: %d %s", asked, letter, a.status, a.body)
			if a.status != 403 {
				require.Less(t, a.status, 300, "%s", a.body)
			}
		}
	}
}
