package exec_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
)

// terminology is an engine over a store that counts the resources that it reads.
func terminology(s *store, read *int) *exec.Engine {
	return exec.New(s.index, exec.Options{
		Values: func(o index.Ordinal, dst []byte) ([]byte, error) { return append(dst, s.blocks[o]...), nil },
		Documents: func(o index.Ordinal, doc *fhirjson.Document) error {
			*read++
			return fhirjson.Parse(s.sources[o], doc, nil)
		},
	})
}

// asked returns the ids that a query on Conditions finds in a view, or the code of
// what is wrong.
func asked(t require.TestingT, s *store, e *exec.Engine, view index.View, query string) string {
	q, err := e.Parse(typeOf(t, "Condition"), query, false)
	require.NoError(t, err)
	r, err := e.Search(context.Background(), view, q)
	if err != nil {
		return err.Error()
	}
	return words(s.keys(r.Matches))
}

func condition(id, code string) string {
	return fmt.Sprintf(`{"resourceType":"Condition","id":"%s","subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"urn:a","code":"%s"}]}}`, id, code)
}

const (
	systemFlat = `{"resourceType":"CodeSystem","id":"a","url":"urn:a","status":"active","content":"complete","concept":[{"code":"x"},{"code":"y"}]}`
	systemDeep = `{"resourceType":"CodeSystem","id":"a","url":"urn:a","status":"active","content":"complete","concept":[{"code":"x","concept":[{"code":"y"}]}]}`
	belowX     = `{"resourceType":"ValueSet","id":"inner","url":"http://x.org/inner","status":"active","compose":{"include":[{"system":"urn:a","filter":[{"property":"concept","op":"is-a","value":"x"}]}]}}`
	onlyY      = `{"resourceType":"ValueSet","id":"inner","url":"http://x.org/inner","status":"active","compose":{"include":[{"system":"urn:a","concept":[{"code":"y"}]}]}}`
	another    = `{"resourceType":"ValueSet","id":"other","url":"http://x.org/inner","status":"active","compose":{"include":[{"system":"urn:a","concept":[{"code":"z"}]}]}}`
	outer      = `{"resourceType":"ValueSet","id":"outer","url":"http://x.org/outer","status":"active","compose":{"include":[{"valueSet":["http://x.org/inner"]}]}}`
)

// What was expanded once is not read again, and is expanded anew when anything that
// it came from changes.
func TestExpansionsAreRemembered(t *testing.T) {
	s := newStore(t)
	s.put(condition("x", "x"), condition("y", "y"), condition("z", "z"), systemFlat, belowX, outer)
	read := 0
	e := terminology(s, &read)
	in := func(want string, reads int) {
		t.Helper()
		before := read
		assert.Equal(t, want, asked(t, s, e, s.index.View(), "code:in=http://x.org/outer"))
		assert.Equal(t, reads, read-before, "resources read")
	}
	in("x", 3)
	in("x", 0)
	old := s.index.View()
	s.put(condition("x2", "x"))
	in("x2 x", 0)
	s.put(systemDeep)
	in("x2 y x", 3)
	in("x2 y x", 0)
	s.put(onlyY)
	in("y", 2)
	s.put(another)
	in("z", 2)
	assert.Equal(t, "x", asked(t, s, e, old, "code:in=http://x.org/outer"), "a view of before")
	in("z", 2)
	s.remove("ValueSet", "other")
	in("y", 2)
	s.remove("ValueSet", "inner")
	assert.Contains(t, asked(t, s, e, s.index.View(), "code:in=http://x.org/outer"), "not in the store")
	before := read
	assert.Equal(t, "x2 y x", asked(t, s, e, s.index.View(), "code:below=urn:a|x"))
	assert.Equal(t, before, read, "the code system was read for the value set")
}

// Whatever is written, an engine that remembers answers as one that does not.
func TestExpansionsAtRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStore(t)
		s.put(condition("x", "x"), condition("y", "y"), condition("z", "z"))
		var ignored int
		e := terminology(s, &ignored)
		views := []index.View{s.index.View()}
		for range rapid.IntRange(1, 12).Draw(t, "writes") {
			switch source := choose(t, []string{systemFlat, systemDeep, belowX, onlyY, another, outer, "ValueSet/inner", "ValueSet/other", "CodeSystem/a"}, "write"); {
			case strings.HasPrefix(source, "{"):
				s.put(source)
			default:
				typ, id, _ := strings.Cut(source, "/")
				s.remove(typ, id)
			}
			views = append(views, s.index.View())
			for range 2 {
				view := choose(t, views, "view")
				query := choose(t, []string{"code:in=http://x.org/outer", "code:in=http://x.org/inner", "code:not-in=ValueSet/outer", "code:below=urn:a|x", "code:above=urn:a|y"}, "query")
				require.Equal(t, asked(t, s, terminology(s, &ignored), view, query), asked(t, s, e, view, query), query)
			}
		}
	})
}

// Several readers share what is remembered.
func TestExpansionsOfSeveralReaders(t *testing.T) {
	s := newStore(t)
	s.put(condition("x", "x"), condition("y", "y"), systemFlat, belowX, outer)
	flat := s.index.View()
	s.put(systemDeep)
	deep := s.index.View()
	e := exec.New(s.index, exec.Options{Documents: func(o index.Ordinal, doc *fhirjson.Document) error { return fhirjson.Parse(s.sources[o], doc, nil) }})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 50 {
				assert.Equal(t, "x", asked(t, s, e, flat, "code:in=http://x.org/outer"))
				assert.Equal(t, "y x", asked(t, s, e, deep, "code:in=http://x.org/outer"))
				assert.Equal(t, "y x", asked(t, s, e, deep, "code:below=urn:a|x"))
			}
		})
	}
	readers.Wait()
}

// A cache that is full forgets and stays right.
func TestExpansionsAreBounded(t *testing.T) {
	s := newStore(t)
	s.put(condition("x", "x"))
	for i := range 4 {
		var codes strings.Builder
		for c := range 60_000 {
			fmt.Fprintf(&codes, `,{"code":"%d"}`, c)
		}
		s.put(fmt.Sprintf(`{"resourceType":"ValueSet","id":"%d","url":"http://x.org/%d","status":"active","compose":{"include":[{"system":"urn:a","concept":[{"code":"x"}%s]}]}}`, i, i, codes.String()))
	}
	read := 0
	e := terminology(s, &read)
	for range 2 {
		for i := range 4 {
			assert.Equal(t, "x", asked(t, s, e, s.index.View(), fmt.Sprintf("code:in=http://x.org/%d", i)))
		}
	}
	assert.Greater(t, read, 4)
	assert.LessOrEqual(t, read, 8)
}

func BenchmarkExpansion(b *testing.B) {
	s := newStore(b)
	var codes strings.Builder
	for c := range 2000 {
		fmt.Fprintf(&codes, `,{"code":"%d"}`, c)
	}
	s.put(condition("x", "x"), strings.Replace(systemDeep, `{"code":"y"}`, `{"code":"y"}`+codes.String(), 1), belowX, outer)
	var read int
	for _, c := range []struct {
		name string
		e    func() *exec.Engine
	}{
		{"remembered", func() func() *exec.Engine {
			e := terminology(s, &read)
			return func() *exec.Engine { return e }
		}()},
		{"anew", func() *exec.Engine { return terminology(s, &read) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				asked(b, s, c.e(), s.index.View(), "code:in=http://x.org/outer")
			}
		})
	}
}
