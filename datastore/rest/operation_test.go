package rest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// greet is an operation of a program's own, with parameters of each kind.
func greet(handle func(ctx context.Context, call *rest.Call) (*rest.Reply, error)) rest.Operation {
	return rest.Operation{
		Name: "greet", Description: "Greets.", System: true, Type: true, Instance: true, Resources: []string{"Patient", "Practitioner"},
		Parameters: []rest.Parameter{
			{Name: "word", Min: 1, Type: "string"},
			{Name: "times", Type: "positiveInt"},
			{Name: "to", Many: true, Type: "Coding"},
			{Name: "about", Type: "Observation"},
			{Name: "pair", Many: true, Parts: []rest.Parameter{{Name: "a", Min: 1, Type: "code"}, {Name: "b", Many: true, Type: "boolean"}}},
			{Name: "said", Out: true, Min: 1, Type: "string"},
		},
		Handle: handle,
	}
}

func echo(_ context.Context, call *rest.Call) (*rest.Reply, error) {
	said := call.Subject.String() + " " + call.Text("word") + strings.Repeat("!", len(call.Arguments("to"))) + call.Text("times")
	for _, pair := range call.Arguments("pair") {
		for _, part := range pair.Parts {
			said += " " + part.Name + "=" + part.Text()
		}
	}
	if about, ok := call.Argument("about"); ok {
		said += " " + about.Type
	}
	return &rest.Reply{Parameters: []rest.Argument{{Name: "said", Type: "string", Value: []byte(`"` + said + `"`)}}}, nil
}

// TestOwnOperation calls an operation of a program's own in every form.
func TestOwnOperation(t *testing.T) {
	c := newClient(t, &rest.Options{Operations: []rest.Operation{greet(echo)}})
	said := func(text string) string { return `"parameter":[{"name":"said","valueString":"` + text + `"}]` }
	parameters := func(list ...string) string {
		return `{"resourceType":"Parameters","parameter":[` + strings.Join(list, ",") + `]}`
	}
	hi := `{"name":"word","valueString":"hi"}`
	observation := `{"resourceType":"Observation","status":"final","code":{"text":"x"}}`
	for _, test := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"system", "GET", "/$greet?word=hi", "", 200, said("/ hi")},
		{"type", "GET", "/Patient/$greet?word=hi", "", 200, said("Patient/ hi")},
		{"instance", "GET", "/Patient/1/$greet?word=hi", "", 200, said("Patient/1 hi")},
		{"another type", "GET", "/Observation/$greet?word=hi", "", 404, "not-supported"},
		{"slash at the end", "GET", "/$greet/?word=hi", "", 200, said("/ hi")},
		{"POST", "POST", "/$greet", parameters(hi), 200, said("/ hi")},
		{"POST with a query", "POST", "/$greet?times=3", parameters(hi), 200, said("/ hi3")},
		{"POST with a query alone", "POST", "/$greet?word=hi", "", 200, said("/ hi")},
		{"all kinds", "POST", "/$greet", parameters(hi, `{"name":"times","valueInteger":2}`, `{"name":"to","valueCoding":{"code":"x"}}`, `{"name":"to","valueCoding":{"code":"y"}}`,
			`{"name":"pair","part":[{"name":"a","valueCode":"c"},{"name":"b","valueBoolean":true},{"name":"b","valueBoolean":false}]}`, `{"name":"about","resource":`+observation+`}`), 200,
			said("/ hi!!2 a=c b=true b=false Observation")},
		{"required", "GET", "/$greet", "", 400, "required"},
		{"twice", "GET", "/$greet?word=a&word=b", "", 400, "once"},
		{"unknown", "GET", "/$greet?word=a&wort=b", "", 400, "not-supported"},
		{"unknown in a body", "POST", "/$greet", parameters(hi, `{"name":"wort","valueString":"x"}`), 400, `"Parameters.parameter[1]"`},
		{"no form in a URL", "GET", "/$greet?word=a&to=b", "", 400, "POST it"},
		{"value of another type in a query", "GET", "/$greet?word=a&times=none", "", 400, "positiveInt"},
		{"value out of range", "GET", "/$greet?word=a&times=0", "", 400, "positiveInt"},
		{"empty value", "GET", "/$greet?word=", "", 400, "string"},
		{"value of another type", "POST", "/$greet", parameters(`{"name":"word","valueBoolean":true}`), 400, `"Parameters.parameter[0]"`},
		{"value of another data type", "POST", "/$greet", parameters(hi, `{"name":"to","valueQuantity":{"value":1}}`), 400, `"Parameters.parameter[1]"`},
		{"value without a value", "POST", "/$greet", parameters(`{"name":"word"}`), 400, `"Parameters.parameter[0]"`},
		{"only an extension", "POST", "/$greet", parameters(`{"name":"word","_valueString":{"id":"x"}}`), 400, `"Parameters.parameter[0]"`},
		{"resource of another type", "POST", "/$greet", parameters(hi, `{"name":"about","resource":`+ann+`}`), 400, `Parameters.parameter[1].resource`},
		{"resource with faults", "POST", "/$greet", parameters(hi, `{"name":"about","resource":`+strings.Replace(observation, "status", "statos", 1)+`}`), 400, `Parameters.parameter[1].resource`},
		{"resource in place of a value", "POST", "/$greet", parameters(`{"name":"word","resource":` + ann + `}`), 400, `"Parameters.parameter[0]"`},
		{"part that is missing", "POST", "/$greet", parameters(hi, `{"name":"pair","part":[{"name":"b","valueBoolean":true}]}`), 400, "required"},
		{"part that is unknown", "POST", "/$greet", parameters(hi, `{"name":"pair","part":[{"name":"c","valueBoolean":true}]}`), 400, "parameter[1].part[0]"},
		{"part of another type", "POST", "/$greet", parameters(hi, `{"name":"pair","part":[{"name":"a","valueBoolean":true}]}`), 400, "parameter[1].part[0]"},
		{"parts in place of a value", "POST", "/$greet", parameters(`{"name":"word","part":[{"name":"a","valueBoolean":true}]}`), 400, `"Parameters.parameter[0]"`},
		{"no Parameters", "POST", "/$greet", ann, 400, "must be of type Observation"},
		{"malformed", "POST", "/$greet", `{"resourceType":"Parameters","parameter":[`, 400, ""},
		{"unknown member", "POST", "/$greet", parameters(`{"name":"word","valueStrong":"x"}`), 400, "valueStrong"},
		{"another method", "DELETE", "/$greet", "", 405, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c.t = t
			a := c.must(test.status, test.method, test.path, test.body)
			require.Contains(t, a.body, test.want)
		})
	}
	c.t = t
	require.Empty(t, c.must(200, "HEAD", "/$greet?word=hi", "").body)
	a := c.must(200, "GET", "/$greet?word=hi&wort=x", "", "Prefer: handling=lenient")
	require.Equal(t, "handling=lenient", a.header.Get("Preference-Applied"))
	a = c.must(200, "POST", "/$greet", "word=hi&times=4", "Content-Type: application/x-www-form-urlencoded")
	require.Contains(t, a.body, said("/ hi4"))
	a = c.must(200, "GET", "/$greet?word=hi&_format=xml", "")
	require.Contains(t, a.xml, `<valueString value="/ hi"/>`)
	a = c.must(200, "POST", "/$greet", `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="word"/><valueString value="hi"/></parameter></Parameters>`, "Content-Type: application/fhir+xml")
	require.Contains(t, a.body, `"/ hi"`)
	c.must(415, "POST", "/$greet", "word", "Content-Type: text/plain")
	c.must(400, "POST", "/$greet", parameters(hi), `If-Match: W/"1"`)
	require.Equal(t, "GET, HEAD, POST", c.must(405, "PUT", "/$greet", ann).header.Get("Allow"))
}

// TestOperationThatFails checks that nothing a program's operation does ends the server.
func TestOperationThatFails(t *testing.T) {
	failing := func(name string, affects bool, handle func(ctx context.Context, call *rest.Call) (*rest.Reply, error)) rest.Operation {
		return rest.Operation{Name: name, System: true, AffectsState: affects, Handle: handle}
	}
	c := newClient(t, &rest.Options{Operations: []rest.Operation{
		failing("panics", false, func(context.Context, *rest.Call) (*rest.Reply, error) { panic("x") }),
		failing("gone", false, func(context.Context, *rest.Call) (*rest.Reply, error) { return nil, datastore.ErrGone }),
		failing("nonsense", false, func(context.Context, *rest.Call) (*rest.Reply, error) {
			return &rest.Reply{Parameters: []rest.Argument{{Name: "x", Value: []byte("1")}, {Name: "y", Type: "Nonsense", Value: []byte("1")}, {Name: "z", Type: "code", Value: []byte("{")}}}, nil
		}),
		failing("nothing", false, func(context.Context, *rest.Call) (*rest.Reply, error) { return nil, nil }),
		failing("job", true, func(_ context.Context, call *rest.Call) (*rest.Reply, error) {
			return &rest.Reply{Status: http.StatusAccepted, Header: http.Header{"Content-Location": {call.Base + "/jobs/1"}}}, nil
		}),
		failing("expand", false, echo), // there is none of the system's
	}})
	c.must(500, "GET", "/$panics", "")
	c.must(500, "GET", "/$nonsense", "")
	c.must(410, "GET", "/$gone", "")
	require.Empty(t, c.must(200, "GET", "/$nothing", "").body)
	a := c.must(202, "POST", "/$job", "")
	require.Equal(t, c.base+"/jobs/1", a.header.Get("Content-Location"))
	require.Equal(t, "POST", c.must(405, "GET", "/$job", "").header.Get("Allow"))
	c.must(200, "GET", "/$expand", "")

	// Those that cannot be called are refused by name.
	for name, wrong := range map[string]rest.Operation{
		`""`: failing("", false, echo), `"none"`: {Name: "none", System: true}, `"nowhere"`: {Name: "nowhere", Handle: echo}, `"fhirpath"`: failing("fhirpath", false, echo),
		`"strange"`: {Name: "strange", Type: true, Resources: []string{"Nonsense"}, Handle: echo},
	} {
		require.ErrorContains(t, (&rest.Options{Operations: []rest.Operation{wrong}}).Check(), name)
	}
}

// TestOperationsInBundles calls operations by entries of batches and transactions.
func TestOperationsInBundles(t *testing.T) {
	c := newClient(t, &rest.Options{Operations: []rest.Operation{greet(echo)}})
	c.must(201, "PUT", "/Patient/bob", bob)
	entry := func(method, url, resource string) string {
		if resource != "" {
			resource = `"resource":` + resource + `,`
		}
		return `{` + resource + `"request":{"method":"` + method + `","url":"` + url + `"}}`
	}
	send := func(status int, kind string, entries ...string) answer {
		return c.must(status, "POST", "", `{"resourceType":"Bundle","type":"`+kind+`","entry":[`+strings.Join(entries, ",")+`]}`)
	}
	parameters := `{"resourceType":"Parameters","parameter":[{"name":"word","valueString":"hi"}]}`
	meta := `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"seen"}]}}]}`
	b := send(200, "batch",
		entry("GET", "$greet?word=hi", ""), entry("POST", "Patient/bob/$greet", parameters), entry("GET", "Patient/bob/$everything", ""),
		entry("POST", "Patient/bob/$meta-add", meta), entry("GET", "Patient/bob/$meta", ""), entry("GET", "Patient/bob/_history/1/$meta", ""),
		entry("GET", "Patient/nobody/$everything", ""), entry("GET", "$nonsense", ""), entry("GET", "Observation/$greet?word=x", ""),
		entry("GET", "$greet", ""), entry("GET", "Patient/bob/$meta-add", ""), entry("POST", "Patient/$validate", ann), entry("PUT", "$greet", ann),
		entry("GET", c.base+"/Patient/$greet?word=ho", ""), entry("POST", "$fhirpath", parameters), entry("HEAD", "$greet?word=hi", ""),
	).bundle(t)
	var statuses []string
	for _, e := range b.Entry {
		statuses = append(statuses, e.Response.Status[:3])
	}
	require.Equal(t, []string{"200", "200", "200", "200", "200", "200", "404", "501", "404", "400", "405", "200", "400", "200", "501", "200"}, statuses)
	require.Equal(t, "Bundle", b.Entry[2].Resource["resourceType"])
	require.Contains(t, b.Entry[4].Resource["parameter"], map[string]any{"name": "return", "valueMeta": map[string]any{
		"versionId": "2", "lastUpdated": "2024-05-06T07:08:10.500000Z", "tag": []any{map[string]any{"code": "seen"}}}})
	require.Equal(t, "OperationOutcome", b.Entry[11].Resource["resourceType"])

	b = send(200, "transaction", entry("PUT", "Patient/new", `{"resourceType":"Patient","id":"new"}`), entry("GET", "Patient/new/$everything", ""), entry("POST", "$greet", parameters)).bundle(t)
	require.Equal(t, "200 OK", b.Entry[1].Response.Status)
	require.EqualValues(t, 1, b.Entry[1].Resource["total"], "as of the state behind the transaction")
	for url, status := range map[string]int{"Patient/nobody/$everything": 404, "$nonsense": 501, "$greet": 400} {
		a := send(status, "transaction", entry("PUT", "Patient/other", `{"resourceType":"Patient","id":"other"}`), entry("GET", url, ""))
		require.Contains(t, a.body, "Bundle.entry[1]")
	}
	send(400, "transaction", entry("POST", "Patient/bob/$meta-add", meta))
	c.must(404, "GET", "/Patient/other", "")
}

// TestOperationDefinitions reads and searches the definitions that the server has itself.
func TestOperationDefinitions(t *testing.T) {
	c := newClient(t, &rest.Options{Operations: []rest.Operation{greet(echo)}, BaseURL: "https://example.org/fhir"})
	a := c.must(200, "GET", "/OperationDefinition/greet", "")
	require.Contains(t, a.body, `"url":"https://example.org/fhir/OperationDefinition/greet"`)
	require.Contains(t, a.body, `"description":"Greets.","affectsState":false,"code":"greet","resource":["Patient","Practitioner"],"system":true,"type":true,"instance":true,"parameter":[{"name":"word","use":"in","min":1,"max":"1","type":"string"}`)
	version := strings.Trim(strings.TrimPrefix(a.header.Get("ETag"), "W/"), `"`)
	c.must(200, "GET", "/OperationDefinition/greet/_history/"+version, "")
	c.must(404, "GET", "/OperationDefinition/greet/_history/1", "")
	require.Contains(t, c.must(200, "GET", "/OperationDefinition/greet/_history", "").body, `"total":1`)
	c.must(304, "GET", "/OperationDefinition/greet", "", "If-None-Match: "+a.header.Get("ETag"))
	c.must(200, "GET", "/OperationDefinition/greet?_summary=true", "")

	found := func(query string) (bundle, []string) {
		b := c.must(200, "GET", "/OperationDefinition"+query, "").bundle(t)
		var ids []string
		for _, e := range b.Entry {
			ids = append(ids, e.Resource["id"].(string))
		}
		return b, ids
	}
	_, ids := found("?code=greet")
	require.Equal(t, []string{"greet"}, ids)
	_, ids = found("?url=https://example.org/fhir/OperationDefinition/greet")
	require.Equal(t, []string{"greet"}, ids)
	_, ids = found("?code=nonsense")
	require.Empty(t, ids)
	all, _ := found("?_summary=count")
	require.Greater(t, *all.Total, 6)
	require.Empty(t, all.Entry)
	c.must(400, "GET", "/OperationDefinition?nonsense=x", "")

	own := `{"resourceType":"OperationDefinition","id":"mine-ID","name":"Mine","status":"draft","kind":"operation","code":"mine","system":true,"type":false,"instance":false}`
	for _, id := range []string{"mine-1", "mine-2", "mine-3"} {
		c.must(201, "PUT", "/OperationDefinition/"+id, strings.Replace(own, "mine-ID", id, 1))
	}
	// Pages of any size show each once.
	for _, size := range []string{"1", "2", "3", "4", "100"} {
		var seen []string
		path := "/OperationDefinition?_count=" + size
		for path != "" {
			b := c.must(200, "GET", path, "").bundle(t)
			require.Equal(t, *all.Total+3, *b.Total)
			for _, e := range b.Entry {
				require.NotContains(t, seen, e.Resource["id"])
				seen = append(seen, e.Resource["id"].(string))
			}
			path = ""
			for _, l := range b.Link {
				if l.Relation == "next" {
					path = strings.TrimPrefix(l.URL, "https://example.org/fhir")
				}
			}
		}
		require.Len(t, seen, *all.Total+3, size)
	}
	c.must(201, "PUT", "/OperationDefinition/greet", strings.Replace(own, "mine-ID", "greet", 1))
	require.Contains(t, c.must(200, "GET", "/OperationDefinition/greet", "").body, `"code":"mine"`, "the store's own comes first")
	_, ids = found("?_id=greet")
	require.Equal(t, []string{"greet"}, ids)
}

// resource returns the answer as a resource.
func (a answer) resource(t *testing.T) (r map[string]any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(a.body), &r))
	return r
}
