package datastore_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCustomBesideWriters defines a parameter while several goroutines write: once it
// is complete, every resource is found.
func TestCustomBesideWriters(t *testing.T) {
	const writers, each = 4, 150
	store := open(t, nil)
	for i := range 300 {
		put(t, store, fmt.Sprintf(`{"resourceType":"Patient","id":"old-%d","name":[{"given":["%s"]}]}`, i, strings.Repeat("x", i%5+1)))
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				line := fmt.Sprintf(`{"resourceType":"Patient","id":"w%d-%d","name":[{"given":["%s"]}]}`, w, i%100, strings.Repeat("x", (w+i)%5+1))
				_, err := store.Update(ctx, []byte(line))
				assert.NoError(t, err)
			}
		})
	}
	for round := range 5 {
		define(t, store, custom("size", "Patient", "number", fmt.Sprintf("Patient.name.given.length() + %d", round)))
		snapshot := store.Snapshot()
		checkSizes(t, snapshot, round)
		snapshot.Close()
	}
	wg.Wait()
	checkSizes(t, store, 4)
}

// checkSizes compares the answers of size with a scan of all patients.
func checkSizes(t *testing.T, store datastore.Reader, more int) {
	t.Helper()
	want := map[int]int{}
	for q := "_count=1000"; q != ""; {
		page, err := store.Search(ctx, "Patient", q)
		require.NoError(t, err)
		for _, v := range page.Matches {
			want[strings.Count(string(v.JSON), "x")+more]++
		}
		q = page.Next
	}
	for size := range 12 {
		page, err := store.Search(ctx, "Patient", fmt.Sprintf("size=%d&_count=0", size))
		require.NoError(t, err)
		require.Equal(t, want[size], page.Total, "size %d", size)
	}
}

// TestCustomAndClose closes a store whose parameters are being indexed.
func TestCustomAndClose(t *testing.T) {
	store, err := datastore.Open(ctx, "mem:", nil)
	require.NoError(t, err)
	require.NoError(t, importLines(store, synthetic(20)))
	for _, code := range []string{"p1", "p2", "p3"} {
		_, err = store.Update(ctx, custom(code, "Resource", "token", "Resource.meta.tag | Resource.descendants().ofType(code)"))
		require.NoError(t, err)
	}
	waited := make(chan error)
	go func() { waited <- store.WaitIndexed(ctx) }()
	require.NoError(t, store.Close())
	if err := <-waited; err != nil {
		require.ErrorIs(t, err, datastore.ErrClosed)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if err := store.WaitIndexed(stopped); err != nil {
		require.True(t, datastore.Status(err) == http.StatusServiceUnavailable, err)
	}
}

// TestCustomAnswersAreWhole redefines a parameter over and over while others ask for
// it: an answer is that of one definition or the other, or an error that says why
// there is none.
func TestCustomAnswersAreWhole(t *testing.T) {
	store := open(t, nil)
	_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
		for i := range 2000 {
			line := fmt.Sprintf(`{"resourceType":"Patient","id":"p%d","gender":"male","name":[{"family":"%c"}]}`, i, 'A'+i%4)
			if _, err := tx.Update(ctx, []byte(line)); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	totals := map[string][]int{
		"which=a": {500, 1000}, "which:not=a": {1500, 1000}, "which:missing=true": {0}, "which=a,b,c,d": {2000}, "which:missing=false&gender=male": {2000},
	}
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for query, allowed := range totals {
		readers.Go(func() {
			answers := 0
			for {
				select {
				case <-stop:
					t.Logf("%s: %d answers", query, answers)
					return
				default:
				}
				page, err := store.Search(ctx, "Patient", query+"&_count=0")
				var data *datastore.Error
				switch {
				case err == nil:
					answers++
					assert.Contains(t, allowed, page.Total, query)
				case errors.As(err, &data):
					assert.Contains(t, []issue.Code{issue.Transient, issue.NotFound}, data.Issues[0].Code, err)
				default:
					assert.NoError(t, err)
				}
			}
		})
	}
	for round := range 6 {
		define(t, store, custom("which", "Patient", "token", []string{
			"Patient.name.family", "Patient.name.family | iif(Patient.name.family = 'B', 'A', {})",
		}[round%2]))
	}
	close(stop)
	readers.Wait()
}

// TestCustomClashInARace defines one code from several goroutines: one of them may.
func TestCustomClashInARace(t *testing.T) {
	store := open(t, nil)
	var mu sync.Mutex
	taken := 0
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			_, err := store.Update(ctx, []byte(strings.Replace(string(custom("mine", "Patient", "token", "Patient.id")), "sp-mine", fmt.Sprint("sp", i), 1)))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				taken++
				return
			}
			assert.ErrorIs(t, err, datastore.ErrInvalid)
		})
	}
	writers.Wait()
	require.Equal(t, 1, taken)
	require.Len(t, store.SearchParameters(), 1)
}
