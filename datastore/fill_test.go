package datastore

import (
	"context"
	"fmt"
	"testing"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/stretchr/testify/require"
)

// hold occupies the writer. What is put into the queue before it is released is
// carried out after that, in its order.
func hold(s *Store) (release func()) {
	held, release := occupy(s)
	<-held
	return release
}

// occupy puts a commit into the queue that occupies the writer when its turn comes.
func occupy(s *Store) (held chan struct{}, release func()) {
	held, free := make(chan struct{}), make(chan struct{})
	s.queue <- &commit{done: make(chan struct{}), turn: func() {
		close(held)
		<-free
	}}
	return held, func() { close(free) }
}

const someParameter = `{"resourceType":"SearchParameter","id":"sp","url":"http://example.org/sp","name":"sp","status":"active","description":"d",
	"code":"initial","base":["Patient"],"type":"token","expression":"Patient.name.family.substring(0, 1)"}`

// TestQueryBeforeComplete asks for a parameter at each stage: the writer is held, so
// that the filler cannot go on.
func TestQueryBeforeComplete(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, "mem:", nil)
	require.NoError(t, err)
	write := func(id, family string) {
		_, err := s.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Patient","id":"%s","name":[{"family":"%s"}]}`, id, family))
		require.NoError(t, err)
	}
	for i := range 3 * fillChunk {
		write(fmt.Sprint(i), "Ann")
	}
	submit := func(source string) *commit {
		p, err := s.prepare(ctx, []byte(source), "", check{})
		require.NoError(t, err)
		c := &commit{ops: []op{{prepared: p}}, done: make(chan struct{})}
		s.queue <- c
		return c
	}
	release := hold(s)
	defined := submit(someParameter)
	held, next := occupy(s)
	release()
	<-held
	<-defined.done
	require.NoError(t, defined.err)
	for _, query := range []string{"initial=a", "initial:missing=true", "_sort=initial", "_filter=initial eq a"} {
		for _, opts := range [][]SearchOption{nil, {Lenient()}} {
			_, err = s.Search(ctx, "Patient", query, opts...)
			require.ErrorIs(t, err, ErrIndexing, query)
			require.ErrorContains(t, err, "0 of 1537")
		}
	}
	for _, query := range []string{"subject:Patient.initial=a", "subject.initial=a", "_sort=subject:Patient.initial", "_filter=subject.initial eq a"} {
		_, err = s.Search(ctx, "Observation", query)
		require.ErrorIs(t, err, ErrIndexing, query)
	}
	require.Equal(t, 503, Status(err))
	require.False(t, s.SearchParameters()[0].Complete)
	for _, p := range s.Parameters("Patient") {
		require.NotEqual(t, "initial", p.Code)
	}

	// The filler gets a turn at most, and then none while the writer is held again.
	held, last := occupy(s)
	next()
	<-held
	_, err = s.Search(ctx, "Patient", "initial=a")
	require.ErrorIs(t, err, ErrIndexing)
	last()
	require.NoError(t, s.WaitIndexed(ctx))
	page, err := s.Search(ctx, "Patient", "initial=a&_count=0")
	require.NoError(t, err)
	require.Equal(t, 3*fillChunk, page.Total)

	// What was prepared before the parameter changed is extracted again.
	release = hold(s)
	retired := submit(someParameter[:len(someParameter)-len(`substring(0, 1)"}`)] + `substring(1, 1)"}`)
	late := submit(`{"resourceType":"Patient","id":"late","name":[{"family":"Bob"}]}`)
	release()
	<-retired.done
	<-late.done
	require.NoError(t, s.WaitIndexed(ctx))
	page, err = s.Search(ctx, "Patient", "initial=o")
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
	require.NoError(t, s.Close())
}

// TestFillEnds checks that a filling ends although more is written between its turns
// than it extracts.
func TestFillEnds(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, "mem:", &Options{SearchParameters: [][]byte{[]byte(someParameter)}})
	require.NoError(t, err)
	require.NoError(t, s.WaitIndexed(ctx))
	_, err = s.Write(ctx, func(tx *Tx) error { return fillWith(ctx, tx, "old", 2*fillChunk) })
	require.NoError(t, err)

	// A filling of which each turn of the writer comes after a large commit.
	release := hold(s)
	old := s.engine.CustomSet()
	s.engine.Define(nil)
	s.engine.Define(s.parameters.given)
	require.NotEqual(t, old, s.engine.CustomSet())
	p := s.engine.Pending()
	f := &filling{store: s, pending: p, seen: s.index.View().Last()}
	f.choose()
	release()
	turns := 0
	for ended := false; !ended; turns++ {
		require.Less(t, turns, 10)
		view := s.index.View()
		end, err := f.extract(ctx, view, view.Last(), fillChunk)
		require.NoError(t, err)
		_, err = s.Write(ctx, func(tx *Tx) error { return fillWith(ctx, tx, fmt.Sprint("turn", turns), 2*fillChunk) })
		require.NoError(t, err)
		turn := &commit{turn: func() { ended, err = f.turn(end) }}
		require.NoError(t, s.submit(ctx, turn))
		require.NoError(t, err)
	}
	page, err := s.Search(ctx, "Patient", "initial=a&_count=0")
	require.NoError(t, err)
	require.Equal(t, 2*fillChunk*(turns+1), page.Total)
	require.NoError(t, s.Close())
}

func fillWith(ctx context.Context, tx *Tx, name string, n int) error {
	for i := range n {
		source := fmt.Appendf(nil, `{"resourceType":"Patient","id":"%s-%d","name":[{"family":"Ann"}]}`, name, i)
		if _, err := tx.Update(ctx, source, WithoutInvariants()); err != nil {
			return err
		}
	}
	return nil
}

// TestFillFails checks that a version that cannot be read leaves the parameter
// unused, and that the store says so.
func TestFillFails(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, "mem:", nil)
	require.NoError(t, err)
	given, err := givenDefinitions([][]byte{[]byte(someParameter)})
	require.NoError(t, err)
	release := hold(s)
	// A version that the log does not have stands for one that it cannot read.
	require.NoError(t, s.index.Apply(1, 0, 1, []index.Item{{Type: index.TypeID(schema.TypePatient), ID: "lost"}}))
	s.engine.Define(given)
	s.parameters.wake <- struct{}{}
	release()
	require.ErrorContains(t, s.WaitIndexed(ctx), "indexing initial")
	status := s.SearchParameters()
	require.Len(t, status, 1)
	require.False(t, status[0].Complete)
	require.NotEmpty(t, status[0].Issues)
	_, err = s.Search(ctx, "Patient", "initial=a")
	require.ErrorIs(t, err, ErrIndexing)
	require.ErrorContains(t, err, "could not be indexed")
	require.NoError(t, s.Close())
}
