package exec_test

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A queryMaker draws conditions that have a fair chance to match the model's
// data: their values come from it, whole, cut short or bent.
type queryMaker struct {
	m      *model
	params map[string][]*schema.Param // of each type, those that occur
	// other draws a condition of another kind, or nil. It may be nil itself.
	other func(t *rapid.T, typ string, depth int) *modelQuery
}

func newQueryMaker(m *model) *queryMaker {
	q := &queryMaker{m: m, params: map[string][]*schema.Param{}}
	for _, d := range m.docs {
		if _, done := q.params[d.typ]; done {
			continue
		}
		q.params[d.typ] = []*schema.Param{}
		for base := d.resource(); base != 0; base = base.Type().Base {
			for _, id := range schema.ParamsOf(base) {
				p := id.Param()
				if p.Expression == "" || p.Type == schema.ParamSpecial || p.Code == "_id" || p.Code == "_lastUpdated" {
					continue
				}
				if slices.ContainsFunc(m.docs, func(d *modelDoc) bool { return d.resource().Is(p.Base) && len(m.all(d, p)) > 0 }) {
					q.params[d.typ] = append(q.params[d.typ], p)
				}
			}
		}
	}
	for typ, list := range q.params {
		if len(list) == 0 {
			delete(q.params, typ)
		}
	}
	return q
}

// types returns the types that have parameters with values, sorted.
func (q *queryMaker) types() []string {
	var types []string
	for typ := range q.params {
		types = append(types, typ)
	}
	slices.Sort(types)
	return types
}

// condition draws a condition on a type, with chains if depth allows.
func (q *queryMaker) condition(t *rapid.T, typ string, depth int) *modelQuery {
	if q.other != nil && rapid.Bool().Draw(t, "other") {
		if c := q.other(t, typ, depth); c != nil {
			return c
		}
	}
	if depth > 0 && rapid.IntRange(0, 3).Draw(t, "join") == 0 {
		if joined := q.joined(t, typ, depth); joined != nil {
			return joined
		}
	}
	return q.plain(t, choose(t, q.params[typ], "param"))
}

// joined draws a chain or a _has along a reference of the data.
func (q *queryMaker) joined(t *rapid.T, typ string, depth int) *modelQuery {
	type edge struct {
		p        *schema.Param
		from, to string
	}
	var out, in []edge
	for _, from := range q.types() {
		for _, p := range q.params[from] {
			if p.Type != schema.ParamReference {
				continue
			}
			for _, to := range p.Targets {
				switch name := to.String(); {
				case len(q.params[name]) == 0:
				case from == typ:
					out = append(out, edge{p, from, name})
				case name == typ:
					in = append(in, edge{p, from, name})
				}
			}
		}
	}
	switch {
	case len(out) > 0 && (len(in) == 0 || rapid.Bool().Draw(t, "forward")):
		e := choose(t, out, "edge")
		return &modelQuery{param: e.p, target: e.to, chain: q.condition(t, e.to, depth-1)}
	case len(in) > 0:
		e := choose(t, in, "edge")
		return &modelQuery{via: e.p, has: q.condition(t, e.from, depth-1)}
	}
	return nil
}

var modifiersOf = map[schema.ParamType][]string{
	schema.ParamString:    {"", "", "", "exact", "contains", "missing"},
	schema.ParamToken:     {"", "", "", "not", "text", "missing"},
	schema.ParamReference: {"", "", "identifier", "missing"},
	schema.ParamURI:       {"", "below", "above", "missing"},
	schema.ParamDate:      {"", "", "", "", "", "missing"},
	schema.ParamNumber:    {"", "", "", "missing"},
	schema.ParamQuantity:  {"", "", "", "", "missing"},
	schema.ParamComposite: {""},
}

// plain draws a condition on one parameter.
func (q *queryMaker) plain(t *rapid.T, p *schema.Param) *modelQuery {
	query := &modelQuery{param: p, modifier: choose(t, modifiersOf[p.Type], "modifier")}
	if query.modifier == "missing" {
		query.values = []modelValue{{text: choose(t, []string{"true", "false"}, "missing")}}
		return query
	}
	for range rapid.IntRange(1, 3).Draw(t, "alternatives") {
		if v, ok := q.sample(t, p, query.modifier); ok {
			query.values = append(query.values, v)
		}
	}
	if len(query.values) == 0 {
		query.modifier = "missing"
		query.values = []modelValue{{text: "false"}}
		if p.Type == schema.ParamComposite {
			return &modelQuery{param: anyTag, values: []modelValue{{text: "none"}}, modifier: "not"}
		}
	}
	return query
}

// anyTag is a parameter that every type has.
var anyTag = func() *schema.Param {
	t, _ := schema.TypeOf("Resource")
	p, _ := schema.FindParam(t, "_tag")
	return p.Param()
}()

// sample draws a value out of the elements of a parameter.
func (q *queryMaker) sample(t *rapid.T, p *schema.Param, modifier string) (modelValue, bool) {
	var holders []*modelDoc
	for _, d := range q.m.docs {
		if d.resource().Is(p.Base) && len(q.m.all(d, p)) > 0 {
			holders = append(holders, d)
		}
	}
	if len(holders) == 0 {
		return modelValue{}, false
	}
	d := choose(t, holders, "holder")
	e := choose(t, q.m.all(d, p), "element")
	if p.Type != schema.ParamComposite {
		return q.valueOf(t, p, modifier, e)
	}
	v := modelValue{}
	for _, id := range p.Components {
		from := e
		if rapid.IntRange(0, 2).Draw(t, "other element") == 0 {
			from = choose(t, q.m.all(d, p), "element")
		}
		parts := q.m.nodes(d, from.node, id.Param().Expression)
		if len(parts) == 0 {
			return v, false
		}
		part, ok := q.valueOf(t, id.Param(), "", choose(t, parts, "part"))
		if !ok || part.text == "" && part.system == nil {
			return v, false
		}
		v.parts = append(v.parts, part)
	}
	return v, true
}

var comparisons = []string{"", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"}

func (q *queryMaker) valueOf(t *rapid.T, p *schema.Param, modifier string, e element) (modelValue, bool) {
	pick := func(list []string) (string, bool) {
		list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return plainText(s) == "" })
		if len(list) == 0 {
			return "", false
		}
		return choose(t, list, "text"), true
	}
	if modifier == "text" {
		text, ok := pick(labelsOf(e))
		return modelValue{text: q.bend(t, text)}, ok
	}
	switch p.Type {
	case schema.ParamString:
		text, ok := pick(stringsOf(e))
		if modifier == "exact" && rapid.Bool().Draw(t, "whole") {
			return modelValue{text: text}, ok
		}
		return modelValue{text: q.bend(t, text)}, ok
	case schema.ParamToken:
		return q.tokenValue(t, e)
	case schema.ParamReference:
		if modifier == "identifier" {
			return q.tokenValue(t, element{typ: "Identifier", value: field(e.value, "identifier")})
		}
		text := referenceOf(e)
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			text = local(text)
		case 1:
			text = local(text)[strings.LastIndexByte(local(text), '/')+1:]
		case 2:
			text, _, _ = strings.Cut(text, "|")
		}
		return modelValue{text: text}, text != ""
	case schema.ParamDate:
		return q.dateValue(t, e)
	case schema.ParamNumber, schema.ParamQuantity:
		return q.quantityValue(t, e)
	}
	text, _ := e.value.(string)
	if modifier == "above" {
		text, _, _ = strings.Cut(text, "|")
		text += choose(t, []string{"", "/", "/more", "/more/of/it"}, "down")
	} else if modifier == "below" {
		for range rapid.IntRange(0, 2).Draw(t, "up") {
			if i := strings.LastIndexByte(text, '/'); i > len("https://") {
				text = text[:i]
			}
		}
	} else if rapid.Bool().Draw(t, "unversioned") {
		text, _, _ = strings.Cut(text, "|")
	}
	return modelValue{text: text}, text != ""
}

// bend cuts a text short and changes its case.
func (q *queryMaker) bend(t *rapid.T, text string) string {
	runes := []rune(text)
	from := 0
	if rapid.IntRange(0, 3).Draw(t, "inner") == 0 && len(runes) > 0 {
		from = rapid.IntRange(0, len(runes)-1).Draw(t, "from")
	}
	to := rapid.IntRange(from, len(runes)).Draw(t, "to")
	cut := string(runes[from:to])
	if plainText(cut) == "" {
		cut = text
	}
	if rapid.Bool().Draw(t, "upper") {
		return strings.ToUpper(cut)
	}
	return cut
}

func (q *queryMaker) tokenValue(t *rapid.T, e element) (modelValue, bool) {
	tokens := tokensOf(e)
	if len(tokens) == 0 {
		return modelValue{}, false
	}
	token := choose(t, tokens, "token")
	v := modelValue{text: token.code}
	if rapid.IntRange(0, 3).Draw(t, "upper") == 0 {
		v.text = strings.ToUpper(v.text)
	}
	switch e.typ {
	case "Coding", "CodeableConcept", "Identifier", "code":
		switch rapid.IntRange(0, 3).Draw(t, "form") {
		case 0:
			v.system = &token.system
		case 1:
			if token.system != "" {
				v.system, v.text = &token.system, ""
			}
		case 2:
			none := ""
			v.system = &none
		}
	}
	return v, v.text != "" || v.system != nil && *v.system != ""
}

func (q *queryMaker) dateValue(t *rapid.T, e element) (modelValue, bool) {
	low, high, ok := rangeOf(e)
	if !ok {
		return modelValue{}, false
	}
	if low == math.MinInt64 {
		low = high
	}
	moment := time.UnixMicro(low).UTC().Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "hours")) * time.Hour)
	layout := choose(t, []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z"}, "layout")
	return modelValue{prefix: choose(t, comparisons, "prefix"), text: moment.Format(layout)}, true
}

func (q *queryMaker) quantityValue(t *rapid.T, e element) (modelValue, bool) {
	measure, ok := quantityOf(e)
	if !ok {
		return modelValue{}, false
	}
	_, convertible := measure.in(measure.code)
	if convertible = convertible && rapid.Bool().Draw(t, "convert"); convertible {
		measure = measure.otherUnit(t)
	}
	number := measure.low
	if number == nil || measure.high != nil && rapid.Bool().Draw(t, "high") {
		number = measure.high
	}
	digits := rapid.IntRange(0, 3).Draw(t, "digits")
	if convertible {
		digits = rapid.IntRange(0, 20).Draw(t, "digits of a converted number")
	}
	text := number.FloatString(digits)
	if digits == 0 && rapid.IntRange(0, 4).Draw(t, "exponent") == 0 {
		text = fmt.Sprintf("%se%d", text, rapid.IntRange(-1, 1).Draw(t, "e"))
	}
	v := modelValue{prefix: choose(t, comparisons, "prefix"), text: text}
	if measure.code != "" && rapid.Bool().Draw(t, "unit") {
		system := measure.system
		if !convertible && rapid.Bool().Draw(t, "any system") {
			system = ""
		}
		v.system, v.hasUnit = &system, true
		v.text += " " + measure.code
	}
	return v, true
}

// queryText writes conditions as the query of a URL.
func queryText(conditions []*modelQuery) string {
	var parts []string
	for _, c := range conditions {
		parts = append(parts, url.QueryEscape(c.name())+"="+url.QueryEscape(c.value()))
	}
	return strings.Join(parts, "&")
}

// choose draws one of a list. Unlike rapid.SampledFrom it reports its place and
// not the item, which may be a whole resource.
func choose[T any](t *rapid.T, list []T, label string) T {
	return list[rapid.IntRange(0, len(list)-1).Draw(t, label)]
}
