package exec_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/custom"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// A fillingStore is what filling asks of a store. The test is the writer.
type fillingStore struct{ *store }

// Document implements [custom.Store].
func (s fillingStore) Document(o index.Ordinal, doc *fhirjson.Document) error {
	return fhirjson.Parse(s.sources[o], doc, s.level)
}

// Turn implements [custom.Store].
func (s fillingStore) Turn(_ context.Context, f func() error) error { return f() }

// Changed implements [custom.Store].
func (s fillingStore) Changed() {}

var _ custom.Store = fillingStore{}

// define makes the custom parameters those of some definitions, and fills them.
func (s *store) define(definitions ...string) {
	var all []*param.Definition
	for i, source := range definitions {
		var doc fhirjson.Document
		full := fmt.Sprintf(`{"resourceType":"SearchParameter","url":"urn:%d","name":"x","status":"active","description":"x",%s}`, i, source)
		require.NoError(s.t, fhirjson.Parse([]byte(full), &doc, nil))
		d, issues := param.ReadDefinition(&doc)
		require.Empty(s.t, issues)
		all = append(all, d)
	}
	own := s.engine.Custom()
	for _, issues := range own.Define(all) {
		require.Empty(s.t, issues)
	}
	for f := own.Begin(fillingStore{s}); f != nil; f = own.Begin(fillingStore{s}) {
		for ended := false; !ended; {
			require.NoError(s.t, f.Extract(context.Background()))
			var err error
			ended, err = f.Turn()
			require.NoError(s.t, err)
		}
	}
}

const (
	initialParameter = `"code":"initial","base":["Patient"],"type":"token","expression":"Patient.name.select(family.substring(0, 1))"`
	ownerParameter   = `"code":"owner","base":["Observation"],"type":"reference","expression":"Observation.subject"`
	nameParameter    = `"code":"whole","base":["Patient"],"type":"composite","expression":"Patient.name","component":[
		{"definition":"http://hl7.org/fhir/SearchParameter/individual-family","expression":"family"},
		{"definition":"http://hl7.org/fhir/SearchParameter/individual-given","expression":"given"}]`
)

// A filter may ask for custom parameters. Versions are decided by what they hold, whether
// the index has their values or not, and wherever the parameter stands in the filter.
func TestFilterOfCustomParameters(t *testing.T) {
	s := newStore(t)
	s.put(`{"resourceType":"Patient","id":"1","name":[{"family":"Ann","given":["X"]},{"family":"Bea","given":["Y"]}]}`)
	s.put(`{"resourceType":"Patient","id":"1","name":[{"family":"Bea","given":["X"]}]}`)
	s.put(`{"resourceType":"Patient","id":"2","name":[{"family":"Ann","given":["Y"]}]}`)
	old := s.index.View()
	s.define(initialParameter, ownerParameter, nameParameter)
	s.put(`{"resourceType":"Patient","id":"3","name":[{"family":"Abe","given":["X"]}]}`)
	s.put(`{"resourceType":"Observation","id":"4","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/3"}}`)
	s.put(`{"resourceType":"Observation","id":"5","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1"}}`)
	s.remove("Patient", "2")
	lets := func(f *exec.Filter, view index.View) ([]bool, error) {
		return s.engine.Lets(context.Background(), view.Through(f), 1, 2, 3, 4, 5, 6, 7)
	}
	for range 2 { // the second time from what a sweep has left
		for _, c := range []struct {
			patients, observations string
			want                   []bool
		}{
			{"initial=a", "owner=Patient/3", []bool{true, false, true, true, true, false, true}},
			{"initial=b", "owner=Patient/1", []bool{true, true, false, false, false, true, false}},
			{"initial:not=a", "owner:missing=true", []bool{false, true, false, false, false, false, false}},
			{"whole=Ann$X", "owner.initial=a", []bool{true, false, false, false, true, false, false}},
			{"whole=Ann$Y,Abe$X", "owner:Patient.whole=Bea$X", []bool{false, false, true, true, false, true, true}},
			{"_has:Observation:owner:_id=4", "patient.initial=b", []bool{false, false, false, true, false, true, false}},
			{"_filter=initial eq a", "_filter=owner.initial eq b", []bool{true, false, true, true, false, true, true}},
		} {
			f := s.letThrough(map[string]string{"Patient": c.patients, "Observation": c.observations})
			got, err := lets(f, s.index.View())
			require.NoError(t, err, c.patients)
			assert.Equal(t, c.want, got, "%s, %s", c.patients, c.observations)
			for typ, ordinals := range map[string][]index.Ordinal{"Patient": {2, 4}, "Observation": {5, 6}} {
				var want []string
				for _, o := range ordinals {
					if _, id := s.index.View().Key(o); c.want[o-1] {
						want = append(want, id)
					}
				}
				r, err := s.ask(f, typ, "")
				require.NoError(t, err)
				assert.ElementsMatch(t, want, s.keys(r.Matches), "%s, %s", c.patients, c.observations)
				assert.Equal(t, len(want), r.Total)
			}
		}
		s.sweep()
	}

	// An answer that leans on a parameter is none where its values are not there, or not
	// there any more.
	f := s.letThrough(map[string]string{"Patient": "initial=a"})
	_, err := s.engine.Lets(context.Background(), old.Through(f), 1, 2, 3)
	assert.Error(t, err)
	s.define()
	_, err = lets(f, s.index.View())
	assert.ErrorContains(t, err, "removed or changed")
	_, err = s.ask(f, "Patient", "")
	assert.ErrorContains(t, err, "removed or changed")
}

// A draft answers through a filter, and for custom parameters of all sorts.
func TestDraft(t *testing.T) {
	s := newStore(t)
	s.define(initialParameter, nameParameter)
	sources := []string{
		`{"resourceType":"Patient","id":"1","gender":"male","name":[{"family":"Ann","given":["X"]},{"family":"Bea","given":["Y"]}]}`,
		`{"resourceType":"Patient","id":"2","gender":"female","name":[{"family":"Abe","given":["X"]}]}`,
		`{"resourceType":"Observation","id":"3","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1"}}`,
	}
	d := s.engine.Draft([16]byte{1}, func(i int, doc *fhirjson.Document) error { return fhirjson.Parse([]byte(sources[i]), doc, nil) })
	for i := range sources {
		item := s.item([]byte(sources[i]))
		require.NoError(t, d.Add([]index.Item{item}, s.blocks[len(s.blocks)-1:]))
	}
	filter := func(query string) *exec.Filter { return s.letThrough(map[string]string{"Patient": query}) }
	for _, c := range []struct {
		typ, query string
		f          *exec.Filter
		want       []int
		alone      bool
	}{
		{"Patient", "initial=a", nil, []int{0, 1}, true},
		{"Patient", "whole=Ann$X", nil, []int{0}, true},
		{"Patient", "whole=Ann$Y", nil, nil, true},
		{"Patient", "initial=a", filter("gender=male"), []int{0}, true},
		{"Patient", "gender=male", filter("initial=b"), []int{0}, true},
		{"Patient", "gender=female", filter("initial=b"), nil, true},
		{"Patient", "initial=a", filter("whole=Abe$X"), []int{1}, true},
		{"Patient", "initial=a", filter("gender=male&_has:Observation:patient:status=final"), []int{0}, false},
		{"Patient", "initial=a", filter("_has:Observation:patient:status=final"), []int{0, 1}, false},
		{"Observation", "status=final", nil, []int{2}, true},
		{"Observation", "status=final", filter("gender=male"), nil, true},
	} {
		q, err := s.engine.Parse(typeOf(t, c.typ), c.query, false)
		require.NoError(t, err)
		got, err := d.Matches(context.Background(), q, c.f)
		require.NoError(t, err, c.query)
		assert.Equal(t, c.want, got, c.query)
		any, err := d.Any(context.Background(), q, c.f)
		require.NoError(t, err)
		assert.Equal(t, len(c.want) > 0, any)
		view := s.index.View()
		if c.f != nil {
			view = view.Through(c.f)
		}
		assert.Equal(t, c.alone, exec.FootprintOf(view, q).Alone, c.query)
	}
	q, err := s.engine.Parse(schema.TypePatient, "gender=male", false)
	require.NoError(t, err)
	f := exec.FootprintOf(s.index.View().Through(filter("_has:Observation:patient:status=final")), q)
	assert.Equal(t, []schema.TypeID{typeOf(t, "Observation"), schema.TypePatient}, f.Types)
}
