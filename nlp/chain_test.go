package nlp_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/nlp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

// finder is a detector.
type finder func(ctx context.Context, text string) (*nlp.Findings, error)

func (f finder) Detect(ctx context.Context, text string) (*nlp.Findings, error) { return f(ctx, text) }

// finds is a detector that finds entities.
func finds(entities ...nlp.Entity) nlp.Detector {
	return finder(func(context.Context, string) (*nlp.Findings, error) {
		return &nlp.Findings{Entities: entities, ModelVersion: "own 1"}, nil
	})
}

func texts(list []nlp.Entity) []string {
	var found []string
	for _, e := range list {
		found = append(found, e.Text)
	}
	return found
}

const note = "No chest pain, takes metformin 500 mg."

func TestChainJoins(t *testing.T) {
	pain, chestPain, metformin, chest := span(note, "pain"), span(note, "chest pain"), span(note, "metformin"), span(note, "chest")
	metformin.Category, chest.Category = nlp.Medication, nlp.Anatomy
	chestPain.ICD10CMConcepts = []nlp.Concept{{Code: "R07.9"}}
	found, err := nlp.Chain(finds(pain), finds(chestPain, metformin), finds(chest)).Detect(t.Context(), note)
	require.NoError(t, err)
	require.NoError(t, found.Check(note))
	require.Equal(t, []string{"chest", "pain", "metformin"}, texts(found.Entities), "the first wins within a category")
	require.Equal(t, "R07.9", found.Entities[1].ICD10CMConcepts[0].Code, "and takes over concepts")
	require.Equal(t, "own 1, own 1, own 1", found.ModelVersion)

	found, err = nlp.Chain().Detect(t.Context(), note)
	require.NoError(t, err)
	require.Empty(t, found.Entities)
}

func TestChainContainsFailures(t *testing.T) {
	bad := span(note, "pain")
	bad.Score = math.NaN()
	failed := errors.New("failed")
	found, err := nlp.Chain(
		finder(func(context.Context, string) (*nlp.Findings, error) { return nil, failed }),
		finder(func(context.Context, string) (*nlp.Findings, error) { panic("oh") }),
		finder(func(context.Context, string) (*nlp.Findings, error) { runtime.Goexit(); return nil, nil }),
		nil,
		finds(bad),
		finds(span(note, "chest pain")),
	).Detect(t.Context(), note)
	require.ErrorIs(t, err, failed)
	require.ErrorIs(t, err, nlp.ErrFindings)
	require.ErrorContains(t, err, "detector 2 of 6: it panicked")
	require.ErrorContains(t, err, "detector 3 of 6: it ended its goroutine")
	require.ErrorContains(t, err, "detector 4 of 6: it panicked")
	require.NotContains(t, err.Error(), "pain")
	require.Equal(t, []string{"chest pain"}, texts(found.Entities))

	found, err = nlp.Chain(finder(func(context.Context, string) (*nlp.Findings, error) { return nil, failed })).Detect(t.Context(), note)
	require.ErrorIs(t, err, failed)
	require.Nil(t, found)
}

func TestChainEndsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(t.Context())
	release, found := make(chan struct{}), make(chan struct{})
	quick := finder(func(context.Context, string) (*nlp.Findings, error) {
		defer close(found)
		return &nlp.Findings{Entities: []nlp.Entity{span(note, "pain")}}, nil
	})
	hangs := finder(func(context.Context, string) (*nlp.Findings, error) {
		<-found
		cancel()
		<-release
		return nil, nil
	})
	_, err := nlp.Chain(quick, hangs).Detect(ctx, note)
	require.ErrorIs(t, err, context.Canceled)
	close(release)
}

// Chain finds the same as a comparison of each with each.
func TestChainOverlaps(t *testing.T) {
	text := strings.Repeat("x", 60)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) []nlp.Entity {
			list := make([]nlp.Entity, rapid.IntRange(0, 8).Draw(t, name))
			for i := range list {
				begin := rapid.IntRange(0, 50).Draw(t, "begin")
				end := begin + rapid.IntRange(1, 10).Draw(t, "length")
				category := rapid.SampledFrom([]nlp.Category{nlp.Condition, nlp.Medication}).Draw(t, "category")
				list[i] = nlp.Entity{ID: i, BeginOffset: begin, EndOffset: end, Text: text[begin:end], Category: category, Type: "X"}
			}
			slices.SortStableFunc(list, func(a, b nlp.Entity) int { return a.BeginOffset - b.BeginOffset })
			return list
		}
		first, second := draw("first"), draw("second")
		want := len(first)
		for _, e := range second {
			if !slices.ContainsFunc(first, func(f nlp.Entity) bool {
				return f.Category == e.Category && f.BeginOffset < e.EndOffset && e.BeginOffset < f.EndOffset
			}) {
				want++
			}
		}
		found, err := nlp.Chain(finds(first...), finds(second...)).Detect(context.Background(), text)
		require.NoError(t, err)
		require.NoError(t, found.Check(text))
		require.Len(t, found.Entities, want)
	})
}

// TestChainLeavesFindings joins findings that a detector gives out again and again.
func TestChainLeavesFindings(t *testing.T) {
	kept := span(note, "metformin")
	dose := span(note, "500 mg")
	kept.ID = 5
	kept.Attributes = []nlp.Attribute{{Type: "STRENGTH", ID: 9, BeginOffset: dose.BeginOffset, EndOffset: dose.EndOffset, Text: dose.Text}}
	chain := nlp.Chain(finds(span(note, "pain")), finds(kept))
	for range 2 {
		found, err := chain.Detect(t.Context(), note)
		require.NoError(t, err)
		require.Equal(t, 2, found.Entities[1].Attributes[0].ID)
		require.Equal(t, 9, kept.Attributes[0].ID)
	}
}
