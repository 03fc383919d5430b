package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/engine"
)

// A Fault is one thing that [Store.Verify] found wrong: what was looked at (Check:
// "log", "body", "values", "history" or "index"), where (Place) and why (Reason). It
// holds no patient data.
type Fault struct{ Check, Place, Reason string }

// String returns the fault on one line.
func (f Fault) String() string { return engine.Fault(f).String() }

// Verify reads every version that the store holds, deletions included. It checks that
// the version opens; that its body parses, is canonical and has the id that the index
// says; that its stored search values equal the values extracted again; and that the
// versions of a resource follow one another. Then it makes the index anew from the
// bodies and compares postings, columns, dictionaries, totals and histories. It reports
// ErrCorrupt if there is a fault. Values that another version of this program stored
// are no fault.
//
// A million versions take about ten seconds, and memory for an index of theirs; others
// may read and write meanwhile.
func (s *Store) Verify(ctx context.Context) error { return s.VerifyAll(ctx, nil, nil) }

// VerifyAll is Verify, and tells while it works. fault is told of each fault, and says
// whether to go on; without it the first one ends the work. progress is told how many of
// all versions were read. Either may be nil.
func (s *Store) VerifyAll(ctx context.Context, fault func(Fault) bool, progress func(done, total int)) error {
	if err := s.admin("verify the store"); err != nil {
		return err
	}
	v := engine.Verification{Progress: progress}
	if fault != nil {
		v.Fault = func(f engine.Fault) bool { return fault(Fault(f)) }
	}
	return s.engine.Verify(ctx, v)
}
