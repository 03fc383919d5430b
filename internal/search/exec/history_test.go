package exec_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
)

// resource draws one of a few small resources whose values meet often.
func resource(t *rapid.T) string {
	id := rapid.IntRange(0, 7).Draw(t, "id")
	n := func(label string, below int) int { return rapid.IntRange(0, below-1).Draw(t, label) }
	name := []string{"Ann", "Änne", "O'Hara", "van der Berg", "ohara"}[n("name", 5)]
	date := []string{"2020", "2020-02", "2020-02-29", "2021-01-01T00:00:00Z", "2020-12-31T23:30:00-01:00", "2020-02-29T10:00:00.5Z"}
	switch n("type", 3) {
	case 0:
		return fmt.Sprintf(`{"resourceType":"Patient","id":"%d","name":[{"family":%q,"given":["Bo"]}],"gender":"%s","birthDate":"%s","generalPractitioner":[{"reference":"Practitioner/%d"}]}`,
			id, name, []string{"male", "female"}[n("gender", 2)], date[n("date", 3)], n("practitioner", 3))
	case 1:
		return fmt.Sprintf(`{"resourceType":"Practitioner","id":"%d","name":[{"text":%q}],"identifier":[{"system":"urn:%d","value":"X"}]}`, id, name, n("system", 2))
	}
	value := []string{`"valueQuantity":{"value":1.50,"unit":"g","system":"urn:u","code":"g"}`, `"valueQuantity":{"value":2,"comparator":"<"}`, `"valueCodeableConcept":{"coding":[{"system":"urn:c","code":"a"}],"text":"Long text"}`}
	component := func() string {
		return fmt.Sprintf(`{"code":{"coding":[{"system":"urn:c","code":"c%d"}]},"valueQuantity":{"value":%d}}`, n("component", 2), n("number", 3))
	}
	return fmt.Sprintf(`{"resourceType":"Observation","id":"%d","status":"final","code":{"coding":[{"system":"urn:c","code":"c%d"}]},"subject":{"reference":"Patient/%d"},"effectivePeriod":{"start":"%s"},%s,"component":[%s,%s]}`,
		id, n("code", 2), n("subject", 8), date[n("date", 6)], value[n("value", 3)], component(), component())
}

// TestWrites puts, replaces and deletes at random. After each record some
// queries are asked, and at the end all of them again as of their time, unless a
// sweep has gone beyond it.
func TestWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, m := newStore(t), newModel(t)
		type asked struct {
			view index.View
			typ  string
			text string
			want []string
		}
		var all []asked
		for range rapid.IntRange(1, 12).Draw(t, "records") {
			var items []index.Item
			for range rapid.IntRange(1, 4).Draw(t, "items") {
				source := resource(t)
				items = append(items, s.item([]byte(source)))
				m.put([]byte(source))
			}
			s.apply(items)
			if len(m.docs) > 0 && rapid.IntRange(0, 3).Draw(t, "delete") == 0 {
				d := choose(t, m.docs, "victim")
				s.remove(d.typ, d.id)
				m.remove(d.typ, d.id)
			}
			if len(m.docs) == 0 {
				continue
			}
			maker := newQueryMaker(m)
			typ := choose(t, maker.types(), "type")
			conditions := []*modelQuery{maker.condition(t, typ, 2)}
			checkQuery(t, s, m, typ, conditions)
			view := s.index.View()
			if rapid.Bool().Draw(t, "hold") {
				view = s.index.Hold(now).View
			}
			all = append(all, asked{view, typ, queryText(conditions), m.search(typ, conditions)})
			if rapid.Bool().Draw(t, "sweep") {
				require.NoError(t, s.index.Sweep(context.Background(), view.Sequence()))
				checkQuery(t, s, m, typ, conditions)
			}
		}
		for _, a := range all {
			q, err := s.engine.Parse(typeOf(s.t, a.typ), a.text, false)
			require.NoError(t, err)
			set, err := s.engine.Ordinals(context.Background(), a.view, q)
			if !a.view.Whole() {
				require.ErrorIs(t, err, exec.ErrStalePage)
				continue
			}
			require.NoError(t, err)
			var ordinals []index.Ordinal
			for _, o := range slices.Backward(set.ToArray()) {
				ordinals = append(ordinals, index.Ordinal(o))
			}
			require.Equal(t, a.want, s.keys(ordinals), "%s?%s as of %d", a.typ, a.text, a.view.Sequence())
		}
	})
}

// Pages of one search fit together although the store changes between them.
func TestPagesAreStable(t *testing.T) {
	s := newStore(t)
	for i := range 25 {
		s.put(fmt.Sprintf(`{"resourceType":"Patient","id":"p%02d","gender":"%s","birthDate":"19%02d"}`, i, []string{"male", "female"}[i%2], 10+i*7%25))
	}
	for _, base := range []string{"", "gender=male", "gender=male&birthdate=gt1900", "_sort=-birthdate", "_sort=gender,birthdate"} {
		t.Run(base, func(t *testing.T) {
			whole, all := s.search("Patient", base+"&_count=1000")
			assert.Empty(t, all.Next)
			var ids, backward []string
			page, first := s.search("Patient", base+"&_count=4")
			r, n := first, 0
			for ids = append(ids, page...); r.Next != ""; ids = append(ids, page...) {
				n++
				s.put(fmt.Sprintf(`{"resourceType":"Patient","id":"p%02d","gender":"male"}`, n), fmt.Sprintf(`{"resourceType":"Patient","id":"new%d-%d"}`, n, len(base)))
				s.remove("Patient", fmt.Sprintf("p%02d", 24-n))
				page, r = s.search("Patient", base+"&_count=4&_page="+r.Next)
				assert.Equal(t, first.Total, r.Total)
			}
			assert.Equal(t, whole, ids)
			for page, r = s.search("Patient", base+"&_count=4&_page="+first.Last); ; page, r = s.search("Patient", base+"&_count=4&_page="+r.Previous) {
				if backward = append(slices.Clone(page), backward...); r.Previous == "" {
					break
				}
			}
			assert.Equal(t, whole, backward)
		})
	}
}

func TestPageTokens(t *testing.T) {
	s := newStore(t)
	s.put(lines(patients)...)
	_, r := s.search("Patient", "_count=1")
	require.NotEmpty(t, r.Next)
	ask := func(e *exec.Engine, query string) error {
		q, err := e.Parse(typeOf(t, "Patient"), query, false)
		require.NoError(t, err)
		_, err = e.Search(t.Context(), s.index.View(), q)
		return err
	}
	assert.NoError(t, ask(s.engine, "_count=1&_page="+r.Next))
	assert.ErrorIs(t, ask(s.engine, "_count=2&_page="+r.Next), exec.ErrInvalidPage, "another query")
	assert.ErrorIs(t, ask(s.engine, "_count=1&_page=x"+r.Next), exec.ErrInvalidPage, "longer")
	assert.ErrorIs(t, ask(s.engine, "_count=1&_page=AAAA"), exec.ErrInvalidPage, "shorter")
	for i := range r.Next {
		forged := []byte(r.Next)
		if forged[i] = 'A'; string(forged) != r.Next {
			assert.ErrorIs(t, ask(s.engine, "_count=1&_page="+string(forged)), exec.ErrInvalidPage)
		}
	}
	made := func(change func(o *exec.Options)) *exec.Engine {
		o := exec.Options{PageKey: []byte("a key of pages"), Settings: s.settings}
		change(&o)
		return exec.New(s.index, o)
	}
	next := "_count=1&_page=" + r.Next
	assert.NoError(t, ask(made(func(*exec.Options) {}), next))
	assert.ErrorIs(t, ask(made(func(o *exec.Options) { o.PageKey = []byte("another key") }), next), exec.ErrInvalidPage)
	assert.ErrorIs(t, ask(made(func(o *exec.Options) { o.Base = "" }), next), exec.ErrStalePage)
	assert.ErrorIs(t, ask(made(func(o *exec.Options) { o.Zone = time.FixedZone("", 3600) }), next), exec.ErrStalePage)
	later := made(func(o *exec.Options) { o.Zone = time.FixedZone("UTC", 0) })
	assert.NoError(t, ask(later, next), "an equal zone")
	bound := func(text, query string) (*exec.Result, error) {
		q, err := s.engine.Parse(typeOf(t, "Patient"), query, false)
		require.NoError(t, err)
		q.Bind(text)
		return s.engine.Search(t.Context(), s.index.View(), q)
	}
	_, err := bound("own patients", next)
	assert.ErrorIs(t, err, exec.ErrInvalidPage)
	r, err = bound("own patients", "_count=1")
	require.NoError(t, err)
	_, err = bound("own patients", "_count=1&_page="+r.Next)
	assert.NoError(t, err)
	assert.ErrorIs(t, ask(s.engine, "_count=1&_page="+r.Next), exec.ErrInvalidPage)
}

// A page of a newer state is not shown to who sees an older one.
func TestPageOfANewerState(t *testing.T) {
	s := newStore(t)
	s.put(lines(patients)...)
	old := s.index.View()
	s.put(`{"resourceType":"Patient","id":"newest"}`)
	_, r := s.search("Patient", "_count=1")
	q, err := s.engine.Parse(typeOf(t, "Patient"), "_count=1&_page="+r.First, false)
	require.NoError(t, err)
	_, err = s.engine.Search(t.Context(), old, q)
	assert.ErrorIs(t, err, exec.ErrStalePage)
	_, err = s.engine.Search(t.Context(), s.index.View(), q)
	assert.NoError(t, err)
}
