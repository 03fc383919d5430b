package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/engine"
)

// A Fault is one thing that [Store.Verify] found wrong: what was looked at (Check:
// "log", "body", "values", "history" or "index"), where (Place) and why (Reason). It
// holds no patient data.
type Fault = engine.Fault

// A VerifyOption says what Verify tells while it works.
type VerifyOption func(*engine.Verification)

// VerifyProgress has f told how many of all versions were read.
func VerifyProgress(f func(done, total int)) VerifyOption {
	return func(v *engine.Verification) { v.Progress = f }
}

// VerifyFaults has f told of each fault; Verify goes on as long as f returns true.
// Without it, Verify stops at the first.
func VerifyFaults(f func(Fault) bool) VerifyOption {
	return func(v *engine.Verification) { v.Fault = f }
}

// Verify reads every version that the store holds, deletions included, and checks that
// it opens, that its body parses, is canonical and has the id that the index says, that
// its stored search values are what extracting them again gives, and that the versions
// of a resource follow one another. Then it compares the index with one that it makes
// anew from the bodies: postings, columns, dictionaries, totals, histories. It reports
// ErrCorrupt if anything is wrong. Values that another version of this program stored
// are no fault.
//
// A million versions take about ten seconds, and memory for an index of theirs; others
// may read and write meanwhile.
func (s *Store) Verify(ctx context.Context, opts ...VerifyOption) error {
	var v engine.Verification
	for _, opt := range opts {
		opt(&v)
	}
	return s.engine.Verify(ctx, v)
}
