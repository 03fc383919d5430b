package nlp_test

import (
	"math"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/nlp"
	"github.com/stretchr/testify/require"
)

const checked = "Née 1950. Denies 😀 fever for 3 days."

// span returns an entity for a part of the text.
func span(text, part string) nlp.Entity {
	begin := len([]rune(text[:strings.Index(text, part)]))
	return nlp.Entity{Text: part, BeginOffset: begin, EndOffset: begin + len([]rune(part)), Category: nlp.Condition, Type: "DX_NAME", Score: 0.9}
}

func fever() nlp.Entity {
	e := span(checked, "fever")
	e.Traits = []nlp.Trait{{Name: nlp.Negation, Score: 0.8}}
	e.ICD10CMConcepts = []nlp.Concept{{Code: "R50.9", Description: "Fever, unspecified", Score: 0.7}}
	d := span(checked, "3 days")
	e.Attributes = []nlp.Attribute{{ID: 1, Text: d.Text, BeginOffset: d.BeginOffset, EndOffset: d.EndOffset, Category: nlp.Time, Type: "TIME_TO_DX_NAME", Score: 0.5}}
	e.Evidence = []nlp.Evidence{{Rule: "negation: denies", BeginOffset: 10, EndOffset: 16}}
	return e
}

func TestCheck(t *testing.T) {
	require.NoError(t, (&nlp.Findings{Entities: []nlp.Entity{fever()}, ICD10CM: []nlp.Entity{fever()}}).Check(checked))
	require.NoError(t, (*nlp.Findings)(nil).Check(checked))
	require.NoError(t, (&nlp.Findings{}).Check(""))
	for name, spoil := range map[string]func(*nlp.Entity){
		"begin before the text":  func(e *nlp.Entity) { e.BeginOffset = -1 },
		"end behind the text":    func(e *nlp.Entity) { e.EndOffset = 38 },
		"end far behind":         func(e *nlp.Entity) { e.EndOffset = math.MaxInt },
		"empty":                  func(e *nlp.Entity) { e.EndOffset = e.BeginOffset; e.Text = "" },
		"backwards":              func(e *nlp.Entity) { e.BeginOffset, e.EndOffset = e.EndOffset, e.BeginOffset },
		"bytes for code points":  func(e *nlp.Entity) { e.BeginOffset += 4; e.EndOffset += 4 },
		"UTF-16 for code points": func(e *nlp.Entity) { e.BeginOffset++; e.EndOffset++ },
		"another text":           func(e *nlp.Entity) { e.Text = "Fever" },
		"category":               func(e *nlp.Entity) { e.Category = "DISEASE" },
		"no type":                func(e *nlp.Entity) { e.Type = "" },
		"long type":              func(e *nlp.Entity) { e.Type = strings.Repeat("X", 200) },
		"type with a line end":   func(e *nlp.Entity) { e.Type = "A\nB" },
		"NaN":                    func(e *nlp.Entity) { e.Score = math.NaN() },
		"score above 1":          func(e *nlp.Entity) { e.Score = 1.01 },
		"infinite score":         func(e *nlp.Entity) { e.Score = math.Inf(-1) },
		"trait without a name":   func(e *nlp.Entity) { e.Traits[0].Name = "" },
		"trait's score":          func(e *nlp.Entity) { e.Traits[0].Score = math.NaN() },
		"no code":                func(e *nlp.Entity) { e.ICD10CMConcepts[0].Code = "" },
		"code that is no UTF-8":  func(e *nlp.Entity) { e.RxNormConcepts = []nlp.Concept{{Code: "\xef\xbf"}} },
		"long description":       func(e *nlp.Entity) { e.ICD10CMConcepts[0].Description = strings.Repeat("x", 5000) },
		"concept's score":        func(e *nlp.Entity) { e.ICD10CMConcepts[0].Score = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			bad := fever()
			spoil(&bad)
			good := span(checked, "1950")
			good.ID = 7
			found := nlp.Findings{Entities: []nlp.Entity{good, bad}, RxNorm: []nlp.Entity{bad}}
			err := found.Check(checked)
			require.ErrorIs(t, err, nlp.ErrFindings)
			require.NotContains(t, strings.ToLower(err.Error()), "fever")
			err = found.Clean(checked)
			require.ErrorIs(t, err, nlp.ErrFindings)
			require.NotContains(t, strings.ToLower(err.Error()), "fever")
			require.NoError(t, found.Check(checked))
			require.Equal(t, []nlp.Entity{good}, append(found.Entities, found.RxNorm...))
		})
	}
	for name, spoil := range map[string]func(*nlp.Attribute){
		"offset":   func(a *nlp.Attribute) { a.EndOffset = 100 },
		"text":     func(a *nlp.Attribute) { a.Text = "4 days" },
		"category": func(a *nlp.Attribute) { a.Category = "X" },
		"type":     func(a *nlp.Attribute) { a.Type = "" },
		"relation": func(a *nlp.Attribute) { a.RelationshipScore = math.Inf(1) },
		"trait":    func(a *nlp.Attribute) { a.Traits = []nlp.Trait{{}} },
	} {
		t.Run("attribute's "+name, func(t *testing.T) {
			bad := fever()
			spoil(&bad.Attributes[0])
			found := nlp.Findings{Entities: []nlp.Entity{bad}}
			require.ErrorIs(t, found.Check(checked), nlp.ErrFindings)
			require.ErrorIs(t, found.Clean(checked), nlp.ErrFindings)
			require.Len(t, found.Entities, 1)
			require.Empty(t, found.Entities[0].Attributes)
		})
	}
}

// What can be put right is, without an error.
func TestCleanPutsRight(t *testing.T) {
	first, second := span(checked, "1950"), fever()
	second.Evidence[0].EndOffset = 1000
	for range 6 {
		second.RxNormConcepts = append(second.RxNormConcepts, nlp.Concept{Code: "1"})
	}
	given := []nlp.Entity{second, first}
	found := nlp.Findings{Entities: given}
	require.ErrorIs(t, found.Check(checked), nlp.ErrFindings, "order, ids, evidence, six concepts")
	require.NoError(t, found.Clean(checked))
	require.NoError(t, found.Check(checked))
	require.Equal(t, "1950", found.Entities[0].Text)
	require.Len(t, found.Entities[1].RxNormConcepts, 5)
	require.Empty(t, found.Entities[1].Evidence)
	require.Equal(t, []int{0, 1, 2}, []int{found.Entities[0].ID, found.Entities[1].ID, found.Entities[1].Attributes[0].ID})
	require.Equal(t, "fever", given[0].Text, "the list that was given stays")
}

func TestTooManyFindings(t *testing.T) {
	e := span("x", "x")
	found := nlp.Findings{Entities: make([]nlp.Entity, 2000)}
	for i := range found.Entities {
		found.Entities[i] = e
	}
	require.ErrorIs(t, found.Check("x"), nlp.ErrFindings)
	require.ErrorIs(t, found.Clean("x"), nlp.ErrFindings)
	require.Empty(t, found.Entities)
}

// Offsets are right at every code point of a text, also far from its beginning.
func TestCheckFarInside(t *testing.T) {
	text := strings.Repeat("é😀x ", 300) + "\xff end"
	runes := []rune(text)
	for begin := range runes {
		if runes[begin] == '\uFFFD' {
			continue
		}
		e := nlp.Entity{Text: string(runes[begin]), BeginOffset: begin, EndOffset: begin + 1, Category: nlp.Anatomy, Type: "X"}
		require.NoError(t, (&nlp.Findings{Entities: []nlp.Entity{e}}).Check(text), begin)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("Née fever", "fever", 4, 9, 0.5, "MEDICAL_CONDITION")
	f.Fuzz(func(t *testing.T, text, part string, begin, end int, score float64, category string) {
		e := nlp.Entity{Text: part, BeginOffset: begin, EndOffset: end, Score: score, Category: nlp.Category(category), Type: "X"}
		a := nlp.Attribute{Text: part, BeginOffset: end, EndOffset: begin, Score: score, Type: category}
		e.Attributes = []nlp.Attribute{a}
		found := nlp.Findings{Entities: []nlp.Entity{e, e}, ICD10CM: []nlp.Entity{e}}
		_ = found.Clean(text)
		require.NoError(t, found.Check(text))
	})
}
