package exec_test

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A filterCondition is _filter (FHIR R4 §3.1.3).
type filterCondition struct{ of modelFilter }

func (c *filterCondition) name() string                     { return "_filter" }
func (c *filterCondition) value() string                    { return c.of.String() }
func (c *filterCondition) holds(m *model, d *modelDoc) bool { return c.of.holds(m, d) }

// A modelFilter is a filter or a part of one.
type modelFilter interface {
	String() string
	holds(m *model, d *modelDoc) bool
}

// A filterRow is filters joined by and and or, which are evaluated from left to
// right.
type filterRow struct {
	of    []modelFilter
	joins []string // between them
}

func (f *filterRow) String() string {
	text := f.of[0].String()
	for i, join := range f.joins {
		text += " " + join + " " + f.of[i+1].String()
	}
	return text
}

func (f *filterRow) holds(m *model, d *modelDoc) bool {
	held := f.of[0].holds(m, d)
	for i, join := range f.joins {
		if next := f.of[i+1].holds(m, d); join == "and" {
			held = held && next
		} else {
			held = held || next
		}
	}
	return held
}

// A filterGroup is a filter in parentheses, perhaps negated.
type filterGroup struct {
	modelFilter
	negated bool
}

func (f *filterGroup) String() string {
	return map[bool]string{true: "not "}[f.negated] + "(" + f.modelFilter.String() + ")"
}

func (f *filterGroup) holds(m *model, d *modelDoc) bool {
	return f.modelFilter.holds(m, d) != f.negated
}

// A filterPath is a reference, what is asked of the resource that it leads to, and
// how the path goes on there.
type filterPath struct {
	param  *schema.Param
	target string
	where  modelFilter // nil for none
	rest   modelFilter
}

func (f *filterPath) String() string {
	text := f.param.Code + ":" + f.target
	if f.where != nil {
		text += "[" + f.where.String() + "]"
	}
	return text + "." + f.rest.String()
}

func (f *filterPath) holds(m *model, d *modelDoc) bool {
	return slices.ContainsFunc(m.edges(d, f.param), func(key string) bool {
		to := m.byKey[key]
		return to != nil && to.typ == f.target && (f.where == nil || f.where.holds(m, to)) && f.rest.holds(m, to)
	})
}

// A filterHas is a path that begins with what refers to the resource.
type filterHas struct {
	by   modelStep // with the type that refers
	rest modelFilter
}

func (f *filterHas) String() string {
	return "_has:" + f.by.target + ":" + f.by.param.Code + ":" + f.rest.String()
}

func (f *filterHas) holds(m *model, d *modelDoc) bool {
	return slices.ContainsFunc(m.docs, func(from *modelDoc) bool {
		return from.typ == f.by.target && slices.Contains(m.edges(from, f.by.param), d.typ+"/"+d.id) && f.rest.holds(m, from)
	})
}

// A filterTest is parameter, operation and value.
type filterTest struct {
	param   *schema.Param
	op      string
	value   modelValue
	written string // the value, where it is not that of a parameter
}

func (f *filterTest) String() string {
	text := f.written
	if text == "" {
		text = f.value.plain()
	}
	quoted, _ := json.Marshal(text)
	return f.param.Code + " " + f.op + " " + string(quoted)
}

// plain writes a value without escapes, which filters do not have.
func (v modelValue) plain() string {
	if v.parts != nil {
		var parts []string
		for _, p := range v.parts {
			parts = append(parts, p.prefix+p.plain())
		}
		return strings.Join(parts, "$")
	}
	if v.system == nil {
		return v.text
	}
	if v.hasUnit {
		number, code, _ := strings.Cut(v.text, " ")
		return number + "|" + *v.system + "|" + code
	}
	return *v.system + "|" + v.text
}

func (f *filterTest) holds(m *model, d *modelDoc) bool {
	query := &modelQuery{param: f.param, values: []modelValue{f.value}}
	any := func(matches func(element) bool) bool { return slices.ContainsFunc(m.all(d, f.param), matches) }
	part := func(of func(text, part string) bool) bool {
		return any(func(e element) bool {
			return slices.ContainsFunc(partsOf(e), func(s string) bool { return of(plainText(s), plainText(f.value.text)) })
		})
	}
	equal := func() bool {
		if f.param.Type == schema.ParamString {
			return part(func(text, part string) bool { return text == part })
		}
		return m.holds(d, query)
	}
	switch f.op {
	case "pr":
		return m.present(d, f.param) == (f.written == "true")
	case "eq", "re":
		return equal()
	case "ne":
		if f.param.Type < schema.ParamString || f.param.Type == schema.ParamQuantity {
			return m.holds(d, query)
		}
		return m.present(d, f.param) && !equal()
	case "co":
		if f.param.Type == schema.ParamDate {
			return any(func(e element) bool { return covers(e, f.value.text) })
		}
		query.modifier = "contains"
	case "ew":
		return part(strings.HasSuffix)
	case "gt", "lt", "ge", "le":
		if f.param.Type == schema.ParamString {
			return part(func(text, part string) bool {
				order := strings.Compare(text, part)
				return order > 0 && f.op[0] == 'g' || order < 0 && f.op[0] == 'l' || order == 0 && f.op[1] == 'e'
			})
		}
	case "po":
		return any(func(e element) bool { return overlap(f.value.text, e) })
	case "ss", "sb", "in", "ni":
		modifier := map[string]string{"ss": "below", "sb": "above", "in": "in", "ni": "not-in"}[f.op]
		if f.param.Type == schema.ParamURI {
			query.modifier = modifier
			break
		}
		c := codedCondition{param: f.param, modifier: modifier, text: f.value.text}
		if f.value.system != nil {
			c.system = *f.value.system
		}
		return c.holds(m, d)
	}
	return m.holds(d, query)
}

// overlap reports whether a date and an element have a moment in common.
func overlap(text string, e element) bool {
	t, err := fhirtime.ParseSearch(text)
	low, high, ok := rangeOf(e)
	if err != nil || !ok {
		return false
	}
	from, to := t.Range(time.UTC)
	return low < to && from < high
}

// covers reports whether all of a date is in the range of an element.
func covers(e element, text string) bool {
	t, err := fhirtime.ParseSearch(text)
	low, high, ok := rangeOf(e)
	if err != nil || !ok {
		return false
	}
	from, to := t.Range(time.UTC)
	return low <= from && to <= high
}
