package rest_test

import (
	"net/http"
	"strings"

	"pgregory.net/rapid"
)

// secretQueries are searches by type, with what they find of a model.
var secretQueries = map[string][]string{
	"Patient":      {"", "gender=male", "_has:Observation:subject:code=a", "_has:Observation:performer:_has:Observation:has-member:status=final", "general-practitioner.active=true", "general-practitioner:missing=true", "_sort=-_id", "_sort=general-practitioner.active&_count=1", "_revinclude=Observation:subject", "_include=Patient:general-practitioner", "_summary=count", "_id=p1,p2", "_id:not=p1", "_sort=_lastUpdated&_count=1"},
	"Observation":  {"", "status=final", "patient=p2", "subject:Patient.gender=male", "performer:Practitioner.active=true", "has-member.code=a", "has-member.has-member.subject:Patient.gender=female", "_include=Observation:has-member&_include:iterate=Observation:has-member", "_include=Observation:subject&_include:iterate=Patient:general-practitioner", "_revinclude=Observation:has-member", "code=a&_count=1", "_sort=subject:Patient.gender", "_filter=subject:Patient[gender eq male].gender pr true or code eq b", "has-member:missing=true", "status:not=final", "_include=*", "_total=accurate&_count=2&_sort=-status"},
	"Practitioner": {"", "active=true", "_has:Patient:general-practitioner:gender=male", "_has:Observation:performer:subject:Patient.gender=male", "_revinclude=Patient:general-practitioner"},
	"Device":       {"", "patient=p1", "patient.gender=male", "_include=Device:patient", "patient:missing=true"},
}

func (w *secretWorld) draw() (q secretRequest, x secretThing) {
	typ := rapid.SampledFrom(secretTypes).Draw(w.T, "type")
	x = drawThing(w.T, typ)
	switch kind := rapid.SampledFrom([]string{"read", "read", "vread", "search", "search", "search", "all", "compartment", "history", "post", "none-exist", "put", "put if", "patch", "delete", "delete by", "put by", "patch by", "batch", "transaction", "fhirpath"}).Draw(w.T, "kind"); kind {
	case "read":
		q = secretRequest{method: "GET", path: "/" + x.ref()}
		if rapid.Bool().Draw(w.T, "known") {
			q.header = http.Header{"If-None-Match": {`W/"1"`}}
		}
	case "vread":
		q = secretRequest{method: "GET", path: "/" + x.ref() + "/_history/" + rapid.SampledFrom([]string{"1", "2", "3"}).Draw(w.T, "version")}
	case "search":
		q = secretRequest{method: "GET", path: "/" + typ + "?" + strings.ReplaceAll(rapid.SampledFrom(secretQueries[typ]).Draw(w.T, "query"), " ", "%20")}
	case "all":
		q = secretRequest{method: "GET", path: "?" + rapid.SampledFrom([]string{"", "_type=Patient,Observation", "_type=Observation&_sort=_id", "_id=p1,o1,d1", "_count=2", "_summary=count"}).Draw(w.T, "query")}
	case "compartment":
		q = secretRequest{method: "GET", path: "/Patient/" + rapid.SampledFrom([]string{"p1", "p2", "p3"}).Draw(w.T, "of") + rapid.SampledFrom([]string{"/*", "/Observation", "/Observation?status=final&_include=Observation:has-member"}).Draw(w.T, "path")}
	case "history":
		q = secretRequest{method: "GET", path: rapid.SampledFrom([]string{"", "/" + typ, "/" + x.ref()}).Draw(w.T, "of") + "/_history?_count=" + rapid.SampledFrom([]string{"1", "3", "100"}).Draw(w.T, "count")}
	case "post", "none-exist":
		made := x
		made.id = ""
		q = secretRequest{method: "POST", path: "/" + typ, body: made.json()}
		if kind == "none-exist" {
			q.header = http.Header{"If-None-Exist": {w.criteria(typ)}}
		}
		x.id = ""
	case "put":
		q = secretRequest{method: "PUT", path: "/" + x.ref(), body: x.json()}
	case "put if":
		q = secretRequest{method: "PUT", path: "/" + x.ref(), body: x.json(), header: http.Header{"If-Match": {`W/"1"`}}}
	case "patch":
		q = secretRequest{method: "PATCH", path: "/" + x.ref(), body: w.patch(typ), header: http.Header{"Content-Type": {"application/json-patch+json"}}}
	case "delete":
		q = secretRequest{method: "DELETE", path: "/" + x.ref()}
	case "delete by":
		q = secretRequest{method: "DELETE", path: "/" + typ + "?" + w.criteria(typ)}
	case "put by":
		made := x
		made.id = ""
		q = secretRequest{method: "PUT", path: "/" + typ + "?" + w.criteria(typ), body: made.json()}
	case "patch by":
		q = secretRequest{method: "PATCH", path: "/" + typ + "?" + w.criteria(typ), body: w.patch(typ), header: http.Header{"Content-Type": {"application/json-patch+json"}}}
	case "batch", "transaction":
		q = secretRequest{method: "POST", path: "", body: w.bundle(kind)}
		if rapid.Bool().Draw(w.T, "representation") {
			q.header = http.Header{"Prefer": {"return=representation"}}
		}
	case "fhirpath":
		q = secretRequest{method: "POST", path: "/$fhirpath", body: `{"resourceType":"Parameters","parameter":[{"name":"expression","valueString":"reference.resolve().exists()"},{"name":"resource","resource":{"resourceType":"Basic","code":{"text":"x"}}},{"name":"context","valueString":"Basic.subject"}]}`}
		q.body = strings.Replace(q.body, `"code"`, `"subject":{"reference":"`+x.ref()+`"},"code"`, 1)
	}
	return q, x
}

func (w *secretWorld) criteria(typ string) string {
	return rapid.SampledFrom(map[string][]string{
		"Patient": {"gender=male", "_id=p1", "_id=p2", "_has:Observation:subject:code=a"}, "Observation": {"_id=o1", "_id=o2", "status=final", "subject:Patient.gender=male", "patient=p2"},
		"Practitioner": {"_id=d1", "active=true"}, "Device": {"_id=v1", "patient=p1", "patient.gender=male"},
	}[typ]).Draw(w.T, "criteria")
}

func (w *secretWorld) patch(typ string) string {
	return map[string]string{
		"Patient": `[{"op":"test","path":"/gender","value":"male"},{"op":"replace","path":"/gender","value":"female"}]`, "Observation": `[{"op":"replace","path":"/status","value":"preliminary"}]`,
		"Practitioner": `[{"op":"replace","path":"/active","value":false}]`, "Device": `[{"op":"add","path":"/lotNumber","value":"7"}]`,
	}[typ]
}

// fhirPathPatch is a patch of a resource in a Bundle.
func fhirPathPatch(typ string) string {
	path := map[string][2]string{"Patient": {"gender", `"valueCode":"female"`}, "Observation": {"status", `"valueCode":"preliminary"`}, "Practitioner": {"active", `"valueBoolean":false`}, "Device": {"patient", `"valueReference":{"reference":"Patient/p1"}`}}[typ]
	return `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"` + typ + "." + path[0] + `"},{"name":"value",` + path[1] + `}]}]}`
}

// bundle draws a Bundle. No PUT in it is to a resource that is hidden: see hidden.
func (w *secretWorld) bundle(kind string) string {
	var entries []string
	for range rapid.IntRange(1, 4).Draw(w.T, "entries") {
		typ := rapid.SampledFrom(secretTypes).Draw(w.T, "type")
		x := drawThing(w.T, typ)
		method := rapid.SampledFrom([]string{"GET", "GET", "SEARCH", "POST", "PUT", "PATCH", "DELETE", "PUT?", "PATCH?", "DELETE?", "POST?"}).Draw(w.T, "method")
		if method == "PUT" && w.hidden(&x) {
			method = "GET"
		}
		request := `"request":{"method":"` + strings.TrimSuffix(method, "?") + `","url":"` + x.ref() + `"}`
		resource := `"resource":` + x.json() + `,`
		made := x
		made.id = ""
		switch method {
		case "GET", "DELETE":
			resource = ""
		case "SEARCH":
			resource, request = "", `"request":{"method":"GET","url":"`+typ+`?`+w.criteria(typ)+`"}`
		case "PATCH":
			resource = `"resource":` + fhirPathPatch(typ) + `,`
		case "PATCH?":
			request, resource = `"request":{"method":"PATCH","url":"`+typ+`?`+w.criteria(typ)+`"}`, `"resource":`+fhirPathPatch(typ)+`,`
		case "POST":
			request = `"request":{"method":"POST","url":"` + typ + `"}`
		case "POST?":
			request = `"request":{"method":"POST","url":"` + typ + `","ifNoneExist":"` + w.criteria(typ) + `"}`
		case "PUT?":
			request, resource = `"request":{"method":"PUT","url":"`+typ+`?`+w.criteria(typ)+`"}`, `"resource":`+made.json()+`,`
		case "DELETE?":
			resource, request = "", `"request":{"method":"DELETE","url":"`+typ+`?`+w.criteria(typ)+`"}`
		}
		if typ == "Observation" && strings.Contains(resource, `"Observation"`) && rapid.Bool().Draw(w.T, "conditional reference") {
			resource = strings.Replace(resource, `"status"`, `"focus":[{"reference":"Patient?`+w.criteria("Patient")+`"}],"status"`, 1)
		}
		entries = append(entries, "{"+resource+request+"}")
	}
	return `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + `]}`
}

// hidden reports whether there is such a resource that the caller does not see.
func (w *secretWorld) hidden(x *secretThing) bool {
	is := w.things[x.ref()]
	return is != nil && !is.visible(w.rights)
}
