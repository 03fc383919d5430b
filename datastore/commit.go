package datastore

import (
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

// A commit is what one caller wants written: all of its operations or none.
type commit struct {
	ops []op
	// expects are searches whose answers the operations rest on. The writer asks
	// them again and refuses the commit with errStale if an answer has changed.
	expects []expectation
	// turn, where it is set, is all there is to do: the writer calls it between two
	// records.
	turn func()

	// Set by the writer before done is closed.
	versions []Version // one for each operation, without JSON
	err      error
	done     chan struct{}
}

// An op is one operation on one resource.
type op struct {
	*prepared
	condition
}

// size is about how many bytes the operation takes in the log.
func (o *op) size() int { return len(o.part) + len(o.body) }

// deleted reports whether the operation is a deletion.
func (o *op) deleted() bool { return o.body == nil }

// A condition is what must hold of the resource for its operation to be done.
// The zero condition always holds.
type condition struct {
	ifMatch   uint64 // the current version's number; 0 is any
	mustExist bool   // refused with ErrNotFound or ErrGone where there is no resource
	mustNot   bool   // refused with ErrPreconditionFailed where there is one
	// skipAbsent makes deleting what is not there succeed and write nothing.
	skipAbsent bool
}

// An expectation is a search and the one resource it found, or none.
type expectation struct {
	query *search.Query
	found index.Ordinal // 0 for none
	at    uint64        // sequence of the view that was asked
}

// key names a resource within a group of commits.
type key struct {
	typ schema.TypeID
	id  string
}

// state is what is known of a resource: the number of its newest version, 0 if
// it never was, and whether that version is a deletion.
type state struct {
	version uint64
	deleted bool
}

// exists reports whether there is a resource to read.
func (s state) exists() bool { return s.version > 0 && !s.deleted }

// check reports why a condition does not hold, or nil.
func (c *condition) check(s state) error {
	switch {
	case c.mustNot && s.exists():
		return ErrPreconditionFailed
	case c.ifMatch != 0 && (!s.exists() || s.version != c.ifMatch):
		return ErrPreconditionFailed
	case c.mustExist && s.version == 0:
		return ErrNotFound
	case c.mustExist && s.deleted:
		return ErrGone
	}
	return nil
}
