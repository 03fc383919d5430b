package index

import (
	"iter"
	"sort"
)

// MaxVersion is the highest version number that a resource can have.
const MaxVersion = maxVersion

// A CommitRange has the ordinals of a commit.
type CommitRange struct {
	Sequence    uint64
	Time        int64 // microseconds since the Unix epoch
	First, Last Ordinal
}

// Commits iterates over the view's commits after a sequence, in their order.
func (v View) Commits(after uint64) iter.Seq[CommitRange] {
	return func(yield func(CommitRange) bool) {
		n := uint32(sort.Search(int(v.s.records), func(i int) bool { return v.x.records.at(uint32(i)).sequence > after }))
		first := FirstOrdinal
		if n > 0 {
			first = v.x.records.at(n-1).last + 1
		}
		for ; n < v.s.records; n++ {
			r := v.x.records.at(n)
			if !yield(CommitRange{r.sequence, r.time, first, r.last}) {
				return
			}
			first = r.last + 1
		}
	}
}
