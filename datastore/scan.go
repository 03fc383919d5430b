package datastore

import (
	"context"
	"iter"
	"slices"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Types returns the names of the resource types that have a current version,
// sorted.
func (s *Snapshot) Types() []string {
	var names []string
	for t := range schema.Types {
		id := schema.TypeID(t)
		if _, ok := schema.ResourceType(id.String()); !ok || s.by.May(access.Search, id) != nil {
			continue
		}
		for range s.current(id) {
			names = append(names, id.String())
			break
		}
	}
	slices.Sort(names)
	return names
}

// Current iterates over the current versions of a resource type in the order of the
// log, without opening them. It reports an [Error] for an unknown type.
func (s *Snapshot) Current(typ string) (iter.Seq[Ordinal], error) {
	t, err := resourceType(typ)
	if err != nil {
		return nil, err
	}
	if err := s.by.May(access.Search, t); err != nil {
		return nil, err
	}
	return s.current(t), nil
}

func (s *Snapshot) current(t schema.TypeID) iter.Seq[Ordinal] {
	return func(yield func(Ordinal) bool) {
		lets := s.judge()
		for o := range s.view.OfType(index.TypeID(t)).All() {
			if s.view.Visible(o) && lets(o) && !yield(Ordinal(o)) {
				return
			}
		}
	}
}

// judge returns a function that reports whether the caller may find a version. What cannot
// be decided is not shown.
func (s *Snapshot) judge() func(index.Ordinal) bool {
	lets := s.view.Judge(context.Background(), s.by, access.Search)
	return func(o index.Ordinal) bool {
		shown, err := lets(o)
		return shown && err == nil
	}
}

// AppendJSON appends the [Version.JSON] of a version to dst. The ordinal must come from
// Current. It allocates only if dst lacks room, and may be called by many goroutines at
// once.
func (s *Snapshot) AppendJSON(dst []byte, o Ordinal) ([]byte, error) {
	return s.view.AppendJSON(dst, index.Ordinal(o))
}
