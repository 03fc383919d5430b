package txlogtest_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
)

// A store's writer declares what it wants of a log; both logs are one.
type writersLog interface {
	Append(ctx context.Context, b *txlog.Batch) (txlog.Position, error)
	Last() txlog.Last
	Term() uint64
	Find(ctx context.Context, id [16]byte) (uint64, bool, error)
	Records(ctx context.Context, from uint64) iter.Seq2[*txlog.Record, error]
	Values(n txlog.Number, dst []byte) ([]byte, error)
	Body(n txlog.Number, dst []byte) ([]byte, error)
	Segments() []txlog.Segment
	Roll(ctx context.Context) error
	Rewrite(ctx context.Context, names []uint64, change txlog.Change) error
	Dictionaries() map[uint32][]byte
	AddDictionary(ctx context.Context, content []byte) (uint32, error)
	Head() txlog.Pin
	Holds(ctx context.Context, pin txlog.Pin) (bool, error)
	HashKey() [16]byte
	StoreID() [16]byte
	Lineage() [16]byte
	Created() time.Time
	Close() error
}

var (
	_ writersLog = (*txlog.Log)(nil)
	_ writersLog = (*txlogtest.Log)(nil)
)

// TestWriterCopes lets a writer append through all faults, as one should: it
// looks for its record after an unknown outcome, and catches up after a
// conflict. Each of its commits is then there once.
func TestWriterCopes(t *testing.T) {
	inner, err := txlog.Open(t.Context(), "mem:", nil)
	require.NoError(t, err)
	var log writersLog
	faulty := txlogtest.Wrap(inner, txlogtest.Faults{Seed: 3, Conflict: 0.2, Lost: 0.1, Vanished: 0.1, Fail: 0.1, Delay: 0.3})
	log = faulty
	const commits = 200
	for i := range commits {
		id := [16]byte{byte(i), byte(i >> 8), 1}
		for {
			last := log.Last()
			_, err := log.Append(t.Context(), &txlog.Batch{Expect: last.Sequence, Term: log.Term(), ID: id,
				Commits: []txlog.Commit{{Time: last.Time + 1, Items: []txlog.Item{{Body: []byte{byte(i)}}}}}})
			if errors.Is(err, txlog.ErrOutcomeUnknown) {
				_, found, err := log.Find(t.Context(), id)
				require.NoError(t, err)
				if found {
					break
				}
				continue
			}
			if errors.Is(err, txlogtest.ErrFault) || errors.Is(err, txlog.ErrConflict) {
				continue
			}
			require.NoError(t, err)
			break
		}
	}
	own, foreign := 0, 0
	for r, err := range log.Records(t.Context(), 0) {
		require.NoError(t, err)
		if r.Kind(0) == txlog.State {
			foreign++
			continue
		}
		body, err := r.Body(0, nil)
		require.NoError(t, err)
		require.Equal(t, []byte{byte(own)}, body)
		own++
	}
	counts := faulty.Counts()
	require.Equal(t, commits, own)
	require.Equal(t, counts.Conflict, foreign)
	for _, n := range []int{counts.Conflict, counts.Lost, counts.Vanished, counts.Fail, counts.Delay} {
		require.Positive(t, n)
	}
	require.NoError(t, log.Close())
}
