package txlog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// closedNames returns the names of the closed segments.
func closedNames(l *txlog.Log) (names []uint64) {
	for _, s := range l.Segments() {
		if s.Closed {
			names = append(names, s.Name)
		}
	}
	return names
}

// An entry is an item as a test of rewriting expects it.
type entry struct {
	txlog.Item
	sequence uint64
	time     int64
	note     string
}

// A shelf is what a log should hold, by number.
type shelf map[txlog.Number]entry

// put adds the commits of a batch that was appended.
func (s shelf) put(p txlog.Position, b *txlog.Batch) {
	for i, c := range b.Commits {
		for _, item := range c.Items {
			s[p.Number] = entry{item, p.Sequence + uint64(i), c.Time, string(c.Annotation)}
			p.Number++
		}
	}
}

// check reads the log both ways and compares.
func (s shelf) check(l *txlog.Log) error {
	left, last := len(s), txlog.Run{}
	for r, err := range l.Records(context.Background(), 0) {
		if err != nil {
			return err
		}
		item := 0
		for n, run := range r.Runs() {
			if run.Sequence < last.Sequence || run.Time < last.Time || run.First < last.First+txlog.Number(last.Count) {
				return fmt.Errorf("run %v after %v", run, last)
			}
			last = run
			note, err := r.Annotation(n, nil)
			if err != nil {
				return err
			}
			for i := range run.Count {
				number := run.First + txlog.Number(i)
				got, err := readItem(r, item)
				if err != nil {
					return err
				}
				if want, ok := s[number]; !ok || !want.is(got) || want.sequence != run.Sequence ||
					want.time != run.Time || want.note != string(note) || r.Number(item) != number {
					return fmt.Errorf("number %d differs", number)
				}
				item, left = item+1, left-1
			}
		}
	}
	if left != 0 {
		return fmt.Errorf("%d items were not read", left)
	}
	for number := range l.Last().Next {
		values, err := l.Values(number, nil)
		want, ok := s[number]
		if !ok && errors.Is(err, txlog.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("number %d: %w", number, err)
		}
		body, err := l.Body(number, nil)
		if err != nil || !ok || string(values) != string(want.Values) || string(body) != string(want.Body) {
			return fmt.Errorf("number %d differs: %v", number, err)
		}
	}
	return nil
}

func (e entry) is(item txlog.Item) bool {
	return e.Kind == item.Kind && string(e.Values) == string(item.Values) && string(e.Body) == string(item.Body)
}

// TestRewriteModel runs appends, rewritings that drop, change and move items,
// rotations in parts, other wrappers and levels of durability, and reopenings
// against a map.
func TestRewriteModel(t *testing.T) {
	wrapper := seal.RandomKey()
	rapid.Check(t, func(t *rapid.T) {
		d := newDisk()
		opts := &txlog.Options{FS: d, Wrapper: wrapper}
		opts.SegmentSize = int64(rapid.SampledFrom([]int{900, 3000}).Draw(t, "segment"))
		opts.SealsPerKey = uint64(rapid.SampledFrom([]int{0, 61}).Draw(t, "seals"))
		l, err := txlog.Open(context.Background(), "", opts)
		require.NoError(t, err)
		want := shelf{}
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				b := batchOf(l)
				for i := range rapid.IntRange(1, 3).Draw(t, "commits") {
					r := makeRec(l.Last().Sequence+uint64(i)+1, rapid.IntRange(1, 4).Draw(t, "items"), 100)
					note := rapid.SampledFrom([]string{"", "who"}).Draw(t, "note")
					r.items[0].Kind = txlog.Kind(rapid.IntRange(0, 1).Draw(t, "kind"))
					b.Commits = append(b.Commits, txlog.Commit{Time: r.time, Annotation: []byte(note), Items: r.items})
				}
				p, err := l.Append(context.Background(), b)
				require.NoError(t, err)
				want.put(p, b)
			},
			"roll": func(*rapid.T) {
				require.NoError(t, l.Roll(context.Background()))
				segments := l.Segments()
				require.Zero(t, segments[len(segments)-1].Records)
				require.NoError(t, l.Roll(context.Background()))
				require.Len(t, l.Segments(), len(segments), "an empty segment stays open")
			},
			"rewrite": func(t *rapid.T) {
				names := closedNames(l)
				if len(names) == 0 {
					return
				}
				from := rapid.IntRange(0, len(names)-1).Draw(t, "from")
				until := rapid.IntRange(from+1, len(names)).Draw(t, "until")
				seed := rapid.Uint64().Draw(t, "seed")
				changed := shelf{}
				err := l.Rewrite(context.Background(), names[from:until], func(n txlog.Number, kind txlog.Kind, values, body func() ([]byte, error)) (txlog.Changed, error) {
					e := want[n]
					var c txlog.Changed
					switch (uint64(n) * (seed | 1) >> 7) % 5 {
					case 0:
						delete(want, n)
						return txlog.Changed{Drop: true}, nil
					case 1:
						old, err := body()
						require.NoError(t, err)
						c.Body = append(slices.Clone(old), '!')
						e.Body = c.Body
					case 2:
						c.Values, c.Body = []byte("new values"), []byte{}
						e.Values, e.Body = c.Values, c.Body
					}
					changed[n] = e
					require.Equal(t, e.Kind, kind)
					return c, nil
				})
				require.NoError(t, err)
				for n, e := range changed {
					want[n] = e
				}
			},
			"begin rotation": func(*rapid.T) { require.NoError(t, l.BeginRotation(context.Background())) },
			"rotate":         func(*rapid.T) { require.NoError(t, rotate(l)) },
			"end rotation": func(*rapid.T) {
				if err := l.EndRotation(context.Background()); err != nil {
					require.ErrorIs(t, err, txlog.ErrRetired)
					require.True(t, l.Rotating())
				}
			},
			"rewrap": func(*rapid.T) {
				opts.Wrapper = seal.RandomKey()
				require.NoError(t, l.Rewrap(context.Background(), opts.Wrapper))
			},
			"kill": func(*rapid.T) {
				killed := l
				opts.FS = d.Restart()
				l, err = txlog.Open(context.Background(), "", opts)
				require.NoError(t, err)
				killed.Close() // frees the buntdb of a process that is gone
			},
			"reopen": func(t *rapid.T) {
				pin := l.Head()
				require.NoError(t, l.Close())
				opts.AtLeast = pin
				opts.Durability = txlog.Durability(rapid.IntRange(0, 2).Draw(t, "durability"))
				l, err = txlog.Open(context.Background(), "", opts)
				require.NoError(t, err)
			},
			"": func(t *rapid.T) { require.NoError(t, want.check(l)) },
		})
		names := len(closedNames(l)) + 1
		segments := 0
		for file := range d.Files() {
			if len(file) > 4 && file[:4] == "log/" {
				segments++
			}
		}
		require.Equal(t, names, segments, "old files are gone")
		require.NoError(t, l.Close())
	})
}

func TestRewriteRefuses(t *testing.T) {
	opts := &txlog.Options{FS: txlog.NewMemory(), Wrapper: seal.RandomKey(), SegmentSize: 1000}
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	var want []rec
	for i := range 10 {
		want = append(want, makeRec(uint64(i)+1, 2, 300))
		require.NoError(t, appendNext(l, want[i]))
	}
	names := closedNames(l)
	require.Greater(t, len(names), 3)
	open := l.Segments()[len(names)].Name
	for _, bad := range [][]uint64{nil, {999}, {open}, {names[0], names[2]}, {names[len(names)-1], open}, {names[1], names[0]}} {
		require.ErrorIs(t, l.Rewrite(t.Context(), bad, nil), txlog.ErrNotFound, "%v", bad)
	}
	stop := errors.New("stop")
	err = l.Rewrite(t.Context(), names, func(n txlog.Number, _ txlog.Kind, _, _ func() ([]byte, error)) (txlog.Changed, error) {
		if n == 7 {
			return txlog.Changed{}, stop
		}
		return txlog.Changed{Drop: true}, nil
	})
	require.ErrorIs(t, err, stop)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, l.Rewrite(canceled, names, nil), context.Canceled)
	check(t, l, want)
	require.Equal(t, names, closedNames(l))
	require.NoError(t, l.Close())
	require.ErrorIs(t, l.Rewrite(t.Context(), names, nil), txlog.ErrClosed)
	l, err = txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	check(t, l, want)
	require.NoError(t, l.Close())
}

// TestRewriteEverything drops all items of all closed segments, merges, and
// looks that numbers, sequences and times go on where they were.
func TestRewriteEverything(t *testing.T) {
	opts := &txlog.Options{FS: txlog.NewMemory(), Wrapper: seal.RandomKey(), SegmentSize: 1000}
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	for i := range 10 {
		require.NoError(t, appendNext(l, makeRec(uint64(i)+1, 2, 300)))
	}
	last, pin := l.Last(), l.Head()
	require.NoError(t, l.Rewrite(t.Context(), closedNames(l), func(txlog.Number, txlog.Kind, func() ([]byte, error), func() ([]byte, error)) (txlog.Changed, error) {
		return txlog.Changed{Drop: true}, nil
	}))
	require.Empty(t, closedNames(l))
	require.Equal(t, last, l.Last())
	require.NoError(t, l.Close())
	opts.AtLeast = pin
	l, err = txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	require.Equal(t, last, l.Last())
	_, err = l.Body(1, nil)
	require.ErrorIs(t, err, txlog.ErrNotFound)
	require.NoError(t, appendNext(l, makeRec(11, 2, 10)))
	require.NoError(t, l.Close())
}

// TestRewriteMerges puts many small records of small segments into one.
func TestRewriteMerges(t *testing.T) {
	fsys := txlog.NewMemory()
	opts := &txlog.Options{FS: fsys, Wrapper: seal.RandomKey(), SegmentSize: 1000}
	var want []rec
	for range 3 {
		l, err := txlog.Open(t.Context(), "", opts)
		require.NoError(t, err)
		for range 10 {
			want = append(want, makeRec(uint64(len(want))+1, 2, 300))
			require.NoError(t, appendNext(l, want[len(want)-1]))
		}
		require.NoError(t, l.Close())
	}
	opts.SegmentSize = 0
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	require.NoError(t, l.Rewrite(t.Context(), closedNames(l), nil))
	require.Len(t, closedNames(l), 1)
	require.Equal(t, 1, l.Segments()[0].Records)
	checkAgain(t, l, opts, want)
}

// TestRewriteBesideOthers rewrites while others append and read.
func TestRewriteBesideOthers(t *testing.T) {
	opts := &txlog.Options{FS: txlog.OSFolder(t.TempDir()), Wrapper: seal.RandomKey(), SegmentSize: 4000, SealsPerKey: 300}
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	const records = 80
	var want []rec
	for i := range records {
		want = append(want, makeRec(uint64(i)+1, 3, 200))
	}
	var others sync.WaitGroup
	done := make(chan struct{})
	others.Go(func() { // rewrites
		for {
			select {
			case <-done:
				return
			default:
			}
			if names := closedNames(l); len(names) > 0 {
				assert.NoError(t, l.Rewrite(t.Context(), names, func(n txlog.Number, _ txlog.Kind, values, _ func() ([]byte, error)) (txlog.Changed, error) {
					if n%2 == 0 {
						return txlog.Changed{}, nil
					}
					v, err := values()
					return txlog.Changed{Values: v}, err
				}))
			}
		}
	})
	for w := range 2 {
		others.Go(func() { readBeside(t, l, want, uint64(w), done) })
	}
	for _, r := range want {
		require.NoError(t, appendNext(l, r))
	}
	close(done)
	others.Wait()
	checkAgain(t, l, opts, want)
}
