package datastore_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// diskSize returns the bytes of a store's folder.
func diskSize(tb testing.TB, path string) (n int64) {
	require.NoError(tb, filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		n += info.Size()
		return err
	}))
	return n
}

// everything is the history of a store with times, and what some searches find.
func everything(t testing.TB, store *datastore.Store, queries ...string) (all []string) {
	for v, err := range store.History(ctx, datastore.Ref{}, nil) {
		require.NoError(t, err)
		all = append(all, fmt.Sprint(v.Ref, v.VersionID, v.LastUpdated, v.Interaction, v.Deleted, string(v.JSON)))
	}
	for _, query := range queries {
		typ, query, _ := strings.Cut(query, "?")
		page, err := store.Search(ctx, typ, query+"&_count=50")
		require.NoError(t, err)
		all = append(all, fmt.Sprint(typ, query, page.Total))
		for _, v := range page.Matches {
			all = append(all, v.Ref.String()+v.VersionID)
		}
	}
	return all
}

var rewriteQueries = []string{
	"Patient?gender=female", "Patient?_sort=birthdate,_id", "Observation?code=http://loinc.org|8302-2&_sort=-date",
	"Condition?subject.gender=male", "Encounter?date=gt2010", "?_lastUpdated=gt2000", "Observation?value-quantity=gt100",
}

// TestRewrite rewrites a store that has everything: it answers as before, before and
// after opening again, is smaller, and needs no second rewriting.
func TestRewrite(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "store")
	opts := &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))}
	store, err := datastore.Open(ctx, path, opts)
	require.NoError(t, err)
	lines := synthetic(8)
	require.NoError(t, importLines(store, lines))
	for round := range 3 {
		_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
			require.NoError(t, tx.SetState("round", fmt.Append(nil, round)))
			require.NoError(t, tx.SetState("gone", []byte(strings.Repeat("x", round%2))))
			for i := round; i < len(lines); i += 5 {
				if _, err := tx.Update(ctx, lines[i]); err != nil {
					return err
				}
			}
			if round == 1 {
				tx.WrittenByOther()
			}
			return nil
		})
		require.NoError(t, err)
	}
	page, err := store.Search(ctx, "Condition", "_count=20")
	require.NoError(t, err)
	for _, v := range page.Matches {
		require.NoError(t, store.Delete(ctx, v.Ref))
	}
	page, err = store.Search(ctx, "Observation", "_count=10&_sort=date")
	require.NoError(t, err)
	snapshot := store.Snapshot()
	defer snapshot.Close()
	head := store.Head()
	before, size := everything(t, store, rewriteQueries...), diskSize(t, path)

	var told [][3]int64
	require.NoError(t, store.Compact(ctx, nil, func(done, total, after int64) { told = append(told, [3]int64{done, total, after}) }))
	require.NotEmpty(t, told)
	last := told[len(told)-1]
	require.Equal(t, last[1], last[0])
	require.Less(t, last[2]*10, last[0]*9)
	require.Less(t, diskSize(t, path)*10, size*9)
	check := func() {
		require.Equal(t, before, everything(t, store, rewriteQueries...))
		require.NoError(t, store.Verify(ctx))
		value, err := store.State(ctx, "round")
		require.NoError(t, err)
		require.Equal(t, "2", string(value))
		require.Equal(t, []string{"round"}, store.StateNames(""))
	}
	check()
	next, err := store.Search(ctx, "Observation", page.Next)
	require.NoError(t, err, "a token of before")
	require.Equal(t, page.Total, next.Total)
	old, err := snapshot.Search(ctx, "Observation", "_count=1")
	require.NoError(t, err)
	require.Equal(t, page.Total, old.Total)

	// Nothing is left to do.
	rewritten := diskSize(t, path)
	told = nil
	require.NoError(t, store.Compact(ctx, nil, func(done, total, after int64) { told = append(told, [3]int64{done, total, after}) }))
	require.Equal(t, rewritten, diskSize(t, path))
	require.Len(t, told, 1)
	require.Equal(t, told[0][0], told[0][2])

	require.NoError(t, store.Close())
	require.ErrorIs(t, store.Compact(ctx, nil, nil), datastore.ErrClosed)
	again := *opts
	again.AtLeast = head
	store, err = datastore.Open(ctx, path, &again)
	require.NoError(t, err)
	check()
	_, err = store.Update(ctx, lines[0])
	require.NoError(t, err)
	require.NoError(t, store.Compact(ctx, nil, nil))
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.Close())
}

// TestRewriteInMemory rewrites a store that has no folder.
func TestRewriteInMemory(t *testing.T) {
	store := open(t, nil)
	require.NoError(t, store.Compact(ctx, nil, nil), "an empty store")
	require.NoError(t, importLines(store, synthetic(2)))
	before := everything(t, store, rewriteQueries...)
	require.NoError(t, store.Compact(ctx, nil, nil))
	require.Equal(t, before, everything(t, store, rewriteQueries...))
}

// TestRewriteCancelled stops a rewriting in its midst.
func TestRewriteCancelled(t *testing.T) {
	store := open(t, nil)
	require.NoError(t, importLines(store, synthetic(3)))
	before := everything(t, store)
	ending, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, store.Compact(ending, nil, nil), context.Canceled)
	require.Equal(t, before, everything(t, store))

	// Others are not held up by one that waits.
	first, stop := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- store.Compact(first, nil, func(_, _, _ int64) { stop() }) }()
	<-first.Done()
	require.NoError(t, <-done, "it was through")
	require.NoError(t, store.Compact(ctx, nil, nil))
	require.Equal(t, before, everything(t, store))
}

// TestRewriteStates keeps of each named state the last value alone, and opens again
// where nothing else is left of the log.
func TestRewriteStates(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "store")
	opts := &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))}
	store, err := datastore.Open(ctx, path, opts)
	require.NoError(t, err)
	value := []byte(strings.Repeat("0123456789", 1000))
	set := func(name string, value []byte) {
		_, err := store.Write(ctx, func(tx *datastore.Transaction) error { return tx.SetState(name, value) })
		require.NoError(t, err)
	}
	for i := range 50 {
		set("position", fmt.Append(value, i))
		set(fmt.Sprint("job", i), value)
	}
	for i := range 50 {
		if i%10 != 0 {
			set(fmt.Sprint("job", i), nil)
		}
	}
	names := store.StateNames("")
	require.Len(t, names, 6)
	head := store.Head()
	for range 3 {
		require.NoError(t, store.Compact(ctx, nil, nil))
		require.Less(t, diskSize(t, path), int64(150_000))
		require.NoError(t, store.Close())
		opts.AtLeast = head
		store, err = datastore.Open(ctx, path, opts)
		require.NoError(t, err)
		require.Equal(t, names, store.StateNames(""))
		got, err := store.State(ctx, "position")
		require.NoError(t, err)
		require.Equal(t, string(value)+"49", string(got))
		for _, name := range names {
			set(name, value)
		}
		set("position", fmt.Append(value, 49))
	}
	for _, name := range names {
		set(name, nil)
	}
	require.NoError(t, store.Compact(ctx, nil, nil))
	require.NoError(t, store.Close())
	store, err = datastore.Open(ctx, path, opts)
	require.NoError(t, err)
	require.Empty(t, store.StateNames(""))
	set("new", value)
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.Close())
}

// TestAnySizeComesBack writes what is long and repeats itself, or does not, at every
// level, and reads it before and after rewriting and opening again.
func TestAnySizeComesBack(t *testing.T) {
	size := 10 << 20
	if testing.Short() {
		size = 1 << 20
	}
	text := func(n int, c string) string { return strings.Repeat(c, n/len(c)) }
	sources := map[string]string{
		"one letter as data":  `{"resourceType":"Binary","id":"a","contentType":"text/plain","data":"` + text(size/4*4, "AAAA") + `"}`,
		"a data URL":          `{"resourceType":"DocumentReference","id":"b","status":"current","content":[{"attachment":{"url":"data:text/plain;base64,` + text(size/4*4, "QUFB") + `"}}]}`,
		"a data URL of zeros": `{"resourceType":"Media","id":"c","status":"completed","content":{"contentType":"image/bmp","url":"data:image/bmp;base64,` + text(size/4*4, "AAAA") + `"}}`,
		"long names":          `{"resourceType":"Patient","id":"d","name":[{"family":"` + text(1<<20, "x") + `","given":["` + text(1<<20, "Ünnep ") + `"]}]}`,
		"a blank bitmap":      `{"resourceType":"Media","id":"e","status":"completed","content":{"contentType":"image/bmp","data":"` + text(size/4*4, "////") + `"}}`,
		"long words":          `{"resourceType":"Basic","id":"f","code":{"text":"` + text(1<<20, "f13d3b8d-0097-4b35-8d6e-31c73ac2601c ") + `"}}`,
		"many identifiers":    `{"resourceType":"Basic","id":"g","code":{"text":"x"},"identifier":[` + text(1<<19, `{"system":"urn:oid:1.2.3","value":"1"},`) + `{"value":"2"}]}`,
		"a long uri":          `{"resourceType":"ValueSet","id":"h","status":"active","url":"http://example.org/` + text(1<<20, "2020-01-01") + `"}`,
	}
	for _, level := range []datastore.Level{datastore.Strict, datastore.StructureOnly, datastore.Minimal} {
		t.Run(fmt.Sprint(level), func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			path := filepath.Join(folder, "store")
			opts := &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key")), Validation: level}
			store, err := datastore.Open(ctx, path, opts)
			require.NoError(t, err)
			var written []datastore.Version
			for name, source := range sources {
				v, err := store.Update(ctx, []byte(source))
				if err != nil {
					require.ErrorIs(t, err, datastore.ErrInvalid, name)
					continue
				}
				written = append(written, v)
			}
			require.Greater(t, len(written), 5)
			for _, then := range []string{"written", "opened again", "rewritten", "rewritten and opened again"} {
				switch {
				case then == "rewritten":
					require.NoError(t, store.Compact(ctx, nil, nil))
				case strings.HasSuffix(then, "opened again"):
					require.NoError(t, store.Close())
					store, err = datastore.Open(ctx, path, opts)
					require.NoError(t, err)
				}
				for _, v := range written {
					got, err := store.Read(ctx, v.Ref)
					require.NoError(t, err, then)
					require.True(t, string(v.JSON) == string(got.JSON), "%s: %s differs", then, v.Ref)
				}
				require.NoError(t, store.Verify(ctx), then)
			}
			require.Less(t, diskSize(t, path), int64(1<<20))
			require.NoError(t, store.Close())
		})
	}
}

// BenchmarkDisk imports the sample and rewrites it. Its metrics are the bytes of the
// store's folder for each byte of the input, after the import and after the rewriting.
func BenchmarkDisk(b *testing.B) {
	lines := sample(b)
	input := float64(size(lines) + len(lines))
	for b.Loop() {
		b.StopTimer()
		store, path, opts := openBench(b, true)
		require.NoError(b, importLines(store, lines))
		require.NoError(b, store.Close())
		fresh := diskSize(b, path)
		store, err := datastore.Open(ctx, path, opts)
		require.NoError(b, err)
		b.StartTimer()
		require.NoError(b, store.Compact(ctx, nil, nil))
		b.StopTimer()
		require.NoError(b, store.Close())
		b.ReportMetric(float64(fresh)/input, "fresh-ratio")
		b.ReportMetric(float64(diskSize(b, path))/input, "rewritten-ratio")
		require.NoError(b, os.RemoveAll(path))
		b.StartTimer()
	}
	b.ReportMetric(input*float64(b.N)/1e6/b.Elapsed().Seconds(), "MB/s")
	b.ReportMetric(float64(len(lines)*b.N)/b.Elapsed().Seconds(), "res/s")
}
