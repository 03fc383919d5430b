package custom_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/custom"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	initial = "Patient.name.family.substring(0, 1)"
	second  = "Patient.name.family.substring(1, 1)"
)

// requireRefused wants a query to be refused with a code and a reason.
func (s *store) requireRefused(view index.View, query string, code issue.Code, reason string) {
	s.t.Helper()
	_, err := s.count(view, query)
	var refused *param.QueryError
	require.ErrorAs(s.t, err, &refused)
	require.Equal(s.t, code, refused.Code)
	require.ErrorContains(s.t, err, reason)
}

// TestStates takes a parameter through its states.
func TestStates(t *testing.T) {
	s := newStore(t)
	s.put("Ann", 3*custom.Chunk)
	old := s.index.View()
	s.requireRefused(old, "initial=a", issue.NotFound, "unknown")

	require.Equal(t, 1, s.define(map[string]string{"initial": initial}))
	s.requireRefused(old, "initial=a", issue.Transient, "0 of 1536")
	f := s.own.Begin(s)
	step := func() (ended bool) {
		require.NoError(t, f.Extract(t.Context()))
		require.NoError(t, s.Turn(t.Context(), func() (err error) { ended, err = f.Turn(); return err }))
		return ended
	}
	staged := func() bool {
		v := s.own.Values()
		return v.Wanted(schema.TypePatient)
	}
	require.False(t, step())
	s.requireRefused(s.index.View(), "initial=a", issue.Transient, "512 of 1536")
	require.False(t, staged())
	s.put("Abe", 1)
	require.False(t, step())
	require.False(t, staged())
	require.False(t, step()) // one is left
	require.True(t, staged())
	s.put("Bob", 2)
	require.Equal(t, 2, s.own.Kept())
	s.requireRefused(s.index.View(), "initial=a", issue.Transient, "being indexed")
	require.False(t, s.own.Status()[0].InUse)
	require.True(t, step())
	require.Zero(t, s.own.Kept())
	require.True(t, s.own.Status()[0].InUse)
	require.Nil(t, s.own.Begin(s))

	s.put("Bea", 1)
	for query, want := range map[string]int{"initial=a": 3*custom.Chunk + 1, "initial=b": 3, "initial:missing=true": 0} {
		n, err := s.count(s.index.View(), query)
		require.NoError(t, err)
		require.Equal(t, want, n, query)
	}
	s.requireRefused(old, "initial=a", issue.NotSupported, "newer than the state")

	q, err := s.engine.Parse(schema.TypePatient, "initial=a", false)
	require.NoError(t, err)
	require.Equal(t, 1, s.define(map[string]string{"initial": second})) // another parameter, in the place of the first
	_, err = s.engine.Search(t.Context(), s.index.View(), q)
	require.ErrorContains(t, err, "removed or changed")
	s.requireRefused(s.index.View(), "initial=a", issue.Transient, "being indexed")
	s.fill()
	n, err := s.count(s.index.View(), "initial=a")
	require.NoError(t, err)
	require.Zero(t, n, "the numbers are the first one's, the values are not")
	n, err = s.count(s.index.View(), "initial=b")
	require.NoError(t, err)
	require.Equal(t, 1, n)

	require.Zero(t, s.define(nil))
	s.requireRefused(s.index.View(), "initial=a", issue.NotFound, "unknown")
	require.Empty(t, s.own.Status())
}

// TestDroppedWhileFilling drops a parameter between extraction and turn: what was extracted
// for it is not filled in, and what is defined meanwhile is filled.
func TestDroppedWhileFilling(t *testing.T) {
	s := newStore(t)
	s.put("Ann", 10)
	s.define(map[string]string{"initial": initial})
	f := s.own.Begin(s)
	require.NoError(t, f.Extract(t.Context()))
	s.define(map[string]string{"other": second})
	require.NoError(t, s.Turn(t.Context(), func() error {
		ended, err := f.Turn()
		require.True(t, ended)
		return err
	}))
	s.fill()
	for query, want := range map[string]int{"other=a": 0, "other=n": 10} {
		n, err := s.count(s.index.View(), query)
		require.NoError(t, err)
		require.Equal(t, want, n, query)
	}
}

// TestFillEnds checks that a filling ends although more is written between its turns
// than it extracts, and that what was written meanwhile is found.
func TestFillEnds(t *testing.T) {
	s := newStore(t)
	s.put("old", 2*custom.Chunk)
	s.define(map[string]string{"initial": initial})
	f := s.own.Begin(s)
	turn := func() (ended bool) {
		require.NoError(t, s.Turn(t.Context(), func() (err error) { ended, err = f.Turn(); return err }))
		return ended
	}
	turns := 0
	for ended := false; !ended; turns++ {
		require.Less(t, turns, 20)
		require.NoError(t, f.Extract(t.Context()))
		s.put(fmt.Sprint("turn", turns), 2*custom.Chunk)
		ended = turn()
		for turns > 6 && !ended { // kept values grow by two chunks a turn, and a turn adds two
			ended = turn()
		}
	}
	n, err := s.count(s.index.View(), "initial=t")
	require.NoError(t, err)
	require.Equal(t, turns*2*custom.Chunk, n)
	n, err = s.count(s.index.View(), "initial=o")
	require.NoError(t, err)
	require.Equal(t, 2*custom.Chunk, n)
}

// TestRun fills beside a writer, ends when it is told to, and when the store is closed.
func TestRun(t *testing.T) {
	s := newStore(t)
	s.put("Ann", custom.Chunk)
	stop := s.run()
	s.define(map[string]string{"initial": initial})
	for range 20 {
		s.put("Ann", custom.Chunk/4)
	}
	<-s.changes
	n, err := s.count(s.index.View(), "initial=a")
	require.NoError(t, err)
	require.Equal(t, 6*custom.Chunk, n)
	stop()

	stop = s.run()
	s.writer.Lock()
	s.closed = true
	s.writer.Unlock()
	s.define(map[string]string{"initial": initial, "other": second})
	stop()
	s.requireRefused(s.index.View(), "other=n", issue.Transient, "being indexed")
}

// TestFailed checks that a parameter of which a version cannot be read stays unused, that
// the others go on, and that a panic is such a failure.
func TestFailed(t *testing.T) {
	for name, wrong := range map[string]func() error{
		"error": func() error { return errors.New("cannot be read") },
		"panic": func() error { panic("data of a patient") },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			s.put("Ann", 10)
			broken := &brokenStore{s, wrong}
			ctx, cancel := context.WithCancel(t.Context())
			s.define(map[string]string{"initial": initial})
			ended := make(chan struct{})
			go func() { defer close(ended); s.own.Run(ctx, broken, slog.New(slog.DiscardHandler)) }()
			<-s.changes
			cancel()
			<-ended
			status := s.own.Status()
			require.Len(t, status, 1)
			require.Error(t, status[0].Err)
			require.NotContains(t, status[0].Err.Error(), "patient")
			s.requireRefused(s.index.View(), "initial=a", issue.Transient, "could not be indexed")

			s.define(map[string]string{"initial": initial, "other": second})
			s.fill()
			s.requireRefused(s.index.View(), "initial=a", issue.Transient, "could not be indexed")
			n, err := s.count(s.index.View(), "other=n")
			require.NoError(t, err)
			require.Equal(t, 10, n)
		})
	}
}

// A brokenStore is one whose versions cannot be read.
type brokenStore struct {
	*store
	wrong func() error
}

func (s *brokenStore) Document(index.Ordinal, *fhirjson.Document) error { return s.wrong() }

// TestFixed checks that parameters that are fixed do not follow.
func TestFixed(t *testing.T) {
	s := newStore(t)
	s.define(map[string]string{"initial": initial})
	s.fill()
	fixed := s.own.Fixed()
	s.define(nil)
	require.Empty(t, s.own.Status())
	require.Len(t, fixed.Status(), 1)
	_, err := s.engine.Parse(schema.TypePatient, "initial=a", false)
	assert.Error(t, err)
}

// TestNumbersRunOut defines parameters with more streams than there are numbers for: those
// that get none are not used, and the others are.
func TestNumbersRunOut(t *testing.T) {
	component := `{"definition":"http://hl7.org/fhir/SearchParameter/individual-given","expression":"given"}`
	all := make([]*param.Definition, 1<<10+10) // of 32 streams each
	for i := range all {
		source := fmt.Sprintf(`{"resourceType":"SearchParameter","url":"urn:%d","name":"x","status":"active","description":"x","code":"p%d","base":["Patient"],
			"type":"composite","expression":"Patient.name","component":[%s]}`, i, i, strings.Repeat(component+",", 15)+component)
		var doc fhirjson.Document
		require.NoError(t, fhirjson.Parse([]byte(source), &doc, nil))
		var issues []issue.Issue
		all[i], issues = param.ReadDefinition(&doc)
		require.Empty(t, issues)
	}
	own, refused := newStore(t).own, 0
	for _, issues := range own.Define(all) {
		if issues != nil {
			require.Equal(t, issue.TooCostly, issues[0].Code)
			refused++
		}
	}
	require.Equal(t, 10, refused)
	require.Len(t, own.Status(), 1<<10)
}
