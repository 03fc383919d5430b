package terms

import (
	"slices"

	"github.com/fhirlake/fhirlake/issue"
	"github.com/go-json-experiment/json"
)

// A Map is a ConceptMap.
type Map struct {
	URL             string  `json:"url"`
	Version         string  `json:"version"`
	SourceURI       string  `json:"sourceUri"`
	SourceCanonical string  `json:"sourceCanonical"`
	TargetURI       string  `json:"targetUri"`
	TargetCanonical string  `json:"targetCanonical"`
	Groups          []group `json:"group"`
}

type group struct {
	Source   string    `json:"source"`
	Target   string    `json:"target"`
	Elements []element `json:"element"`
	Unmapped *struct {
		Mode    string `json:"mode"`
		Code    string `json:"code"`
		Display string `json:"display"`
		URL     string `json:"url"`
	} `json:"unmapped"`
}

type element struct {
	Code    string   `json:"code"`
	Display string   `json:"display"`
	Targets []target `json:"target"`
}

type target struct {
	Code        string       `json:"code"`
	Display     string       `json:"display"`
	Equivalence string       `json:"equivalence"`
	DependsOn   []Dependency `json:"dependsOn"`
	Product     []Dependency `json:"product"`
}

// A Dependency is another value that a mapping needs, or gives.
type Dependency struct {
	Property string `json:"property"`
	System   string `json:"system"`
	Value    string `json:"value"`
	Display  string `json:"display"`
}

// ReadMap reads a ConceptMap.
func ReadMap(text []byte) (*Map, error) {
	m := &Map{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fail(issue.Structure, "the ConceptMap cannot be read: it was stored with faults")
	}
	return m, nil
}

// A Wish says what a translation is to be. "" is any.
type Wish struct {
	Source, Target string // canonicals of value sets
	TargetSystem   string
	// Reverse asks for the codes that are mapped to a code.
	Reverse bool
	// Dependencies are the values that are known beside the code, by property.
	Dependencies []Dependency
}

// A Match is a translation.
type Match struct {
	Equivalence           string
	System, Code, Display string // Code is "" where the map says that there is none
	Product               []Dependency
	Map                   *Map
}

// Matches reports whether the match is one: neither unmatched nor disjoint.
func (m *Match) Matches() bool {
	return m.Code != "" && m.Equivalence != "unmatched" && m.Equivalence != "disjoint"
}

// Translate returns the translations of a code by the map. other returns the map of a
// canonical, nil for none, and may be nil.
func (m *Map) Translate(system, code string, wish Wish, other func(canonical string) (*Map, error)) (list []Match, err error) {
	source, to := m.SourceURI+m.SourceCanonical, m.TargetURI+m.TargetCanonical
	if wish.Reverse {
		source, to = to, source
	}
	if wish.Source != "" && source != "" && wish.Source != source || wish.Target != "" && to != wish.Target {
		return nil, nil
	}
	for i := range m.Groups {
		g := &m.Groups[i]
		from, into := g.Source, g.Target
		if wish.Reverse {
			from, into = into, from
		}
		if from != system || wish.TargetSystem != "" && into != wish.TargetSystem {
			continue
		}
		if wish.Reverse {
			list = append(list, g.reverse(m, code)...)
			continue
		}
		mapped := false
		for _, e := range g.Elements {
			if e.Code != code {
				continue
			}
			mapped = true
			for _, t := range e.Targets {
				if satisfied(t.DependsOn, wish.Dependencies) {
					list = append(list, Match{t.Equivalence, g.Target, t.Code, t.Display, t.Product, m})
				}
			}
		}
		if mapped || g.Unmapped == nil {
			continue
		}
		switch g.Unmapped.Mode {
		case "provided":
			list = append(list, Match{Equivalence: "equal", System: g.Target, Code: code, Map: m})
		case "fixed":
			list = append(list, Match{Equivalence: "wider", System: g.Target, Code: g.Unmapped.Code, Display: g.Unmapped.Display, Map: m})
		case "other-map":
			if other == nil {
				continue
			}
			next, err := other(g.Unmapped.URL)
			if err != nil || next == nil {
				return list, err
			}
			wish := wish
			wish.Source, wish.Target = "", ""
			more, err := next.Translate(system, code, wish, nil)
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		}
	}
	return list, nil
}

// reversed are the equivalences seen from the other side.
var reversed = map[string]string{"wider": "narrower", "narrower": "wider", "subsumes": "specializes", "specializes": "subsumes"}

// reverse returns the codes of a group that are mapped to a code.
func (g *group) reverse(m *Map, code string) (list []Match) {
	for _, e := range g.Elements {
		for _, t := range e.Targets {
			if t.Code != code {
				continue
			}
			equivalence := t.Equivalence
			if other := reversed[equivalence]; other != "" {
				equivalence = other
			}
			list = append(list, Match{Equivalence: equivalence, System: g.Source, Code: e.Code, Display: e.Display, Map: m})
		}
	}
	return list
}

// satisfied reports whether all that a mapping depends on is known.
func satisfied(wanted, known []Dependency) bool {
	for _, d := range wanted {
		if !slices.ContainsFunc(known, func(k Dependency) bool {
			return k.Property == d.Property && k.Value == d.Value && (d.System == "" || k.System == d.System)
		}) {
			return false
		}
	}
	return true
}
