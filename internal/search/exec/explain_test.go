package exec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/search"
)

// outline writes the steps of a plan without times: name, way, and with counts what
// was estimated and left.
func outline(steps []search.Step, counts bool) string {
	var all []string
	for _, s := range steps {
		text := fmt.Sprintf("%s by %s", s.Part, s.Way)
		if counts {
			text += fmt.Sprintf(" %d→%d", s.Estimate, s.Found)
		}
		if len(s.Steps) > 0 {
			text += " (" + outline(s.Steps, counts) + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

// explained has a hundred Observations of ten patients, one of which is rare.
func explained(t *testing.T) *store {
	s := newStore(t)
	for i := range 10 {
		s.put(fmt.Sprintf(`{"resourceType":"Patient","id":"%d","gender":"%s","name":[{"family":"Family %d"}],"birthDate":"19%d0-01-01"}`, i, []string{"female", "male"}[i%2], i, i))
	}
	for i := range 100 {
		code := "common"
		if i < 3 {
			code = "rare"
		}
		s.put(fmt.Sprintf(`{"resourceType":"Observation","id":"%d","status":"final","code":{"coding":[{"code":"%s"}]},"subject":{"reference":"Patient/%d"},"effectiveDateTime":"2020-01-%02d","valueQuantity":{"value":%d},"component":[{"code":{"coding":[{"code":"c"}]},"valueQuantity":{"value":1}}]}`,
			i, code, i%10, 1+i%28, i))
	}
	return s
}

// The cheapest condition comes first, whatever the order of the query.
func TestExplainOrder(t *testing.T) {
	s := explained(t)
	for _, c := range []struct{ typ, query, steps, result string }{
		{"Observation", "status=final&code=rare", "code by postings 3→3; status by postings 100→3", "page by age"},
		{"Observation", "date=2020&code=rare", "code by postings 3→3; date by column 50→3", "page by age"},
		{"Observation", "code:not=rare&date=gt2019&_id=7,8", "_id by resource table 2→2; date by column 50→2; code:not by the rest of its type 201→2 (code by postings 3→0)", "page by age"},
		{"Observation", "code=rare&patient.family=family&_sort=-date", "code by postings 3→3; patient.family by join 8→3 (family by texts 2→10)", "_sort by its parts (date by column)"},
		{"Observation", "code=none&date=2020", "code by postings 0→0", ""},
		{"Observation", "component-code-value-quantity=c$1", "component-code-value-quantity by stored values 100→100 (Observation-component-code by postings 100→100; Observation-component-value-quantity by column 50→100)", "page by age"},
		{"Observation", "_sort=-value-quantity&_count=5", "", "_sort by the best of a column (value-quantity by column)"},
		{"Observation", "_sort=code,subject.family", "", "_sort by its parts (code by stored values; subject by join)"},
		{"Observation", "_filter=code eq rare or not (date lt 2020)&_include=Observation:subject", "_filter by its parts 204→100 (code by postings 3→3; not by the rest of its type 201→100 (date by column 50→0))", "page by age; _include by join"},
		{"Observation", "_filter=date ge 2020 and status eq final and code eq rare", "_filter by its parts 3→3 (code by postings 3→3; date by column 50→3; status by postings 100→3)", "page by age"},
		{"Patient", "gender=male&_has:Observation:patient:code=rare&name:contains=y", "gender by postings 5→5; _has:Observation:patient:code by join 12→1 (code by postings 3→3); name:contains by texts 21→1", "page by age"},
		{"Observation", "code=rare", "code by postings 3→3", "page by age"},
		{"Observation", "code=rare&_count=0", "code by postings 3→3", ""},
		{"Observation", "code=none", "code by postings 0→0", ""},
		{"Observation", "", "", "page by age"},
		{"Patient", "gender:missing=true", "gender:missing by the rest of its type 21→0", ""},
		{"Patient", "birthdate=ge1950&gender=male&name=family", "name by texts 2→10; birthdate by column 5→5; gender by postings 5→3", "page by age"},
	} {
		_, r := s.search(c.typ, c.query+"&_explain=true")
		require.NotNil(t, r.Plan)
		assert.Equal(t, c.steps, outline(r.Plan.Steps, true), c.query)
		assert.Equal(t, c.result, outline(r.Plan.Result, false), c.query)
		assert.Equal(t, r.Total, r.Plan.Total)
		for _, step := range r.Plan.Steps {
			assert.GreaterOrEqual(t, int64(step.Time), sum(step.Steps), "the time of a step has that of the steps in it")
		}
	}
	_, r := s.search("Observation", "code=rare")
	assert.Nil(t, r.Plan)
}

func sum(steps []search.Step) (total int64) {
	for _, s := range steps {
		total += int64(s.Time)
	}
	return total
}

// A plan as text has a line for each step, those in a step below it.
func TestExplainText(t *testing.T) {
	s := explained(t)
	_, r := s.search("Observation", "code=rare&patient.family=family&_sort=date&_explain=true")
	text := r.Issues[len(r.Issues)-1].Diagnostics
	assert.Equal(t, r.Plan.String(), text)
	for _, secret := range []string{"rare", "family "} {
		assert.NotContains(t, text, secret, "a plan holds no values")
	}
	lines := strings.Split(text, "\n")
	require.Len(t, lines, 6)
	for i, prefix := range []string{"1. Observation code: by postings, estimated 3, left 3, ", "2. Observation patient.family: by join, estimated 8, left 3, ", "  1. Patient family: by texts, estimated 2, left 10, ", "then _sort by its parts, 3 resources, ", "  date by column", "total 3"} {
		assert.True(t, strings.HasPrefix(lines[i], prefix), lines[i])
	}
}
