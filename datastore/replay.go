package datastore

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/search"
	"golang.org/x/sync/errgroup"
)

// loaded is a record on its way from the log to the index: its items are opened
// by one goroutine while those before it are applied by another. Its memory is
// used again for a later record: opening would otherwise spend a third of its time
// on making and collecting it.
type loaded struct {
	record *txlog.Record
	items  []index.Item
	values []index.Prepared // of the items
	batch  index.Batch      // the memory of values
	part   []byte
	done   chan struct{} // gets a value when items are there
}

// replay applies the whole log. Values parts are opened and prepared on all
// cores; bodies stay sealed. Order is kept by a queue of records in the log's
// order, each of which is waited for.
func (s *Store) replay(ctx context.Context) error {
	workers := runtime.GOMAXPROCS(0)
	loader := s.index.Loader(workers)
	defer loader.Finish()
	g, ctx := errgroup.WithContext(ctx)
	work := make(chan *loaded)
	order := make(chan *loaded, 2*workers)
	free := make(chan *loaded, cap(order)+workers+2) // every loaded there is
	for range cap(free) {
		free <- &loaded{done: make(chan struct{}, 1)}
	}
	g.Go(func() error {
		defer close(work)
		defer close(order)
		for r, err := range s.log.Records(ctx, 1) {
			if err != nil {
				return err
			}
			var l *loaded
			select {
			case l = <-free:
				l.record = r
			case <-ctx.Done():
				return ctx.Err()
			}
			for _, to := range []chan *loaded{order, work} {
				select {
				case to <- l:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	for range workers {
		g.Go(func() error {
			for l := range work {
				if err := s.load(l); err != nil {
					return err
				}
				l.done <- struct{}{}
			}
			return nil
		})
	}
	g.Go(func() error {
		for l := range order {
			select {
			case <-l.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			r := l.record
			if err := loader.Apply(r.Sequence, r.Time, indexOrdinal(r.First), l.items); err != nil {
				return fmt.Errorf("%w: record %d: %w", ErrCorrupt, r.Sequence, err)
			}
			l.record = nil
			free <- l
		}
		return nil
	})
	return g.Wait()
}

// load opens the values parts of a record and prepares them.
func (s *Store) load(l *loaded) error {
	n := l.record.Items
	l.items = slices.Grow(l.items[:0], n)[:n]
	l.values = slices.Grow(l.values[:0], n)[:n]
	l.batch.Reset()
	for i := range l.items {
		part, err := l.record.Values(i, l.part[:0])
		if err != nil {
			return err
		}
		l.part = part
		h, block, err := splitItem(part)
		if err != nil {
			return err
		}
		if h.extractor != search.Version() && !h.deleted {
			if block, err = s.extractAgain(indexOrdinal(l.record.First) + index.Ordinal(i)); err != nil {
				return err
			}
		}
		if err := s.index.PrepareIn(&l.batch, &l.values[i], block); err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		l.items[i] = index.Item{
			Type: index.TypeID(h.typ), ID: h.id, Version: h.version, Deleted: h.deleted, Values: &l.values[i],
		}
		if h.deleted {
			l.items[i].Values = nil
		}
	}
	return nil
}
