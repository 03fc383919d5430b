package browse

import (
	"net/http"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// modifiers are the modifiers of search parameters (FHIR R4 §3.1.1.4.1), each with a value
// that it may have.
var modifiers = [][2]string{
	{"exact", "x"}, {"contains", "x"}, {"text", "x"}, {"not", "true"}, {"in", "http://x"}, {"not-in", "http://x"}, {"above", "http://x"}, {"below", "http://x"},
	{"of-type", "http://x|x|x"}, {"identifier", "x"}, {"missing", "true"},
}

// modifiersOf returns the modifiers that a parameter of a resource type takes. Of a
// parameter that is not R4's it knows none.
func modifiersOf(typ schema.TypeID, code string) (names []string) {
	for _, m := range modifiers {
		if _, err := query.Read(param.R4(), typ, code+":"+m[0]+"="+m[1], query.ParseOptions{}); err == nil {
			names = append(names, m[0])
		}
	}
	return names
}

// shaping are the parameters of the form's last line.
var shaping = []string{"_sort", "_count", "_explain"}

// form writes the search form: rows of a parameter and its value, and what shapes the
// answer. It works without a script, by way of sendForm.
func (v *visit) form(m *markup) {
	given := pairsOf(v.query).without("_page")
	m.add(`<form id="search" action="%" aria-label="Search">`+"\n"+`<fieldset><legend>Conditions</legend><div class="rows">`+"\n", v.to(strings.Join(v.steps, "/"), ""))
	rows := append(given.without(shaping...), [2]string{}, [2]string{})
	for i, r := range rows {
		n := letters(i)
		m.add(`<div class="row"><div><label for="name-%">Parameter</label><input id="name-%" name=":name" list="parameters" value="%" autocomplete="off" spellcheck="false"></div>`, n, n, r[0])
		m.add(`<div><label for="value-%">Value</label><input id="value-%" name=":value" value="%" autocomplete="off" spellcheck="false"></div></div>`+"\n", n, n, r[1])
	}
	m.add(`</div><p class="hint" role="status"></p><button type="button" class="quiet" id="add" hidden>Another condition</button></fieldset>` + "\n")
	m.add(`<div class="shape"><div><label for="sort">Order</label><input id="sort" name="_sort" list="sorts" value="%" autocomplete="off" spellcheck="false"></div>`, given.value("_sort"))
	m.add(`<div><label for="count">On a page</label><input id="count" name="_count" type="number" min="0" max="1000" value="%"></div>`, given.value("_count"))
	m.add(`<div class="check"><input id="explain" name="_explain" type="checkbox" value="true"`)
	if given.value("_explain") == "true" {
		m.add(" checked")
	}
	m.add(`><label for="explain">Show the plan</label></div><button>Search</button></div>` + "\n</form>\n")
	v.completion(m)
}

// letters numbers the rows of the form in letters.
func letters(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return letters(i/26-1) + string(rune('a'+i%26))
}

// completion writes the lists that the fields of the form complete from.
func (v *visit) completion(m *markup) {
	typ, _ := schema.ResourceType(v.typ)
	var parameters []search.Parameter
	if v.typ != "" {
		parameters = v.options.Parameters(v.typ)
	}
	m.add(`<datalist id="parameters">`)
	option := func(name, about string) { m.add(`<option value="%" label="%">`, name, about) }
	for _, p := range parameters {
		option(p.Code, joined(", ", p.Type, strings.Join(p.Targets[:min(len(p.Targets), 5)], " ")))
		for _, modifier := range modifiersOf(typ, p.Code) {
			option(p.Code+":"+modifier, p.Type)
		}
		if len(p.Targets) > 0 && len(p.Targets) <= 3 {
			for _, target := range p.Targets {
				option(p.Code+":"+target+".", "chain")
			}
		}
	}
	if v.typ == "" {
		for _, name := range []string{"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag", "_type"} {
			option(name, "all types")
		}
	}
	for _, name := range []string{"_content", "_text", "_filter", "_has:", "_include", "_include:iterate", "_revinclude", "_elements", "_summary", "_total", "_contained"} {
		option(name, "FHIR")
	}
	m.add("</datalist>\n<datalist id=\"sorts\">")
	for _, p := range parameters {
		m.add(`<option value="%"><option value="-%">`, p.Code, p.Code)
	}
	m.add("</datalist>\n")
}

// sendForm sends the browser to the search that the form asks for.
func (v *visit) sendForm() {
	var wanted pairs
	for i, name := range v.own.names {
		value := ""
		if i < len(v.own.values) {
			value = v.own.values[i]
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case name == "" && value != "":
			v.refuse(http.StatusBadRequest, "A value has no parameter", "Go back and say which parameter the value is for.")
			return
		case value != "":
			wanted.add(name, value)
		}
	}
	for _, pair := range pairsOf(v.query) {
		if slices.Contains(shaping, pair[0]) && pair[1] != "" {
			wanted.add(pair[0], pair[1])
		}
	}
	path := strings.Join(v.steps, "/")
	if !v.searched() {
		v.refuse(http.StatusNotFound, "There is no search here", "A search is at a resource type, in a compartment, or at the base.")
		return
	}
	if len(wanted) == 0 && path == "" {
		wanted.add("_count", "20")
	}
	v.redirect(v.to(path, wanted.encode()))
}

// searched reports whether the path is one of a search: no redirect leads elsewhere.
func (v *visit) searched() bool {
	for i, step := range v.steps {
		_, isType := schema.ResourceType(step)
		if i%2 == 0 && !isType && step != "*" || i > 2 {
			return false
		}
	}
	return len(v.steps) != 2
}
