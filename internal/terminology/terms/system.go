package terms

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/issue"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxCodes is how many codes a code system or an expansion may have.
const maxCodes = 500_000

// A System is a CodeSystem.
type System struct {
	URL              string     `json:"url"`
	Version          string     `json:"version"`
	Name             string     `json:"name"`
	Title            string     `json:"title"`
	Language         string     `json:"language"`
	CaseSensitive    *bool      `json:"caseSensitive"`
	HierarchyMeaning string     `json:"hierarchyMeaning"`
	Content          string     `json:"content"`
	Properties       []defined  `json:"property"`
	Concepts         []*Concept `json:"concept"`
	all              []*Concept // in the order of the definition, each above those below it
	byCode           map[string]*Concept
	folded           map[string]*Concept // by codes in lower case; nil where case counts
}

// A defined is a property that a code system defines.
type defined struct {
	Code string `json:"code"`
	URI  string `json:"uri"`
	Type string `json:"type"`
}

// A Concept is a code of a system.
type Concept struct {
	Code              string        `json:"code"`
	Display           string        `json:"display"`
	Definition        string        `json:"definition"`
	Designations      []Designation `json:"designation"`
	Properties        []Property    `json:"property"`
	Concepts          []*Concept    `json:"concept"`
	parents, children []*Concept
}

// A Designation is another text for a concept.
type Designation struct {
	Language string         `json:"language,omitempty"`
	Use      jsontext.Value `json:"use,omitempty"` // a Coding
	Value    string         `json:"value"`
}

// A Property is a value of a property of a concept.
type Property struct {
	Code     string         `json:"code"`
	AsCode   *string        `json:"valueCode"`
	Coding   jsontext.Value `json:"valueCoding"`
	String   *string        `json:"valueString"`
	Integer  jsontext.Value `json:"valueInteger"`
	Boolean  *bool          `json:"valueBoolean"`
	DateTime *string        `json:"valueDateTime"`
	Decimal  jsontext.Value `json:"valueDecimal"`
}

// Value returns the type and the JSON of the value.
func (p *Property) Value() (typ string, value []byte) {
	quoted := func(typ string, text *string) (string, []byte) {
		out, _ := jsontext.AppendQuote(nil, *text) // of FHIR, and so valid
		return typ, out
	}
	switch {
	case p.AsCode != nil:
		return quoted("code", p.AsCode)
	case p.Coding != nil:
		return "Coding", p.Coding
	case p.String != nil:
		return quoted("string", p.String)
	case p.Integer != nil:
		return "integer", p.Integer
	case p.Boolean != nil && *p.Boolean:
		return "boolean", []byte("true")
	case p.Boolean != nil:
		return "boolean", []byte("false")
	case p.DateTime != nil:
		return quoted("dateTime", p.DateTime)
	case p.Decimal != nil:
		return "decimal", p.Decimal
	}
	return "", nil
}

// text returns the value as a filter compares it.
func (p *Property) text() string {
	typ, value := p.Value()
	if typ == "Coding" {
		var c struct {
			Code string `json:"code"`
		}
		_ = json.Unmarshal(value, &c)
		return c.Code
	}
	if jsontext.Value(value).Kind() == '"' {
		text, _ := jsontext.AppendUnquote(nil, value)
		return string(text)
	}
	return string(value)
}

// ReadSystem reads a CodeSystem.
func ReadSystem(text []byte) (*System, error) {
	s := &System{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fail(issue.Structure, "the CodeSystem cannot be read: it was stored with faults")
	}
	if s.Content == "supplement" {
		return nil, fail(issue.NotSupported, "the CodeSystem is a supplement, which has no codes of its own")
	}
	s.byCode = map[string]*Concept{}
	if !s.caseSensitive() {
		s.folded = map[string]*Concept{}
	}
	type nested struct {
		list   []*Concept
		parent *Concept
	}
	stack := []nested{{s.Concepts, nil}}
	for len(stack) > 0 {
		at := &stack[len(stack)-1]
		if len(at.list) == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		c := at.list[0]
		at.list = at.list[1:]
		if _, twice := s.byCode[c.Code]; twice {
			continue
		}
		if at.parent != nil {
			link(at.parent, c)
		}
		s.all = append(s.all, c)
		if len(s.all) > maxCodes {
			return nil, fail(issue.TooCostly, "the CodeSystem "+s.URL+" has too many codes")
		}
		s.byCode[c.Code] = c
		if s.folded != nil {
			s.folded[strings.ToLower(c.Code)] = c
		}
		if len(c.Concepts) > 0 {
			stack = append(stack, nested{c.Concepts, c})
		}
	}
	for _, c := range s.all {
		for i := range c.Properties {
			switch p := &c.Properties[i]; s.meaning(p.Code) {
			case "parent", "subsumedBy":
				if parent := s.byCode[p.text()]; parent != nil {
					link(parent, c)
				}
			case "child":
				if child := s.byCode[p.text()]; child != nil {
					link(c, child)
				}
			}
		}
	}
	return s, nil
}

func link(parent, child *Concept) {
	if !slices.Contains(child.parents, parent) {
		child.parents, parent.children = append(child.parents, parent), append(parent.children, child)
	}
}

// caseSensitive reports whether case counts: by default it does not (FHIR R4 codesystem).
func (s *System) caseSensitive() bool { return s.CaseSensitive != nil && *s.CaseSensitive }

// conceptProperties is how the URIs of FHIR's own properties begin.
const conceptProperties = "http://hl7.org/fhir/concept-properties#"

// meaning returns FHIR's name of a property: that of its URI, if it has one of FHIR's, or
// its own name.
func (s *System) meaning(code string) string {
	for _, d := range s.Properties {
		if d.Code == code && d.URI != "" {
			if own, ok := strings.CutPrefix(d.URI, conceptProperties); ok {
				return own
			}
			return code
		}
	}
	return code
}

// Size returns how many codes the system has.
func (s *System) Size() int { return len(s.all) }

// Concept returns the concept of a code, nil if there is none.
func (s *System) Concept(code string) *Concept {
	if c := s.byCode[code]; c != nil || s.folded == nil {
		return c
	}
	return s.folded[strings.ToLower(code)]
}

// Abstract reports whether a concept stands for a group and may not be chosen.
func (s *System) Abstract(c *Concept) bool { return s.has(c, "notSelectable", "true") }

// Inactive reports whether a concept should not be used any more.
func (s *System) Inactive(c *Concept) bool {
	return s.has(c, "inactive", "true") || s.has(c, "status", "retired") || s.has(c, "status", "deprecated") || s.has(c, "status", "inactive")
}

func (s *System) has(c *Concept, property, value string) bool {
	for i := range c.Properties {
		if p := &c.Properties[i]; p.text() == value && s.meaning(p.Code) == property {
			return true
		}
	}
	return false
}

// above reports whether a concept is above another in the hierarchy.
func (c *Concept) above(other *Concept) bool {
	seen := map[*Concept]bool{}
	pending := slices.Clone(other.parents)
	for len(pending) > 0 {
		last := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if last == c {
			return true
		}
		if !seen[last] {
			seen[last] = true
			pending = append(pending, last.parents...)
		}
	}
	return false
}

// Subsumes compares two codes of the system: "equivalent", "subsumes" if the first is above
// the second, "subsumed-by", or "not-subsumed". It reports an error of code NotFound for an
// unknown code.
func (s *System) Subsumes(a, b string) (string, error) {
	first, second := s.Concept(a), s.Concept(b)
	switch {
	case first == nil || second == nil:
		return "", fail(issue.NotFound, "a code is not in the CodeSystem "+s.URL)
	case first == second:
		return "equivalent", nil
	case s.HierarchyMeaning != "" && s.HierarchyMeaning != "is-a":
		return "", fail(issue.NotSupported, "the hierarchy of the CodeSystem "+s.URL+" does not say which code subsumes which")
	case first.above(second):
		return "subsumes", nil
	case second.above(first):
		return "subsumed-by", nil
	}
	return "not-subsumed", nil
}

// Parents and Children return the codes next to a concept in the hierarchy.
func (c *Concept) Parents() []*Concept { return c.parents }

// Children returns the concepts directly below.
func (c *Concept) Children() []*Concept { return c.children }

// DisplayIn returns the display of a concept in a language, as far as there is one.
func (s *System) DisplayIn(c *Concept, language string) string {
	if language == "" || sameLanguage(s.Language, language) {
		return c.Display
	}
	for _, d := range c.Designations {
		if sameLanguage(d.Language, language) {
			return d.Value
		}
	}
	return c.Display
}

// sameLanguage reports whether a language is one that was asked for: en-US for en.
func sameLanguage(given, wanted string) bool {
	given, wanted = strings.ToLower(given), strings.ToLower(wanted)
	return given != "" && (given == wanted || strings.HasPrefix(given, wanted+"-"))
}
