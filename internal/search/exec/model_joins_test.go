package exec_test

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A rankedReference is :above or :below on a reference: what leads to a resource, or to
// one that it is part of, or that is part of it (FHIR R4 §3.1.1.4.14).
type rankedReference struct {
	param    *schema.Param
	modifier string
	to       string // Type/id
}

func (c *rankedReference) name() string  { return c.param.Code + ":" + c.modifier }
func (c *rankedReference) value() string { return c.to }

func (c *rankedReference) holds(m *model, d *modelDoc) bool {
	if strings.Contains(c.to, ":") {
		return slices.ContainsFunc(m.all(d, c.param), func(e element) bool {
			text, _ := e.value.(string)
			return c.version(text)
		})
	}
	return slices.ContainsFunc(m.edges(d, c.param), func(target string) bool {
		if c.modifier == "below" {
			return m.partOf(target, c.to, nil)
		}
		return m.partOf(c.to, target, nil)
	})
}

// version reports whether a canonical is of the same url, and its version above or below:
// 1.2 is above 1.2.3. What is asked for without a version is of every version.
func (c *rankedReference) version(canonical string) bool {
	if url, _, _ := strings.Cut(canonical, "|"); !strings.Contains(c.to, "|") {
		return url == c.to
	}
	lower, upper := canonical, c.to
	if c.modifier == "above" {
		lower, upper = upper, lower
	}
	return lower == upper || strings.Contains(upper, "|") && strings.HasPrefix(lower, upper+".")
}

// partOf reports whether a resource is another, or part of one that is.
func (m *model) partOf(key, whole string, seen []string) bool {
	if key == whole {
		return true
	}
	d := m.byKey[key]
	if d == nil || slices.Contains(seen, key) {
		return false
	}
	p := paramOf(d.typ, "partof")
	if p == nil {
		p = paramOf(d.typ, "part-of")
	}
	return p != nil && slices.ContainsFunc(m.edges(d, p), func(up string) bool { return m.partOf(up, whole, append(seen, key)) })
}

// paramOf returns a parameter of a type, nil if it has none of that name.
func paramOf(typ, code string) *schema.Param {
	t, _ := schema.ResourceType(typ)
	id, ok := schema.FindParam(t, code)
	if !ok {
		return nil
	}
	return id.Param()
}

// edges returns what the references of a parameter lead to in this store, as Type/id.
func (m *model) edges(d *modelDoc, p *schema.Param) (all []string) {
	for _, e := range m.all(d, p) {
		if canonical, ok := e.value.(string); ok {
			for _, to := range m.docs {
				if slices.Contains(p.Targets, to.doc.Type()) && namesByURL(canonical, to) {
					all = append(all, to.typ+"/"+to.id)
				}
			}
			continue
		}
		to := local(referenceOf(e))
		if typ, _, found := strings.Cut(to, "/"); found {
			if _, ok := schema.ResourceType(typ); ok {
				all = append(all, to)
			}
		}
	}
	return all
}

// An anyChain is a chain that does not say to which type: it holds for any that the
// reference may lead to and that has the parameter.
type anyChain struct {
	param *schema.Param
	code  string // of a string parameter, at the end
	text  string
}

func (c *anyChain) name() string  { return c.param.Code + "." + c.code }
func (c *anyChain) value() string { return escaper.Replace(c.text) }

func (c *anyChain) holds(m *model, d *modelDoc) bool {
	return slices.ContainsFunc(m.edges(d, c.param), func(key string) bool {
		to := m.byKey[key]
		if to == nil {
			return false
		}
		p := paramOf(to.typ, c.code)
		return p != nil && m.holds(to, &modelQuery{param: p, values: []modelValue{{text: c.text}}})
	})
}

// A listCondition is _list: what the entries of Lists lead to.
type listCondition []string

func (c listCondition) name() string  { return "_list" }
func (c listCondition) value() string { return strings.Join(c, ",") }

func (c listCondition) holds(m *model, d *modelDoc) bool {
	return slices.ContainsFunc(c, func(id string) bool {
		l := m.byKey["List/"+id]
		return l != nil && slices.Contains(m.edges(l, paramOf("List", "item")), d.typ+"/"+d.id)
	})
}

// A typedIdentifier is :of-type.
type typedIdentifier struct {
	param                *schema.Param
	system, code, number string
}

func (c *typedIdentifier) name() string { return c.param.Code + ":of-type" }

func (c *typedIdentifier) value() string {
	return escaper.Replace(c.system) + "|" + escaper.Replace(c.code) + "|" + escaper.Replace(c.number)
}

func (c *typedIdentifier) holds(m *model, d *modelDoc) bool {
	return slices.ContainsFunc(m.all(d, c.param), func(e element) bool {
		value, _ := field(e.value, "value").(string)
		codings, _ := field(e.value, "type", "coding").([]any)
		return strings.EqualFold(value, c.number) && slices.ContainsFunc(codings, func(coding any) bool {
			code, _ := field(coding, "code").(string)
			return field(coding, "system") == c.system && strings.EqualFold(code, c.code)
		})
	})
}

// A nearCondition is near. The positions and distances of a world leave no doubt about
// what is in the circle.
type nearCondition struct{ latitude, longitude, kilometres float64 }

func (c nearCondition) name() string { return "near" }

func (c nearCondition) value() string {
	number := func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
	return number(c.latitude) + "|" + number(c.longitude) + "|" + number(c.kilometres) + "|km"
}

// holds measures the angle between two places by the product of their vectors.
func (c nearCondition) holds(m *model, d *modelDoc) bool {
	for _, e := range m.nodes(d, 0, "Location.position") {
		latitude, longitude := rational(field(e.value, "latitude")), rational(field(e.value, "longitude"))
		north, _ := latitude.Float64()
		east, _ := longitude.Float64()
		a, b := vector(north, east), vector(c.latitude, c.longitude)
		if angle := math.Acos(min(1, a[0]*b[0]+a[1]*b[1]+a[2]*b[2])); angle*6371 <= c.kilometres {
			return true
		}
	}
	return false
}

func vector(latitude, longitude float64) [3]float64 {
	north, east := latitude*math.Pi/180, longitude*math.Pi/180
	return [3]float64{math.Cos(north) * math.Cos(east), math.Cos(north) * math.Sin(east), math.Sin(north)}
}
