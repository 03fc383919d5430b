package txlog_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// unsynced are the levels at which an Append is acknowledged before its sync.
var unsynced = []txlog.Durability{txlog.SyncInterval, txlog.SyncNone}

// headOf returns the slot of head that counts.
func headOf(t *testing.T, opts *txlog.Options) txlog.HeadInfo {
	in, err := txlog.Inspect(t.Context(), "", opts)
	require.NoError(t, err)
	require.Empty(t, in.Findings)
	for _, h := range in.Heads {
		if h.Current {
			return h
		}
	}
	t.Fatal("no head counts")
	return txlog.HeadInfo{}
}

// TestPowerFailureUnsynced lets the power fail behind appends that were not synced, with
// any part of their bytes surviving. What is left are the first commits, all that were
// synced among them, and the log goes on.
func TestPowerFailureUnsynced(t *testing.T) {
	told, cut := false, false
	for _, durability := range unsynced {
		for seed := range uint64(300) {
			rng := rand.New(rand.NewPCG(seed, 9))
			d := newDisk()
			var logged bytes.Buffer
			opts := &txlog.Options{FS: d, Wrapper: seal.RandomKey(), SegmentSize: 4000, Durability: durability,
				Logger: slog.New(slog.NewTextHandler(&logged, nil))}
			l, err := txlog.Open(t.Context(), "", opts)
			require.NoError(t, err)
			var want []rec
			synced := 0
			for range 1 + rng.IntN(25) {
				before := len(l.Segments())
				want = append(want, makeRec(uint64(len(want))+1, 2, 300))
				require.NoError(t, appendNext(l, want[len(want)-1]))
				if len(l.Segments()) > before { // every roll syncs
					synced = len(want) - 1
				}
			}
			require.Equal(t, uint64(synced), headOf(t, opts).Sequence)
			check(t, l, want)
			after := d.crash(rng)
			opts.FS = after
			size := 0
			for name, data := range after.files() {
				if name[:2] == "lo" {
					size += len(data)
				}
			}
			again, err := txlog.Open(t.Context(), "", opts)
			require.NoError(t, err, "%s, seed %d", durability, seed)
			l.Close()
			left := int(again.Last().Sequence)
			require.GreaterOrEqual(t, left, synced)
			require.LessOrEqual(t, left, len(want))
			check(t, again, want[:left])
			kept := 0
			for _, s := range again.Segments() {
				kept += int(s.Bytes)
			}
			require.Equal(t, int64(size-kept), again.Lost())
			if again.Lost() > 0 {
				require.Contains(t, logged.String(), fmt.Sprintf(`"last commit left"=%d`, left))
				told = true
			}
			cut = cut || left < len(want)
			want = append(want[:left:left], makeRec(uint64(left)+1, 2, 300))
			require.NoError(t, appendNext(again, want[left]))
			checkAgain(t, again, opts, want)
		}
	}
	require.True(t, told && cut, "the test lost nothing")
}

// TestDamageBehindHead damages a record that whole ones follow: behind what was synced
// that is a loss, which is told; with SyncCommit it is damage.
func TestDamageBehindHead(t *testing.T) {
	for _, durability := range []txlog.Durability{txlog.SyncCommit, txlog.SyncInterval, txlog.SyncNone} {
		d := newDisk()
		opts := &txlog.Options{FS: d, Wrapper: seal.RandomKey(), Durability: durability}
		l, err := txlog.Open(t.Context(), "", opts)
		require.NoError(t, err)
		var want []rec
		for i := range 6 {
			want = append(want, makeRec(uint64(i)+1, 2, 300))
			require.NoError(t, appendNext(l, want[i]))
		}
		files := d.files()
		require.NoError(t, l.Close())
		segment := files["log/00000001.bunt"]
		segment[len(segment)/2] ^= 1
		for _, readOnly := range []bool{true, false} {
			opts.FS, opts.ReadOnly = diskOf(files), readOnly
			l, err = txlog.Open(t.Context(), "", opts)
			in, failed := txlog.Inspect(t.Context(), "", opts)
			require.NoError(t, failed)
			if durability == txlog.SyncCommit {
				require.ErrorIs(t, err, txlog.ErrCorrupt)
				require.NotEmpty(t, in.Findings)
				continue
			}
			require.NoError(t, err)
			require.Empty(t, in.Findings)
			left := l.Last().Sequence
			require.Less(t, left, uint64(6))
			check(t, l, want[:left])
			if readOnly {
				require.NoError(t, l.Close())
				continue
			}
			require.Positive(t, l.Lost())
			checkAgain(t, l, opts, want[:left])
		}
	}
}

// TestDamageBeforeHead: what was synced is not lost in silence, at no level.
func TestDamageBeforeHead(t *testing.T) {
	for _, durability := range unsynced {
		d := newDisk()
		opts := &txlog.Options{FS: d, Wrapper: seal.RandomKey(), Durability: durability}
		l, err := txlog.Open(t.Context(), "", opts)
		require.NoError(t, err)
		for i := range 6 {
			require.NoError(t, appendNext(l, makeRec(uint64(i)+1, 2, 300)))
		}
		require.NoError(t, l.Close())
		files := d.files()
		for at := range files["log/00000001.bunt"] {
			files["log/00000001.bunt"][at] ^= 1
			opts.FS = diskOf(files)
			_, err = txlog.Open(t.Context(), "", opts)
			require.ErrorIs(t, err, txlog.ErrCorrupt, "byte %d", at)
			files["log/00000001.bunt"][at] ^= 1
		}
	}
}

// TestSyncInterval looks when commits are synced.
func TestSyncInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk()
		opts := &txlog.Options{FS: d, Wrapper: seal.RandomKey(), Durability: txlog.SyncInterval}
		l, err := txlog.Open(t.Context(), "", opts)
		require.NoError(t, err)
		for round := range uint64(3) {
			for i := range uint64(4) {
				require.NoError(t, appendNext(l, makeRec(4*round+i+1, 2, 300)))
			}
			require.Equal(t, 4*round, headOf(t, opts).Sequence)
			time.Sleep(time.Second + time.Millisecond)
			synctest.Wait()
			h := headOf(t, opts)
			require.Equal(t, 4*round+4, h.Sequence)
			require.Equal(t, txlog.SyncInterval, h.Durability)
			opts.FS = d.crash(rand.New(rand.NewPCG(round, 1)))
			again, err := txlog.Open(t.Context(), "", opts)
			require.NoError(t, err)
			require.Equal(t, 4*round+4, again.Last().Sequence)
			require.NoError(t, again.Close())
			opts.FS = d
			ops := d.done()
			time.Sleep(time.Hour)
			require.Equal(t, ops, d.done(), "who writes nothing syncs nothing")
		}
		// A sync that fails makes the log read-only, and nothing is synced any more.
		require.NoError(t, appendNext(l, makeRec(13, 2, 300)))
		d.failNext()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, "sync log/00000001.bunt", d.failed)
		require.ErrorIs(t, appendNext(l, makeRec(14, 2, 300)), txlog.ErrReadOnly)
		require.NoError(t, l.Close())
		time.Sleep(2 * time.Second) // buntdb sees at its next tick that it was closed
	})
}

// TestFaultsUnsynced lets each operation fail in turn, once or from there on, without
// SyncCommit. A process that ends loses nothing that was acknowledged.
func TestFaultsUnsynced(t *testing.T) {
	// SyncInterval differs by its timer alone, which TestSyncInterval has.
	for _, durability := range []txlog.Durability{txlog.SyncNone} {
		opts := txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 2500, SealsPerKey: 18, Durability: durability}
		var clean trial
		require.NoError(t, clean.run(newDisk(), opts))
		require.Len(t, clean.acked, 10)
		rng := rand.New(rand.NewPCG(1, 4))
		for _, dead := range []bool{false, true} {
			for at := 1; at <= clean.ops; at++ {
				d := newDisk()
				d.failAt, d.dead = at, dead
				var tr trial
				err := tr.run(d, opts)
				if err == nil {
					after := opts
					after.Durability = txlog.SyncCommit // what follows loses nothing either way
					err = tr.verify(d.restart(), after, rng)
				}
				if err != nil {
					t.Fatalf("%s: operation %d (%s) fails, dead %v: %v", durability, at, d.failed, dead, err)
				}
			}
		}
	}
}

// TestDurabilityChanges opens a store at one level after another, and lets the power
// fail after each.
func TestDurabilityChanges(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for range 60 {
		d := newDisk()
		opts := &txlog.Options{FS: d, Wrapper: seal.RandomKey(), SegmentSize: 3000}
		var want []rec
		safe := 0
		for range 8 {
			opts.Durability = txlog.Durability(rng.IntN(3))
			l, err := txlog.Open(t.Context(), "", opts)
			require.NoError(t, err)
			left := int(l.Last().Sequence)
			require.GreaterOrEqual(t, left, safe)
			require.LessOrEqual(t, left, len(want))
			want = want[:left:left]
			check(t, l, want)
			safe = left // opening syncs what it found
			for range rng.IntN(6) {
				want = append(want, makeRec(uint64(len(want))+1, 2, 300))
				require.NoError(t, appendNext(l, want[len(want)-1]))
				require.Equal(t, opts.Durability, headOf(t, opts).Durability)
				if opts.Durability == txlog.SyncCommit {
					safe = len(want)
				}
			}
			if rng.IntN(3) == 0 {
				require.NoError(t, l.Close())
				safe = len(want)
			}
			d = d.crash(rng)
			opts.FS = d
			l.Close()
		}
	}
	_, err := txlog.Open(t.Context(), "mem:", &txlog.Options{Durability: 3})
	require.Error(t, err)
}
