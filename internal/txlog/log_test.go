package txlog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
)

func TestMain(m *testing.M) { txlogtest.Main(m) }

// A rec is a commit as a test expects it.
type rec struct {
	time  int64
	note  []byte
	items []txlog.Item
}

// makeRec makes a record whose content is fixed by its sequence.
func makeRec(sequence uint64, items, bodySize int) rec {
	rng := rand.New(rand.NewPCG(sequence, 7))
	r := rec{time: int64(sequence) * 1000}
	for i := range items {
		body := make([]byte, rng.IntN(bodySize+1))
		for j := range body {
			body[j] = byte(rng.Uint32())
		}
		r.items = append(r.items, txlog.Item{Values: fmt.Appendf(nil, "values %d/%d", sequence, i), Body: body})
	}
	return r
}

// appendNext appends a record of one commit after the last.
func appendNext(l *txlog.Log, r rec) error {
	_, err := l.Append(context.Background(), batchOf(l, r))
	return err
}

// batchOf returns a batch that appends records as commits after the last.
func batchOf(l *txlog.Log, recs ...rec) *txlog.Batch {
	b := &txlog.Batch{Expect: l.Last().Sequence, Term: l.Term()}
	for _, r := range recs {
		b.Commits = append(b.Commits, txlog.Commit{Time: r.time, Annotation: r.note, Items: r.items})
	}
	return b
}

// readAll returns every commit, read in order. Sequences and numbers must be
// dense.
func readAll(l *txlog.Log) (recs []rec, err error) {
	next := txlog.Number(1)
	for r, err := range l.Records(context.Background(), 0) {
		if err != nil {
			return recs, err
		}
		item := 0
		for n, run := range r.Runs() {
			if run.Sequence != uint64(len(recs))+1 || run.First != next {
				return recs, fmt.Errorf("commit %d at %d after %d commits", run.Sequence, run.First, len(recs))
			}
			got := rec{time: run.Time}
			if got.note, err = r.Annotation(n, nil); err != nil {
				return recs, err
			}
			for range run.Count {
				read, err := readItem(r, item)
				if err != nil {
					return recs, err
				}
				if r.Number(item) != next {
					return recs, fmt.Errorf("item %d of commit %d has number %d", item, run.Sequence, r.Number(item))
				}
				got.items = append(got.items, read)
				item, next = item+1, next+1
			}
			recs = append(recs, got)
		}
		if item != r.Len() {
			return recs, fmt.Errorf("record of %d items has runs of %d", r.Len(), item)
		}
	}
	return recs, nil
}

func readItem(r *txlog.Record, i int) (item txlog.Item, err error) {
	item.Kind = r.Kind(i)
	if item.Values, err = r.Values(i, nil); err != nil {
		return item, err
	}
	item.Body, err = r.Body(i, nil)
	return item, err
}

// checkNumbers reads every item by its number and compares.
func checkNumbers(l *txlog.Log, want []rec) error {
	number := txlog.Number(1)
	for n, r := range want {
		for i, item := range r.items {
			values, err := l.Values(number, []byte("before"))
			if err != nil {
				return err
			}
			body, err := l.Body(number, nil)
			if err != nil {
				return err
			}
			if string(values) != "before"+string(item.Values) || string(body) != string(item.Body) {
				return fmt.Errorf("number %d, item %d of commit %d differs", number, i, n+1)
			}
			number++
		}
	}
	for _, n := range []txlog.Number{0, number} {
		if _, err := l.Body(n, nil); !errors.Is(err, txlog.ErrNotFound) {
			return fmt.Errorf("number %d is not one: %v", n, err)
		}
	}
	return nil
}

// same reports whether got are the same records as want.
func same(want, got []rec) bool {
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i].time != got[i].time || string(want[i].note) != string(got[i].note) || len(want[i].items) != len(got[i].items) {
			return false
		}
		for j := range want[i].items {
			w, g := want[i].items[j], got[i].items[j]
			if w.Kind != g.Kind || string(w.Values) != string(g.Values) || string(w.Body) != string(g.Body) {
				return false
			}
		}
	}
	return true
}

// check holds the whole log against the records it should have.
func check(t testing.TB, l *txlog.Log, want []rec) {
	t.Helper()
	got, err := readAll(l)
	require.NoError(t, err)
	require.True(t, same(want, got), "%d records read, %d written", len(got), len(want))
	require.NoError(t, checkNumbers(l, want))
}

func TestLog(t *testing.T) {
	folders := map[string]func(t *testing.T) *txlog.Options{
		"folder": func(t *testing.T) *txlog.Options {
			return &txlog.Options{FS: txlog.OSFolder(filepath.Join(t.TempDir(), "a", "store")), Wrapper: seal.RandomKey()}
		},
		"memory": func(*testing.T) *txlog.Options {
			return &txlog.Options{FS: txlog.NewMemory(), Wrapper: seal.RandomKey()}
		},
	}
	for name, options := range folders {
		for _, size := range []int64{1, 3000, 0} {
			t.Run(fmt.Sprintf("%s/%d", name, size), func(t *testing.T) {
				opts := options(t)
				opts.SegmentSize = size
				var want []rec
				var id, key [16]byte
				for round := range 4 {
					l, err := txlog.Open(t.Context(), "", opts)
					require.NoError(t, err)
					if round == 0 {
						id, key = l.StoreID(), l.HashKey()
						assert.NotEqual(t, id, key)
					}
					assert.Equal(t, id, l.StoreID())
					assert.Equal(t, key, l.HashKey())
					for range 10 {
						r := makeRec(uint64(len(want))+1, 1+len(want)%5, 300)
						require.NoError(t, appendNext(l, r))
						want = append(want, r)
					}
					if round%2 == 0 {
						check(t, l, want)
					} else {
						require.NoError(t, checkNumbers(l, want))
					}
					pin := l.Head()
					require.NoError(t, l.Close())
					require.NoError(t, l.Close())

					l, err = txlog.Open(t.Context(), "", opts)
					require.NoError(t, err)
					held, err := l.Holds(t.Context(), pin)
					require.NoError(t, err)
					assert.True(t, held)
					check(t, l, want)
					check(t, l, want)
					require.NoError(t, l.Close())
				}
			})
		}
	}
}

func TestMemoryPath(t *testing.T) {
	made := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	l, err := txlog.Open(t.Context(), "mem:", &txlog.Options{Now: func() time.Time { return made }})
	require.NoError(t, err)
	defer l.Close()
	require.Equal(t, made, l.Created())
	want := []rec{makeRec(1, 3, 100)}
	require.NoError(t, appendNext(l, want[0]))
	check(t, l, want)
}

func TestLargeRecord(t *testing.T) {
	opts := &txlog.Options{FS: txlog.OSFolder(t.TempDir()), Wrapper: seal.RandomKey(), SegmentSize: 1 << 20}
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	var want []rec
	for i, size := range []int{100, 6 << 20, 10, 2 << 20, 700 << 10, 700 << 10} {
		r := makeRec(uint64(i)+1, 3, 10)
		r.items[1].Body = make([]byte, size)
		require.NoError(t, appendNext(l, r))
		want = append(want, r)
	}
	checkAgain(t, l, opts, want)
}

func TestRecordsFrom(t *testing.T) {
	opts := &txlog.Options{FS: txlog.NewMemory(), Wrapper: seal.RandomKey(), SegmentSize: 2000}
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	for i := range 30 {
		require.NoError(t, appendNext(l, makeRec(uint64(i)+1, 2, 200)))
	}
	for _, reopened := range []bool{false, true} {
		for from := uint64(0); from <= 31; from++ {
			if reopened { // so that the segment's table is not known yet
				require.NoError(t, l.Close())
				l, err = txlog.Open(t.Context(), "", opts)
				require.NoError(t, err)
			}
			want := max(from, 1)
			for r, err := range l.Records(t.Context(), from) {
				require.NoError(t, err)
				require.Equal(t, want, r.Runs()[0].Sequence)
				want++
			}
			require.Equal(t, uint64(31), want)
		}
	}
	for r, err := range l.Records(t.Context(), 3) {
		require.NoError(t, err)
		require.Equal(t, uint64(3), r.Runs()[0].Sequence)
		break
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range l.Records(canceled, 3) {
		require.ErrorIs(t, err, context.Canceled)
	}
	require.NoError(t, l.Close())
}

func TestAppendRefuses(t *testing.T) {
	l, err := txlog.Open(t.Context(), "mem:", nil)
	require.NoError(t, err)
	require.NoError(t, appendNext(l, makeRec(1, 2, 10)))
	one := []txlog.Commit{{Time: 2000, Items: makeRec(2, 1, 10).items}}
	term := l.Term()
	for name, c := range map[string]struct {
		batch txlog.Batch
		want  error
	}{
		"sequence again": {txlog.Batch{Expect: 0, Term: term, Commits: one}, txlog.ErrConflict},
		"sequence ahead": {txlog.Batch{Expect: 2, Term: term, Commits: one}, txlog.ErrConflict},
		"lower term":     {txlog.Batch{Expect: 1, Term: term - 1, Commits: one}, txlog.ErrFenced},
		"no commits":     {txlog.Batch{Expect: 1, Term: term}, txlog.ErrBadRecord},
		"no items":       {txlog.Batch{Expect: 1, Term: term, Commits: []txlog.Commit{one[0], {}}}, txlog.ErrBadRecord},
		"time falls":     {txlog.Batch{Expect: 1, Term: term, Commits: []txlog.Commit{{Time: 999, Items: one[0].Items}}}, txlog.ErrBadRecord},
		"key slot":       {txlog.Batch{Expect: 1, Term: term, Commits: []txlog.Commit{{Time: 2000, Items: []txlog.Item{{Slot: 1}}}}}, txlog.ErrBadRecord},
		"kind":           {txlog.Batch{Expect: 1, Term: term, Commits: []txlog.Commit{{Time: 2000, Items: []txlog.Item{{Kind: 2}}}}}, txlog.ErrBadRecord},
		"too large": {txlog.Batch{Expect: 1, Term: term, Commits: []txlog.Commit{
			{Time: 2000, Items: []txlog.Item{{Body: make([]byte, txlog.MaxRecord)}}}}}, txlog.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.Append(t.Context(), &c.batch)
			require.ErrorIs(t, err, c.want)
		})
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Append(canceled, &txlog.Batch{Expect: 1, Term: term, Commits: one})
	require.ErrorIs(t, err, context.Canceled)
	check(t, l, []rec{makeRec(1, 2, 10)})
	require.NoError(t, l.Close())
	require.ErrorIs(t, appendNext(l, makeRec(2, 1, 1)), txlog.ErrClosed)
	_, err = l.Body(1, nil)
	require.ErrorIs(t, err, txlog.ErrClosed)
	_, err = readAll(l)
	require.ErrorIs(t, err, txlog.ErrClosed)
}

// readBeside reads what is in a log of records of three items, until done is closed: all
// of it, and any one item, are those of want.
func readBeside(t *testing.T, l *txlog.Log, want []rec, seed uint64, done <-chan struct{}) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for {
		select {
		case <-done:
			return
		default:
		}
		next := l.Last().Next
		if next == 1 {
			continue
		}
		n := rng.Uint64N(uint64(next) - 1)
		body, err := l.Body(txlog.Number(n+1), nil)
		if !assert.NoError(t, err) || !assert.Equal(t, string(want[n/3].items[n%3].Body), string(body)) {
			return
		}
		if got, err := readAll(l); !assert.NoError(t, err) || !assert.True(t, same(want[:len(got)], got)) {
			return
		}
	}
}

// checkAgain checks a log, as it is and opened again, and closes it.
func checkAgain(t *testing.T, l *txlog.Log, opts *txlog.Options, want []rec) {
	t.Helper()
	check(t, l, want)
	require.NoError(t, l.Close())
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	check(t, l, want)
	require.NoError(t, l.Close())
}

func TestReadersDuringAppends(t *testing.T) {
	opts := &txlog.Options{FS: txlog.OSFolder(t.TempDir()), Wrapper: seal.RandomKey(), SegmentSize: 8000}
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	const records = 60
	var want []rec
	for i := range records {
		want = append(want, makeRec(uint64(i)+1, 3, 400))
	}
	var readers sync.WaitGroup
	done := make(chan struct{})
	for w := range 3 {
		readers.Go(func() { readBeside(t, l, want, uint64(w), done) })
	}
	for _, r := range want {
		require.NoError(t, appendNext(l, r))
	}
	close(done)
	readers.Wait()
	check(t, l, want)
	require.NoError(t, l.Close())
}

func TestCloseDuringReads(t *testing.T) {
	opts := &txlog.Options{FS: txlog.OSFolder(t.TempDir()), Wrapper: seal.RandomKey(), SegmentSize: 3000}
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	for i := range 30 {
		require.NoError(t, appendNext(l, makeRec(uint64(i)+1, 2, 300)))
	}
	var readers sync.WaitGroup
	started := make(chan struct{}, 4)
	for range 4 {
		readers.Go(func() {
			started <- struct{}{}
			for o := txlog.Number(0); ; o = (o + 1) % 60 {
				if _, err := l.Body(o+1, nil); err != nil {
					assert.ErrorIs(t, err, txlog.ErrClosed)
					return
				}
			}
		})
	}
	for range 4 {
		<-started
	}
	require.NoError(t, l.Close())
	readers.Wait()
}

func TestRecordsOutliveTheirStep(t *testing.T) {
	opts := &txlog.Options{FS: txlog.NewMemory(), Wrapper: seal.RandomKey(), SegmentSize: 3000}
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	var want []rec
	for i := range 20 {
		want = append(want, makeRec(uint64(i)+1, 2, 300))
		require.NoError(t, appendNext(l, want[i]))
	}
	var kept []*txlog.Record
	for r, err := range l.Records(t.Context(), 0) {
		require.NoError(t, err)
		kept = append(kept, r)
	}
	require.NoError(t, l.Close())
	for n, r := range kept {
		for i := range r.Len() {
			body, err := r.Body(i, nil)
			require.NoError(t, err)
			require.Equal(t, string(want[n].items[i].Body), string(body))
		}
	}
}

func TestReadsDoNotAllocate(t *testing.T) {
	opts := &txlog.Options{FS: txlog.OSFolder(t.TempDir()), Wrapper: seal.RandomKey(), SegmentSize: 3000}
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	defer l.Close()
	for i := range 10 {
		require.NoError(t, appendNext(l, makeRec(uint64(i)+1, 3, 300)))
	}
	next := l.Last().Next
	dst := make([]byte, 0, 4096)
	for name, o := range map[string]txlog.Number{"closed": 1, "open": next - 1} {
		allocs := testing.AllocsPerRun(100, func() {
			if _, err := l.Body(o, dst); err != nil {
				t.Fatal(err)
			}
		})
		assert.Zero(t, allocs, name)
	}
}

func TestModes(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "store")
	l, err := txlog.Open(t.Context(), folder, &txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 1})
	require.NoError(t, err)
	for i := range 3 {
		require.NoError(t, appendNext(l, makeRec(uint64(i)+1, 1, 10)))
	}
	require.NoError(t, l.Close())
	require.NoError(t, filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		want := os.FileMode(0o600)
		if info.IsDir() {
			want = 0o700
		}
		assert.Equal(t, want, info.Mode().Perm(), path)
		return err
	}))
}

func TestNewDataKey(t *testing.T) {
	fsys := txlog.NewMemory()
	opts := &txlog.Options{FS: fsys, Wrapper: seal.RandomKey(), SealsPerKey: 20}
	var want []rec
	for range 4 {
		l, err := txlog.Open(t.Context(), "", opts)
		require.NoError(t, err)
		for range 7 {
			r := makeRec(uint64(len(want))+1, 3, 50)
			require.NoError(t, appendNext(l, r))
			want = append(want, r)
		}
		check(t, l, want)
		require.NoError(t, l.Close())
	}
	// Two records of seven seals fit a key of twenty; each opening has its own.
	assert.Len(t, keysOf(t, fsys, opts).IDs(), 16)
}

// keysOf reads a store's keyset.
func keysOf(t *testing.T, fsys *txlog.Memory, opts *txlog.Options) *seal.Keyset {
	f, err := fsys.Open("keyset", os.O_RDONLY)
	require.NoError(t, err)
	size, err := f.Size()
	require.NoError(t, err)
	file := make([]byte, size)
	_, err = f.ReadAt(file, 0)
	require.NoError(t, err)
	keys, err := seal.Unmarshal(t.Context(), file, opts.Wrapper)
	require.NoError(t, err)
	return keys
}
