package vocabulary_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

func TestCounts(t *testing.T) {
	count := map[vocabulary.Kind]int{}
	names := 0
	for _, e := range vocabulary.Entries() {
		count[e.Kind]++
		names += 1 + len(e.Synonyms)
	}
	t.Logf("%v entries, %d names", count, names)
	require.GreaterOrEqual(t, count[vocabulary.Condition], 1900)
	require.GreaterOrEqual(t, count[vocabulary.Test]+count[vocabulary.Procedure], 400)
	require.GreaterOrEqual(t, count[vocabulary.Anatomy], 250)
}

// TestLines checks what Parse leaves to the one who writes a line.
func TestLines(t *testing.T) {
	flags := strings.Fields("symptom sign social chronic family past treatment brand ingredient ambiguous")
	for _, e := range vocabulary.Entries() {
		if e.Kind == vocabulary.Condition {
			require.Equal(t, vocabulary.ICD10CM, e.System, e.Term)
			require.LessOrEqual(t, len(e.Codes), 5, e.Term)
		}
		ambiguous := e.Flags.Has("ambiguous")
		for _, s := range e.Synonyms {
			require.NotEmpty(t, s.Text, e.Term)
			require.Equal(t, strings.Join(strings.Fields(s.Text), " "), s.Text, e.Term)
			ambiguous = ambiguous || s.Ambiguous
		}
		require.Equal(t, strings.Join(strings.Fields(e.Term), " "), e.Term)
		if e.Kind == vocabulary.Medication {
			continue
		}
		require.Equal(t, ambiguous, len(e.Flags.List("context")) > 0, "%s: context words and ambiguous names go together", e.Term)
		for _, flag := range strings.Fields(string(e.Flags)) {
			if !strings.Contains(flag, "=") {
				require.Contains(t, flags, flag, e.Term)
			}
		}
		require.NotContains(t, e.Flags.List("context"), "", e.Term)
	}
}

// A name is a term or synonym as it is found in texts.
type name struct {
	text             string
	ambiguous, exact bool
}

func namesOf(e vocabulary.Entry) []name {
	names := []name{{text: e.Term, ambiguous: e.Flags.Has("ambiguous")}}
	for _, s := range e.Synonyms {
		names = append(names, name{text: s.Text, ambiguous: s.Ambiguous, exact: s.Exact})
	}
	return names
}

// key folds what a match does not look at.
func (n name) key() string {
	s := strings.NewReplacer("-", " ", "é", "e", "ö", "o", "ç", "c", "’", "'").Replace(n.text)
	if n.exact {
		return s
	}
	return strings.ToLower(s)
}

// TestNamesAreUnique finds a name that stands twice, unless its context decides. It
// leaves medications to their own tests.
func TestNamesAreUnique(t *testing.T) {
	type place struct {
		name
		entry vocabulary.Entry
	}
	places := map[string][]place{}
	terms := map[string]bool{}
	for _, e := range vocabulary.Entries() {
		term := string(e.Kind) + " " + strings.ToLower(e.Term)
		if terms[term] {
			t.Errorf("%s has two entries", term)
		}
		terms[term] = true
		if e.Kind == vocabulary.Medication {
			continue
		}
		own := map[string]bool{}
		for _, n := range namesOf(e) {
			if own[n.key()] {
				t.Errorf("%s: %q stands twice", e.Term, n.text)
			}
			own[n.key()] = true
			places[strings.ToLower(n.key())] = append(places[strings.ToLower(n.key())], place{n, e})
		}
	}
	for _, all := range places {
		for i, a := range all {
			for _, b := range all[:i] {
				same := a.key() == b.key() || !a.exact || !b.exact
				if same && a.entry.Term != b.entry.Term && !(a.ambiguous && b.ambiguous) {
					t.Errorf("%q names %s and %s", a.text, a.entry.Term, b.entry.Term)
				}
			}
		}
	}
}

// TestNoCommonWords finds a name that is an everyday word, unless its context or its
// capitals decide. Parts of the body are everyday words by nature.
func TestNoCommonWords(t *testing.T) {
	text, err := os.ReadFile("testdata/common.txt")
	require.NoError(t, err)
	common := strings.Fields(string(text))
	require.True(t, slices.IsSorted(common))
	for _, e := range vocabulary.Entries() {
		if e.Kind == vocabulary.Anatomy {
			continue
		}
		for _, n := range namesOf(e) {
			if n.exact || n.ambiguous {
				continue
			}
			if _, found := slices.BinarySearch(common, n.key()); found {
				t.Errorf("%s: %q is an everyday word", e.Term, n.text)
			}
		}
	}
}

// TestFiles checks that a file holds what its name says.
func TestFiles(t *testing.T) {
	files, err := os.ReadDir("terms")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile("terms/" + file.Name())
		require.NoError(t, err)
		entries, err := vocabulary.Parse(string(text))
		require.NoError(t, err, file.Name())
		require.NotEmpty(t, entries, file.Name())
		kind, _, _ := strings.Cut(strings.TrimSuffix(file.Name(), ".tsv"), "-")
		for _, e := range entries {
			require.Equal(t, vocabulary.Kind(kind), e.Kind, file.Name())
		}
	}
}

func TestParse(t *testing.T) {
	entries, err := vocabulary.Parse("# heading\n\n" +
		"condition\taortic stenosis\ticd10cm\tI35.0,I35.2\taortic valve stenosis|?!AS|~aortic stenosys\tchronic context=valve,TAVR\r\n" +
		"anatomy\tknee\t-\t\t\n")
	require.NoError(t, err)
	require.Equal(t, []vocabulary.Entry{
		{
			Kind: vocabulary.Condition, Term: "aortic stenosis", System: vocabulary.ICD10CM,
			Codes: []string{"I35.0", "I35.2"},
			Synonyms: []vocabulary.Synonym{
				{Text: "aortic valve stenosis"},
				{Text: "AS", Ambiguous: true, Exact: true},
				{Text: "aortic stenosys", Misspelled: true},
			},
			Flags: "chronic context=valve,TAVR",
		},
		{Kind: vocabulary.Anatomy, Term: "knee", System: vocabulary.None, Codes: []string{}, Synonyms: []vocabulary.Synonym{}},
	}, entries)
	flags := entries[0].Flags
	require.True(t, flags.Has("chronic"))
	require.False(t, flags.Has("context"))
	require.Equal(t, []string{"valve", "TAVR"}, flags.List("context"))
	require.Nil(t, flags.List("generic"))

	for _, bad := range []string{
		"disease\tknee\t-\t\t",
		"anatomy\tknee\tsnomed\t1\t",
		"anatomy\tknee\t-\t1\t",
		"anatomy\tknee\ticd10cm\t\t",
		"anatomy\t\t-\t\t",
		"anatomy\tknee\t-\t",
		"anatomy\tknee\t-\t\t\t\t",
	} {
		_, err := vocabulary.Parse("\n" + bad)
		require.ErrorContains(t, err, "vocabulary: line 2: ", bad)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("condition\tgout\ticd10cm\tM10.9\tgouty arthritis|?!~G\tchronic context=a,b\n")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := vocabulary.Parse(text)
		if err != nil {
			return
		}
		for _, e := range entries {
			_ = e.Flags.Has("chronic")
			_ = e.Flags.List("context")
		}
	})
}

func BenchmarkEntries(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if len(vocabulary.Entries()) == 0 {
			b.Fatal("no entries")
		}
	}
}
