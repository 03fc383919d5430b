package exec_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
)

// compare draws queries and wants the engine to answer them as the model does:
// some on every parameter that the data uses, and then any.
func compare(t *testing.T, s *store, m *model) {
	maker := newQueryMaker(m)
	for _, typ := range maker.types() {
		for _, p := range maker.params[typ] {
			drawn := rapid.Custom(func(t *rapid.T) *modelQuery { return maker.plain(t, p) })
			for seed := range 6 {
				checkQuery(t, s, m, typ, []*modelQuery{drawn.Example(seed)})
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		typ := choose(t, maker.types(), "type")
		var conditions []*modelQuery
		for range rapid.IntRange(1, 2).Draw(t, "conditions") {
			conditions = append(conditions, maker.condition(t, typ, 2))
		}
		checkQuery(t, s, m, typ, conditions)
	})
}

func checkQuery(t require.TestingT, s *store, m *model, typ string, conditions []*modelQuery) {
	text := queryText(conditions) + "&_count=1000"
	q, err := s.engine.Parse(typeOf(s.t, typ), text, false)
	require.NoError(t, err, "%s?%s", typ, text)
	view := s.index.View()
	r, err := s.engine.Search(context.Background(), view, q)
	require.NoError(t, err, "%s?%s", typ, text)
	want := m.search(typ, conditions)
	require.Equal(t, len(want), r.Total, "total of %s?%s", typ, text)
	require.Equal(t, want[:min(len(want), 1000)], s.keys(r.Matches), "%s?%s", typ, text)
}

// load puts lines into store and model, a hundred a record.
func load(s *store, m *model, lines [][]byte) {
	var items []index.Item
	for i, line := range lines {
		items = append(items, s.item(line))
		m.put(line)
		if len(items) == 100 || i == len(lines)-1 {
			s.apply(items)
			items = nil
		}
	}
}

// TestExamples compares over HL7's examples, which use most parameters of R4.
func TestExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	s, m := newStore(t), newModel(t)
	var valid [][]byte
	var doc fhirjson.Document
	for _, line := range shared(t, "fhir-r4/examples.ndjson.gz") {
		if fhirjson.Parse(line, &doc, nil) == nil { // some examples break R4's own rules
			valid = append(valid, line)
		}
	}
	load(s, m, valid)
	compare(t, s, m)
}

// TestSynthea compares over every eighth of Synthea's resources.
func TestSynthea(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	s, m := newStore(t), newModel(t)
	var some [][]byte
	for i, line := range shared(t, "synthea/*.gz") {
		if i%8 == 0 {
			some = append(some, line)
		}
	}
	load(s, m, some)
	compare(t, s, m)
}
