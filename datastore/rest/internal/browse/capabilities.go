package browse

import (
	"slices"
	"strconv"
	"strings"
)

// capabilities answers with the page of the CapabilityStatement.
func (v *visit) capabilities(a *answer, o object) {
	p := &page{title: "Capabilities", crumbs: v.crumbs()}
	m := &p.body
	m.add("<h1>Capabilities</h1>\n<dl class=\"facts\">")
	fact := func(name literal, value string) {
		if value != "" {
			m.add("<div><dt>"+name+"</dt><dd>%</dd></div>", short(value, 300))
		}
	}
	fact("Software", joined(" ", text(o, "software", "name"), text(o, "software", "version")))
	fact("FHIR version", text(o, "fhirVersion"))
	fact("Formats", saySpaced(o["format"]))
	fact("Patches", saySpaced(o["patchFormat"]))
	fact("Date", when(text(o, "date")))
	fact("Security", say(get(o, "rest", "security", "service")))
	m.add("</dl>\n")
	rest := get(o, "rest")
	m.add("<h2>Of the store as a whole</h2>\n<p>%</p>\n", joined(", ", codes(get(rest, "interaction"))...))
	if operations := list(get(rest, "operation")); len(operations) > 0 {
		m.add("<h2>Operations</h2>\n<ul>\n")
		for _, operation := range operations {
			m.add("<li><code>$%</code> <span class=\"muted\">%</span></li>\n", short(text(operation, "name"), 100), short(text(operation, "definition"), 300))
		}
		m.add("</ul>\n")
	}
	resources := list(get(rest, "resource"))
	operated := slices.ContainsFunc(resources, func(r any) bool { return get(r, "operation") != nil })
	m.add(`<h2>Resource types</h2>` + "\n")
	m.narrow("capable", "Only types, parameters and operations with")
	m.add(`<div class="scroll" role="region" aria-label="Resource types" tabindex="0"><table><caption>%</caption><thead><tr><th scope="col">Type</th><th scope="col">Interactions</th><th scope="col">Search parameters</th>`, strconv.Itoa(len(resources))+" types")
	if operated {
		m.add(`<th scope="col">Operations</th>`)
	}
	m.add(`</tr></thead><tbody id="capable">` + "\n")
	for _, r := range resources {
		if m.full() {
			m.add(`<tr><td colspan="4">More types have no room here.</td></tr>`)
			break
		}
		typ := text(r, "type")
		var parameters, operations []string
		for _, parameter := range list(get(r, "searchParam")) {
			parameters = append(parameters, text(parameter, "name"))
		}
		for _, operation := range list(get(r, "operation")) {
			operations = append(operations, "$"+text(operation, "name"))
		}
		m.add(`<tr><th scope="row"><a href="%">%</a></th><td>%</td><td>%</td>`,
			v.to(typ, ""), typ, joined(", ", codes(get(r, "interaction"))...), short(strings.Join(parameters, ", "), 3000))
		if operated {
			m.add("<td>%</td>", short(strings.Join(operations, ", "), 1000))
		}
		m.add("</tr>\n")
	}
	m.add("</tbody></table></div>\n")
	m.add(`<p><a href="%">As JSON</a></p>`+"\n", v.raw("json"))
	v.send(a.status, p)
}

// codes returns the codes of interactions.
func codes(v any) (names []string) {
	for _, interaction := range list(v) {
		names = append(names, text(interaction, "code"))
	}
	return names
}

// narrow writes the field that shows only some items of a table or list. Without a script
// it stays hidden.
func (m *markup) narrow(items, label literal) {
	m.add(`<p class="narrow" hidden><label for="narrow-` + items + `">` + label + `</label> <input id="narrow-` + items + `" type="search" data-narrows="` + items + `" autocomplete="off" spellcheck="false"></p>` + "\n")
}
