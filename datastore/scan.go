package datastore

import (
	"iter"
	"slices"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Types returns the names of the resource types that have a current version,
// sorted.
func (s *Snapshot) Types() []string {
	var names []string
	for t := range schema.Types {
		id := schema.TypeID(t)
		if _, ok := schema.ResourceType(id.String()); ok && s.view.OfType(index.TypeID(id)).CountVisible() > 0 {
			names = append(names, id.String())
		}
	}
	slices.Sort(names)
	return names
}

// Current iterates over the current versions of a resource type in the order of
// the log, without opening them. It reports an [Error] for a type that is none.
func (s *Snapshot) Current(typ string) (iter.Seq[Ordinal], error) {
	t, err := resourceType(typ)
	if err != nil {
		return nil, err
	}
	return func(yield func(Ordinal) bool) {
		for o := range s.view.OfType(index.TypeID(t)).All() {
			if s.view.Visible(o) && !yield(Ordinal(o)) {
				return
			}
		}
	}, nil
}

// AppendJSON appends a version as [Version.JSON] has it to dst. The version must
// be one that Current gave. It allocates only where dst lacks room, and may be
// called by many goroutines at once.
func (s *Snapshot) AppendJSON(dst []byte, o Ordinal) ([]byte, error) {
	return s.view.AppendJSON(dst, index.Ordinal(o))
}
