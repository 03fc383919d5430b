package txlog

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFull: what would use up numbers or sequences is refused, and nothing is
// written.
func TestFull(t *testing.T) {
	l, err := Open(t.Context(), "mem:", nil)
	require.NoError(t, err)
	defer l.Close()
	for _, last := range []Last{{Sequence: maxSequence, Next: 1}, {Sequence: 1, Next: maxNumber}} {
		st := *l.state.Load()
		st.last = last
		l.state.Store(&st)
		_, err := l.Append(context.Background(), &Batch{Expect: last.Sequence, Term: l.Term(), Commits: []Commit{{Items: []Item{{}}}}})
		require.ErrorIs(t, err, ErrFull)
	}
}
