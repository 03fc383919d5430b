package exec_test

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A codedCondition is :in, :not-in, :above or :below on a token.
type codedCondition struct {
	param    *schema.Param
	modifier string
	text     string // the url of a ValueSet, or a code
	system   string // of the code
}

func (c *codedCondition) name() string { return c.param.Code + ":" + c.modifier }

func (c *codedCondition) value() string {
	if c.system != "" {
		return escaper.Replace(c.system) + "|" + escaper.Replace(c.text)
	}
	return escaper.Replace(c.text)
}

func (c *codedCondition) holds(m *model, d *modelDoc) bool {
	in := slices.ContainsFunc(m.all(d, c.param), func(e element) bool {
		return slices.ContainsFunc(tokensOf(e), func(t token) bool {
			switch c.modifier {
			case "below":
				return t.system == c.system && m.codes(t.system).isA(t.code, c.text)
			case "above":
				return t.system == c.system && m.codes(t.system).isA(c.text, t.code)
			}
			return m.inValueSet(c.text, t)
		})
	})
	return in != (c.modifier == "not-in")
}

// canonical returns the newest resource of a type that a url, with a version or
// without, or a reference names.
func (m *model) canonical(typ, uri string) any {
	url, version, versioned := strings.Cut(uri, "|")
	for _, d := range slices.Backward(m.docs) {
		if d.typ != typ {
			continue
		}
		if d.decoded == nil {
			require.NoError(m.t, json.Unmarshal(d.doc.Source, &d.decoded))
		}
		if r := d.decoded; field(r, "url") == url && (!versioned || field(r, "version") == version) || typ+"/"+d.id == uri {
			return r
		}
	}
	require.Fail(m.t, "no "+typ+" "+uri)
	return nil
}

// A modelCodes is the hierarchy of a CodeSystem: the parents of each code.
type modelCodes map[string][]string

// codes reads the newest CodeSystem of a system.
func (m *model) codes(system string) modelCodes {
	codes := modelCodes{}
	var read func(concepts any, parent string)
	read = func(concepts any, parent string) {
		list, _ := concepts.([]any)
		for _, c := range list {
			code := field(c, "code").(string)
			codes[code] = append(codes[code], parent)
			properties, _ := field(c, "property").([]any)
			for _, p := range properties {
				if other := field(p, "valueCode").(string); field(p, "code") == "child" {
					codes[other] = append(codes[other], code)
				} else {
					codes[code] = append(codes[code], other)
				}
			}
			read(field(c, "concept"), code)
		}
	}
	read(field(m.canonical("CodeSystem", system), "concept"), "")
	return codes
}

// isA reports whether a code is another or below it. Case does not count in the
// systems of a world.
func (c modelCodes) isA(code, other string) bool {
	seen := map[string]bool{}
	var up func(string) bool
	up = func(code string) bool {
		if code == other {
			return true
		}
		if seen[code] {
			return false
		}
		seen[code] = true
		return slices.ContainsFunc(c[code], up)
	}
	code, other = strings.ToLower(code), strings.ToLower(other)
	return c[code] != nil && c[other] != nil && up(code)
}

// inValueSet reports whether a ValueSet has a code (FHIR R4 §4.9.5).
func (m *model) inValueSet(uri string, t token) bool {
	set := m.canonical("ValueSet", uri)
	if expansion := field(set, "expansion"); expansion != nil {
		return inExpansion(field(expansion, "contains"), t)
	}
	in := func(components any) bool {
		list, _ := components.([]any)
		return slices.ContainsFunc(list, func(c any) bool { return m.inComponent(c, t) })
	}
	return in(field(set, "compose", "include")) && !in(field(set, "compose", "exclude"))
}

func inExpansion(contains any, t token) bool {
	list, _ := contains.([]any)
	return slices.ContainsFunc(list, func(c any) bool {
		own := field(c, "system") == t.system && strings.EqualFold(field(c, "code").(string), t.code)
		return own && field(c, "abstract") != true || inExpansion(field(c, "contains"), t)
	})
}

func (m *model) inComponent(c any, t token) bool {
	sets, _ := field(c, "valueSet").([]any)
	if slices.ContainsFunc(sets, func(set any) bool { return !m.inValueSet(set.(string), t) }) {
		return false
	}
	if system := field(c, "system"); system != nil && system != t.system {
		return false
	}
	if concepts, listed := field(c, "concept").([]any); listed {
		return slices.ContainsFunc(concepts, func(c any) bool { return strings.EqualFold(field(c, "code").(string), t.code) })
	}
	filters, _ := field(c, "filter").([]any)
	return !slices.ContainsFunc(filters, func(f any) bool { return !m.passes(f, t) })
}

// passes reports whether a code passes a filter on the hierarchy of its system.
func (m *model) passes(filter any, t token) bool {
	codes, value, code := m.codes(t.system), field(filter, "value").(string), strings.ToLower(t.code)
	switch field(filter, "op") {
	case "is-a":
		return codes.isA(code, value)
	case "descendent-of":
		return code != value && codes.isA(code, value)
	case "is-not-a":
		return !codes.isA(code, value)
	case "generalizes":
		return codes.isA(value, code)
	case "in":
		return slices.Contains(strings.Split(value, ","), code)
	}
	return slices.Contains(codes[code], value) // parent = value
}
