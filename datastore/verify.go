package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/engine"
)

// A Fault is one fault that [Store.Verify] found: the check that failed ("log", "body",
// "values", "history" or "index"), its Place and its Reason. It holds no patient data.
type Fault = engine.Fault

// A VerifyOption sets a function that Verify calls while it works.
type VerifyOption func(*engine.Verification)

// VerifyProgress calls f with the number of versions read and of all versions.
func VerifyProgress(f func(done, total int)) VerifyOption {
	return func(v *engine.Verification) { v.Progress = f }
}

// VerifyFaults calls f with each fault; Verify goes on as long as f returns true.
// Without it, Verify stops at the first fault.
func VerifyFaults(f func(Fault) bool) VerifyOption {
	return func(v *engine.Verification) { v.Fault = f }
}

// Verify reads every version that the store holds, deletions included. It checks that
// the version opens; that its body parses, is canonical and has the id that the index
// says; that its stored search values equal the values extracted again; and that the
// versions of a resource follow one another. Then it makes the index anew from the
// bodies and compares postings, columns, dictionaries, totals and histories. It reports
// ErrCorrupt if there is a fault. Values that another version of this program stored
// are no fault.
//
// A million versions take about ten seconds, and the memory of a second index of them;
// others may read and write meanwhile.
func (s *Store) Verify(ctx context.Context, opts ...VerifyOption) error {
	var v engine.Verification
	for _, opt := range opts {
		opt(&v)
	}
	return s.engine.Verify(ctx, v)
}
