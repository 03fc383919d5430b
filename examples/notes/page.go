package main

import (
	"bufio"
	"html/template"
	"io"

	"github.com/fhirlake/fhirlake/nlp"
)

// classes are the classes of the page's style for categories.
var classes = map[nlp.Category]string{
	nlp.Condition: "condition", nlp.Medication: "medication", nlp.TestProcedure: "test", nlp.Anatomy: "anatomy", nlp.Time: "time", nlp.PHI: "phi", nlp.Behavior: "behavior",
}

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"class": func(c nlp.Category) string { return classes[c] },
	"absent": func(e *nlp.Entity) bool {
		for _, t := range e.Traits {
			if t.Name == nlp.Negation {
				return true
			}
		}
		return false
	},
	"title": func(e *nlp.Entity) string {
		text := e.Type
		for _, t := range e.Traits {
			text += ", " + t.Name
		}
		return text
	},
	"pieces":  (*document).pieces,
	"rows":    (*document).rows,
	"derived": (*document).derived,
}).Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Clinical notes</title>
<style>
:root { color-scheme: light dark; --edge: light-dark(#d8dde3, #3a4048); --soft: light-dark(#f6f8fa, #1d2127); --quiet: light-dark(#59636e, #9aa4af); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2.5rem; } h3 { font-size: .95rem; margin: 1.5rem 0 0; }
.note { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--edge); background: var(--soft); border-radius: 8px; padding: 1rem; }
mark { color: inherit; border-radius: 4px; padding: 0 .15em; border-bottom: 2px solid; }
.condition { background: light-dark(#ffe3e0, #4d2320); border-color: #d1453b; }
.medication { background: light-dark(#dfeaff, #1d3157); border-color: #3567c6; }
.test { background: light-dark(#f1e3fa, #3b2549); border-color: #8a44b5; }
.anatomy { background: light-dark(#dcf3f1, #153d3a); border-color: #22857b; }
.time { background: light-dark(#fff2cc, #46390f); border-color: #b58a08; }
.phi { background: light-dark(#e8eaed, #33383e); border-color: #6e7781; }
.behavior { background: light-dark(#e1f3de, #1f3f1a); border-color: #3f8f32; }
.absent { text-decoration: line-through; }
.legend mark { margin-right: .5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; margin-top: 1rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--edge); }
th, .why { color: var(--quiet); font-weight: normal; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<h1>Clinical notes</h1>
<p class="legend"><mark class="condition">condition</mark><mark class="medication">medication</mark><mark class="test">test, procedure</mark><mark class="anatomy">anatomy</mark><mark class="time">time</mark><mark class="phi">name, date</mark><mark class="condition absent">absent</mark></p>
{{range .}}<h2>{{.Name}}</h2>
<div class="note">{{range pieces .}}{{if .Entity}}<mark class="{{class .Entity.Category}}{{if absent .Entity}} absent{{end}}" title="{{title .Entity}}">{{.Text}}</mark>{{else}}{{.Text}}{{end}}{{end}}</div>
<div class="scroll"><table>
<tr><th>Text<th>Type<th>Codes<th>Traits<th>Attributes<th>Because of<th>Score</tr>
{{range rows .}}<tr><td><mark class="{{class .Category}}">{{.Text}}</mark><td>{{.Kind}}<td>{{.Codes}}<td>{{.Traits}}<td>{{.Attributes}}<td class="why">{{.Why}}<td class="number">{{printf "%.2f" .Score}}</tr>
{{end}}</table></div>
{{with derived .}}<h3>What a store derives</h3>
<div class="scroll"><table>
<tr><th>Resource<th>Text<th>Code<th>Status, dosage, note</tr>
{{range .}}<tr><td>{{.Type}}<td>{{.Text}}<td>{{.Code}} {{.Name}}<td>{{.Says}}</tr>
{{end}}</table></div>
{{end}}{{end}}</body>
</html>
`))

// writePage writes documents as a page that needs no other file.
func writePage(documents []*document, out io.Writer) error {
	w := bufio.NewWriter(out)
	if err := page.Execute(w, documents); err != nil {
		return err
	}
	return w.Flush()
}
