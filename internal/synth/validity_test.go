package synth_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/synth"
)

// TestEveryLineIsValid checks generated lines against the StructureDefinitions:
// known elements in order, cardinality, primitive syntax, required bindings,
// reference targets, known codes, and the invariants that the types have.
func TestEveryLineIsValid(t *testing.T) {
	c := &checker{definitions: loadDefinitions(t), found: map[string]int{}}
	for kind, line := range synth.New(3, 40).Lines() {
		n, err := parseNode(line)
		require.NoError(t, err)
		c.resource(kind, n)
		c.invariants(kind, n)
	}
	for issue, count := range c.found {
		t.Errorf("%s (%d times)", issue, count)
	}
}

// TestCheckerNotices shows that the checker is not asleep: each text breaks one
// rule and is reported.
func TestCheckerNotices(t *testing.T) {
	d := loadDefinitions(t)
	const subject = `"subject":{"reference":"Patient/00000000-0000-4000-8000-000000000000"}`
	for text, want := range map[string]string{
		`{"resourceType":"Basic","code":{"text":"x"},"colour":"red"}`:                                                                                                   "unknown element",
		`{"resourceType":"Condition","code":{"text":"x"}}`:                                                                                                              "lacks Condition.subject",
		`{"resourceType":"Condition",` + subject + `,"code":{"text":"x"}}`:                                                                                              "out of order",
		`{"resourceType":"Condition",` + subject + `,"onsetDateTime":"2020-13"}`:                                                                                        "is no dateTime",
		`{"resourceType":"Condition",` + subject + `,"onsetRatio":{}}`:                                                                                                  "unknown element",
		`{"resourceType":"Condition","category":{"text":"x"},` + subject + `}`:                                                                                          "filled array",
		`{"resourceType":"Condition","subject":{"reference":"Device/00000000-0000-4000-8000-000000000000"}}`:                                                            "may not refer to Device",
		`{"resourceType":"Observation","status":"done","code":{"text":"x"}}`:                                                                                            "not in",
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"a","dataAbsentReason":{"text":"x"}}`:                                         "obs-6",
		`{"resourceType":"Condition","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"ill"}]},` + subject + `}`: "has no code ill",
	} {
		c := &checker{definitions: d, found: map[string]int{}}
		n, err := parseNode([]byte(text))
		require.NoError(t, err)
		c.resource("", n)
		c.invariants(n.str("resourceType"), n)
		found := ""
		for issue := range c.found {
			found += issue + "\n"
		}
		require.Contains(t, found, want, text)
	}
}

type checker struct {
	*definitions
	found map[string]int
}

func (c *checker) report(path, format string, args ...any) {
	c.found[path+": "+fmt.Sprintf(format, args...)]++
}

func (c *checker) resource(path string, n *node) {
	kind := n.str("resourceType")
	if c.elements[kind] == nil || len(n.members) == 0 || n.members[0].name != "resourceType" {
		c.report(path, "resourceType %q", kind)
		return
	}
	rest := *n
	rest.members = n.members[1:]
	c.object(kind, kind, &rest)
}

// object checks n, whose children are defined at path. place is where n is.
func (c *checker) object(place, path string, n *node) {
	if n.kind != '{' || len(n.members) == 0 {
		c.report(place, "is not an object with members")
		return
	}
	last, counts := -1, map[*element]int{}
	for _, m := range n.members {
		here := place + "." + m.name
		e, order, kind := c.child(path, m.name)
		if e == nil {
			c.report(here, "unknown element")
			continue
		}
		if order < last {
			c.report(here, "out of order")
		}
		last = order
		values := []*node{m.value}
		if e.Max != "1" {
			if m.value.kind != '[' || len(m.value.items) == 0 {
				c.report(here, "is not a filled array")
			}
			values = m.value.items
		}
		if limit, err := strconv.Atoi(e.Max); err == nil && len(values) > limit {
			c.report(here, "max %s", e.Max)
		}
		counts[e] += len(values)
		for _, v := range values {
			c.value(here, e, kind, v)
		}
	}
	for _, e := range c.children[path] {
		if counts[e] < e.Min {
			c.report(place, "lacks %s", e.Path)
		}
	}
}

// value checks one value of an element as the given type.
func (c *checker) value(place string, e *element, kind string, n *node) {
	kind = strings.TrimPrefix(kind, "http://hl7.org/fhirpath/System.")
	switch {
	case e.ContentReference != "":
		c.object(place, e.ContentReference[1:], n)
		return
	case kind == "Resource":
		c.resource(place, n)
		return
	case kind[0] >= 'a' && kind[0] <= 'z' || kind == "String":
		c.primitive(place, kind, n)
	case len(c.children[e.Path]) > 0:
		c.object(place, e.Path, n)
	default:
		c.object(place, kind, n)
	}
	c.binding(place, e, kind, n)
	switch kind {
	case "Reference":
		c.target(place, e, n)
	case "Coding":
		c.knownCode(place, n)
	}
}

func (c *checker) primitive(place, kind string, n *node) {
	want := '"'
	switch kind {
	case "boolean":
		if n.kind != 't' && n.kind != 'f' {
			c.report(place, "is not a boolean")
		}
		return
	case "integer", "positiveInt", "unsignedInt", "decimal":
		want = '0'
	}
	if rune(n.kind) != want {
		c.report(place, "is no JSON %c", want)
		return
	}
	if kind == "xhtml" {
		if !strings.HasPrefix(n.text, `<div xmlns="http://www.w3.org/1999/xhtml">`) || !strings.HasSuffix(n.text, "</div>") {
			c.report(place, "is no XHTML div")
		}
		return
	}
	if r := c.regexes[kind]; r != nil && kind != "base64Binary" && !r.MatchString(n.text) {
		c.report(place, "is no %s: %s", kind, n.text)
	}
	if n.text == "" || strings.TrimSpace(n.text) != n.text {
		c.report(place, "is empty or has spaces around it")
	}
}

func (c *checker) binding(place string, e *element, kind string, n *node) {
	if e.Binding == nil || e.Binding.Strength != "required" {
		return
	}
	codes := c.expand(e.Binding.ValueSet)
	if codes == nil {
		return
	}
	var given []string
	switch kind {
	case "code":
		for code := range codes {
			if strings.HasSuffix(code, "|"+n.text) {
				return
			}
		}
		given = append(given, n.text)
	case "Coding":
		given = append(given, n.str("system")+"|"+n.str("code"))
	case "CodeableConcept":
		for _, coding := range n.get("coding").items {
			given = append(given, coding.str("system")+"|"+coding.str("code"))
		}
	}
	if !slices.ContainsFunc(given, func(code string) bool { return codes[code] }) {
		c.report(place, "%v not in %s", given, e.Binding.ValueSet)
	}
}

// knownCode checks a Coding against its code system where all of that is known.
func (c *checker) knownCode(place string, n *node) {
	system, known := c.systems[n.str("system")]
	if !known {
		return
	}
	display, ok := system[n.str("code")]
	if !ok {
		c.report(place, "%s has no code %s", n.str("system"), n.str("code"))
	} else if given := n.str("display"); given != "" && given != display {
		c.report(place, "%s %s is %q, not %q", n.str("system"), n.str("code"), display, given)
	}
}

var relative = regexp.MustCompile(`^([A-Z][A-Za-z]+)/[a-z0-9-]{36}$`)

func (c *checker) target(place string, e *element, n *node) {
	reference := n.str("reference")
	if reference == "" || reference[0] == '#' {
		return
	}
	parts := relative.FindStringSubmatch(reference)
	if parts == nil {
		c.report(place, "reference %s", reference)
		return
	}
	if allowed := e.targets(); allowed != nil && !slices.Contains(allowed, parts[1]) {
		c.report(place, "may not refer to %s", parts[1])
	}
}

// invariants checks the rules of R4 that concern what the generator writes,
// under their keys in the specification.
func (c *checker) invariants(kind string, n *node) {
	c.periods(kind, n)
	switch kind {
	case "Observation":
		if hasValue(n) && n.get("dataAbsentReason") != nil {
			c.report(kind, "obs-6")
		}
		if hasValue(n) && strings.Contains(n.str("component.code.coding.code"), n.str("code.coding.code")) {
			c.report(kind, "obs-7")
		}
		if !hasValue(n) && n.get("dataAbsentReason") == nil && n.get("component") == nil {
			c.report(kind, "says nothing")
		}
	case "Condition":
		status := n.str("clinicalStatus.coding.code")
		if n.get("abatementDateTime") != nil && status != "resolved" && status != "remission" && status != "inactive" {
			c.report(kind, "con-4")
		}
		if status == "" {
			c.report(kind, "con-3")
		}
	case "AllergyIntolerance":
		if n.get("clinicalStatus") == nil {
			c.report(kind, "ait-1")
		}
	case "ExplanationOfBenefit":
		for _, local := range []string{n.str("referral.reference"), n.str("insurance.coverage.reference")} {
			if !slices.ContainsFunc(n.get("contained").items, func(r *node) bool { return "#"+r.str("id") == local }) {
				c.report(kind, "ref-1, dom-3")
			}
		}
	}
}

func hasValue(n *node) bool {
	return slices.ContainsFunc(n.members, func(m member) bool { return strings.HasPrefix(m.name, "value") })
}

// periods checks per-1, qty-3, att-1 and cpt-2 wherever they apply.
func (c *checker) periods(kind string, n *node) {
	n.walk(kind, func(path string, o *node) {
		start, end := parseTime(o.str("start")), parseTime(o.str("end"))
		if !start.IsZero() && !end.IsZero() && start.After(end) {
			c.report(path, "per-1")
		}
		if o.get("unit") != nil && o.get("code") != nil && o.get("system") == nil {
			c.report(path, "qty-3")
		}
		if o.get("data") != nil && o.get("contentType") == nil {
			c.report(path, "att-1")
		}
	})
}
