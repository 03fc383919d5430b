package txlog_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// appendFor appends an item for each patient, "" for none, and returns the number of the
// first.
func appendFor(l *txlog.Log, patients ...string) (txlog.Number, error) {
	b := txlog.Batch{Expect: l.Last().Sequence, Term: l.Term(), Commits: []txlog.Commit{{Time: l.Last().Time}}}
	for _, p := range patients {
		item := txlog.Item{Values: []byte("values of " + p), Body: []byte("body of " + p)}
		if p != "" {
			var err error
			if item.Slot, err = l.Slot(p); err != nil {
				return 0, err
			}
		}
		b.Commits[0].Items = append(b.Commits[0].Items, item)
	}
	at, err := l.Append(context.Background(), &b)
	return at.Number, err
}

// requireItem reads an item both ways.
func requireItem(t require.TestingT, l *txlog.Log, n txlog.Number, patient string, erased bool) {
	body, err := l.Body(n, nil)
	values, errValues := l.Values(n, nil)
	if erased {
		require.ErrorIs(t, err, txlog.ErrErased)
		require.ErrorIs(t, errValues, txlog.ErrErased)
	} else {
		require.NoError(t, errors.Join(err, errValues))
		require.Equal(t, "values of "+patient+"body of "+patient, string(values)+string(body))
	}
	for r, err := range l.Records(context.Background(), 1) {
		require.NoError(t, err)
		for i := range r.Len() {
			if r.Number(i) != n {
				continue
			}
			body, err := r.Body(i, nil)
			require.Equal(t, erased, errors.Is(err, txlog.ErrErased))
			require.Equal(t, erased, l.Erased(r.Slot(i)))
			if !erased {
				require.Equal(t, "body of "+patient, string(body))
			}
		}
	}
}

func TestPatientsKeys(t *testing.T) {
	ctx := context.Background()
	wrapper, d := seal.RandomKey(), newDisk()
	open := func() (*txlog.Log, error) {
		return txlog.Open(ctx, "", &txlog.Options{FS: d, Wrapper: wrapper, SegmentSize: 2000})
	}
	l, err := open()
	require.NoError(t, err)
	n, err := appendFor(l, "p", "q", "", "p")
	require.NoError(t, err)
	require.NoError(t, l.Roll(ctx))
	second, err := appendFor(l, "q", "p", "p")
	require.NoError(t, err)
	check := func(erased bool) {
		t.Helper()
		for i, p := range []string{"p", "q", "", "p"} {
			requireItem(t, l, n+txlog.Number(i), p, p == "p" && erased)
		}
		for i, p := range []string{"q", "p", "p"} {
			requireItem(t, l, second+txlog.Number(i), p, p == "p" && erased)
		}
	}
	check(false)
	slot, err := l.Slot("p")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	l, err = open()
	require.NoError(t, err)
	check(false)
	l.NoteSlot("p", slot)
	again, err := l.Slot("p")
	require.NoError(t, err)
	require.Equal(t, slot, again)
	other, err := l.Slot("r")
	require.NoError(t, err)
	require.Greater(t, other, slot+1, "a slot that was given is given to nobody else")

	// Moved and sealed anew, they stay what they are.
	require.NoError(t, l.Roll(ctx))
	require.NoError(t, l.Rewrite(ctx, closedNames(l), func(n txlog.Number, _ txlog.Kind, values, _ func() ([]byte, error)) (txlog.Changed, error) {
		if n%2 == 0 {
			return txlog.Changed{}, nil
		}
		v, err := values()
		return txlog.Changed{Values: v}, err
	}))
	check(false)
	before := d.Files()
	require.NoError(t, l.EraseSlots(ctx, []uint32{slot}))
	check(true)
	require.Equal(t, slot, l.ForgetSlot("p"))
	again, err = l.Slot("p")
	require.NoError(t, err)
	require.NotEqual(t, slot, again)
	_, err = l.Append(ctx, &txlog.Batch{Expect: l.Last().Sequence, Term: l.Term(), Commits: []txlog.Commit{{Items: []txlog.Item{{Slot: slot}}}}})
	require.ErrorIs(t, err, txlog.ErrBadRecord)
	_, err = l.Append(ctx, &txlog.Batch{Expect: l.Last().Sequence, Term: l.Term(), Commits: []txlog.Commit{{Items: []txlog.Item{{Slot: 1 << 20}}}}})
	require.ErrorIs(t, err, txlog.ErrBadRecord)
	require.NoError(t, l.EraseSlots(ctx, []uint32{slot, 0, 1 << 27}), "again")
	require.NoError(t, l.Close())
	l, err = open()
	require.NoError(t, err)
	check(true)
	require.NoError(t, l.Close())

	// Files of before do not bring the keys back.
	after := d.Files()
	for _, old := range [][]string{{"patients"}, {"patients", "keyset"}} {
		damaged := maps.Clone(after)
		for _, name := range old {
			damaged[name] = before[name]
		}
		d = diskOf(damaged)
		_, err = open()
		require.ErrorIs(t, err, txlog.ErrCorrupt, "%v", old)
	}
	without := maps.Clone(after)
	delete(without, "patients")
	d = diskOf(without)
	_, err = open()
	require.ErrorIs(t, err, txlog.ErrCorrupt)
	for at := 0; at < len(after["patients"]); at += 1 + at/64 {
		damaged := maps.Clone(after)
		damaged["patients"] = slices.Clone(after["patients"])
		damaged["patients"][at] ^= 1
		d = diskOf(damaged)
		if _, err = open(); err == nil {
			t.Fatalf("byte %d of the keys of patients was changed unnoticed", at)
		}
	}
}

// The file of patients' keys that is lost, or put back as it was before it grew, is
// noticed at opening, before other patients are given the slots again.
func TestPatientsFileLost(t *testing.T) {
	d := newDisk()
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	l := openOn(t, d, opts)
	_, err := appendFor(l, "p")
	require.NoError(t, err)
	old := d.Files()["patients"]
	for i := range 300 {
		_, err := l.Slot(fmt.Sprint("q", i))
		require.NoError(t, err)
	}
	require.NoError(t, l.Close())
	files := d.Files()
	require.Greater(t, len(files["patients"]), len(old))
	for _, lost := range []bool{true, false} {
		damaged := maps.Clone(files)
		damaged["patients"] = old
		if lost {
			delete(damaged, "patients")
		}
		opts.FS = diskOf(damaged)
		_, err := txlog.Open(t.Context(), "", &opts)
		require.ErrorIs(t, err, txlog.ErrCorrupt)
	}
}

// TestPatientsKeysFaults lets each operation of the disk fail once, and the power after
// it, while slots are given and erased.
func TestPatientsKeysFaults(t *testing.T) {
	ctx := context.Background()
	wrapper := seal.RandomKey()
	options := func(d *disk) *txlog.Options { return &txlog.Options{FS: d, Wrapper: wrapper} }
	made := newDisk()
	l, err := txlog.Open(ctx, "", options(made))
	require.NoError(t, err)
	first, err := appendFor(l, "old")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	files := made.Files()
	old := uint32(1)
	var counts longrun.Counts
	for failAt := 1; ; failAt++ {
		for _, dead := range []bool{false, true} {
			d := diskOf(files)
			d.FailAt, d.Dead = failAt, dead
			var n txlog.Number
			written, erased := false, false
			if l, err := txlog.Open(ctx, "", options(d)); err == nil {
				if n, err = appendFor(l, "new"); err == nil {
					written = true
				}
				erased = l.EraseSlots(ctx, []uint32{old}) == nil
				requireItem(t, l, first, "old", l.Erased(old))
				l.Close()
			}
			if d.Failed == "" {
				require.Greater(t, failAt, 10)
				counts.Tell(t)
				return
			}
			what := fmt.Sprint(d.Failed, " ", dead)
			d = d.Crash(rand.New(rand.NewPCG(uint64(failAt), 1))).Restart()
			l, err := txlog.Open(ctx, "", options(d))
			require.NoError(t, err, what)
			if erased {
				require.True(t, l.Erased(old), what)
			}
			requireItem(t, l, first, "old", l.Erased(old))
			if written {
				requireItem(t, l, n, "new", false)
			}
			require.NoError(t, l.EraseSlots(ctx, []uint32{old}), what)
			requireItem(t, l, first, "old", true)
			n, err = appendFor(l, "new", "newer")
			require.NoError(t, err)
			require.NoError(t, l.Close())
			l, err = txlog.Open(ctx, "", options(d))
			require.NoError(t, err, what)
			requireItem(t, l, first, "old", true)
			requireItem(t, l, n+1, "newer", false)
			require.NoError(t, l.Close())
			counts.Add("faults and power failures")
		}
	}
}
