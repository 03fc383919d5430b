package datastore

import (
	"cmp"
	"fmt"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

// Stats describe the index of a store, which is in memory. The resources lie in the
// log, in a folder or in memory as well.
type Stats struct {
	// Versions is the number of versions, deletions included. Superseded of them are
	// not current, and Swept of the superseded ones are not in the search index any
	// more. All can be read.
	Versions, Superseded, Swept int
	// Types are the resource types that have a version, by name.
	// Resources of a type have a current version; Versions of it were written, deletions
	// included.
	Types []struct {
		Type                string
		Resources, Versions int
	}
	// Bytes of the index, by part: the table of resources, exact values, lists of
	// versions, texts, and what is compared (dates, numbers, references).
	Bytes struct{ Resources, Terms, Postings, Texts, Columns int64 }
	// Held is how many states are held: by snapshots, and by searches, histories and
	// exports under way. HeldSince is when the oldest began. Versions that they see are
	// not swept.
	Held      int
	HeldSince time.Time
	// Unannotated is how many documents wait for an annotation in the background.
	Unannotated int
	// Rotating is true while a rotation of keys has not ended; see [Store.RotateKey].
	Rotating bool
	// Lost is how many damaged bytes this opening cut off behind the last synced commit,
	// after a power failure of a store with SyncInterval or SyncNone. They may have held
	// acknowledged commits.
	Lost int64
	// Limit is the used share, from 0 to 1, of the limit to which the store is nearest,
	// such as the number of versions. The logger is told from 0.8 on; beyond 0.99 only
	// deletions are taken, and other writes report ErrFull.
	Limit float64
	// Checkpoint is the image of the index in the store's folder, from which the store
	// opens fast: the last commit that it has, and its size on the disk. Both are 0 where
	// there is none, as in memory.
	Checkpoint struct {
		Sequence uint64
		Bytes    int64
	}
	// Scrub tells how far the background has verified the part of the log that an opening
	// from a checkpoint leaves unread: bytes, and the damage that was found. All is zero
	// if the opening read the whole log.
	Scrub struct {
		Done, Total int64
		Faults      []Fault
	}
	// Parameters are the shares of search parameters, the largest first.
	Parameters []search.ParameterMemory
}

// Stats looks at the whole index, which takes about 50 ns a value list and holds up
// neither readers nor writers. It reports ErrClosed.
func (s *Store) Stats() (Stats, error) {
	if err := cmp.Or(s.engine.Open(), s.admin("count the store")); err != nil {
		return Stats{}, err
	}
	of := s.engine.Stats()
	held, since := s.engine.Held()
	unannotated, _ := s.engine.Unannotated()
	stats := Stats{
		Held: held, HeldSince: since, Unannotated: unannotated, Rotating: s.engine.Rotating(), Lost: s.engine.Lost(), Limit: s.engine.Limit(),
		Versions: of.Ordinals, Superseded: of.Superseded, Swept: of.Swept,
		Bytes: of.Bytes, Parameters: s.engine.Search().Memory(&of),
	}
	last := s.engine.Last()
	for t := range schema.Types {
		counted := last.OfType(index.TypeID(t))
		if n := counted.Len(); n > 0 {
			stats.Types = append(stats.Types, struct {
				Type                string
				Resources, Versions int
			}{schema.TypeID(t).String(), counted.CountVisible(), n})
		}
	}
	checkpoint, scrub := s.engine.CheckpointInfo(), s.engine.Scrubbed()
	stats.Checkpoint.Sequence, stats.Checkpoint.Bytes = checkpoint.Sequence, checkpoint.Bytes
	stats.Scrub.Done, stats.Scrub.Total = scrub.Done, scrub.Total
	for _, f := range scrub.Faults {
		stats.Scrub.Faults = append(stats.Scrub.Faults, Fault(f))
	}
	sort.Slice(stats.Types, func(i, j int) bool { return stats.Types[i].Type < stats.Types[j].Type })
	return stats, nil
}

// String returns the stats as a table.
func (s Stats) String() string {
	var b strings.Builder
	total := s.Bytes.Resources + s.Bytes.Terms + s.Bytes.Postings + s.Bytes.Texts + s.Bytes.Columns
	fmt.Fprintf(&b, "%d versions, %d superseded, %d swept; index %d bytes (resources %d, terms %d, postings %d, texts %d, columns %d)\n",
		s.Versions, s.Superseded, s.Swept, total, s.Bytes.Resources, s.Bytes.Terms, s.Bytes.Postings, s.Bytes.Texts, s.Bytes.Columns)
	fmt.Fprintf(&b, "%.2g %% of the nearest limit used; %d states held", 100*s.Limit, s.Held)
	if s.Held > 0 {
		fmt.Fprintf(&b, ", the oldest since %s", s.HeldSince.UTC().Format(time.RFC3339))
	}
	if s.Checkpoint.Bytes > 0 {
		fmt.Fprintf(&b, "; checkpoint %d bytes, up to commit %d", s.Checkpoint.Bytes, s.Checkpoint.Sequence)
	}
	if s.Scrub.Total > 0 {
		fmt.Fprintf(&b, "; %d of %d bytes verified, %d faults", s.Scrub.Done, s.Scrub.Total, len(s.Scrub.Faults))
	}
	b.WriteByte('\n')
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "bytes\tvalues\tversions\t  type and parameters\n")
	for _, p := range s.Parameters {
		fmt.Fprintf(w, "%d\t%d\t%d\t  %s %s\n", p.Bytes, p.Values, p.Versions, p.Type, strings.Join(p.Codes, ", "))
	}
	w.Flush()
	return b.String()
}
