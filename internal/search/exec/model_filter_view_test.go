package exec_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	syntax "github.com/fhirlake/fhirlake/internal/search/query"
)

// A viewFilter is what a view lets through: of each type, alternatives of conditions.
type viewFilter map[string][][]*modelQuery

// TestFilteredWorld asks a view with a filter, which must answer as the model does that
// holds only what the filter lets through.
func TestFilteredWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := uint64(0)
		draw := func(label string) world {
			number++
			return newWorld(rapid.Uint64().Draw(t, label), number, 4)
		}
		times := func(label string, least, most int) int { return rapid.IntRange(least, most).Draw(t, label) }
		s, m := newStore(t), newModel(t)
		s.write(m, draw("terminology").terminology())
		for range times("records", 1, 4) {
			var sources [][]byte
			for range times("resources", 1, 30) {
				sources = append(sources, draw("resource").resource())
			}
			s.write(m, sources)
			if d := choose(t, m.docs, "victim"); d.typ != "CodeSystem" && d.typ != "ValueSet" {
				s.remove(d.typ, d.id)
				m.remove(d.typ, d.id)
			}
			if rapid.Bool().Draw(t, "sweep") {
				s.sweep()
			}
			for range times("filters", 1, 3) {
				f := newWorldAsker(t, draw("filter"), m).viewFilter()
				s.filter = f.of(s)
				s.requireLets(m, f)
				seen := m.through(f)
				for range times("searches", 1, 4) {
					a := seen.ask(newWorldAsker(t, draw("search"), seen).search())
					a.sequence = s.index.View().Sequence()
					s.requireAnswer(t, a)
				}
			}
		}
	})
}

// viewFilter draws a filter. Terminology passes it whole, so that no search lacks any.
func (a *worldAsker) viewFilter() viewFilter {
	f := viewFilter{"CodeSystem": {nil}, "ValueSet": {nil}}
	for _, typ := range a.maker.types() {
		if f[typ] != nil {
			continue
		}
		if a.n(4) == 0 {
			f[typ] = [][]*modelQuery{nil}
			continue
		}
		for range a.n(3) {
			var all []*modelQuery
			for range 1 + a.n(2) {
				all = append(all, a.maker.condition(a.t, typ, 2))
			}
			f[typ] = append(f[typ], all)
		}
	}
	return f
}

// of returns the filter as the engine has it.
func (f viewFilter) of(s *store) *exec.Filter {
	var queries []*syntax.Query
	for typ, alternatives := range f {
		for _, all := range alternatives {
			q, err := s.engine.Parse(typeOf(s.t, typ), queryText(all), false)
			require.NoError(s.t, err, "%s?%s", typ, queryText(all))
			queries = append(queries, q)
		}
	}
	return exec.NewFilter(queries...)
}

func (f viewFilter) lets(m *model, d *modelDoc) bool {
	return slices.ContainsFunc(f[d.typ], func(all []*modelQuery) bool {
		return !slices.ContainsFunc(all, func(q *modelQuery) bool { return !m.holds(d, q) })
	})
}

// text shows what the filter asks for.
func (f viewFilter) text() string {
	var b strings.Builder
	for typ, alternatives := range f {
		for _, all := range alternatives {
			b.WriteString(typ + "?" + queryText(all) + " ")
		}
	}
	return b.String()
}

// through returns the model of what a filter lets through.
func (m *model) through(f viewFilter) *model {
	seen := newModel(m.t)
	for _, d := range m.docs {
		if f.lets(m, d) {
			seen.docs = append(seen.docs, d)
			seen.byKey[d.typ+"/"+d.id] = d
		}
	}
	return seen
}

// requireLets asks of every version whether the filter lets it through: of those that
// are visible, and, as far as the model can tell, of superseded ones and of deletions.
func (s *store) requireLets(m *model, f viewFilter) {
	view := s.index.View().Through(s.filter)
	var versions []index.Ordinal
	var want []bool
	timed := strings.Contains(f.text(), "_has") || strings.Contains(f.text(), "_list")
	for o := index.FirstOrdinal; o <= view.Last(); o++ {
		typ, id := view.Key(o)
		if view.Visible(o) {
			d := m.byKey[schema.TypeID(typ).String()+"/"+id]
			versions, want = append(versions, o), append(want, f.lets(m, d))
			continue
		}
		if timed {
			continue // what refers to a version, only the newest tells
		}
		of := o
		for view.Deleted(of) {
			of, _ = view.Previous(of)
		}
		d := &modelDoc{typ: schema.TypeID(typ).String(), id: id, doc: new(fhirjson.Document), elements: map[string][]element{}}
		require.NoError(s.t, fhirjson.Parse(s.sources[of], d.doc, s.level))
		_, d.updated = view.RecordOf(of)
		d.contain()
		versions, want = append(versions, o), append(want, f.lets(m, d))
	}
	got, err := s.engine.Lets(context.Background(), view, versions...)
	require.NoError(s.t, err, f.text())
	require.Equal(s.t, want, got, f.text())
}
