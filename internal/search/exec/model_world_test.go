package exec_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	syntax "github.com/fhirlake/fhirlake/internal/search/query"
)

// TestWorld writes, replaces and deletes resources at random and asks searches of
// every kind, which the engine must answer as the model does: the same resources in
// the same order, on every page, with the same ones included. All of them are asked
// again in the end as of their time, and once more of an index that was made anew.
func TestWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := uint64(0)
		draw := func(label string) world {
			number++
			return newWorld(rapid.Uint64().Draw(t, label), number, 4)
		}
		times := func(label string, least, most int) int { return rapid.IntRange(least, most).Draw(t, label) }
		s, m := newStore(t), newModel(t)
		s.write(m, draw("terminology").terminology())
		var all []answered
		oldest := uint64(0) // that can still be asked of
		for range times("records", 1, 6) {
			var sources [][]byte
			for range times("resources", 1, 30) {
				sources = append(sources, draw("resource").resource())
			}
			s.write(m, sources)
			for range times("deletions", 0, 3) {
				if d := choose(t, m.docs, "victim"); d.typ != "CodeSystem" && d.typ != "ValueSet" {
					s.remove(d.typ, d.id)
					m.remove(d.typ, d.id)
				}
			}
			if rapid.Bool().Draw(t, "sweep") {
				oldest = max(oldest, s.sweep())
			}
			for range times("searches", 1, 6) {
				a := m.ask(newWorldAsker(t, draw("search"), m).search())
				a.sequence = s.index.View().Sequence()
				s.requireAnswer(t, a)
				all = append(all, a)
			}
		}
		for range 2 {
			for _, a := range all {
				if a.sequence >= oldest {
					s.requireAnswer(t, a)
				}
			}
			s.reopen()
			oldest = 0
		}
	})
}

// TestLargeWorld asks a world of so many versions that postings and columns take all
// the forms that they can have.
func TestLargeWorld(t *testing.T) {
	w := newWorld(1, 1, 40)
	s, m := newStore(t), newModel(t)
	s.write(m, w.terminology())
	for range 60 {
		var sources [][]byte
		for range 100 {
			sources = append(sources, w.resource())
		}
		s.write(m, sources)
		for range 5 {
			if d := one(w, m.docs); d.typ != "CodeSystem" && d.typ != "ValueSet" {
				s.remove(d.typ, d.id)
				m.remove(d.typ, d.id)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a := m.ask(newWorldAsker(t, newWorld(rapid.Uint64().Draw(t, "search"), 1, 40), m).search())
		a.sequence = s.index.View().Sequence()
		s.requireAnswer(t, a)
	})
}

// TestWorldOfCodes asks for every code of random hierarchies, and for every ValueSet
// over them.
func TestWorldOfCodes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, m := newStore(t), newModel(t)
		s.write(m, newWorld(rapid.Uint64().Draw(t, "terminology"), 1, 4).terminology())
		var conditions [][]byte
		for i, system := range []string{"urn:cs0", "urn:cs1", "urn:open"} {
			for j, code := range worldCodes {
				conditions = append(conditions, compact(object{"resourceType": "Condition", "id": fmt.Sprint(i, "-", j), "subject": object{"reference": "Patient/1"},
					"code": object{"coding": []any{object{"system": system, "code": string(code)}}}}))
			}
		}
		s.write(m, conditions)
		ask := func(c *codedCondition) {
			a := m.ask(&modelSearch{typ: "Condition", count: 50, conditions: []*modelQuery{{other: c}}})
			a.sequence = s.index.View().Sequence()
			s.requireAnswer(t, a)
		}
		code := paramOf("Condition", "code")
		for _, modifier := range []string{"above", "below"} {
			for i := range worldCodes {
				ask(&codedCondition{code, modifier, worldCodes[i : i+1], "urn:cs0"})
			}
		}
		for id := range terms {
			ask(&codedCondition{param: code, modifier: "in", text: fmt.Sprint("ValueSet/", id)})
			ask(&codedCondition{param: code, modifier: "not-in", text: fmt.Sprint("http://x.org/a/vs", id)})
		}
	})
}

// terminology draws every CodeSystem and ValueSet, so that no search lacks one.
func (w world) terminology() (sources [][]byte) {
	for _, typ := range []string{"CodeSystem", "ValueSet"} {
		for id := range terms {
			sources = append(sources, w.resourceOf(typ, string(rune('0'+id))))
		}
	}
	return sources
}

// An answer is one page as Type/id: what matches, and what is included.
type answer struct{ matches, included []string }

// An answered is a search and what the model said, page by page.
type answered struct {
	search   *modelSearch
	sequence uint64
	pages    []answer
}

// sweep drops what no view from the newest on sees, and returns the oldest sequence
// that is left.
func (s *store) sweep() uint64 {
	newest := s.index.View().Sequence()
	require.NoError(s.t, s.index.Sweep(context.Background(), newest))
	return newest
}

// ask answers a search on all its pages.
func (m *model) ask(search *modelSearch) answered {
	a := answered{search: search}
	for from := m.found(search); ; from = from[search.count:] {
		page := from[:min(search.count, len(from))]
		a.pages = append(a.pages, answer{keysOf(page), m.included(search, page)})
		if len(page) == len(from) {
			return a
		}
	}
}

func keysOf(docs []*modelDoc) []string {
	keys := []string{}
	for _, d := range docs {
		keys = append(keys, d.typ+"/"+d.id)
	}
	return keys
}

// write puts resources into store and model, in one record.
func (s *store) write(m *model, sources [][]byte) {
	var items []index.Item
	seen := map[string]bool{}
	for _, source := range sources {
		it := s.item(source)
		require.NotEmpty(s.t, it.ID)
		items = append(items, it)
		m.put(source)
		seen[schema.TypeID(it.Type).String()+"/"+it.ID] = true
	}
	s.apply(items)
	for key := range seen {
		m.byKey[key].updated = s.time
	}
}

// requireAnswer asks a search as of its time, page after page.
func (s *store) requireAnswer(t *rapid.T, a answered) {
	var typ schema.TypeID
	if a.search.typ != "" {
		typ = typeOf(s.t, a.search.typ)
	}
	var in syntax.Compartment
	if of, id, found := strings.Cut(a.search.in, "/"); found {
		in = syntax.Compartment{Type: typeOf(s.t, of), ID: id}
	}
	view, ok := s.index.ViewAt(a.sequence)
	require.True(t, ok)
	if s.filter != nil {
		view = view.Through(s.filter)
	}
	text := a.search.String()
	total := 0
	for _, page := range a.pages {
		total += len(page.matches)
	}
	token := ""
	for i, want := range a.pages {
		q, err := s.engine.ParseIn(in, typ, text+token, false)
		require.NoError(t, err, "%s %s?%s", a.search.in, a.search.typ, text)
		r, err := s.engine.Search(context.Background(), view, q)
		require.NoError(t, err, "%s %s?%s", a.search.in, a.search.typ, text)
		got := answer{s.typedKeys(r.Matches), s.typedKeys(r.Included)}
		require.Equal(t, total, r.Total, "total of %s %s?%s", a.search.in, a.search.typ, text)
		require.Equal(t, want, got, "page %d of %s %s?%s", i, a.search.in, a.search.typ, text)
		require.Equal(t, i < len(a.pages)-1, r.Next != "", "next of page %d of %s?%s", i, a.search.typ, text)
		token = "&_page=" + r.Next
		if i == 0 {
			s.requireExplained(t, view, in, typ, text, r)
		}
	}
}

// requireExplained explains a search, which must find the same, and whose steps must lead
// to it: each leaves what it says, and the last one of a type its matches.
func (s *store) requireExplained(t *rapid.T, view index.View, in syntax.Compartment, typ schema.TypeID, text string, want *exec.Result) {
	q, err := s.engine.ParseIn(in, typ, text+"&_explain=true", false)
	require.NoError(t, err)
	r, err := s.engine.Search(context.Background(), view, q)
	require.NoError(t, err)
	require.Equal(t, want.Matches, r.Matches, text)
	require.Equal(t, want.Included, r.Included, text)
	require.Equal(t, want.Total, r.Total, text)
	require.Equal(t, want.Total, r.Plan.Total, text)
	if len(r.Plan.Steps) == 0 || q.Contained() {
		return
	}
	left := map[string]int{}
	for _, step := range r.Plan.Steps {
		if before, ok := left[step.Type]; ok {
			require.LessOrEqual(t, step.Found, before, "%s\n%s", text, r.Plan)
		}
		left[step.Type] = step.Found
	}
	found, err := s.engine.Ordinals(context.Background(), view, q)
	require.NoError(t, err)
	superseded := false // which may be among what steps leave
	for o := index.FirstOrdinal; o <= view.Last(); o++ {
		superseded = superseded || !view.Visible(o)
	}
	for name, n := range left {
		of := view.OfType(index.TypeID(typeOf(s.t, name))).Intersect(found).GetCardinality()
		require.GreaterOrEqual(t, n, int(of), "%s\n%s", text, r.Plan)
		if !superseded {
			require.Equal(t, int(of), n, "%s\n%s", text, r.Plan)
		}
	}
}

// typedKeys returns what ordinals stand for, as Type/id.
func (s *store) typedKeys(ordinals []index.Ordinal) []string {
	keys := []string{}
	for _, o := range ordinals {
		typ, id := s.index.View().Key(o)
		keys = append(keys, schema.TypeID(typ).String()+"/"+id)
	}
	return keys
}
