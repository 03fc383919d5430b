package engine

import (
	"context"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/fhirlake/fhirlake/internal/index"
)

// renewBatch is how many versions are extracted before they are applied.
const renewBatch = 8192

// continueFrom brings what a checkpoint has up to date.
func (e *Engine) continueFrom(ctx context.Context, s *checkpointState) error {
	stale := s.stale()
	if len(stale) > 0 {
		s.customs = nil // their values would be taken out with the others: they are filled anew
	}
	e.search.Custom().Restored(s.customs)
	return e.renewTypes(ctx, stale)
}

// renewTypes makes the values of some types anew in an index that was restored: their
// extractor changed since. All other types keep what the checkpoint has of them.
func (e *Engine) renewTypes(ctx context.Context, types []index.TypeID) error {
	if len(types) == 0 {
		return nil
	}
	e.options.Logger.InfoContext(ctx, "datastore: search values are extracted otherwise now; some types are indexed anew", "types", len(types))
	twin, view := e.index.Twin(), e.index.View()
	var commits []index.CommitRange
	var items [][]index.Item
	n := 0
	flush := func() error {
		if err := e.prepareAgain(ctx, commits, items); err != nil {
			return err
		}
		for i, c := range commits {
			if err := twin.Apply(c.Sequence, c.Time, c.First, items[i]); err != nil {
				return err
			}
		}
		commits, items, n = commits[:0], items[:0], 0
		return nil
	}
	for c := range view.Commits(0) {
		its := make([]index.Item, c.Last+1-c.First)
		found := 0
		for i := range its {
			o := c.First + index.Ordinal(i)
			typ, id := view.Key(o)
			if view.Hole(o) || !slices.Contains(types, typ) {
				its[i].Hole = true
				continue
			}
			its[i] = index.Item{Type: typ, ID: id, Version: view.VersionNumber(o), Deleted: view.Deleted(o)}
			found++
		}
		if found == 0 {
			continue
		}
		commits, items = append(commits, c), append(items, its)
		if n += found; n >= renewBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return e.index.Renew(ctx, twin, types)
}

// prepareAgain prepares the values of versions that are in the index, on all cores. What
// was swept stays without.
func (e *Engine) prepareAgain(ctx context.Context, commits []index.CommitRange, items [][]index.Item) error {
	view := e.index.View()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range commits {
		for part := range slices.Chunk(items[i], 512) {
			first := c.First
			c.First += index.Ordinal(len(part))
			g.Go(func() error {
				var payload []byte
				for j := range part {
					it, o := &part[j], first+index.Ordinal(j)
					if it.Hole || it.Deleted || view.Swept(o) {
						continue
					}
					if err := ctx.Err(); err != nil {
						return err
					}
					var err error
					if payload, err = e.payloadOf(o, payload[:0]); err != nil {
						return err
					}
					it.Values = new(index.Prepared)
					if err := e.index.Prepare(it.Values, payload); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	return g.Wait()
}
