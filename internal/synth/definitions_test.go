package synth_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/stretchr/testify/require"
)

// definitions are those of R4 that the checker needs, read with encoding/json
// and nothing else of the project.
type definitions struct {
	elements map[string]*element   // by path
	children map[string][]*element // by path of the parent, in order
	regexes  map[string]*regexp.Regexp
	systems  map[string]map[string]string // complete code systems: code to display
	sets     map[string]*valueSet
	codes    map[string]map[string]bool // expanded sets: "system|code"; nil if not enumerable
}

type element struct {
	Path string
	Min  int
	Max  string
	Type []struct {
		Code          string
		TargetProfile []string
	}
	Binding *struct {
		Strength string
		ValueSet string
	}
	ContentReference string
}

type valueSet struct {
	URL     string
	Compose struct {
		Include, Exclude []struct {
			System   string
			ValueSet []string
			Concept  []struct{ Code string }
			Filter   []struct{ Op string }
		}
	}
}

type codeConcept struct {
	Code, Display string
	Concept       []codeConcept
}

func loadDefinitions(t *testing.T) *definitions {
	t.Helper()
	d := &definitions{
		elements: map[string]*element{}, children: map[string][]*element{},
		regexes: map[string]*regexp.Regexp{}, systems: map[string]map[string]string{},
		sets: map[string]*valueSet{}, codes: map[string]map[string]bool{},
	}
	eachLine(t, "StructureDefinition", d.addStructure)
	eachLine(t, "ValueSet", func(t *testing.T, line []byte) {
		var set valueSet
		require.NoError(t, json.Unmarshal(line, &set))
		d.sets[set.URL] = &set
	})
	eachLine(t, "CodeSystem", func(t *testing.T, line []byte) {
		var system struct {
			URL, Content string
			Concept      []codeConcept
		}
		require.NoError(t, json.Unmarshal(line, &system))
		if system.Content == "complete" {
			d.systems[system.URL] = map[string]string{}
			addConcepts(d.systems[system.URL], system.Concept)
		}
	})
	return d
}

func addConcepts(to map[string]string, from []codeConcept) {
	for _, c := range from {
		to[c.Code] = c.Display
		addConcepts(to, c.Concept)
	}
}

func eachLine(t *testing.T, name string, do func(t *testing.T, line []byte)) {
	t.Helper()
	for _, line := range fhirjsontest.Lines(t, "fhir-r4/"+name+".ndjson.gz") {
		do(t, line)
	}
}

func (d *definitions) addStructure(t *testing.T, line []byte) {
	var s struct {
		Type, Derivation, Kind string
		Snapshot               struct{ Element []*element }
	}
	require.NoError(t, json.Unmarshal(line, &s))
	if s.Derivation == "constraint" {
		return
	}
	for _, e := range s.Snapshot.Element {
		d.elements[e.Path] = e
		if dot := strings.LastIndexByte(e.Path, '.'); dot >= 0 {
			d.children[e.Path[:dot]] = append(d.children[e.Path[:dot]], e)
		}
	}
	if s.Kind == "primitive-type" {
		d.addRegex(t, s.Type, line)
	}
}

var regexExtension = regexp.MustCompile(`StructureDefinition/regex","valueString":("(?:[^"\\]|\\.)*")`)

func (d *definitions) addRegex(t *testing.T, name string, line []byte) {
	found := regexExtension.FindSubmatch(line)
	if found == nil {
		return
	}
	var text string
	require.NoError(t, json.Unmarshal(found[1], &text))
	compiled, err := regexp.Compile("^(?s:" + text + ")$")
	require.NoError(t, err, name)
	d.regexes[name] = compiled
}

// expand returns the codes of a value set as "system|code", or nil if they
// cannot be enumerated.
func (d *definitions) expand(url string) map[string]bool {
	url, _, _ = strings.Cut(url, "|")
	if codes, known := d.codes[url]; known {
		return codes
	}
	d.codes[url] = nil
	set := d.sets[url]
	if set == nil || len(set.Compose.Exclude) > 0 {
		return nil
	}
	codes := map[string]bool{}
	for _, include := range set.Compose.Include {
		complete, known := d.systems[include.System]
		switch {
		case len(include.Filter) > 0:
			return nil
		case len(include.ValueSet) > 0:
			for _, other := range include.ValueSet {
				more := d.expand(other)
				if more == nil {
					return nil
				}
				for code := range more {
					codes[code] = true
				}
			}
		case len(include.Concept) > 0:
			for _, c := range include.Concept {
				codes[include.System+"|"+c.Code] = true
			}
		case known:
			for code := range complete {
				codes[include.System+"|"+code] = true
			}
		default:
			return nil
		}
	}
	d.codes[url] = codes
	return codes
}

// child returns the definition of a member of the element at path, its place in
// the order and the type that its name chooses.
func (d *definitions) child(path, name string) (*element, int, string) {
	for i, e := range d.children[path] {
		last := e.Path[len(path)+1:]
		base, choice := strings.CutSuffix(last, "[x]")
		if !choice && last == name {
			if len(e.Type) == 0 {
				return e, i, ""
			}
			return e, i, e.Type[0].Code
		}
		if choice && strings.HasPrefix(name, base) {
			for _, t := range e.Type {
				if strings.EqualFold(name[len(base):], t.Code) && name[len(base)] != t.Code[0]|0x20 {
					return e, i, t.Code
				}
			}
		}
	}
	return nil, 0, ""
}

// targets are the resource types that a reference may point to; nil is any.
func (e *element) targets() []string {
	var names []string
	for _, t := range e.Type {
		for _, profile := range t.TargetProfile {
			name := profile[strings.LastIndexByte(profile, '/')+1:]
			if name == "Resource" {
				return nil
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
