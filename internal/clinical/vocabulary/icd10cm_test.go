package vocabulary_test

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
)

var rewrite = flag.Bool("rewrite", false, "write the testdata files anew")

// An icd10cm code has a title and inclusion terms; a code with a seventh character has
// those of the code before it.
type icd10cm struct {
	billable bool
	title    string
	includes string
}

// readICD10CM reads the official list of codes. It skips the test if the list is absent.
func readICD10CM(t *testing.T) map[string]icd10cm {
	t.Helper()
	codes := map[string]icd10cm{}
	for _, line := range fhirjsontest.Lines(t, "icd10cm/icd10cm.tsv.gz") {
		column := strings.Split(string(line), "\t")
		codes[column[0]] = icd10cm{billable: column[1] == "b", title: column[2], includes: column[3]}
	}
	return codes
}

func TestCodesAreBillable(t *testing.T) {
	codes := readICD10CM(t)
	for _, e := range vocabulary.Entries() {
		if e.System != vocabulary.ICD10CM {
			continue
		}
		for _, code := range e.Codes {
			official, found := codes[code]
			require.True(t, found, "%s: %s is no code", e.Term, code)
			// The category of the first code may follow it.
			if !official.billable && (code == e.Codes[0] || !strings.HasPrefix(e.Codes[0], code)) {
				t.Errorf("%s: %s is not a billable code", e.Term, code)
			}
		}
	}
}

// TestMeaningOfCodes compares the term of an entry with the official title and
// inclusion terms of its codes. Pairs that share no word, and that a person found right,
// stand in testdata/meanings.tsv.
func TestMeaningOfCodes(t *testing.T) {
	const path = "testdata/meanings.tsv"
	codes := readICD10CM(t)
	accepted := map[string]bool{}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		accepted[strings.TrimSuffix(line, "\n")] = false
	}
	var flagged []string
	for _, e := range vocabulary.Entries() {
		if e.System != vocabulary.ICD10CM {
			continue
		}
		names := words(e.Term)
		sides := 0
		if list := e.Flags.List("sides"); list != nil {
			sides = int(list[0][0] - '0') // TestSides looks at them
		}
		for i, code := range e.Codes {
			if 1 <= i && i <= sides {
				continue
			}
			official := words(codes[code].title + " " + codes[code].includes)
			if titled := withTitle(codes, code); titled != code {
				official = words(codes[titled].title + " " + codes[titled].includes)
			}
			if !slices.ContainsFunc(slices.Collect(maps.Keys(official)), func(w string) bool { return names[w] }) {
				line := code + "\t" + e.Term
				flagged = append(flagged, line)
				if _, ok := accepted[line]; !ok && !*rewrite {
					t.Errorf("%s: no word in common with %s", e.Term, code)
				}
				accepted[line] = true
			}
		}
	}
	if *rewrite {
		slices.Sort(flagged)
		require.NoError(t, os.WriteFile(path, []byte(strings.Join(slices.Compact(flagged), "\n")+"\n"), 0o644))
		return
	}
	for line, used := range accepted {
		if !used {
			t.Errorf("%s: %q is no longer needed", path, line)
		}
	}
}

// TestTermsAreOwnWords bounds the share of preferred terms that are official titles.
func TestTermsAreOwnWords(t *testing.T) {
	codes := readICD10CM(t)
	same, all := 0, 0
	for _, e := range vocabulary.Entries() {
		if e.System != vocabulary.ICD10CM {
			continue
		}
		all++
		for _, code := range e.Codes {
			if strings.EqualFold(codes[code].title, e.Term) {
				same++
				break
			}
		}
	}
	t.Logf("%d of %d terms are official titles", same, all)
	require.Less(t, float64(same), 0.2*float64(all))
}

// words returns the content words of a text, shortened so that forms of one word agree.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		if empty[w] {
			continue
		}
		w = strings.NewReplacer("ae", "e", "oe", "e").Replace(w)
		if len(w) > 5 {
			w = w[:5]
		}
		set[w] = true
	}
	return set
}

// empty has words that say nothing about a meaning.
var empty = func() map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(`a an and or of the in on to with without by for from due not no nos nec
		at as other others unspecified specified elsewhere classified type disease diseases disorder disorders
		syndrome condition conditions encounter initial unspec site right left bilateral acute chronic
		personal history status family related problem problems current state patient s t into is
		symptom symptoms sign signs abnormal finding findings including certain body region`) {
		set[w] = true
	}
	return set
}()

// TestUnspecifiedTerms compares names that the official list marks as "NOS", not
// otherwise specified, with the code that the list gives them.
func TestUnspecifiedTerms(t *testing.T) {
	// These names are meant otherwise in notes of US clinicians.
	accepted := map[string]bool{"motorcycle accident": true, "drowning": true, "thrush": true, "car accident": true}
	official := map[string][]string{}
	for code, c := range readICD10CM(t) {
		for include := range strings.SplitSeq(c.includes, "|") {
			if term, ok := strings.CutSuffix(include, " NOS"); ok {
				official[strings.ToLower(term)] = append(official[strings.ToLower(term)], code)
			}
		}
	}
	checked := 0
	for _, e := range vocabulary.Entries() {
		if e.System != vocabulary.ICD10CM {
			continue
		}
		for _, n := range namesOf(e) {
			codes := official[strings.ToLower(n.text)]
			if len(codes) == 0 || accepted[n.text] {
				continue
			}
			checked++
			if !slices.ContainsFunc(codes, func(code string) bool { return strings.HasPrefix(e.Codes[0], code) }) {
				t.Errorf("%s: %q is %v, not %s", e.Term, n.text, codes, e.Codes[0])
			}
		}
	}
	t.Logf("%d names", checked)
}

// TestSides compares the codes of sides with the official titles.
func TestSides(t *testing.T) {
	codes := readICD10CM(t)
	count := 0
	for _, e := range vocabulary.Entries() {
		sides := e.Flags.List("sides")
		if sides == nil {
			continue
		}
		count++
		want := []string{"right", "left", "bilateral"}
		if sides[0] == "2" {
			want = want[:2]
		} else {
			require.Equal(t, "3", sides[0], e.Term)
		}
		require.Greater(t, len(e.Codes), len(want), e.Term)
		for i, side := range want {
			title := strings.ToLower(codes[withTitle(codes, e.Codes[i+1])].title)
			require.Equal(t, e.Codes[0][:3], e.Codes[i+1][:3], e.Term)
			for _, s := range []string{"right", "left", "bilateral"} {
				require.Equal(t, s == side, strings.Contains(title, s), "%s: %s %s", e.Term, e.Codes[i+1], title)
			}
		}
	}
	require.Greater(t, count, 200)
}

// withTitle returns a code, or the one before its seventh character and the placeholders
// before that if it has no title.
func withTitle(codes map[string]icd10cm, code string) string {
	for codes[code].title == "" && len(code) > 3 {
		code = strings.TrimRight(code[:len(code)-1], ".")
	}
	return code
}
