package exec_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	syntax "github.com/fhirlake/fhirlake/internal/search/query"
)

// letThrough makes what queries find the filter of the store's views.
func (s *store) letThrough(queries map[string]string) *exec.Filter {
	var all []*syntax.Query
	for typ, text := range queries {
		q, err := s.engine.Parse(typeOf(s.t, typ), text, false)
		require.NoError(s.t, err)
		all = append(all, q)
	}
	return exec.NewFilter(all...)
}

// ask answers a query as of the newest view through a filter.
func (s *store) ask(f *exec.Filter, typ, query string) (*exec.Result, error) {
	q, err := s.engine.Parse(typeOf(s.t, typ), query, false)
	require.NoError(s.t, err, query)
	view := s.index.View()
	if f != nil {
		view = view.Through(f)
	}
	return s.engine.Search(context.Background(), view, q)
}

func TestFilterHidesTerminology(t *testing.T) {
	s := newStore(t)
	s.put(`{"resourceType":"ValueSet","id":"v","url":"urn:v","status":"active","compose":{"include":[{"system":"urn:s","concept":[{"code":"a"}]}]}}`,
		`{"resourceType":"Condition","id":"1","subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"urn:s","code":"a"}]}}`)
	whole := s.letThrough(map[string]string{"ValueSet": "", "Condition": ""})
	hidden := s.letThrough(map[string]string{"Condition": ""})
	for _, name := range []string{"urn:v", "ValueSet/v"} {
		for range 2 { // the second time from what the first remembers
			r, err := s.ask(whole, "Condition", "code:in="+name)
			require.NoError(t, err)
			assert.Equal(t, 1, r.Total)
			_, err = s.ask(hidden, "Condition", "code:in="+name)
			assert.ErrorContains(t, err, "not in the store")
		}
	}
}

// A key of a sort that leads to what is hidden is missing, whether a reference leads
// there or a canonical.
func TestFilterHidesKeysOfSorts(t *testing.T) {
	s := newStore(t)
	s.put(`{"resourceType":"Questionnaire","id":"a","url":"urn:a","status":"active","name":"aaa"}`,
		`{"resourceType":"Questionnaire","id":"b","url":"urn:b","status":"draft","name":"bbb"}`,
		`{"resourceType":"QuestionnaireResponse","id":"1","status":"completed","questionnaire":"urn:b"}`,
		`{"resourceType":"QuestionnaireResponse","id":"2","status":"completed","questionnaire":"urn:a"}`)
	order := func(f *exec.Filter) []string {
		r, err := s.ask(f, "QuestionnaireResponse", "_sort=questionnaire.name")
		require.NoError(t, err)
		return s.keys(r.Matches)
	}
	assert.Equal(t, []string{"2", "1"}, order(nil))
	assert.Equal(t, []string{"2", "1"}, order(s.letThrough(map[string]string{"QuestionnaireResponse": "", "Questionnaire": ""})))
	assert.Equal(t, []string{"1", "2"}, order(s.letThrough(map[string]string{"QuestionnaireResponse": "", "Questionnaire": "status=draft"})))
}

func TestFilterTellsPagesApart(t *testing.T) {
	s := newStore(t)
	s.put(lines(patients)...)
	all, some := s.letThrough(map[string]string{"Patient": ""}), s.letThrough(map[string]string{"Patient": "gender:missing=false"})
	r, err := s.ask(all, "Patient", "_count=1")
	require.NoError(t, err)
	require.NotEmpty(t, r.Next)
	_, err = s.ask(all, "Patient", "_count=1&_page="+r.Next)
	assert.NoError(t, err)
	for _, f := range []*exec.Filter{nil, some} {
		_, err = s.ask(f, "Patient", "_count=1&_page="+r.Next)
		assert.ErrorIs(t, err, exec.ErrInvalidPage)
	}
}

// A deletion passes as the version before it, and values that a sweep has taken from the
// index are asked all the same.
func TestFilterOfHistories(t *testing.T) {
	s := newStore(t)
	s.put(`{"resourceType":"Patient","id":"1","gender":"male","name":[{"family":"A"}]}`)
	s.put(`{"resourceType":"Patient","id":"1","gender":"female"}`)
	s.put(`{"resourceType":"Patient","id":"1","gender":"male"}`)
	s.remove("Patient", "1")
	s.put(`{"resourceType":"Observation","id":"1","status":"final","code":{"text":"x"}}`)
	lets := func(query string) []bool {
		f := s.letThrough(map[string]string{"Patient": query})
		got, err := s.engine.Lets(context.Background(), s.index.View().Through(f), 1, 2, 3, 4, 5)
		require.NoError(t, err)
		return got
	}
	for range 2 {
		assert.Equal(t, []bool{true, false, true, true, false}, lets("gender=male"))
		assert.Equal(t, []bool{false, true, false, false, false}, lets("gender:not=male"))
		assert.Equal(t, []bool{true, false, false, false, false}, lets("name=a&_lastUpdated=gt2000"))
		assert.Equal(t, []bool{true, true, true, true, false}, lets(""))
		s.sweep()
	}
}

// What a filter asks may itself be hidden, and a filter of contained resources hides
// their containers with them.
func TestFilterSeesTheWholeStore(t *testing.T) {
	s := newStore(t)
	s.put(`{"resourceType":"Patient","id":"1","gender":"male","contained":[{"resourceType":"Organization","id":"o","name":"x"}],"managingOrganization":{"reference":"#o"}}`,
		`{"resourceType":"Patient","id":"2","gender":"female"}`,
		`{"resourceType":"Observation","id":"1","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/1"}}`,
		`{"resourceType":"Observation","id":"2","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/2"}}`)
	f := s.letThrough(map[string]string{"Observation": "patient.gender=male", "Organization": ""})
	for query, want := range map[string][]string{"": {"1"}, "patient.gender=male": {}, "_include=Observation:patient": {"1"}, "status=final&_explain=true": {"1"}, "status:not=amended&_sort=date": {"1"}} {
		r, err := s.ask(f, "Observation", query)
		require.NoError(t, err)
		assert.Equal(t, want, s.keys(r.Matches), query)
		assert.Equal(t, len(want), r.Total, query)
		assert.Empty(t, r.Included, query)
	}
	r, err := s.ask(f, "Organization", "name=x&_contained=true")
	require.NoError(t, err)
	assert.Zero(t, r.Total)
	r, err = s.ask(nil, "Organization", "name=x&_contained=true")
	require.NoError(t, err)
	assert.Equal(t, 1, r.Total)
	q, err := s.engine.Parse(typeOf(t, "Observation"), "status=final", false)
	require.NoError(t, err)
	for after, found := range map[index.Ordinal]bool{0: true, 3: false} {
		got, decided, err := s.engine.AnyNewer(context.Background(), s.index.View().Through(f), q, after, 100)
		require.NoError(t, err)
		assert.True(t, decided)
		assert.Equal(t, found, got)
	}
}
