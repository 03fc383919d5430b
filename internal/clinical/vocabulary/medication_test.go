package vocabulary_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/stretchr/testify/require"
)

// A drug is a line of the list of RxNorm concepts.
type drug struct {
	kind, name  string
	ingredients []string
}

// readDrugs reads the list of RxNorm concepts by RXCUI. It skips the test if the list
// is absent.
func readDrugs(t *testing.T) map[string]drug {
	drugs := make(map[string]drug)
	for _, line := range fhirjsontest.Lines(t, "rxnorm/rxnorm.tsv.gz") {
		column := strings.Split(string(line), "\t")
		require.Len(t, column, 4)
		d := drug{kind: column[1], name: column[2]}
		if column[3] != "" {
			d.ingredients = strings.Split(column[3], ",")
		}
		drugs[column[0]] = d
	}
	return drugs
}

func medications() (all []vocabulary.Entry) {
	for _, e := range vocabulary.Entries() {
		if e.Kind == vocabulary.Medication {
			all = append(all, e)
		}
	}
	return all
}

// named reports whether an entry has a name, however it is joined.
func named(e vocabulary.Entry, name string) bool {
	plain := strings.NewReplacer("-", " ", "/", " ", "  ", " ").Replace
	want := plain(strings.ToLower(name))
	if plain(strings.ToLower(e.Term)) == want {
		return true
	}
	return slices.ContainsFunc(e.Synonyms, func(s vocabulary.Synonym) bool {
		return !s.Misspelled && plain(strings.ToLower(s.Text)) == want
	})
}

func TestMedicationsAreMany(t *testing.T) {
	count := make(map[string]int)
	for _, e := range medications() {
		count["all"]++
		if e.System == vocabulary.RxNorm {
			count["coded"]++
		}
		for _, flag := range []string{"ingredient", "brand", "combination", "salt", "class", "vaccine"} {
			if e.Flags.Has(flag) {
				count[flag]++
			}
		}
	}
	t.Log(count)
	require.Greater(t, count["coded"], 4000)
	require.Greater(t, count["ingredient"], 1500)
	require.Greater(t, count["brand"], 2000)
	require.Greater(t, count["combination"], 120)
}

func TestMedicationNamesMeanOneThing(t *testing.T) {
	owner := make(map[string]string)
	for _, e := range medications() {
		names := []string{e.Term}
		for _, s := range e.Synonyms {
			names = append(names, s.Text)
		}
		for _, name := range names {
			require.Equal(t, strings.Join(strings.Fields(name), " "), name)
			name = strings.ToLower(name)
			require.Empty(t, owner[name], "%q is a name of %q too", name, e.Term)
			owner[name] = e.Term
		}
	}
}

func TestMedicationFlags(t *testing.T) {
	ingredients := make(map[string]bool)
	for _, e := range medications() {
		if !e.Flags.Has("brand") && !e.Flags.Has("combination") {
			for _, code := range e.Codes {
				ingredients[code] = true
			}
		}
	}
	for _, e := range medications() {
		require.LessOrEqual(t, len(e.Codes), 5, e.Term)
		for _, code := range e.Flags.List("generic") {
			require.True(t, ingredients[code], "%s: ingredient %s has no entry of its own", e.Term, code)
		}
		if e.Flags.Has("ingredient") {
			require.LessOrEqual(t, len(e.Codes), 1, e.Term)
		}
		ambiguous := e.Flags.Has("ambiguous")
		for _, s := range e.Synonyms {
			ambiguous = ambiguous || s.Ambiguous
		}
		require.Equal(t, ambiguous, e.Flags.List("context") != nil, "%s: context", e.Term)
	}
}

// TestMedicationsAgainstRxNorm compares the entries with the list of RxNorm concepts, which
// has no ingredients whose names begin with A and no brands of these alone.
func TestMedicationsAgainstRxNorm(t *testing.T) {
	drugs := readDrugs(t)
	entryOf := make(map[string]vocabulary.Entry)
	for _, e := range medications() {
		if e.Flags.Has("ingredient") && len(e.Codes) == 1 {
			entryOf[e.Codes[0]] = e
		}
	}
	// absent reports whether a code is that of an ingredient whose name begins with A.
	absent := func(code string) bool {
		_, known := drugs[code]
		e, ours := entryOf[code]
		return !known && ours && strings.HasPrefix(strings.ToLower(e.Term), "a")
	}
	for _, e := range medications() {
		generic := e.Flags.List("generic")
		partly := slices.ContainsFunc(append(generic, e.Codes...), absent)
		for _, code := range e.Codes {
			d, known := drugs[code]
			if !known {
				require.True(t, partly, "%s: code %s is not in the list", e.Term, code)
				continue
			}
			switch d.kind {
			case "BN":
				require.True(t, e.Flags.Has("brand"), "%s: %s is a brand", e.Term, code)
				require.True(t, named(e, d.name), "%s: %s is %s", e.Term, code, d.name)
				for _, g := range generic {
					require.True(t, absent(g) || slices.Contains(d.ingredients, g), "%s: %s has no ingredient %s", e.Term, code, g)
				}
				for _, i := range d.ingredients {
					if drugs[i].kind == "IN" && len(generic) > 0 && !inert[drugs[i].name] {
						require.Contains(t, generic, i, "%s: %s has the ingredient %s", e.Term, code, drugs[i].name)
					}
				}
			case "MIN":
				var names []string
				for _, g := range generic {
					if d, ok := drugs[g]; ok {
						names = append(names, d.name)
					} else {
						names = append(names, entryOf[g].Term)
					}
				}
				require.ElementsMatch(t, strings.Split(d.name, " / "), names, "%s: %s", e.Term, code)
			case "IN", "PIN":
				switch {
				case e.Flags.Has("ingredient"), e.Flags.Has("salt"):
					require.True(t, named(e, d.name) || e.Flags.Has("vaccine") || strings.HasPrefix(d.name, e.Term+"-"), "%s: %s is %s", e.Term, code, d.name)
				case len(generic) > 0:
					require.Contains(t, generic, code, e.Term)
				}
			default:
				t.Fatalf("%s: %s is a %s", e.Term, code, d.kind)
			}
		}
	}
}

// inert names what some packs hold beside their ingredients.
var inert = map[string]bool{"inert ingredients": true, "ferrous fumarate": true}
