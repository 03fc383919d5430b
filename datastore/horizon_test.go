package datastore_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"

	ppb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
)

// A blockingSink waits at its first file until it is told to go on.
type blockingSink struct{ entered, free chan struct{} }

func (s blockingSink) Create(string) (io.WriteCloser, error) {
	select {
	case <-s.entered:
	default:
		close(s.entered)
	}
	<-s.free
	return nopCloser{io.Discard}, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// TestReadersAreCounted has readers of every kind under way while all is written anew
// and swept: nothing that they see is swept, and nothing is held when they are done.
func TestReadersAreCounted(t *testing.T) {
	for name, read := range map[string]func(t *testing.T, store *datastore.Store, meanwhile func()){
		"snapshot": func(t *testing.T, store *datastore.Store, meanwhile func()) {
			now := store.Snapshot()
			defer now.Close()
			meanwhile()
			page, err := now.Search(ctx, "Patient", "family=before")
			require.NoError(t, err)
			require.Equal(t, 3, page.Total)
		},
		"At": func(t *testing.T, store *datastore.Store, meanwhile func()) {
			now, err := store.At()
			require.NoError(t, err)
			defer now.Close()
			meanwhile()
			page, err := now.Search(ctx, "Patient", "family=before")
			require.NoError(t, err)
			require.Equal(t, 3, page.Total)
		},
		"history": func(t *testing.T, store *datastore.Store, meanwhile func()) {
			n := 0
			for v, err := range store.History(ctx, datastore.Ref{}, nil) {
				require.NoError(t, err)
				require.Equal(t, "1", v.VersionID)
				if n++; n == 1 {
					meanwhile()
				}
			}
			require.Equal(t, 3, n)
		},
		"changes": func(t *testing.T, store *datastore.Store, meanwhile func()) {
			for c, err := range store.Changes(ctx, 0) {
				require.NoError(t, err)
				meanwhile()
				for v, err := range c.Versions(ctx) {
					require.NoError(t, err)
					require.Contains(t, string(v.JSON), "Before")
				}
				break
			}
		},
		"iterator": func(t *testing.T, store *datastore.Store, meanwhile func()) {
			n := 0
			for p, err := range datastore.Search[*ppb.Patient](ctx, store, "family=before&_count=1") {
				require.NoError(t, err)
				require.Equal(t, "Before", p.GetName()[0].GetFamily().GetValue())
				if n++; n == 1 {
					meanwhile()
				}
			}
			require.Equal(t, 3, n)
		},
		"an iterator that is left": func(t *testing.T, store *datastore.Store, meanwhile func()) {
			for range store.History(ctx, datastore.Ref{}, nil) {
				meanwhile()
				break
			}
		},
		"a reader that panics": func(t *testing.T, store *datastore.Store, meanwhile func()) {
			require.Panics(t, func() {
				for range store.History(ctx, datastore.Ref{}, nil) {
					meanwhile()
					panic("no")
				}
			})
		},
		"verify": func(t *testing.T, store *datastore.Store, meanwhile func()) {
			require.NoError(t, store.VerifyAll(ctx, nil, func(int, int) { meanwhile() }))
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := open(t, nil)
			writeAll := func(family string) {
				for _, id := range []string{"a", "b", "c"} {
					_, err := store.Update(ctx, patient(id, family))
					require.NoError(t, err)
				}
			}
			writeAll("Before")
			asked := 0
			read(t, store, func() {
				asked++
				writeAll("After")
				require.NoError(t, store.SweepAll())
				stats, err := store.Stats()
				require.NoError(t, err)
				require.Positive(t, stats.Held)
				require.Zero(t, store.Swept())
			})
			require.Equal(t, 1, asked)
			stats, err := store.Stats()
			require.NoError(t, err)
			require.Zero(t, stats.Held)
			require.NoError(t, store.SweepAll())
			require.Equal(t, 3, store.Swept())
		})
	}
}

// A snapshot that is given a token of a newer state answers with no row that it cannot
// see.
func TestTokenOfANewerState(t *testing.T) {
	store := open(t, nil)
	for _, id := range []string{"a", "b", "c"} {
		_, err := store.Update(ctx, patient(id, "Ann"))
		require.NoError(t, err)
	}
	before := store.Snapshot()
	defer before.Close()
	for _, id := range []string{"d", "e", "a"} {
		_, err := store.Update(ctx, patient(id, "Ann"))
		require.NoError(t, err)
	}
	after := store.Snapshot()
	defer after.Close()
	for _, query := range []string{"_count=1", "name=ann&_count=1", "_sort=name&_count=1", "_sort=-_lastUpdated&_count=1"} {
		page, err := after.Search(ctx, "Patient", query)
		require.NoError(t, err)
		for _, link := range []string{page.Next, page.First, page.Last} {
			if link == "" {
				continue
			}
			_, err = before.Search(ctx, "Patient", link)
			require.ErrorIs(t, err, datastore.ErrStalePage, query)
			require.Equal(t, 410, datastore.Status(err))
			_, err = after.Search(ctx, "Patient", link)
			require.NoError(t, err)
			_, err = store.Search(ctx, "Patient", link)
			require.NoError(t, err)
		}
		// The other way round the token says which state is meant.
		page, err = before.Search(ctx, "Patient", query)
		require.NoError(t, err)
		page, err = after.Search(ctx, "Patient", page.Next)
		require.NoError(t, err)
		require.Equal(t, 3, page.Total)
	}
}

// TestChangesEnd has who follows a store hear of its context and of Close.
func TestChangesEnd(t *testing.T) {
	store, err := datastore.Open(ctx, "mem:", nil)
	require.NoError(t, err)
	require.NoError(t, write(store, "a"))
	follow := func(ctx context.Context) chan error {
		ended, began := make(chan error, 1), make(chan struct{})
		go func() {
			for _, err := range store.Changes(ctx, 0) {
				if err != nil {
					ended <- err
					return
				}
				close(began)
			}
			ended <- errors.New("it ended without an error")
		}()
		<-began
		return ended
	}
	leaving, leave := context.WithTimeout(ctx, time.Hour)
	left := follow(leaving)
	leave()
	require.ErrorIs(t, <-left, context.Canceled)
	closed := follow(ctx)
	require.NoError(t, store.Close())
	require.ErrorIs(t, <-closed, datastore.ErrClosed)
}
