package txlog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// A trial is a series of appends on a disk with one fault.
type trial struct {
	acked   []rec
	unknown []rec // appended with ErrOutcomeUnknown: may be there
	ops     int

	dictionaries []string          // added
	wrappers     []seal.KeyWrapper // of these one opens the store
	all          []seal.KeyWrapper // that were tried
}

// open opens the store with the one of the trial's wrappers that opens it.
func (tr *trial) open(d *disk, opts txlog.Options) (l *txlog.Log, err error) {
	opts.FS = d
	if tr.wrappers == nil {
		tr.wrappers = []seal.KeyWrapper{opts.Wrapper}
	}
	for _, w := range tr.wrappers {
		opts.Wrapper = w
		if l, err = txlog.Open(context.Background(), "", &opts); !errors.Is(err, txlog.ErrWrongKey) {
			return l, err
		}
	}
	return nil, err
}

// run opens the store and appends some records over several segments,
// reopening once in between. It goes on after errors where the log allows.
func (tr *trial) run(d *disk, opts txlog.Options) error {
	for range 2 {
		l, err := tr.open(d, opts)
		if err != nil {
			if errors.Is(err, errFault) {
				return nil
			}
			return fmt.Errorf("open: %w", err)
		}
		for range 5 {
			r := makeRec(l.Last().Sequence+1, 2, 300)
			err := appendNext(l, r)
			switch {
			case err == nil:
				tr.acked = append(tr.acked, r)
			case errors.Is(err, txlog.ErrOutcomeUnknown):
				tr.unknown = append(tr.unknown, r)
			case !errors.Is(err, errFault) && !errors.Is(err, txlog.ErrReadOnly):
				return fmt.Errorf("append: %w", err)
			}
		}
		if err := tr.checkpoint(l); err != nil {
			return err
		}
		if err := tr.change(l); err != nil {
			return err
		}
		if err := tr.checkpoint(l); err != nil {
			return err
		}
		// A read may meet the fault as well.
		if got, err := readAll(l); !errors.Is(err, errFault) && (err != nil || !same(tr.acked, got)) {
			return fmt.Errorf("before the crash: %d of %d records, %v", len(got), len(tr.acked), err)
		}
		l.Close() // its error is the fault's
		if len(tr.unknown) > 0 {
			break
		}
	}
	tr.ops = d.Done()
	return nil
}

// checkpoint reads the checkpoint that is there, and writes another.
func (tr *trial) checkpoint(l *txlog.Log) error {
	if _, err := readCheckpoint(l); err != nil && !errors.Is(err, errFault) {
		return fmt.Errorf("read checkpoint: %w", err)
	}
	err := writeCheckpoint(l, 2)
	if err != nil && !errors.Is(err, errFault) && !errors.Is(err, txlog.ErrReadOnly) {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	return nil
}

// change closes the open segment and rewrites the closed ones, some items sealed anew, and adds a
// dictionary.
func (tr *trial) change(l *txlog.Log) error {
	if err := l.Roll(context.Background()); err != nil && !errors.Is(err, errFault) && !errors.Is(err, txlog.ErrReadOnly) {
		return fmt.Errorf("roll: %w", err)
	}
	err := l.Rewrite(context.Background(), closedNames(l), func(n txlog.Number, _ txlog.Kind, values, _ func() ([]byte, error)) (txlog.Changed, error) {
		if n%3 != 0 {
			return txlog.Changed{}, nil
		}
		v, err := values()
		return txlog.Changed{Values: v}, err
	})
	// Where all appends failed there is nothing to rewrite.
	if err != nil && !errors.Is(err, errFault) && !errors.Is(err, txlog.ErrReadOnly) && !errors.Is(err, txlog.ErrNotFound) {
		return fmt.Errorf("rewrite: %w", err)
	}
	content := fmt.Appendf(nil, "dictionary %d", len(tr.dictionaries))
	_, err = l.AddDictionary(context.Background(), content)
	if err != nil && !errors.Is(err, errFault) && !errors.Is(err, txlog.ErrReadOnly) {
		return fmt.Errorf("add dictionary: %w", err)
	}
	if err == nil {
		tr.dictionaries = append(tr.dictionaries, string(content))
	}
	return tr.rekey(l)
}

// rekey puts the keyset under another wrapper and rotates the keys, once in a trial:
// verify rotates them again.
func (tr *trial) rekey(l *txlog.Log) error {
	if len(tr.all) > 0 {
		return nil
	}
	w := seal.RandomKey()
	tr.all = append(tr.all, w)
	switch err := l.Rewrap(context.Background(), w); {
	case err == nil:
		tr.wrappers = []seal.KeyWrapper{w}
	case errors.Is(err, txlog.ErrOutcomeUnknown):
		tr.wrappers = append(tr.wrappers, w)
	case !errors.Is(err, errFault) && !errors.Is(err, txlog.ErrReadOnly):
		return fmt.Errorf("rewrap: %w", err)
	}
	if err := rotate(l); err != nil && !errors.Is(err, errFault) && !errors.Is(err, txlog.ErrReadOnly) {
		return fmt.Errorf("rotate: %w", err)
	}
	return nil
}

// hasDictionaries reports whether the log has all that were acknowledged.
func (tr *trial) hasDictionaries(l *txlog.Log) bool {
	have := map[string]bool{}
	for _, content := range l.Dictionaries() {
		have[string(content)] = true
	}
	for _, want := range tr.dictionaries {
		if !have[want] {
			return false
		}
	}
	return true
}

// verify opens the store after the trial and holds it against what was
// acknowledged; then it appends, crashes once more, and looks again.
func (tr *trial) verify(d *disk, opts txlog.Options, rng *rand.Rand) error {
	want := tr.acked
	for round := range 3 {
		l, err := tr.open(d, opts)
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if _, err := readCheckpoint(l); err != nil {
			return fmt.Errorf("round %d: checkpoint: %w", round, err)
		}
		if round == 1 {
			if err := rotate(l); err != nil {
				return fmt.Errorf("round %d: rotate: %w", round, err)
			}
		}
		got, err := readAll(l)
		if err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if len(tr.unknown) == 1 && same(append(want[:len(want):len(want)], tr.unknown...), got) {
			want = got
		}
		tr.unknown = nil // once opened, it is settled
		if !same(want, got) {
			return fmt.Errorf("round %d: %d records of %d", round, len(got), len(want))
		}
		if err := checkNumbers(l, want); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		if !tr.hasDictionaries(l) {
			return fmt.Errorf("round %d: a dictionary is lost", round)
		}
		for range 3 {
			r := makeRec(uint64(len(want))+1, 2, 300)
			if err := appendNext(l, r); err != nil {
				return fmt.Errorf("round %d: append: %w", round, err)
			}
			want = append(want[:len(want):len(want)], r)
		}
		if round == 1 {
			l.Close()
			d = d.Restart()
			continue
		}
		// The old log is abandoned with its disk, as by a power failure.
		d = d.Crash(rng)
		l.Close()
	}
	return nil
}

// TestFaultAtEveryOperation lets every operation of a series of appends fail in
// turn, once, from there on, or because the disk is full, and then kills the process or
// the power.
func TestFaultAtEveryOperation(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 2500, SealsPerKey: 18}
	var clean trial
	require.NoError(t, clean.run(newDisk(), opts))
	require.Len(t, clean.acked, 10)
	require.Greater(t, clean.ops, 100)
	failed := map[string]bool{}
	var counts longrun.Counts
	for seed := range uint64(longrun.Of(1, 5)) {
		rng := rand.New(rand.NewPCG(1+seed, 2))
		for _, mode := range []string{"once", "from there on", "full"} {
			for _, power := range []bool{false, true} {
				for at := 1; at <= clean.ops; at++ {
					d := newDisk()
					d.FailAt, d.Dead, d.Full = at, mode == "from there on", mode == "full"
					var tr trial
					err := tr.run(d, opts)
					failed[d.Failed] = true
					if err == nil {
						if power {
							d = d.Crash(rng)
						}
						err = tr.verify(d.Restart(), opts, rng)
					}
					if err != nil {
						t.Fatalf("operation %d (%s) fails %s, power %v: %v", at, d.Failed, mode, power, err)
					}
					counts.Add(map[bool]string{false: "faults and kills", true: "faults and power failures"}[power])
				}
			}
		}
	}
	counts.Tell(t)
	for _, name := range []string{"sync log/00000001.bunt", "write head", "sync head", "rename manifest.tmp", "syncdir log", "write keyset.tmp",
		"write dictionaries/1", "rename log/00000004.bunt.tmp", "remove log/00000001.bunt", "write checkpoint.tmp", "rename checkpoint.tmp", "sync checkpoint.tmp", "sync log/00000004.bunt.tmp",
		"rename keyset.tmp", "write header.tmp", "rename header.tmp"} {
		require.True(t, failed[name], name)
	}
}

// TestPowerFailureAnywhere lets the power fail after every operation, several
// times, with different parts of what was not synced surviving.
func TestPowerFailureAnywhere(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 2500}
	var clean trial
	require.NoError(t, clean.run(newDisk(), opts))
	var counts longrun.Counts
	for seed := range uint64(longrun.Of(4, 25)) {
		rng := rand.New(rand.NewPCG(seed, 3))
		for at := 1; at <= clean.ops; at++ {
			d := newDisk()
			d.FailAt, d.Dead = at, true
			var tr trial
			require.NoError(t, tr.run(d, opts))
			if err := tr.verify(d.Crash(rng), opts, rng); err != nil {
				t.Fatalf("power fails at operation %d (%s), seed %d: %v", at, d.Failed, seed, err)
			}
			counts.Add("power failures")
		}
	}
	counts.Tell(t)
}

// TestEveryLookFails lets every operation that only looks fail in turn: reading, sizes,
// names, locks, closing. Nothing is called damaged then, and nothing is lost.
func TestEveryLookFails(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 2500, SealsPerKey: 18}
	var clean trial
	d := newDisk()
	require.NoError(t, clean.run(d, opts))
	looks := d.Looked()
	require.Greater(t, looks, 100)
	var counts longrun.Counts
	rng := rand.New(rand.NewPCG(3, 4))
	for at := 1; at <= looks; at += longrun.Of(5, 1) {
		for _, power := range []bool{false, true} {
			d := newDisk()
			d.LookAt = at
			var tr trial
			err := tr.run(d, opts)
			if err == nil {
				if power {
					d = d.Crash(rng)
				}
				err = tr.verify(d.Restart(), opts, rng)
			}
			if err != nil {
				t.Fatalf("look %d (%s) fails, power %v: %v", at, d.Failed, power, err)
			}
			counts.Add("looks that failed")
		}
	}
	counts.Tell(t)
}

// TestSyncLies lets the power fail after a series of changes on a disk that says of what
// it never wrote that it did. The store is damaged then and says so, or what is left is
// how it was after some commit.
func TestSyncLies(t *testing.T) {
	noticed, harmless := 0, 0
	var counts longrun.Counts
	for seed := range uint64(longrun.Of(400, 4000)) {
		rng := rand.New(rand.NewPCG(seed, 6))
		d := newDisk()
		opts := txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 2500, SealsPerKey: 18,
			Durability: txlog.Durability(rng.IntN(3))}
		var clean trial
		first := newDisk()
		require.NoError(t, clean.run(first, opts))
		d.FailAt, d.Dead = 1+rng.IntN(clean.ops), true
		d.Lies = true
		var tr trial
		require.NoError(t, tr.run(d, opts))
		after := d.Crash(rng)
		acked := append(tr.acked[:len(tr.acked):len(tr.acked)], tr.unknown...)
		tr.wrappers = append(tr.all, opts.Wrapper)
		l, err := tr.open(after, opts)
		if err != nil {
			noticed++
			for _, class := range []error{txlog.ErrCorrupt, txlog.ErrForeign, txlog.ErrWrongKey, txlog.ErrUnsupported} {
				if errors.Is(err, class) {
					err = nil
				}
			}
			require.NoError(t, err, "seed %d", seed)
			continue
		}
		got, err := readAll(l)
		if err != nil {
			require.ErrorIs(t, err, txlog.ErrCorrupt, "seed %d", seed)
			noticed++
		} else {
			harmless++
			require.LessOrEqual(t, len(got), len(acked), "seed %d", seed)
			require.True(t, same(acked[:len(got)], got), "seed %d", seed)
		}
		l.Close()
	}
	counts.AddN("lies noticed", noticed)
	counts.AddN("harmless", harmless)
	counts.Tell(t)
	require.Positive(t, noticed)
	require.Positive(t, harmless)
}

// failingSync is a folder of the operating system whose files fail to sync.
type failingSync struct {
	txlog.FS
	fail *bool
}

func (f failingSync) Mount(create bool) (txlog.Folder, error) {
	folder, err := f.FS.Mount(create)
	return failingFolder{folder, f.fail}, err
}

type failingFolder struct {
	txlog.Folder
	fail *bool
}

func (f failingFolder) Open(name string, flag int) (txlog.File, error) {
	file, err := f.Folder.Open(name, flag)
	return failingFile{file, f.fail}, err
}

func (f failingFolder) Lock(file txlog.File) error { return f.Folder.Lock(file.(failingFile).File) }

func (f failingFolder) Check(name string, file txlog.File) error {
	return f.Folder.Check(name, file.(failingFile).File)
}

type failingFile struct {
	txlog.File
	fail *bool
}

func (f failingFile) Sync() error {
	if *f.fail {
		return errFault
	}
	return f.File.Sync()
}

func TestFailedSyncOfFolder(t *testing.T) {
	fail := false
	opts := &txlog.Options{FS: failingSync{txlog.OSFolder(t.TempDir()), &fail}, Wrapper: seal.RandomKey()}
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	want := []rec{makeRec(1, 2, 100)}
	require.NoError(t, appendNext(l, want[0]))

	fail = true
	lost := makeRec(2, 2, 100)
	err = appendNext(l, lost)
	require.ErrorIs(t, err, txlog.ErrOutcomeUnknown)
	require.ErrorIs(t, err, errFault)
	require.ErrorIs(t, appendNext(l, lost), txlog.ErrReadOnly)
	check(t, l, want)

	fail = false
	require.ErrorIs(t, appendNext(l, lost), txlog.ErrReadOnly, "until it is opened again")
	require.NoError(t, l.Close())
	l, err = txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	check(t, l, append(want, lost)) // this process did not crash: the bytes are there
	require.NoError(t, appendNext(l, makeRec(3, 1, 1)))
	require.NoError(t, l.Close())
}

// TestUnreadableDisk: a disk that cannot be read is no damaged store, and
// above all nothing to repair.
func TestUnreadableDisk(t *testing.T) {
	d := newDisk()
	opts := &txlog.Options{FS: d, Wrapper: seal.RandomKey(), SegmentSize: 1500}
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	var want []rec
	for i := range 6 {
		want = append(want, makeRec(uint64(i)+1, 2, 200))
		require.NoError(t, appendNext(l, want[i]))
	}
	d.Unreadable = true
	_, err = l.Body(1, nil)
	require.ErrorIs(t, err, errFault)
	require.NotErrorIs(t, err, txlog.ErrCorrupt)
	_, err = readAll(l)
	require.ErrorIs(t, err, errFault)
	require.NoError(t, l.Close())

	before := d.Files()
	_, err = txlog.Open(t.Context(), "", opts)
	require.ErrorIs(t, err, errFault)
	require.NotErrorIs(t, err, txlog.ErrCorrupt)
	require.Equal(t, before, d.Files())

	d.Unreadable = false
	l, err = txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	check(t, l, want)
	require.NoError(t, l.Close())
}
