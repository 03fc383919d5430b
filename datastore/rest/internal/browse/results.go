package browse

import (
	"net/http"
	"strconv"
	"strings"
)

// A cell is a value in a table, with a link if it has one.
type cell struct {
	text, link string
	stamp      bool // a point in time
}

// A row is a resource in a table.
type row struct {
	typ   string
	cells []cell // in the order of columns
}

// columns are what tables show of a resource. A column that no row has is left out.
var columns = []struct {
	name literal
	of   func(v *visit, o object) cell
}{
	{"Name", func(_ *visit, o object) cell { return cell{text: say(first(firstOf(o, "name", "title")))} }},
	{"What", func(_ *visit, o object) cell { return cell{text: whatOf(o)} }},
	{"Value", func(_ *visit, o object) cell { return cell{text: valueText(o)} }},
	{"Status", func(_ *visit, o object) cell {
		return cell{text: statusOf(o)}
	}},
	{"Gender", func(_ *visit, o object) cell { return cell{text: text(o, "gender")} }},
	{"Born", func(_ *visit, o object) cell { return cell{text: text(o, "birthDate"), stamp: true} }},
	{"Date", func(_ *visit, o object) cell { return cell{text: dateOf(o), stamp: true} }},
	{"Subject", func(v *visit, o object) cell {
		ref, _ := first(firstOf(o, "subject", "patient", "beneficiary", "for", "individual", "individualSubject", "source")).(object)
		said := say(ref)
		if typ, id, ok := strings.Cut(said, "/"); ok && said == text(ref, "reference") {
			said = typ + "/" + shortID(id)
		}
		return cell{text: said, link: v.reference(text(ref, "reference"))}
	}},
	{"URL", func(_ *visit, o object) cell { return cell{text: text(o, "url"), link: outside(text(o, "url"))} }},
	{"Last updated", func(_ *visit, o object) cell {
		return cell{text: text(o, "meta", "lastUpdated"), stamp: true}
	}},
}

// statusOf says the status of a resource.
func statusOf(o object) string {
	switch o["active"] {
	case true:
		return "active"
	case false:
		return "inactive"
	}
	return say(firstOf(o, "status", "clinicalStatus"))
}

// whatOf says what a resource is about.
func whatOf(o object) string {
	for _, name := range []string{"code", "vaccineCode", "medicationCodeableConcept", "medicationReference", "type", "serviceType", "class", "category", "action", "description", "content"} {
		if s := say(o[name]); s != "" {
			return s
		}
	}
	return ""
}

// valueText says what was observed or is to be taken.
func valueText(o object) string {
	if s := say(choice(o, "value")); s != "" {
		return s
	}
	var parts []string
	for _, c := range list(o["component"]) {
		if s := say(choice(c, "value")); s != "" && len(parts) < 4 {
			parts = append(parts, joined(" ", short(say(get(c, "code")), 40), s))
		}
	}
	if len(parts) > 0 {
		return strings.Join(parts, "; ")
	}
	return text(o, "dosageInstruction", "text")
}

// dateOf returns when what a resource tells was, as it stands there.
func dateOf(o object) string {
	for _, name := range []string{
		"effectiveDateTime", "effectivePeriod", "effectiveInstant", "performedDateTime", "performedPeriod", "period", "onsetDateTime", "onsetPeriod",
		"occurrenceDateTime", "occurrencePeriod", "authoredOn", "started", "whenHandedOver", "recordedDate", "dateAsserted", "date", "issued", "created", "billablePeriod", "servicedPeriod", "recorded", "start",
	} {
		switch v := o[name].(type) {
		case string:
			return v
		case object:
			if s := text(v, "start"); s != "" {
				return s
			}
			if s := text(v, "end"); s != "" {
				return s
			}
		}
	}
	return ""
}

// results answers with the page of a search: the form, the matches, and the plan.
func (v *visit) results(o object) {
	p := &page{title: "Search of all types", crumbs: v.crumbs()}
	if v.typ != "" {
		p.title = v.typ
	}
	if len(v.steps) == 3 && v.last() == "*" {
		p.title = "Compartment of " + v.steps[0] + "/" + v.steps[1]
	} else if len(v.steps) == 3 {
		p.title += " of " + v.steps[0] + "/" + v.steps[1]
	}
	if strings.HasPrefix(v.last(), "$") {
		p.title = v.last()
	}
	m := &p.body
	m.add("<h1>%</h1>\n", p.title)
	var matches, included []row
	var outcomes []any
	for _, e := range list(o["entry"]) {
		r, _ := get(e, "resource").(object)
		switch mode := text(e, "search", "mode"); {
		case mode == "outcome":
			outcomes = append(outcomes, list(r["issue"])...)
		case mode == "include":
			included = append(included, v.rowOf(r))
		default:
			matches = append(matches, v.rowOf(r))
		}
	}
	if total := text(o, "total"); total != "" {
		m.add(`<p><strong>%</strong> %`, grouped(total), plural(total, "match", "matches"))
		if n := len(matches); n > 0 {
			m.add(`, % on this page`, strconv.Itoa(n))
		}
		m.add("</p>\n")
	}
	if v.r.Method != http.MethodPost && !strings.HasPrefix(v.last(), "$") {
		// The form is open where a search begins.
		m.add("<details")
		if len(matches) == 0 || v.query == "" {
			m.add(" open")
		}
		m.add("><summary>Search</summary>\n")
		v.form(m)
		m.add("</details>\n")
	}
	v.table(m, "Matches", matches)
	if len(included) > 0 {
		m.add("<h2>Included</h2>\n")
		v.table(m, "Included resources", included)
	}
	v.pages(m, o)
	if len(outcomes) > 0 {
		m.add("<h2>About this search</h2>\n")
		m.issues(outcomes)
	}
	v.send(http.StatusOK, p)
}

// last returns the last step of the path, "" for none.
func (v *visit) last() string {
	if len(v.steps) == 0 {
		return ""
	}
	return v.steps[len(v.steps)-1]
}

// rowOf returns the row of a resource. The first cell is the link to it.
func (v *visit) rowOf(o object) row {
	typ, id := text(o, "resourceType"), text(o, "id")
	r := row{typ: typ, cells: []cell{{text: id, link: v.reference(typ + "/" + id)}}}
	for _, c := range columns {
		r.cells = append(r.cells, c.of(v, o))
	}
	return r
}

// table writes rows as a table.
func (v *visit) table(m *markup, caption literal, rows []row) {
	if len(rows) == 0 {
		return
	}
	mixed, has := false, make([]bool, len(columns))
	for _, r := range rows {
		mixed = mixed || r.typ != rows[0].typ
		for i := range columns {
			has[i] = has[i] || r.cells[i+1].text != ""
		}
	}
	m.add(`<div class="scroll" role="region" aria-label="` + caption + `" tabindex="0"><table><caption class="hidden">` + caption + `</caption><thead><tr>`)
	if mixed {
		m.add(`<th scope="col">Type</th>`)
	}
	m.add(`<th scope="col">Id</th>`)
	for i, c := range columns {
		if has[i] {
			m.add(`<th scope="col">` + c.name + `</th>`)
		}
	}
	m.add("</tr></thead><tbody>\n")
	for i, r := range rows {
		if m.full() {
			m.add(`<tr><td colspan="12">% more have no room here: ask for fewer with _count.</td></tr>`, strconv.Itoa(len(rows)-i))
			break
		}
		m.add("<tr>")
		if mixed {
			m.add("<td>%</td>", short(r.typ, 64))
		}
		m.add(`<th scope="row">`)
		if id := r.cells[0]; id.link != "" {
			m.add(`<a href="%" title="%">%</a>`, id.link, short(id.text, 64), shortID(id.text))
		} else {
			m.text(shortID(id.text))
		}
		m.add("</th>")
		for i, c := range r.cells[1:] {
			switch {
			case !has[i]:
			case c.stamp && c.text != "":
				m.add(`<td class="stamp"><time datetime="%">%</time></td>`, short(c.text, 40), short(when(c.text), 40))
			default:
				m.add("<td>")
				m.cell(c, 160)
				m.add("</td>")
			}
		}
		m.add("</tr>\n")
	}
	m.add("</tbody></table></div>\n")
}

func (m *markup) cell(c cell, n int) {
	if c.link != "" && c.text != "" {
		m.add(`<a href="%">%</a>`, c.link, short(c.text, n))
	} else {
		m.text(short(c.text, n))
	}
}

// shortID returns the beginning of a long id, which nobody reads.
func shortID(id string) string {
	if len(id) <= 20 {
		return id
	}
	return short(id, 8)
}

// grouped writes a number with commas.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func plural(n, one, many string) string {
	if n == "1" {
		return one
	}
	return many
}
