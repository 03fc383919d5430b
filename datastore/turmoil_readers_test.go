package datastore_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
)

// A turmoilFeed follows a store, and keeps what is current by what the feed says alone.
type turmoilFeed struct {
	store    *datastore.Store
	last     datastore.Ref // the feed ends there
	sequence uint64
	time     time.Time
	versions map[datastore.Ref]int
	current  map[datastore.Ref]datastore.Version
}

// followed is how many commits are read before the feed is left and asked for again.
const followed = 25

// follow reads commit after commit. Each version follows the one before it, and nothing
// is missed or told twice, however often the feed is left.
func (f *turmoilFeed) follow(ctx context.Context) error {
	f.versions = map[datastore.Ref]int{}
	for {
		n := 0
		for c, err := range f.store.Changes(ctx, f.sequence) {
			if err != nil {
				return err
			}
			if c.Sequence <= f.sequence || c.Time.Before(f.time) || c.Len() == 0 {
				return fmt.Errorf("commit %d of %d versions at %s comes after %d at %s", c.Sequence, c.Len(), c.Time, f.sequence, f.time)
			}
			f.sequence, f.time = c.Sequence, c.Time
			for v, err := range c.Versions(ctx) {
				if err != nil {
					return err
				}
				if f.versions[v.Ref]++; v.VersionID != strconv.Itoa(f.versions[v.Ref]) || !v.LastUpdated.Equal(c.Time) {
					return fmt.Errorf("version %s of %s comes where %d should", v.VersionID, v.Ref, f.versions[v.Ref])
				}
				if f.current[v.Ref] = v; v.Deleted {
					delete(f.current, v.Ref)
				}
			}
			if _, ok := f.current[f.last]; ok {
				return nil
			}
			if n++; n == followed {
				break
			}
		}
	}
}

// requireCurrent wants the store to hold what the feed has left.
func (f *turmoilFeed) requireCurrent(t *testing.T) {
	n := 0
	for q := "_count=1000"; q != ""; {
		page, err := f.store.Search(ctx, "", q)
		require.NoError(t, err)
		for _, v := range page.Matches {
			require.Equal(t, string(f.current[v.Ref].JSON), string(v.JSON))
			n++
		}
		q = page.Next
	}
	require.Len(t, f.current, n)
}

// A sweepingSink sweeps the store whenever a file begins, and counts lines.
type sweepingSink struct {
	store *datastore.Store
	lines map[string]int
}

func (s sweepingSink) Create(name string) (io.WriteCloser, error) {
	return sweptFile{s, name}, s.store.SweepAll()
}

type sweptFile struct {
	sink sweepingSink
	name string
}

func (f sweptFile) Write(p []byte) (int, error) {
	f.sink.lines[f.name] += bytes.Count(p, []byte("\n"))
	return len(p), nil
}

func (f sweptFile) Close() error { return nil }

// turmoilExport exports a state while others write and sweep: it has what the state
// has, which is still the same then.
func turmoilExport(store *datastore.Store) error {
	now := store.Snapshot()
	defer now.Close()
	totals := map[string]int{}
	for _, typ := range now.Types() {
		page, err := now.Search(ctx, typ, "_count=0")
		if err != nil {
			return err
		}
		totals[typ] = page.Total
	}
	sink := sweepingSink{store, map[string]int{}}
	job, err := export.Start(ctx, now, export.Options{To: sink, Workers: 1})
	if err != nil {
		return err
	}
	result, err := job.Wait()
	if err != nil {
		return err
	}
	for _, f := range result.Files {
		if int(f.Count) != totals[f.Type] || sink.lines[f.Name] != totals[f.Type] {
			return fmt.Errorf("the export has %d %ss in %d lines, the state %d", f.Count, f.Type, sink.lines[f.Name], totals[f.Type])
		}
		delete(totals, f.Type)
	}
	if len(totals) > 0 || !result.TransactionTime.Equal(now.Time()) {
		return fmt.Errorf("the export lacks %d types, or is of another time", len(totals))
	}
	return nil
}
