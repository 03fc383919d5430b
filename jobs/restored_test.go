package jobs_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/fhirlake/fhirlake/jobs"
	"github.com/stretchr/testify/require"
)

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type sinkFunc func(string) (io.WriteCloser, error)

func (f sinkFunc) Create(name string) (io.WriteCloser, error) { return f(name) }

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Close() error                { return nil }

// TestJobsOfTheStoreOfOrigin makes a backup while an import and an export run: in the
// restored store they have ended, and none of them goes on.
func TestJobsOfTheStoreOfOrigin(t *testing.T) {
	key := datastore.RawKey([32]byte{1})
	store := storetest.Open(t, &datastore.Options{Key: key})
	var lines strings.Builder
	for i := range 50 {
		fmt.Fprintf(&lines, `{"resourceType":"Patient","id":"p%d"}`+"\n", i)
	}
	token := func(of string) ingest.Options {
		return ingest.Options{Reader: strings.NewReader(lines.String()), ClientToken: of}
	}
	before, err := ingest.Start(ctx, store, token("before"))
	require.NoError(t, err)
	_, err = before.Wait()
	require.NoError(t, err)

	reached, goOn := make(chan struct{}, 2), make(chan struct{})
	wait := func() {
		reached <- struct{}{}
		<-goOn
	}
	blocked := token("import")
	blocked.Reader = io.MultiReader(blocked.Reader, readerFunc(func([]byte) (int, error) { wait(); return 0, io.EOF }))
	imported, err := ingest.Start(ctx, store, blocked)
	require.NoError(t, err)
	exported, err := export.Start(ctx, store, export.Options{
		ClientToken: "export", To: sinkFunc(func(string) (io.WriteCloser, error) { wait(); return discard{}, nil }),
	})
	require.NoError(t, err)
	<-reached
	<-reached
	var piece bytes.Buffer
	_, err = store.Backup(ctx, &piece, 0)
	close(goOn)
	require.NoError(t, err)
	_, err = imported.Wait()
	require.NoError(t, err)
	_, err = exported.Wait()
	require.NoError(t, err)

	copied, err := datastore.Restore(ctx, "mem:", &datastore.RestoreOptions{Options: datastore.Options{Key: key}}, &piece)
	require.NoError(t, err)
	defer func() { require.NoError(t, copied.Close()) }()
	for _, id := range []string{imported.ID(), exported.ID()} {
		origin, err := jobs.Get(ctx, store, id)
		require.NoError(t, err)
		require.Equal(t, jobs.Completed, origin.Status)
		require.Equal(t, store.StoreID(), origin.Store)
		r, err := jobs.Get(ctx, copied, id)
		require.NoError(t, err)
		require.Equal(t, jobs.Failed, r.Status)
		require.Equal(t, store.StoreID(), r.Store)
		require.NotEmpty(t, r.Message)
		require.False(t, r.Ended.IsZero())
		require.ErrorIs(t, jobs.Cancel(ctx, copied, id), jobs.ErrEnded)
	}
	open, err := jobs.List(ctx, copied, jobs.Filter{Status: jobs.InProgress})
	require.NoError(t, err)
	require.Empty(t, open.Jobs)
	_, err = ingest.Resume(ctx, copied, imported.ID(), token(""))
	require.ErrorIs(t, err, jobs.ErrEnded)
	require.ErrorContains(t, err, "start it anew")
	_, err = export.Resume(ctx, copied, exported.ID(), export.Options{To: export.DirSink(t.TempDir())})
	require.ErrorIs(t, err, jobs.ErrEnded)
	require.ErrorContains(t, err, "start it anew")

	// A token asks for the job in this store, unless the store has what the job came to.
	again, err := ingest.Start(ctx, copied, token("before"))
	require.NoError(t, err)
	require.Equal(t, before.ID(), again.ID())
	anew, err := ingest.Start(ctx, copied, token("import"))
	require.NoError(t, err)
	require.NotEqual(t, imported.ID(), anew.ID())
	result, err := anew.Wait()
	require.NoError(t, err)
	require.EqualValues(t, 50, result.Scanned)
	same, err := ingest.Start(ctx, copied, token("import"))
	require.NoError(t, err)
	require.Equal(t, anew.ID(), same.ID())
	files, err := export.Start(ctx, copied, export.Options{ClientToken: "export", To: export.DirSink(t.TempDir())})
	require.NoError(t, err)
	require.NotEqual(t, exported.ID(), files.ID())
	_, err = files.Wait()
	require.NoError(t, err)

	require.NoError(t, jobs.Forget(ctx, copied, imported.ID()))
	n, err := jobs.ForgetEnded(ctx, copied, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 4, n)
	require.Empty(t, copied.StateNames(jobs.Work(exported.ID(), "")))
}

// TestCancelledJobOfTheStoreOfOrigin refuses to go on with a job that was stopped before
// the backup.
func TestCancelledJobOfTheStoreOfOrigin(t *testing.T) {
	key := datastore.RawKey([32]byte{1})
	store := storetest.Open(t, &datastore.Options{Key: key})
	id := submit(t, store, jobs.Record{Kind: jobs.Import, Status: jobs.InProgress})
	require.NoError(t, jobs.Cancel(ctx, store, id))
	var piece bytes.Buffer
	_, err := store.Backup(ctx, &piece, 0)
	require.NoError(t, err)
	copied, err := datastore.Restore(ctx, "mem:", &datastore.RestoreOptions{Options: datastore.Options{Key: key}}, &piece)
	require.NoError(t, err)
	defer func() { require.NoError(t, copied.Close()) }()
	r, err := jobs.Get(ctx, copied, id)
	require.NoError(t, err)
	require.Equal(t, jobs.Cancelled, r.Status)
	_, err = ingest.Resume(ctx, copied, id, ingest.Options{Reader: strings.NewReader("")})
	require.ErrorIs(t, err, jobs.ErrEnded)
}
