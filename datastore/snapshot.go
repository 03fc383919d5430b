package datastore

import (
	"context"
	"iter"
	"time"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/engine"
)

// A Reader answers reads: a [Store] as of its newest state, or a [Snapshot] as of its
// own.
type Reader interface {
	// Read returns the current version of a resource. It reports ErrNotFound or
	// ErrGone.
	Read(ctx context.Context, ref Ref) (Version, error)
	// ReadVersion returns one version of a resource. It reports ErrNotFound, or
	// ErrGone for a version that is a deletion.
	ReadVersion(ctx context.Context, ref Ref, versionID string) (Version, error)
	// History iterates over versions, newest first, deletions included: of one
	// resource, of a type if ref has no ID, or of the whole store if ref is zero. For a
	// resource that never existed it yields ErrNotFound.
	History(ctx context.Context, ref Ref, opts *HistoryOptions) iter.Seq2[Version, error]
	// HistoryPage returns one page of such a history: the newest LastUpdated
	// first, and of versions with the same LastUpdated the last one written first. next
	// is the HistoryOptions.Page of the page that follows, "" on the last. It is good for
	// the same history, whatever is written meanwhile, until its state is swept. It
	// reports an [Error] of class ErrInvalid for a token of another history or store,
	// and ErrStalePage for one of a state that is gone.
	HistoryPage(ctx context.Context, ref Ref, opts *HistoryOptions) (versions []Version, next string, err error)
	// Search answers a query of a resource type with one page, or, where the type
	// is "", of all types or of the types that _type names. The query is that of a URL,
	// without a question mark: name=ann&birthdate=ge1980. It reports an [Error] of
	// class ErrInvalid, ErrTooCostly or ErrIndexing, or ErrStalePage.
	Search(ctx context.Context, resourceType, query string, opts ...SearchOption) (*Page, error)
	// SearchAll iterates over all matches of such a query in the order that it asks for,
	// over one state of the store, without pages: _count changes nothing. What only a page
	// has is an [Error] of class ErrInvalid: included resources, the total alone
	// (_summary=count), _explain, and page tokens; so is _contained. What [Lenient] leaves
	// out is not told.
	SearchAll(ctx context.Context, resourceType, query string, opts ...SearchOption) iter.Seq2[Version, error]
	// At returns the state that is read: that of a Snapshot, which has to stay open, or
	// the newest of a Store. Close it when done. It reports ErrClosed.
	At() (*Snapshot, error)

	reader() // there are no others
}

var (
	_ Reader = (*Store)(nil)
	_ Reader = (*Snapshot)(nil)
)

// A Snapshot is the state of a store after one write. It never changes, however
// much is written, and is safe for use by many goroutines.
type Snapshot struct {
	store *Store
	view  engine.View  // as by may search it
	hold  *engine.Hold // nil where another holds the view
	by    *engine.Access
}

// snapshot returns the snapshot of a view, as the store's caller sees it.
func (s *Store) snapshot(view engine.View) *Snapshot {
	by := s.access()
	return &Snapshot{store: s, view: by.Through(access.Search, view), by: by}
}

// Snapshot returns the newest state. It costs less than a microsecond. Close it when
// done: versions that an open snapshot sees stay in the index, and take memory there,
// when they are superseded. The snapshot of a closed store reads nothing.
func (s *Store) Snapshot() *Snapshot {
	now, err := s.now()
	if err != nil {
		return s.snapshot(s.engine.Last())
	}
	return now
}

// Close releases the snapshot. Closing again does nothing. A closed snapshot still
// reads by id and has its histories; a search of it may report ErrStalePage.
func (s *Snapshot) Close() {
	if s.hold != nil {
		s.hold.Release()
	}
}

// now returns the newest state, or ErrClosed.
func (s *Store) now() (*Snapshot, error) {
	hold, err := s.engine.Hold()
	if err != nil {
		return nil, err
	}
	now := s.snapshot(hold.View)
	now.hold = hold
	return now, nil
}

// Sequence returns the sequence of the snapshot's newest commit, 0 for an empty store.
func (s *Snapshot) Sequence() uint64 { return s.view.Sequence() }

// Time returns the time of that commit.
func (s *Snapshot) Time() time.Time { return time.UnixMicro(s.view.Time()).UTC() }

// At implements [Reader].
func (s *Store) At() (*Snapshot, error) { return s.now() }

// At implements [Reader]. The snapshot holds the state itself.
func (s *Snapshot) At() (*Snapshot, error) {
	return &Snapshot{store: s.store, view: s.view, by: s.by}, s.view.Open()
}

func (s *Store) reader()    {}
func (s *Snapshot) reader() {}
