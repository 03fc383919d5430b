package terms_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/terminology/terms"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A world is definitions by their canonicals.
type world struct {
	systems map[string]*terms.System
	sets    map[string]*terms.Set
}

func (w *world) System(_ context.Context, url, version string) (*terms.System, error) {
	return w.systems[url], nil
}

func (w *world) Set(_ context.Context, url, version string) (*terms.Set, error) {
	return w.sets[url], nil
}

func set(t require.TestingT, text string) *terms.Set {
	s, err := terms.ReadSet([]byte(`{"resourceType":"ValueSet",` + text + `}`))
	require.NoError(t, err)
	return s
}

func system(t require.TestingT, text string) *terms.System {
	s, err := terms.ReadSystem([]byte(`{"resourceType":"CodeSystem",` + text + `}`))
	require.NoError(t, err)
	return s
}

// TestFilters compares each operator with what it means.
func TestFilters(t *testing.T) {
	w := &world{systems: map[string]*terms.System{"s": system(t, `"url":"s","caseSensitive":true,"content":"complete","property":[{"code":"n","type":"integer"},{"code":"parent","type":"code"}],"concept":[
		{"code":"a","display":"A","property":[{"code":"n","valueInteger":1}],"concept":[{"code":"b","property":[{"code":"n","valueInteger":2}],"concept":[{"code":"c"}]},{"code":"d"}]},
		{"code":"e","property":[{"code":"parent","valueCode":"b"},{"code":"n","valueInteger":1},{"code":"n","valueInteger":3}]}]`)}}
	for filter, want := range map[string]string{
		"concept is-a b": "b c e", "concept descendent-of b": "c e", "concept is-not-a b": "a d", "concept generalizes e": "a b e", "concept is-a z": "", "concept is-not-a z": "a b c d e",
		"n = 1": "a e", "n in 2,3": "b e", "n not-in 1": "b c d", "n exists true": "a b e", "n exists false": "c d", "concept regex [a-c]": "a b c", "display = A": "a", "parent = b": "c e", "child = c": "b", "code in a,d": "a d",
	} {
		part := strings.SplitN(filter, " ", 3)
		vs := set(t, fmt.Sprintf(`"compose":{"include":[{"system":"s","filter":[{"property":"%s","op":"%s","value":"%s"}]}]}`, part[0], part[1], part[2]))
		x, err := (&terms.Service{Source: w}).Expand(t.Context(), vs)
		require.NoError(t, err, filter)
		require.Equal(t, want, codesOf(x), filter)
	}
	for _, bad := range []string{"n is-a a", "z = 1", "n = ", "concept nonsense a", "concept regex ("} {
		part := strings.SplitN(bad, " ", 3)
		vs := set(t, fmt.Sprintf(`"compose":{"include":[{"system":"s","filter":[{"property":"%s","op":"%s","value":"%s"}]}]}`, part[0], part[1], part[2]))
		_, err := (&terms.Service{Source: w}).Expand(t.Context(), vs)
		var failed *terms.Error
		require.ErrorAs(t, err, &failed, bad)
	}
}

func codesOf(x *terms.Expanded) string {
	var codes []string
	for i := range x.Entries {
		codes = append(codes, x.Entries[i].Code)
	}
	return strings.Join(codes, " ")
}

// TestMemberLikeExpansion asks for each code of random value sets, alone and by the
// expansion.
func TestMemberLikeExpansion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{systems: map[string]*terms.System{}, sets: map[string]*terms.Set{}}
		for _, name := range []string{"s", "t"} {
			var concepts []string
			for _, code := range []string{"a", "b", "c", "d", "e", "f"} {
				var properties []string
				for _, parent := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}), 0, 2, rapid.ID).Draw(t, "parents") {
					properties = append(properties, `{"code":"parent","valueCode":"`+parent+`"}`)
				}
				if rapid.Bool().Draw(t, "inactive") {
					properties = append(properties, `{"code":"inactive","valueBoolean":true}`)
				}
				concepts = append(concepts, `{"code":"`+code+`","property":[`+strings.Join(properties, ",")+`]}`)
			}
			if name == "t" && rapid.Bool().Draw(t, "absent") {
				continue
			}
			w.systems[name] = system(t, `"url":"`+name+`","content":"complete","caseSensitive":`+fmt.Sprint(rapid.Bool().Draw(t, "case"))+`,"concept":[`+strings.Join(concepts, ",")+`]`)
		}
		component := func(below []string) string {
			var parts []string
			if rapid.IntRange(0, 3).Draw(t, "system") > 0 || below == nil {
				parts = append(parts, `"system":"`+rapid.SampledFrom([]string{"s", "s", "t"}).Draw(t, "of")+`"`)
				switch rapid.IntRange(0, 3).Draw(t, "kind") {
				case 0:
					var listed []string
					for _, code := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "A", "x"}), 1, 3, rapid.ID).Draw(t, "listed") {
						listed = append(listed, `{"code":"`+code+`"}`)
					}
					parts = append(parts, `"concept":[`+strings.Join(listed, ",")+`]`)
				case 1:
					parts = append(parts, `"filter":[{"property":"concept","op":"`+rapid.SampledFrom([]string{"is-a", "is-not-a", "descendent-of", "generalizes"}).Draw(t, "op")+`","value":"`+rapid.SampledFrom([]string{"a", "b", "z"}).Draw(t, "value")+`"}]`)
				}
			}
			if below != nil && (len(parts) == 0 || rapid.Bool().Draw(t, "narrowed")) {
				parts = append(parts, `"valueSet":["`+rapid.SampledFrom(below).Draw(t, "below")+`"]`)
			}
			return "{" + strings.Join(parts, ",") + "}"
		}
		var names []string
		for i := range 3 {
			text := fmt.Sprintf(`"url":"vs%d","compose":{"inactive":%v,"include":[`, i, rapid.Bool().Draw(t, "with inactive")) + component(names)
			if rapid.Bool().Draw(t, "two") {
				text += "," + component(names)
			}
			text += "]"
			if rapid.Bool().Draw(t, "excludes") {
				text += `,"exclude":[` + component(names) + `]`
			}
			name := fmt.Sprint("vs", i)
			w.sets[name] = set(t, text+"}")
			names = append(names, name)
		}
		vs := w.sets[rapid.SampledFrom(names).Draw(t, "asked")]
		x, failed := (&terms.Service{Source: w}).Expand(t.Context(), vs)
		if failed != nil {
			return // a single code may be decided without what is missing
		}
		for _, of := range []string{"s", "t", "u"} {
			for _, code := range []string{"a", "b", "c", "d", "e", "f", "A", "x"} {
				e, err := (&terms.Service{Source: w}).Member(t.Context(), vs, of, code)
				require.NoError(t, err)
				want := x.Find(of, code)
				require.Equal(t, want == nil, e == nil, "%s %s", of, code)
				if want != nil {
					require.Equal(t, [2]string{want.Code, want.Display}, [2]string{e.Code, e.Display})
				}
			}
		}
	})
}

// TestHostileDefinitions ends what would not end by itself.
func TestHostileDefinitions(t *testing.T) {
	var concepts []string
	for i := range 100_000 { // a chain, by properties
		concepts = append(concepts, fmt.Sprintf(`{"code":"%d","property":[{"code":"parent","valueCode":"%d"}]}`, i+1, i))
	}
	w := &world{systems: map[string]*terms.System{"s": system(t, `"url":"s","content":"complete","concept":[{"code":"0"},`+strings.Join(concepts, ",")+`]`)}, sets: map[string]*terms.Set{}}
	x, err := (&terms.Service{Source: w}).Expand(t.Context(), set(t, `"compose":{"include":[{"system":"s","filter":[{"property":"concept","op":"descendent-of","value":"0"}]}]}`))
	require.NoError(t, err)
	require.Len(t, x.Entries, 100_000)
	x.Nest()
	require.Len(t, x.Entries, 100_000)

	for i := range 60 { // each includes the next twice
		w.sets[fmt.Sprint("vs", i)] = set(t, fmt.Sprintf(`"url":"vs%d","compose":{"include":[{"valueSet":["vs%d"]},{"valueSet":["vs%d"]}]}`, i, i+1, i+1))
	}
	w.sets["vs60"] = set(t, `"url":"vs60","compose":{"include":[{"system":"s","concept":[{"code":"0"}]}]}`)
	var failed *terms.Error
	_, err = (&terms.Service{Source: w}).Expand(t.Context(), w.sets["vs0"])
	require.ErrorAs(t, err, &failed)
	_, err = (&terms.Service{Source: w}).Member(t.Context(), w.sets["vs0"], "s", "1")
	require.ErrorAs(t, err, &failed)
	circle := system(t, `"url":"c","content":"complete","concept":[{"code":"a","property":[{"code":"parent","valueCode":"b"}]},{"code":"b","property":[{"code":"parent","valueCode":"a"}]}]`)
	for _, pair := range [][2]string{{"a", "b"}, {"b", "a"}} {
		outcome, err := circle.Subsumes(pair[0], pair[1])
		require.NoError(t, err)
		require.True(t, slices.Contains([]string{"subsumes", "subsumed-by"}, outcome))
	}
}
