package param_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/extract"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// R4 needs no evaluation: the tries hold all of its expressions.
func TestTriesHoldR4(t *testing.T) {
	for _, typ := range param.R4().Names {
		require.Zero(t, param.R4().Evaluated(typ), "%s", typ)
	}
}

// TestTrieIsFHIRPath wants every parameter of R4 to have the same values along the trie as
// by evaluating its expression, on HL7's examples and definitions, on Synthea's resources
// and on odd ones.
func TestTrieIsFHIRPath(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	c := newComparison()
	t.Run("odd", func(t *testing.T) {
		for _, line := range oddResources {
			c.compare(t, []byte(line))
		}
	})
	for _, pattern := range []string{"fhir-r4/*.gz", "synthea/*.gz"} {
		t.Run(pattern, func(t *testing.T) {
			for _, line := range fhirjsontest.Lines(t, pattern) {
				c.compare(t, line)
			}
			t.Logf("%d resources, %d parameters with values", c.resources, len(c.valued))
		})
	}
}

// oddResources are such that a trie and an evaluation may differ on them.
var oddResources = []string{
	`{"resourceType":"Patient","id":"a","_deceasedBoolean":{"extension":[{"url":"http://x","valueString":"y"}]}}`,
	`{"resourceType":"Patient","id":"a","deceasedBoolean":false,"_deceasedBoolean":{"id":"x"}}`,
	`{"resourceType":"Patient","id":"a","deceasedDateTime":"2020-01-01"}`,
	`{"resourceType":"Patient","id":"a","deceasedBoolean":false,"deceasedDateTime":"2020-01-01"}`,
	`{"resourceType":"Patient","id":"a","telecom":[{"system":"em\u0061il","value":"a@b"},{"value":"1"},{"system":"phone"},{"_system":{"id":"x"},"value":"2"}]}`,
	`{"resourceType":"Patient","id":"a","name":[{"given":["A",null,"B"],"_given":[null,{"id":"x"},null],"family":"van der  Berg"},{"text":""}],"birthDate":"1970","_gender":{"id":"x"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","deceasedBoolean":true},{"resourceType":"Group","id":"p"}]}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"#"},"performer":[{"reference":"#q"}]}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"Patient/"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"/Patient/1"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"Patient"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":""}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"Patient/1/_history/"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"/_history/2"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"Patient/_history/2"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"Patient/_history/_history/2"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"Patient/1/_history/2/3"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"http://x/Patient/1/_history/2"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"http://x/Patient?identifier=a/b"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"Patient?a=b/_history/1"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"Patient?a=/_history/1?b"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"Resource/1"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"urn:uuid:1","type":"Patient"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"type":"http://hl7.org/fhir/StructureDefinition/Patient","identifier":{"value":"x"}}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"_reference":{"id":"x"},"type":"Patient","display":"x"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","subject":{"reference":"#q","type":"Patient"}}`,
	`{"resourceType":"Observation","id":"a","status":"final","code":{"coding":[{"code":"c"}]},"component":[{"code":{"coding":[{"code":"d"}]},"valueQuantity":{"value":1}},{"code":{"text":"e"},"valueCodeableConcept":{"text":"f"}},{"code":{"coding":[{"code":"d"}]}}],"valueRange":{"low":{"value":1}}}`,
	`{"resourceType":"Observation","id":"a","status":"final","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/observation-geneticsGene","valueCodeableConcept":{"coding":[{"code":"g"}]}},{"url":"http://hl7.org/fhir/StructureDefinition/observation-geneticsGene"},{"url":"x","valueString":"y"}]}`,
	`{"resourceType":"Bundle","id":"a","type":"document","entry":[{"fullUrl":"urn:x"},{"resource":{"resourceType":"Patient","id":"p"}}]}`,
	`{"resourceType":"Bundle","id":"a","type":"document","entry":[{"resource":{"resourceType":"Composition","id":"p"}},{"resource":{"resourceType":"Patient","id":"p"}}]}`,
	`{"resourceType":"Group","id":"a","type":"person","actual":true,"characteristic":[{"code":{"text":"a"},"valueBoolean":true,"exclude":false},{"code":{"text":"b"},"valueRange":{"low":{"value":1}},"exclude":true}]}`,
}

// A comparison compares extraction along tries with the evaluation of all expressions, and
// with the evaluation of some.
type comparison struct {
	trie, evaluated, mixed *extract.Extractor
	resources              int
	valued                 map[string]bool
}

func newComparison() *comparison {
	all := func(string) bool { return true }
	some := func(code string) bool { return len(code)%2 == 0 }
	return &comparison{
		extract.NewExtractor(param.R4()), extract.NewExtractor(param.EvaluatedR4(all)), extract.NewExtractor(param.EvaluatedR4(some)),
		0, map[string]bool{},
	}
}

func (c *comparison) compare(t *testing.T, line []byte) {
	var doc fhirjson.Document
	if fhirjson.Parse(line, &doc, &fhirjson.Options{Level: fhirjson.Minimal}) != nil {
		return
	}
	c.resources++
	want := valuesOf(t, c.evaluated, &doc)
	for _, key := range slices.Sorted(maps.Keys(want)) {
		c.valued[key[strings.IndexByte(key, ' ')+1:]] = true
	}
	for _, x := range []*extract.Extractor{c.trie, c.mixed} {
		if got := valuesOf(t, x, &doc); !maps.EqualFunc(want, got, slices.Equal) {
			require.Equal(t, want, got, "%s", line[:min(len(line), 2000)])
		}
	}
}

// valuesOf extracts from a resource, and returns what the parameters of each resource in
// it have: sets of values, and of elements of composites.
func valuesOf(t *testing.T, x *extract.Extractor, doc *fhirjson.Document) map[string][]string {
	var b index.Builder
	x.Extract(x.Types[doc.Type()], doc, &b)
	entries, err := index.Decode(nil, b.Payload())
	require.NoError(t, err)
	all := map[string][]string{}
	typ, number, start := doc.Type(), 0, 0
	add := func(entries []index.Entry) {
		for _, code := range x.Codes(typ) {
			p, _ := x.Find(typ, code)
			for set, streams := range map[string][]*param.Stream{"": p.Streams, " aside": p.Aside} {
				if found := valuesIn(t, streams, entries, nil); len(found) > 0 {
					all[fmt.Sprint(number, " ", typ, " ", code, set)] = found
				}
			}
			if found := elementsIn(t, p, entries); len(found) > 0 {
				all[fmt.Sprint(number, " ", typ, " ", code)] = found
			}
		}
	}
	for i := range entries {
		if inside, ok := x.Headed(&entries[i]); ok {
			add(entries[start:i])
			typ, start = inside, i+1
			number++
		}
		if entries[i].Kind != index.KindNote {
			entries[i].Param %= param.FirstInside
		}
	}
	add(entries[start:])
	return all
}

// valuesIn returns the values among entries that are of some streams and, if group is not
// nil, of a group: sorted, each once.
func valuesIn(t *testing.T, streams []*param.Stream, entries []index.Entry, group *uint32) []string {
	var found []string
	for _, e := range entries {
		s := param.StreamOf(streams, e.Param)
		if s == nil || e.Kind == index.KindNote || group != nil && e.Group != *group {
			continue
		}
		e.Param, e.Group = 0, 0
		// Equal numbers are one in a union, whatever their digits.
		e.Low, e.High = reduced(t, e.Low), reduced(t, e.High)
		found = append(found, fmt.Sprint(s.Kind, s.Integer(), s.Sensitive, e))
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// elementsIn returns the elements of a composite in which all components have values.
func elementsIn(t *testing.T, p *param.Param, entries []index.Entry) []string {
	var found []string
	for _, c := range p.Composites {
		groups := map[uint32]bool{}
		for _, e := range entries {
			if param.StreamOf(c.Streams(), e.Param) != nil {
				groups[e.Group] = true
			}
		}
		for g := range groups {
			var element []string
			for _, part := range c.Components {
				group := &g
				if part.Anywhere {
					group = nil
				}
				if values := valuesIn(t, part.Streams, entries, group); values != nil {
					element = append(element, fmt.Sprint(values))
				}
			}
			if len(element) == len(c.Components) {
				found = append(found, strings.Join(element, " and "))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// reduced returns a decimal without zeros at its end.
func reduced(t *testing.T, decimal string) string {
	if decimal == "" {
		return ""
	}
	d, _, err := apd.NewFromString(decimal)
	require.NoError(t, err)
	d.Reduce(d)
	return d.String()
}
