package engine

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/custom"
	"github.com/stretchr/testify/require"
)

// testOptions are what package datastore makes of none.
func testOptions() Options {
	return Options{Zone: time.UTC, MaxResourceSize: 64 << 20, Logger: slog.New(slog.DiscardHandler)}
}

// openMemory opens a store in memory, and closes it when the test ends.
func openMemory(t *testing.T, options Options) *Engine {
	t.Helper()
	e, err := Open(context.Background(), "mem:", options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// put writes resources under their own ids as one commit.
func put(ctx context.Context, e *Engine, sources ...string) error {
	c := new(Commit)
	for _, source := range sources {
		p, err := e.Prepare(ctx, []byte(source), &How{Check: Check{Level: StructureOnly}})
		if err != nil {
			return err
		}
		c.Ops = append(c.Ops, Op{Prepared: p, Interaction: Update})
	}
	_, err := e.Commit(ctx, c)
	return err
}

// count returns how many resources match a query.
func count(ctx context.Context, e *Engine, t schema.TypeID, query string) (int, error) {
	q, err := e.search.Parse(t, query, false)
	if err != nil {
		return 0, QueryError(err)
	}
	now, err := e.Hold()
	if err != nil {
		return 0, err
	}
	defer now.Release()
	set, err := e.search.Ordinals(ctx, now.View.View, q)
	if err != nil {
		return 0, QueryError(err)
	}
	return int(set.GetCardinality()), nil
}

// occupy puts a turn into the queue that occupies the writer when it comes. What is
// put into the queue before it is released is carried out after that, in its order.
func occupy(e *Engine) (held chan struct{}, release func()) {
	held, free := make(chan struct{}), make(chan struct{})
	e.queue <- &submission{Commit: new(Commit), done: make(chan struct{}), turn: func() error {
		close(held)
		<-free
		return nil
	}}
	return held, func() { close(free) }
}

// hold occupies the writer.
func hold(e *Engine) (release func()) {
	held, release := occupy(e)
	<-held
	return release
}

func patient(id, family string) string {
	return fmt.Sprintf(`{"resourceType":"Patient","id":"%s","name":[{"family":"%s"}]}`, id, family)
}

// patients are n patients of one family.
func patients(name string, n int) []string {
	sources := make([]string, n)
	for i := range sources {
		sources[i] = patient(fmt.Sprint(name, "-", i), "Ann")
	}
	return sources
}

const someParameter = `{"resourceType":"SearchParameter","id":"sp","url":"http://example.org/sp","name":"sp","status":"active","description":"d",
	"code":"initial","base":["Patient"],"type":"token","expression":"Patient.name.family.substring(0, 1)"}`

// TestQueryBeforeComplete asks for a parameter at each stage: the writer is held, so
// that the filler cannot go on.
func TestQueryBeforeComplete(t *testing.T) {
	ctx := context.Background()
	e := openMemory(t, testOptions())
	require.NoError(t, put(ctx, e, patients("p", 3*custom.Chunk)...))
	// send hands a resource to the writer and tells when it was answered.
	send := func(source string) chan error {
		answered := make(chan error, 1)
		handed := make(chan struct{})
		go func() {
			p, err := e.Prepare(ctx, []byte(source), &How{})
			s := &submission{Commit: &Commit{Ops: []Op{{Prepared: p}}}, done: make(chan struct{})}
			s.moment, _ = e.now(ctx)
			e.queue <- s
			close(handed)
			if err == nil {
				<-s.done
				err = s.err
			}
			answered <- err
		}()
		<-handed
		return answered
	}
	release := hold(e)
	defined := send(someParameter)
	held, next := occupy(e)
	release()
	<-held
	require.NoError(t, <-defined)
	for _, query := range []string{"initial=a", "initial:missing=true", "_sort=initial", "_filter=initial eq a"} {
		_, err := count(ctx, e, schema.TypePatient, query)
		require.ErrorIs(t, err, ErrIndexing, query)
		require.ErrorContains(t, err, "0 of 1537")
	}
	for _, query := range []string{"subject:Patient.initial=a", "subject.initial=a", "_sort=subject:Patient.initial", "_filter=subject.initial eq a"} {
		_, err := count(ctx, e, schema.TypeObservation, query)
		require.ErrorIs(t, err, ErrIndexing, query)
		require.Equal(t, 503, Status(err))
	}
	require.False(t, e.SearchParameters()[0].Complete)

	// The filler gets a turn at most, and then none while the writer is held again.
	held, last := occupy(e)
	next()
	<-held
	_, err := count(ctx, e, schema.TypePatient, "initial=a")
	require.ErrorIs(t, err, ErrIndexing)
	last()
	require.NoError(t, e.WaitIndexed(ctx))
	n, err := count(ctx, e, schema.TypePatient, "initial=a")
	require.NoError(t, err)
	require.Equal(t, 3*custom.Chunk, n)

	// What was prepared before the parameter changed goes back to be extracted again.
	release = hold(e)
	retired := send(someParameter[:len(someParameter)-len(`substring(0, 1)"}`)] + `substring(1, 1)"}`)
	late := make(chan error, 1)
	p, err := e.Prepare(ctx, []byte(patient("late", "Bob")), &How{})
	require.NoError(t, err)
	go func() {
		_, err := e.Commit(ctx, &Commit{Ops: []Op{{Prepared: p}}})
		late <- err
	}()
	release()
	require.NoError(t, <-retired)
	require.NoError(t, <-late)
	require.NoError(t, e.WaitIndexed(ctx))
	n, err = count(ctx, e, schema.TypePatient, "initial=o")
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// TestFillFails checks that a version that cannot be read leaves the parameter
// unused, and that the store says so.
func TestFillFails(t *testing.T) {
	ctx := context.Background()
	e := openMemory(t, testOptions())
	given, err := givenDefinitions([][]byte{[]byte(someParameter)})
	require.NoError(t, err)
	release := hold(e)
	// A version that the log does not have stands for one that it cannot read.
	require.NoError(t, e.index.Apply(1, 0, 1, []index.Item{{Type: index.TypeID(schema.TypePatient), ID: "lost"}}))
	e.search.Custom().Define(given)
	release()
	require.ErrorContains(t, e.WaitIndexed(ctx), "indexing initial")
	status := e.SearchParameters()
	require.Len(t, status, 1)
	require.False(t, status[0].Complete)
	require.NotEmpty(t, status[0].Issues)
	_, err = count(ctx, e, schema.TypePatient, "initial=a")
	require.ErrorIs(t, err, ErrIndexing)
	require.ErrorContains(t, err, "could not be indexed")
}
