package datastore_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
)

// A faultTrial is one work of a store on a disk that fails.
type faultTrial struct {
	key, other datastore.KeyWrapper // one of them opens the store
	current    map[string]string
	acked      []int // writes that were acknowledged
	failed     []int // writes that the store must not have
	unknown    bool
}

func (f *faultTrial) open(d *txlogtest.Disk, durability datastore.Durability) (*datastore.Store, error) {
	var err error
	for _, key := range []datastore.KeyWrapper{f.key, f.other} {
		var log *txlog.Log
		log, err = txlog.Open(ctx, "", &txlog.Options{FS: d, Wrapper: key, SegmentSize: 6000, Durability: txlog.Durability(durability)})
		if err == nil {
			return datastore.OpenLog(ctx, log, &datastore.Options{Key: key})
		}
		if !errors.Is(err, txlog.ErrWrongKey) {
			break
		}
	}
	return nil, err
}

// write writes pairs of resources, each pair as one commit.
func (f *faultTrial) write(s *datastore.Store) (first error) {
	for i := range 6 {
		tx := s.Begin()
		for _, name := range []string{"a", "b"} {
			if _, err := tx.Update(ctx, patient(fmt.Sprintf("w%d-%s", i, name), "Pair")); err != nil {
				return err
			}
		}
		switch _, err := tx.Commit(ctx); {
		case err == nil:
			f.acked = append(f.acked, i)
		case errors.Is(err, datastore.ErrOutcomeUnknown):
			f.unknown, first = true, err
		default:
			f.failed = append(f.failed, i)
			first = errors.Join(first, err)
		}
	}
	return first
}

// faultWorks are what is done while the disk fails, by name.
var faultWorks = map[string]func(f *faultTrial, s *datastore.Store) error{
	"write":      (*faultTrial).write,
	"erase":      func(_ *faultTrial, s *datastore.Store) error { return removals["erase"](s) },
	"compact":    func(_ *faultTrial, s *datastore.Store) error { return removals["compact"](s) },
	"purge":      func(_ *faultTrial, s *datastore.Store) error { return removals["purge"](s) },
	"rotate":     func(_ *faultTrial, s *datastore.Store) error { return s.RotateKey(ctx, nil) },
	"checkpoint": func(_ *faultTrial, s *datastore.Store) error { return s.Checkpoint() },
	"rewrap":     func(f *faultTrial, s *datastore.Store) error { return s.Rewrap(ctx, f.other) },
	"backup": func(_ *faultTrial, s *datastore.Store) error {
		_, err := s.Backup(ctx, io.Discard, 0)
		return err
	},
}

// faultBase makes a store of eraseStory, and returns its files.
func faultBase(t *testing.T) (f faultTrial, files map[string][]byte) {
	f = faultTrial{key: datastore.RawKey([32]byte{1}), other: datastore.RawKey([32]byte{2})}
	d := txlogtest.NewDisk()
	store, err := f.open(d, 0)
	require.NoError(t, err)
	eraseStory(t, store)
	f.current = currentOf(t, store)
	require.NoError(t, store.Checkpoint())
	require.NoError(t, store.Close())
	return f, d.Files()
}

// requireSound checks the store after a trial. err is what its work reported.
func (f *faultTrial) requireSound(t *testing.T, store *datastore.Store, work string, err error) {
	t.Helper()
	if removals[work] != nil {
		requireRemoved(t, store, work, f.current, err == nil)
		return
	}
	require.NoError(t, store.Verify(ctx))
	now := currentOf(t, store)
	for ref, json := range f.current {
		require.Equal(t, json, now[ref], ref)
		delete(now, ref)
	}
	for i := range 6 {
		a, hasA := now[fmt.Sprintf("Patient/w%d-a", i)]
		_, hasB := now[fmt.Sprintf("Patient/w%d-b", i)]
		require.Equal(t, hasA, hasB, "half of a commit")
		require.True(t, hasA || !slices.Contains(f.acked, i), "a commit is lost")
		require.False(t, hasA && slices.Contains(f.failed, i), "a commit that failed is there: %s", a)
		delete(now, fmt.Sprintf("Patient/w%d-a", i))
		delete(now, fmt.Sprintf("Patient/w%d-b", i))
	}
	require.Empty(t, now)
	again := faultTrial{other: f.key}
	require.NoError(t, faultWorks[work](&again, store), "it is done again")
	require.NoError(t, store.Verify(ctx))
}

// faultModes are the ways in which operations of the disk fail.
var faultModes = []string{"operations failed once", "operations failed for good", "full disks", "looks failed"}

// TestFaults lets every operation of the disk fail while a store writes, erases, purges,
// compacts, rotates its keys, writes a checkpoint, takes another key or is backed up. Then
// the process ends, or the power. The store that is opened again is whole.
func TestFaults(t *testing.T) {
	base, files := faultBase(t)
	var counts longrun.Counts
	rng := rand.New(rand.NewPCG(7, 8))
	for _, work := range slices.Sorted(maps.Keys(faultWorks)) {
		clean := txlogtest.DiskOf(files)
		f := base
		store, err := f.open(clean, 0)
		require.NoError(t, err)
		ops, looks := clean.Done(), clean.Looked()
		require.NoError(t, faultWorks[work](&f, store))
		require.NoError(t, store.Close())
		ops, looks = clean.Done()-ops, clean.Looked()-looks
		for _, mode := range faultModes {
			most := ops
			if mode == "looks failed" {
				most = min(looks, longrun.Of(looks, 300))
			}
			step := longrun.Of(max(1, most/3), 1)
			for at := 1 + rng.IntN(step); at <= most; at += step {
				for _, power := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s/%d/power %v", work, mode, at, power), func(t *testing.T) {
						base.try(t, files, work, mode, at, rng, power)
					})
					counts.Add(mode)
				}
			}
		}
	}
	counts.Tell(t)
}

// try does a work on a disk that fails, and opens the store again.
func (f faultTrial) try(t *testing.T, files map[string][]byte, work, mode string, at int, rng *rand.Rand, power bool) {
	d := txlogtest.DiskOf(files)
	d.Dead, d.Full = mode == "operations failed for good", mode == "full disks"
	store, err := f.open(d, 0)
	require.NoError(t, err)
	if mode == "looks failed" {
		d.LookFailsIn(at)
	} else {
		d.FailIn(at)
	}
	done := faultWorks[work](&f, store)
	if done != nil && work != "write" {
		require.True(t, errors.Is(done, txlogtest.ErrFault) || errors.Is(done, datastore.ErrReadOnly) || errors.Is(done, datastore.ErrOutcomeUnknown), "%v", done)
		require.NotErrorIs(t, done, datastore.ErrCorrupt)
	}
	if power {
		after := d.Crash(rng)
		_ = store.Close() // its error is the fault's
		d = after
	} else {
		_ = store.Close()
	}
	store, err = f.open(d.Restart(), 0)
	require.NoError(t, err, "%s failed: %v", d.Failed, done)
	f.requireSound(t, store, work, done)
	require.NoError(t, store.Close())
}

// TestSyncsLie lets the power fail on a disk that confirms syncs without writing. The store
// reports damage then, or it is whole.
func TestSyncsLie(t *testing.T) {
	base, files := faultBase(t)
	var counts longrun.Counts
	rng := rand.New(rand.NewPCG(9, 10))
	for range longrun.Of(3, 60) {
		for _, work := range slices.Sorted(maps.Keys(faultWorks)) {
			f, d := base, txlogtest.DiskOf(files)
			store, err := f.open(d, datastore.Durability(rng.IntN(3)))
			require.NoError(t, err)
			d.Lie()
			require.NoError(t, faultWorks[work](&f, store))
			after := d.Crash(rng)
			require.NoError(t, store.Close())
			if store, err = f.open(after, 0); err == nil {
				err = store.Verify(ctx)
				if err == nil {
					f.acked = nil // the disk has lost them
					f.requireSound(t, store, work, errors.New("lies"))
				}
				require.NoError(t, store.Close())
			}
			if err == nil {
				counts.Add("harmless lies")
				continue
			}
			noticed := slices.ContainsFunc([]error{datastore.ErrCorrupt, datastore.ErrForeign, datastore.ErrWrongKey, datastore.ErrUnsupported}, func(class error) bool { return errors.Is(err, class) })
			require.True(t, noticed, "%s: %v", work, err)
			counts.Add("lies noticed")
		}
	}
	counts.Tell(t)
}
