package engine

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Commit has the operations of one caller: all are written or none.
type Commit struct {
	Ops []Op
	// Expects are searches on whose answers the operations depend.
	Expects []Expectation
	// Needs are resources that must exist before the operations are done.
	Needs []Need
	// States are set together with the operations.
	States []State
	// Annotation says who asked and why. It is sealed with the commit and empty by
	// default.
	Annotation []byte
	// By is who asks: an operation that is not permitted fails the commit. A nil Access
	// permits everything.
	By *Access
}

// A Need names a resource that must exist.
type Need struct {
	Type schema.TypeID
	ID   string
}

// An Op is one operation on one resource.
type Op struct {
	*Prepared
	Condition
	Interaction Interaction
}

// A Condition is what must hold of the resource for its operation to be done.
// The zero Condition always holds.
type Condition struct {
	IfMatch   uint64 // the current version's number; 0 is any
	MustExist bool   // refused with ErrNotFound or ErrGone where there is no resource
	MustNot   bool   // refused with ErrPreconditionFailed where there is one
	// SkipSame makes an update with the content of the current version succeed and
	// write nothing. It goes with How.Compare.
	SkipSame bool
	// SkipRefused makes a version whose number or time is kept succeed and write
	// nothing if it does not follow the newest version.
	SkipRefused bool
	// SkipChanged makes an operation whose IfMatch does not hold succeed and write nothing.
	SkipChanged bool
	// SkipAbsent makes the deletion of an absent resource succeed and write nothing.
	SkipAbsent bool

	// based says that the operation was permitted for base, the newest version of the
	// resource, 0 for none: if there is another one by now, it has to be permitted again.
	based bool
	base  index.Ordinal
}

// A State is a named value that the store keeps beside its resources. The last value
// of a name counts; a nil value forgets the name.
type State struct {
	Name  string
	Value []byte
	// Effects has the writer append the Effect of each operation to the value.
	Effects bool
}

// An Effect says what an operation came to. It is a letter, which State.Effects has the
// log keep.
type Effect byte

// The effects.
const (
	NoEffect  Effect = 'n' // there was nothing to delete
	Created   Effect = 'c' // there was no resource before
	Updated   Effect = 'u' // a version followed another one
	Unchanged Effect = 's' // the current version holds the same
	Deleted   Effect = 'd'
	Refused   Effect = 'r' // the version was out of order (SkipRefused)
)

// A Version describes a version of a resource.
type Version struct {
	Type        schema.TypeID
	ID          string
	Number      uint64 // from 1; 0 of an operation that wrote nothing
	Ordinal     index.Ordinal
	Sequence    uint64 // of its commit
	Micros      int64  // time of its commit, since the Unix epoch
	Deleted     bool
	Created     bool // there was no resource before
	Unchanged   bool // the current version holds the same, and nothing was written
	Interaction Interaction
	Issues      []Issue // what was found and accepted
	Refused     error   // why nothing was written (SkipRefused)
}

// Effect returns the effect of the operation that v answers.
func (v *Version) Effect() Effect {
	switch {
	case v.Refused != nil:
		return Refused
	case v.Number == 0:
		return NoEffect
	case v.Unchanged:
		return Unchanged
	case v.Deleted:
		return Deleted
	case v.Created:
		return Created
	}
	return Updated
}

// Ref returns "Type/id".
func (v *Version) Ref() string { return v.Type.String() + "/" + v.ID }

// VersionID returns the version number as FHIR writes it.
func (v *Version) VersionID() string { return strconv.FormatUint(v.Number, 10) }

// Time returns the time of the version's commit, UTC.
func (v *Version) Time() time.Time { return time.UnixMicro(v.Micros).UTC() }

// A submission is a commit on its way through the writer.
type submission struct {
	*Commit
	moment moment
	// strict makes the writer search itself, with a small limit of cost, where it
	// cannot decide a condition otherwise.
	strict bool
	// turn, if it is set, is all that the submission is for: the writer calls it
	// between two records.
	turn func() error

	// Set by the writer before done is closed.
	versions []Version // one for each operation, and then for each of extra
	extra    []Op      // of derived resources
	err      error
	done     chan struct{}
}

// op returns an operation by the place of its version.
func (s *submission) op(i int) *Op {
	if i < len(s.Ops) {
		return &s.Ops[i]
	}
	return &s.extra[i-len(s.Ops)]
}

// The writer sends these errors back to the goroutine that asked.
var (
	errAsk   = errors.New("datastore: a condition by search must be asked again")
	errRenew = errors.New("datastore: search parameters changed")
	errBase  = errors.New("datastore: a resource changed after its operation was permitted")
)

// askRounds is how often a condition by search goes back to be asked again outside the
// writer before the writer asks it.
const askRounds = 3

// Commit writes the operations of c: one record of the log, durable and applied when
// it returns, one version for each operation. After an error nothing was written,
// unless it is ErrOutcomeUnknown. It reports ErrOvertaken if a condition by search has
// another answer by now.
//
// The context counts until the writer has the commit: what was handed over is carried
// out.
func (e *Engine) Commit(ctx context.Context, c *Commit) ([]Version, error) {
	s := submission{Commit: c}
	if err := e.permit(ctx, c); err != nil {
		return nil, err
	}
	for round := 0; ; {
		var err error
		if s.moment, err = e.now(ctx); err != nil {
			return nil, err
		}
		for i := range c.Ops {
			for p := range c.Ops[i].all() {
				if err := e.renew(p); err != nil {
					return nil, err
				}
			}
		}
		err = e.submit(ctx, &s)
		switch {
		case errors.Is(err, errOther):
			if err := e.complete(ctx, c.Ops); err != nil {
				return nil, err
			}
		case errors.Is(err, errRenew):
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		case errors.Is(err, errBase):
			if err := e.permit(ctx, c); err != nil {
				return nil, err
			}
		case errors.Is(err, errAsk):
			if err := e.askAgain(ctx, c); err != nil {
				return nil, err
			}
			round++
			s.strict = round >= askRounds
		default:
			if err != nil {
				return nil, err
			}
			versions := s.versions[:len(c.Ops):len(c.Ops)]
			e.tellUnchanged(versions)
			return versions, nil
		}
	}
}

// submit hands a submission to the writer and waits until it is durable and applied,
// or refused.
func (e *Engine) submit(ctx context.Context, s *submission) error {
	s.done, s.err, s.versions, s.extra = make(chan struct{}), nil, nil, nil
	e.closing.RLock()
	if e.closed {
		e.closing.RUnlock()
		return ErrClosed
	}
	select {
	case e.queue <- s:
		e.closing.RUnlock()
	case <-ctx.Done():
		e.closing.RUnlock()
		return ctx.Err()
	}
	<-s.done
	return s.err
}

// take runs f in the writer, between two records.
func (e *Engine) take(ctx context.Context, f func() error) error {
	return e.submit(ctx, &submission{Commit: new(Commit), turn: f})
}

// A key names a resource within a group of commits.
type key struct {
	typ schema.TypeID
	id  string
}

// known is what is known of a resource: the number of its newest version, 0 if
// it never was, and whether that version is a deletion.
type known struct {
	version uint64
	deleted bool
	ordinal index.Ordinal // 0 if it was written in the group at hand
	content content       // if it was, and if it is known
	by      Interaction   // if it was
	derived bool          // whether a version of the group at hand was derived
	micros  int64         // its time; of one that there was before the group, only as needed
}

// exists reports whether there is a resource to read.
func (s known) exists() bool { return s.version > 0 && !s.deleted }

// check reports why a condition does not hold, or nil.
func (c *Condition) check(s known) error {
	switch {
	case c.based && (s.ordinal != c.base || s.ordinal == 0 && s.version > 0):
		return errBase
	case c.MustNot && s.exists():
		return ErrPreconditionFailed
	case c.IfMatch != 0 && (!s.exists() || s.version != c.IfMatch):
		return ErrPreconditionFailed
	case c.MustExist && s.version == 0:
		return ErrNotFound
	case c.MustExist && s.deleted:
		return ErrGone
	}
	return nil
}
