package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

type paramRow struct {
	code, name, url    string
	base               string
	typ                string
	expression, source string
	targets            []string
	components         []*paramRow
	of                 *paramRow
	id                 int
}

var paramTypes = map[string]string{
	"number": "ParamNumber", "date": "ParamDate", "string": "ParamString", "token": "ParamToken",
	"reference": "ParamReference", "composite": "ParamComposite", "quantity": "ParamQuantity",
	"uri": "ParamURI", "special": "ParamSpecial",
}

// params makes a row for each base of each search parameter, sorted by base and
// code, each composite followed by its components. Left out are the definitions'
// examples and the parameters on extensions, which have no base or no
// expression; the parameters of Resource that are defined in words (_text,
// _content, _query, _filter) stay, without an expression.
func params(d *definitions) ([]*paramRow, error) {
	byURL := map[string]*searchParameter{}
	for i := range d.params {
		byURL[d.params[i].URL] = &d.params[i]
	}
	var rows []*paramRow
	for i := range d.params {
		p := &d.params[i]
		if strings.HasPrefix(p.ID, "example") || strings.Contains(p.ID, "extensions-") {
			continue
		}
		for _, base := range p.Base {
			row := &paramRow{
				code: p.Code, name: p.ID, url: p.URL, base: base, typ: p.Type,
				expression: onBase(p.Expression, base), source: p.Expression, targets: p.Target,
			}
			components, err := componentsOf(row, p, byURL)
			if err != nil {
				return nil, err
			}
			row.components = components
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b *paramRow) int {
		return cmp.Or(cmp.Compare(a.base, b.base), cmp.Compare(a.code, b.code))
	})
	var all []*paramRow
	for _, r := range rows {
		all = append(append(all, r), r.components...)
	}
	return all, nil
}

func componentsOf(row *paramRow, p *searchParameter, byURL map[string]*searchParameter) ([]*paramRow, error) {
	var rows []*paramRow
	for _, c := range p.Component {
		def := byURL[c.Definition]
		if def == nil {
			return nil, fmt.Errorf("%s: component %s is not in the definitions", p.ID, c.Definition)
		}
		rows = append(rows, &paramRow{
			name: def.ID, url: def.URL, base: row.base, typ: def.Type, targets: def.Target,
			expression: c.Expression, source: c.Expression, of: row,
		})
	}
	if p.ID == "DocumentReference-relationship" {
		// R4 has the expressions of the two components swapped: relatesto is the
		// target, relation the code.
		rows[0].expression, rows[1].expression = rows[1].expression, rows[0].expression
	}
	return rows, nil
}

// onBase keeps the alternatives of a union that begin at the base type. An
// expression that names no type (InsurancePlan's "name | alias") is kept whole.
func onBase(expression, base string) string {
	var kept []string
	for _, part := range splitUnion(expression) {
		first, _, _ := strings.Cut(strings.TrimLeft(part, "("), ".")
		if first == base {
			kept = append(kept, part)
		}
	}
	if kept == nil {
		return expression
	}
	return strings.Join(kept, " | ")
}

// splitUnion splits at the bars outside parentheses and quotes.
func splitUnion(expression string) []string {
	var parts []string
	depth, start, quoted := 0, 0, false
	for i, c := range expression {
		switch {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '|' && depth == 0:
			parts = append(parts, strings.TrimSpace(expression[start:i]))
			start = i + 1
		}
	}
	return append(parts, strings.TrimSpace(expression[start:]))
}
