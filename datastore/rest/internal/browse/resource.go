package browse

import (
	"net/http"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// resource answers with the page of one resource. Other answers of the API have the same
// page.
func (v *visit) resource(a *answer, o object) {
	typ := text(o, "resourceType")
	title := titleOf(o)
	p := &page{title: joined(", ", title, typ), crumbs: v.crumbs()}
	m := &p.body
	if title != "" {
		m.add("<h1><bdi>%</bdi>, %</h1>\n", title, short(typ, 64))
	} else {
		m.add("<h1>%</h1>\n", short(typ, 64))
	}
	if v.id != "" {
		v.facts(m, o)
		v.tabs(m, "")
	}
	if typ == "OperationOutcome" {
		m.issues(list(o["issue"]))
	}
	if v.own.view != "xml" {
		if div := text(o, "text", "div"); div != "" {
			m.narrative(div)
		}
		if typ == "DocumentReference" {
			v.note(m, o)
		}
		m.add(`<div class="title"><h2>JSON</h2><p><button type="button" class="quiet" data-copies="json" hidden>Copy</button></p></div>` + "\n")
		if !m.json(v.place, a.body) {
			m.add("<p>The rest has no room here.</p>\n")
		}
	} else {
		m.add("<h2>XML</h2>\n")
		if x := v.askIn("application/fhir+xml", strings.Join(v.steps, "/"), joined("&", v.query, "_pretty=true")); x.status != http.StatusOK {
			m.add("<p>The resource has no form in XML.</p>\n")
		} else if !m.xml(v.place, string(x.body)) {
			m.add("<p>The rest has no room here.</p>\n")
		}
	}
	if v.id == "" {
		m.add(`<p><a href="%">The answer as it is</a></p>`+"\n", v.raw("json"))
	}
	v.send(a.status, p)
}

// titleOf returns what people call a resource.
func titleOf(o object) string {
	for _, name := range []string{"name", "title", "code", "vaccineCode", "medicationCodeableConcept", "type", "description", "category"} {
		v := o[name]
		if name == "name" {
			v = first(v)
		}
		if s := say(v); s != "" {
			return short(s, 120)
		}
	}
	return ""
}

// facts writes what a resource's meta says, and a reference to its subject.
func (v *visit) facts(m *markup, o object) {
	m.add(`<dl class="facts">`)
	fact := func(name literal, value string) {
		if value != "" {
			m.add(`<div><dt>` + name + `</dt>`)
			m.add(`<dd>%</dd></div>`, short(value, 200))
		}
	}
	fact("Id", text(o, "id"))
	fact("Version", text(o, "meta", "versionId"))
	fact("Last updated", when(text(o, "meta", "lastUpdated")))
	fact("Status", statusOf(o))
	for _, name := range []string{"subject", "patient", "beneficiary"} {
		ref, _ := o[name].(object)
		if link := v.reference(text(ref, "reference")); link != "" {
			m.add(`<div><dt>Subject</dt><dd><a href="%">%</a></dd></div>`, link, short(say(ref), 200))
		}
	}
	for i, profile := range list(get(o, "meta", "profile")) {
		if s, ok := profile.(string); ok && i < 5 {
			name := s[strings.LastIndexByte(s, '/')+1:]
			structure, _ := schema.ResourceType("StructureDefinition")
			m.add(`<div><dt>Profile</dt><dd><a href="%">%</a></dd></div>`, v.canonical(s, []schema.TypeID{structure}), short(name, 100))
		}
	}
	for i, tag := range slices.Concat(list(get(o, "meta", "tag")), list(get(o, "meta", "security"))) {
		if i < 5 {
			fact("Tag", say(tag))
		}
	}
	m.add("</dl>\n")
}

// firstOf returns the first of some elements that is there.
func firstOf(o object, names ...string) any {
	for _, name := range names {
		if o[name] != nil {
			return o[name]
		}
	}
	return nil
}

// tabs writes the links between the pages of a resource. at is the one that is shown if
// the view does not say it.
func (v *visit) tabs(m *markup, at string) {
	path := v.typ + "/" + v.id
	here := path
	if v.version != "" {
		here += "/_history/" + v.version
	}
	if at == "" {
		at = v.own.view
	}
	m.add(`<nav class="tabs" aria-label="Pages of this resource"><ul>`)
	tab := func(view, link string, name literal) {
		m.add(`<li><a href="%"`, link)
		if view == at {
			m.add(` aria-current="page"`)
		}
		m.add(">" + name + "</a></li>")
	}
	tab("", v.to(here, ""), "Resource")
	tab("xml", v.to(here, ":view=xml"), "XML")
	tab("history", v.to(path+"/_history", ""), "History")
	if v.typ == "Patient" {
		tab("timeline", v.to(path, ":view=timeline"), "Timeline")
		tab("curves", v.to(path, ":view=curves"), "Curves")
	}
	if compartments[v.typ] {
		tab("compartment", v.to(path+"/*", ""), "Compartment")
	}
	tab("json", v.to(here, "_format=json&_pretty=true"), "Raw JSON")
	tab("rawxml", v.to(here, "_format=xml&_pretty=true"), "Raw XML")
	m.add("</ul></nav>\n")
	if v.version != "" {
		m.add(`<p class="muted">This is one version. <a href="%">The current one</a></p>`+"\n", v.to(path, ""))
	}
}

// compartments are the types whose resources have a compartment.
var compartments = func() map[string]bool {
	types := map[string]bool{}
	for i := range schema.Compartments {
		types[schema.Compartments[i].Type.String()] = true
	}
	return types
}()
