package clinical_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/clinical"
	"github.com/stretchr/testify/require"
)

// embedded is a detector with the embedded vocabulary.
var embedded = sync.OnceValue(func() *clinical.Detector {
	d, err := clinical.New(nil)
	if err != nil {
		panic(err)
	}
	return d
})

// find detects and checks what holds of all findings: offsets lie inside the text and
// Text stands between them, order, numbers, scores, no nil lists.
func find(t testing.TB, d *clinical.Detector, text string) *nlp.Findings {
	t.Helper()
	f, err := d.Detect(context.Background(), text)
	require.NoError(t, err)
	var starts []int // byte offsets of the code points
	for i := range text {
		starts = append(starts, i)
	}
	starts = append(starts, len(text))
	check := func(begin, end int, said string) {
		require.LessOrEqual(t, 0, begin)
		require.Less(t, begin, end)
		require.Less(t, end, len(starts))
		require.Equal(t, text[starts[begin]:starts[end]], said)
	}
	score := func(s float64) {
		require.Greater(t, s, 0.0)
		require.LessOrEqual(t, s, 1.0)
	}
	for k, list := range [][]nlp.Entity{f.Entities, f.ICD10CM, f.RxNorm} {
		require.NotNil(t, list)
		last := 0
		ids := map[int]bool{}
		for i, e := range list {
			require.Equal(t, i, e.ID)
			require.LessOrEqual(t, last, e.BeginOffset)
			last = e.BeginOffset
			check(e.BeginOffset, e.EndOffset, e.Text)
			score(e.Score)
			require.NotNil(t, e.Attributes)
			require.NotNil(t, e.Traits)
			require.NotEmpty(t, e.Evidence)
			names := map[string]bool{}
			for _, trait := range e.Traits {
				score(trait.Score)
				require.False(t, names[trait.Name])
				names[trait.Name] = true
			}
			for _, a := range e.Attributes {
				check(a.BeginOffset, a.EndOffset, a.Text)
				score(a.Score)
				score(a.RelationshipScore)
				require.NotNil(t, a.Traits)
				if a.ID >= len(f.Entities) {
					require.False(t, k == 0 && ids[a.ID])
					ids[a.ID] = true
				} else {
					require.Equal(t, f.Entities[a.ID].Text, a.Text)
				}
			}
			require.LessOrEqual(t, len(e.ICD10CMConcepts)+len(e.RxNormConcepts), 5)
			require.Equal(t, k == 1, len(e.ICD10CMConcepts) > 0)
			require.Equal(t, k == 2, len(e.RxNormConcepts) > 0)
			before := e.Score
			for _, c := range slices.Concat(e.ICD10CMConcepts, e.RxNormConcepts) {
				score(c.Score)
				require.LessOrEqual(t, c.Score, before)
				before = c.Score
				require.NotEmpty(t, c.Description)
			}
		}
	}
	return f
}

// say writes entities of categories as lines.
func say(f *nlp.Findings, categories ...nlp.Category) string {
	var b strings.Builder
	for _, e := range f.Entities {
		if len(categories) > 0 && !slices.Contains(categories, e.Category) {
			continue
		}
		fmt.Fprintf(&b, "%s %q", e.Type, e.Text)
		for _, a := range e.Attributes {
			fmt.Fprintf(&b, " %s=%s", a.Type, a.Text)
		}
		for _, t := range e.Traits {
			b.WriteString(" " + t.Name)
		}
		b.WriteString("\n")
	}
	return strings.TrimSpace(b.String())
}

func TestDetect(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"No known allergies.":           "",
		"Allergies: No Known Allergies": "",
		"# Medications\nNo Active Medications.\n\n# Allergies\nNo Known Allergies.": "",
		"# Depression Screening\n\n# Allergies\n":                                   "",
		"Mr. Cough saw Dr. Burns.":                                                  "NAME \"Cough\"\nNAME \"Burns\"",
		"influenza vaccine given; screened for depression":                          "GENERIC_NAME \"influenza vaccine\"\nTEST_NAME \"screened for depression\"",
		"gout self-management plan":                                                 "",
		"digoxin level 1.1; digoxin 0.125 mg daily":                                 "TEST_NAME \"digoxin level\" TEST_VALUE=1.1\nGENERIC_NAME \"digoxin\" STRENGTH=0.125 mg FREQUENCY=daily",
		"K 4.1, potassium 20 mEq daily":                                             "TEST_NAME \"K\" TEST_VALUE=4.1\nGENERIC_NAME \"potassium\" STRENGTH=20 mEq FREQUENCY=daily",
		"swelling of the left ankle":                                                "DX_NAME \"swelling of the left ankle\" DIRECTION=left SYSTEM_ORGAN_SITE=ankle SIGN\nSYSTEM_ORGAN_SITE \"ankle\" DIRECTION=left",
		"run at 125 mL/hr":                                                          "",
		"She does well.":                                                            "",
		"last fall":                                                                 "",
		"denies alcohol; 60-year-old man":                                           "ALCOHOL_CONSUMPTION \"alcohol\" NEGATION\nAGE \"60\"\nGENDER \"man\"",
	} {
		require.Equal(t, want, say(find(t, embedded(), text)), text)
	}
}

func TestListsHaveConcepts(t *testing.T) {
	f := find(t, embedded(), "Denies asthma. Mother has gout. No Lipitor. Rash.")
	var got []string
	for _, e := range slices.Concat(f.ICD10CM, f.RxNorm) {
		codes := ""
		for _, c := range slices.Concat(e.ICD10CMConcepts, e.RxNormConcepts) {
			codes += " " + c.Code
		}
		got = append(got, e.Text+codes)
	}
	require.Equal(t, []string{"asthma J45.909", "gout M10.9", "Rash R21", "Lipitor 153165 83367"}, got)
	require.Equal(t, "NEGATION", f.ICD10CM[0].Traits[1].Name)
	require.Equal(t, "negation: denies", f.ICD10CM[0].Evidence[1].Rule)
	require.Equal(t, 0, f.ICD10CM[0].Evidence[1].BeginOffset)
	require.NotEmpty(t, f.ModelVersion)
}

func TestOffsetsAreCodePoints(t *testing.T) {
	for _, text := range []string{
		"ünïcödé 𝔸 asthma\u0301 and gout",
		"חום asthma של gout",
		"asthma\x00gout\xffasthma\xed\xa0\x80 gout",
		"a\u0301\u0301\u0301sthma as\u00adthma\r\n\r\rgout\u2028gout",
		"\ufeffasthma 🙂🙂 “gout”",
	} {
		require.Contains(t, say(find(t, embedded(), text)), "gout", text)
	}
}

func TestHostileText(t *testing.T) {
	for _, piece := range []string{"a", "asthma ", "no asthma, ", "\x00", "\xff", "é", "\u0301", "\u202e", "(", "BP 1/", "5 mg ", "lisinopril ", "left ", "of the ", "Dr. ", "MS ", "\n", "- ", "# ", "K 4 ", "history of ", "pain in the left ", "take 1 ", "for ", "over ", "lisinopril mouth 2 days ago ", "pain (", "in the ", "MS neurology "} {
		text := strings.Repeat(piece, 1<<18/len(piece))
		_, err := embedded().Detect(context.Background(), text)
		require.NoError(t, err)
	}
}

func TestDetectIsDeterministic(t *testing.T) {
	text := strings.Join(ownNotes(t), "\n")
	first := find(t, embedded(), text)
	other, err := clinical.New(nil)
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			f, err := other.Detect(context.Background(), text)
			if err != nil || fmt.Sprint(f) != fmt.Sprint(first) {
				t.Error("other findings")
			}
		})
	}
	group.Wait()
}

func TestLimitAndContext(t *testing.T) {
	d, err := clinical.New(&clinical.Options{MaxCharacters: 6})
	require.NoError(t, err)
	find(t, d, "asthmé")
	_, err = d.Detect(context.Background(), "asthma.")
	require.ErrorIs(t, err, clinical.ErrTooLong)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = embedded().Detect(ctx, "asthma")
	require.ErrorIs(t, err, context.Canceled)
}

// stopping is a context that ends when it was asked a number of times.
type stopping struct {
	context.Context
	left int
}

func (s *stopping) Err() error {
	if s.left--; s.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

func (s *stopping) Deadline() (time.Time, bool) { return time.Time{}, false }

func TestContextIsLookedAtOften(t *testing.T) {
	text := strings.Repeat("No asthma. ", 50_000)
	for asked := range 20 {
		_, err := embedded().Detect(&stopping{context.Background(), asked}, text)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
}

func TestVocabularies(t *testing.T) {
	d, err := clinical.New(&clinical.Options{
		WithoutEmbedded: true,
		WithoutPHI:      true,
		Vocabularies: []clinical.Vocabulary{
			clinical.CSV("own.csv", strings.NewReader("term,code,kind\nglooms,R45.89,\nwonderdrug,1|2,medication\n")),
			clinical.ICD10CMOrder("order.txt", strings.NewReader(fmt.Sprintf("%05d %-7s %s %-60s %s\n", 1, "L209", "1", "Atopic dermatitis, unsp", "Atopic dermatitis, unspecified"))),
			clinical.ICD10CMTabular("tabular.xml", strings.NewReader("<x><diag><name>L20.82</name><desc>Flexural eczema</desc></diag></x>")),
			clinical.RxNorm(fstest.MapFS{"RXNCONSO.RRF": {Data: []byte("6918|ENG||||||1||6918||RXNORM|IN|6918|metoprolol||N|4096|\n")}}),
			clinical.SNOMED(fstest.MapFS{"sct2_Description_Snapshot-en.txt": {Data: []byte("h\n1\t2\t1\t3\t4\ten\t900000000000003001\tGrumps (finding)\t5\n")}}),
		},
	})
	require.NoError(t, err)
	f := find(t, d, "Dr. Burns: asthma, glooms, Wonderdrug, atopic dermatitis, flexural eczema, metoprolol, grumps")
	require.Equal(t, `DX_NAME "glooms" DIAGNOSIS
GENERIC_NAME "Wonderdrug"
DX_NAME "atopic dermatitis" DIAGNOSIS
DX_NAME "flexural eczema" DIAGNOSIS
GENERIC_NAME "metoprolol"
DX_NAME "grumps" DIAGNOSIS`, say(f))
	require.Len(t, f.ICD10CM, 3)

	_, err = clinical.New(&clinical.Options{MaxCharacters: -1, Vocabularies: []clinical.Vocabulary{
		{}, clinical.CSV("a.csv", strings.NewReader("")), clinical.RxNorm(fstest.MapFS{}),
	}})
	require.ErrorIs(t, err, clinical.ErrVocabulary)
	require.ErrorContains(t, err, "a.csv")
	require.ErrorContains(t, err, "RXNCONSO")
	require.ErrorContains(t, err, "MaxCharacters")
	_, err = clinical.New(&clinical.Options{Vocabularies: []clinical.Vocabulary{clinical.CSV("a.csv", errReader{})}})
	require.ErrorIs(t, err, errors.ErrUnsupported)
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

func FuzzDetect(f *testing.F) {
	for _, s := range readSamples(f)[:60] {
		f.Add(s.text)
	}
	f.Add("asthma\x00gout\xffasthma\xed\xa0\x80 gout a\u0301 \u202e")
	f.Fuzz(func(t *testing.T, text string) {
		found := find(t, embedded(), text)
		_, err := json.Marshal(found)
		require.NoError(t, err)
	})
}

func ExampleDetector() {
	d, err := clinical.New(nil)
	if err != nil {
		panic(err)
	}
	found, err := d.Detect(context.Background(), "Denies chest pain. Takes Lipitor 20 mg daily for high cholesterol.")
	if err != nil {
		panic(err)
	}
	for _, e := range found.Entities {
		fmt.Print(e.Text)
		for _, t := range e.Traits {
			fmt.Print(" ", t.Name)
		}
		for _, a := range e.Attributes {
			fmt.Print(" ", a.Type, "=", a.Text)
		}
		fmt.Println()
	}
	// Output:
	// chest pain SYMPTOM NEGATION
	// Lipitor STRENGTH=20 mg FREQUENCY=daily
	// high cholesterol DIAGNOSIS
}

// TestConceptsHaveTheirOwnNames checks that a code has its own description, whichever
// medication it is found with.
func TestConceptsHaveTheirOwnNames(t *testing.T) {
	d, err := clinical.New(nil)
	require.NoError(t, err)
	for text, want := range map[string][]string{
		"Takes amlodipine/benazepril daily.": {"amlodipine-benazepril", "amlodipine", "benazepril"},
		"Takes baby aspirin daily.":          {"aspirin"},
		"Takes Coumadin daily.":              {"warfarin"},
		"Takes regular insulin daily.":       {"insulin regular"},
		"On a heparin drip.":                 {"heparin"},
	} {
		found, err := d.Detect(context.Background(), text)
		require.NoError(t, err)
		require.Len(t, found.RxNorm, 1, text)
		var got []string
		for _, c := range found.RxNorm[0].RxNormConcepts {
			got = append(got, c.Description)
		}
		require.Equal(t, want, got, text)
	}
}
