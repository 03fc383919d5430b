package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/issue"
)

// For returns the store as a caller with these rights may use it; nil rights permit
// nothing. What the caller may not see is as if it were not there: reads, searches,
// histories, snapshots, exports and the conditions of writes pass the rights. An operation
// that is not permitted on any resource of its type, or on a resource that the caller sees,
// reports [access.ErrForbidden]; so does an update that would take the id of a resource
// that the caller does not see, and a search with _explain, unless the rights have Admin.
// Deleting what the caller does not see is ErrNotFound.
//
// What concerns the store as a whole wants Admin: [Store.Changes], named state, Stats,
// Backup, Compact, Purge, Erase, Verify, RotateKey and Rewrap.
//
// The rights of the store on which For is called do not count. It is the same store:
// closing one closes the other.
func (s *Store) For(rights *access.Rights) *Store {
	of := *s
	if of.rights = rights; rights == nil {
		of.rights = new(access.Rights)
	}
	return &of
}

// access returns what the caller's rights mean, nil for everything.
func (s *Store) access() *engine.Access {
	if s.rights == nil {
		return nil
	}
	return s.engine.Access(s.rights)
}

// caller returns what page tokens are bound to.
func (s *Store) caller() string {
	if s.rights == nil {
		return ""
	}
	return "\x00" + s.rights.Caller
}

// admin reports ErrForbidden unless the caller may do what concerns the store as a whole.
func (s *Store) admin(what string) error {
	if s.rights == nil || s.rights.Admin {
		return nil
	}
	return engine.Failf(access.ErrForbidden, issue.Forbidden, "the caller may not %s: that concerns the store as a whole", what)
}

// permitted reports ErrForbidden for a query that the caller may not ask, and binds the
// pages of any other to the caller.
func (s *Store) permitted(q *query.Query) error {
	by := s.access()
	if by == nil {
		return nil
	}
	if q.Explain {
		if err := s.admin("have a search explained"); err != nil {
			return err
		}
	}
	q.Bind(s.caller())
	if !q.ChoseTypes() {
		return by.May(access.Search, 0)
	}
	for _, t := range q.Types() {
		if err := by.May(access.Search, t); err != nil {
			return err
		}
	}
	return nil
}

// withhold takes the JSON out of the answer to a write of a resource that the caller may
// change and not see.
func (s *Store) withhold(ctx context.Context, v *Version) error {
	by := s.access()
	if by == nil || v.JSON == nil {
		return nil
	}
	now, err := s.now()
	if err != nil {
		return err
	}
	defer now.Close()
	shown, err := now.view.Shows(ctx, by, index.Ordinal(v.Ordinal))
	if !shown {
		v.JSON = nil
	}
	return err
}
