package rest_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// A capability is what the test of truth looks at in a CapabilityStatement.
type (
	capability struct {
		Format, PatchFormat []string
		Rest                []struct {
			Interaction []struct{ Code string }
			SearchParam []namedParam
			Operation   []namedOperation
			Compartment []string
			Resource    []capableType
		}
	}
	capableType struct {
		Type                                 string
		Interaction                          []struct{ Code string }
		Versioning                           string
		ReadHistory, UpdateCreate            bool
		ConditionalCreate, ConditionalUpdate bool
		ConditionalRead, ConditionalDelete   string
		SearchInclude, SearchRevInclude      []string
		SearchParam                          []namedParam
		Operation                            []namedOperation
	}
	namedParam     struct{ Name, Definition, Type string }
	namedOperation struct{ Name, Definition string }
)

func (c *client) capability() (s capability) {
	require.NoError(c.t, json.Unmarshal([]byte(c.must(200, "GET", "/metadata", "").body), &s, json.MatchCaseInsensitiveNames(true)))
	return s
}

func (s *capability) of(typ string) *capableType {
	types := s.Rest[0].Resource
	return &types[slices.IndexFunc(types, func(r capableType) bool { return r.Type == typ })]
}

// valueOf is a value that a search parameter takes.
func valueOf(p namedParam) string {
	values := map[string]string{"date": "2020", "number": "1", "quantity": "1", "string": "x", "token": "x", "uri": "x", "reference": "x", "special": "1|2"}
	switch {
	case strings.HasSuffix(p.Name, "-coordinate"):
		return "x$1$1"
	case p.Type == "composite" && strings.HasSuffix(p.Name, "-quantity"):
		return "x$1"
	case p.Type == "composite" && strings.HasSuffix(p.Name, "-date"):
		return "x$2020"
	case p.Type == "composite":
		return "x$x"
	}
	return values[p.Type]
}

// anyLevel has faults of made-up resources accepted.
const anyLevel = "x-amzn-healthlake-fhir-validation-level: minimal"

// TestCapabilitiesAreTrue performs all that the CapabilityStatement names on each resource
// type, and tries what it does not name.
func TestCapabilitiesAreTrue(t *testing.T) {
	for _, mode := range []rest.DeleteMode{rest.DeleteSingle, rest.DeleteMultiple} {
		c := newClient(t, &rest.Options{ConditionalDelete: mode, Operations: []rest.Operation{greet(echo)}})
		c.must(201, "PUT", "/SearchParameter/sp", `{"resourceType":"SearchParameter","id":"sp","url":"http://example.org/maker","name":"maker","status":"active","description":"d",
			"code":"maker","base":["Device"],"type":"reference","target":["Organization"],"expression":"Device.extension('http://example.org/maker').value"}`)
		require.NoError(t, c.store.WaitIndexed(t.Context()))
		s := c.capability()
		r := &s.Rest[0]
		for _, i := range r.Interaction {
			c.performSystem(i.Code)
		}
		for _, p := range r.SearchParam {
			c.must(200, "GET", "?"+p.Name+"="+valueOf(p), "")
		}
		for _, compartment := range r.Compartment {
			typ := strings.TrimPrefix(compartment, "http://hl7.org/fhir/CompartmentDefinition/")
			for _, resource := range r.Resource {
				if strings.EqualFold(resource.Type, typ) {
					c.must(200, "GET", "/"+resource.Type+"/x/*", "")
				}
			}
		}
		for _, format := range s.Format {
			c.must(200, "GET", "/metadata?_format="+url.QueryEscape(format), "")
		}
		require.Contains(t, s.of("Device").SearchInclude, "Device:maker")
		for i := range r.Resource {
			c.performAll(&r.Resource[i], s.PatchFormat)
		}
		if mode == rest.DeleteMultiple {
			continue // the rest does not depend on the mode
		}
		for i := range r.Resource {
			c.searchAll(&s, &r.Resource[i])
		}
	}
}

// headers sends a request and wants a status. The answer need not be valid: made-up resources
// are not.
func (c *client) headers(status int, method, path, body string, given ...string) http.Header {
	c.t.Helper()
	response, got := c.send(method, path, body, append([]string{"Content-Type: application/fhir+json"}, given...)...)
	if status != 0 {
		require.Equal(c.t, status, response.StatusCode, "%s %s: %.2000s", method, path, got)
	}
	return response.Header
}

// performAll does what the statement says of a resource type.
func (c *client) performAll(r *capableType, patches []string) {
	t, path, body := c.t, "/"+r.Type, `{"resourceType":"`+r.Type+`","id":"x"}`
	for _, i := range r.Interaction {
		c.perform(r.Type, i.Code, patches)
	}
	require.Len(t, r.Interaction, 9)
	c.headers(200, "GET", path+"/x/_history/1", "")
	c.headers(0, "DELETE", path+"/x", "")
	require.True(t, r.UpdateCreate)
	c.headers(201, "PUT", path+"/x", body, anyLevel)
	read := c.headers(200, "GET", path+"/x", "")
	require.Equal(t, "full-support", r.ConditionalRead)
	c.headers(304, "GET", path+"/x", "", "If-None-Match: "+read.Get("ETag"))
	c.headers(304, "GET", path+"/x", "", "If-Modified-Since: "+read.Get("Last-Modified"))
	require.True(t, r.ConditionalCreate)
	c.headers(200, "POST", path, body, anyLevel, "If-None-Exist: _id=x")
	require.True(t, r.ConditionalUpdate)
	c.headers(200, "PUT", path+"?_id=x", body, anyLevel)
	require.Equal(t, "versioned-update", r.Versioning)
	c.headers(412, "PUT", path+"/x", body, anyLevel, `If-Match: W/"1"`)
	require.True(t, r.ReadHistory)
	c.headers(200, "GET", path+"/x/_history/1", "")
	c.headers(201, "PUT", path+"/y", strings.Replace(body, `"x"`, `"y"`, 1), anyLevel)
	if r.ConditionalDelete == "multiple" {
		c.headers(204, "DELETE", path+"?_id=x,y", "")
	} else {
		require.Equal(t, "single", r.ConditionalDelete)
		c.headers(412, "DELETE", path+"?_id=x,y", "")
		c.headers(204, "DELETE", path+"?_id=x", "")
	}
}

// perform does an interaction on a resource type.
func (c *client) perform(typ, code string, patches []string) {
	path, body := "/"+typ, `{"resourceType":"`+typ+`","id":"x","language":"en"}`
	c.headers(0, "PUT", path+"/x", body, anyLevel)
	switch code {
	case "read":
		c.headers(200, "GET", path+"/x", "")
	case "vread":
		c.headers(200, "GET", path+"/x/_history/1", "")
	case "update":
		c.headers(200, "PUT", path+"/x", body, anyLevel)
	case "patch":
		for _, format := range patches {
			patch := `[{"op":"replace","path":"/language","value":"de"}]`
			if format != "application/json-patch+json" {
				patch = `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"` + typ + `.language"},{"name":"value","valueCode":"fr"}]}]}`
			}
			if format == "application/fhir+xml" {
				patch = `<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/><part><name value="type"/><valueCode value="replace"/></part><part><name value="path"/><valueString value="` + typ + `.language"/></part><part><name value="value"/><valueCode value="es"/></part></parameter></Parameters>`
			}
			c.headers(200, "PATCH", path+"/x", patch, anyLevel, "Content-Type: "+format)
		}
	case "delete":
		c.headers(204, "DELETE", path+"/x", "")
	case "history-instance":
		c.headers(200, "GET", path+"/x/_history", "")
	case "history-type":
		c.headers(200, "GET", path+"/_history", "")
	case "create":
		c.headers(201, "POST", path, body, anyLevel)
	case "search-type":
		c.headers(200, "GET", path, "")
		c.headers(200, "POST", path+"/_search", "_id=x", "Content-Type: application/x-www-form-urlencoded")
	default:
		require.Fail(c.t, code)
	}
}

// performSystem does an interaction on the whole store.
func (c *client) performSystem(code string) {
	switch code {
	case "transaction", "batch":
		c.must(200, "POST", "", `{"resourceType":"Bundle","type":"`+code+`","entry":[{"request":{"method":"GET","url":"Patient"}}]}`)
	case "search-system":
		c.must(200, "GET", "", "")
	case "history-system":
		c.must(200, "GET", "/_history", "")
	default:
		require.Fail(c.t, code)
	}
}

// searchAll uses each search parameter and each include of a type, and some that others
// have.
func (c *client) searchAll(s *capability, r *capableType) {
	has := map[string]bool{}
	for _, p := range r.SearchParam {
		has[p.Name] = true
		require.NotEmpty(c.t, valueOf(p), p.Name)
		c.headers(200, "GET", "/"+r.Type+"?_summary=count&"+p.Name+"="+url.QueryEscape(valueOf(p)), "")
	}
	for start := 0; start < len(r.SearchInclude); start += 50 {
		c.headers(200, "GET", "/"+r.Type+"?_id=x&_include="+strings.Join(r.SearchInclude[start:min(start+50, len(r.SearchInclude))], "&_include="), "")
	}
	for start := 0; start < len(r.SearchRevInclude); start += 50 {
		c.headers(200, "GET", "/"+r.Type+"?_id=x&_revinclude="+strings.Join(r.SearchRevInclude[start:min(start+50, len(r.SearchRevInclude))], "&_revinclude="), "")
	}
	for _, other := range []string{"Patient", "Observation", "ValueSet", "Device"} {
		for _, p := range s.of(other).SearchParam {
			if !has[p.Name] {
				c.headers(400, "GET", "/"+r.Type+"?"+p.Name+"="+url.QueryEscape(valueOf(p)), "")
			}
		}
	}
}

// TestOperationsAreTrue calls each operation that the CapabilityStatement names at each
// level that its definition names, and at the others.
func TestOperationsAreTrue(t *testing.T) {
	defined, own := map[string]definition{}, map[string]bool{}
	for _, line := range fhirjsontest.Lines(t, "fhir-r4/OperationDefinition.ndjson.gz") {
		var d definition
		require.NoError(t, json.Unmarshal(line, &d, json.MatchCaseInsensitiveNames(true)))
		defined[d.URL] = d
	}
	c := newClient(t, &rest.Options{Operations: []rest.Operation{greet(echo)}})
	for _, e := range c.must(200, "GET", "/OperationDefinition?_count=1000", "").bundle(t).Entry {
		text, err := json.Marshal(e.Resource)
		require.NoError(t, err)
		requireValid(t, text)
		var d definition
		require.NoError(t, json.Unmarshal(text, &d, json.MatchCaseInsensitiveNames(true)))
		require.NotContains(t, defined, d.URL)
		defined[d.URL], own[d.URL] = d, true
		require.Len(t, c.must(200, "GET", "/OperationDefinition?url="+url.QueryEscape(d.URL), "").bundle(t).Entry, 1)
	}
	s := c.capability()
	// there reports whether an operation may be called at a path, of a subject that is not
	// there.
	there := func(path string) bool {
		a := c.do("POST", path, "")
		require.NotEqual(t, 501, a.status, a.body)
		if a.status == 404 && strings.Contains(a.body, "not-supported") {
			return false
		}
		return true
	}
	listed := map[string]bool{}
	for _, named := range s.Rest[0].Operation {
		d := defined[named.Definition]
		require.Equal(t, named.Name, d.Code, named.Definition)
		require.True(t, d.System)
		listed[d.URL] = true
		require.True(t, there("/$"+d.Code), d.Code)
	}
	for i := range s.Rest[0].Resource {
		r := &s.Rest[0].Resource[i]
		ofType := map[string]bool{}
		for _, named := range r.Operation {
			d, ok := defined[named.Definition]
			require.True(t, ok, named.Definition)
			require.Equal(t, named.Name, d.Code)
			require.True(t, slices.Contains(d.Resource, r.Type) || slices.Contains(d.Resource, "Resource"))
			listed[d.URL] = true
			if d.Type {
				require.True(t, there("/"+r.Type+"/$"+d.Code))
				ofType["/"+r.Type+"/$"+d.Code] = true
			}
			if d.Instance {
				require.True(t, there("/"+r.Type+"/nobody/$"+d.Code))
				ofType["/"+r.Type+"/nobody/$"+d.Code] = true
			}
		}
		for _, o := range rest.BuiltinOperations() {
			for _, path := range []string{"/" + r.Type + "/$" + o.Name, "/" + r.Type + "/nobody/$" + o.Name} {
				require.Equal(t, ofType[path], there(path), path)
			}
		}
	}
	for _, o := range append(rest.BuiltinOperations(), greet(echo)) {
		require.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(listed)), func(url string) bool { return defined[url].Code == o.Name && (o.URL == "" || url == o.URL) }), o.Name)
	}
	for url, d := range defined {
		if own[url] {
			require.True(t, listed[url], url)
		} else if !listed[url] && d.System && d.Code != "meta" {
			require.Equal(t, 501, c.do("POST", "/$"+d.Code, "").status, "R4's %s is not there", d.Code)
		}
	}
}
