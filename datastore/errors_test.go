package datastore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
)

// A failingLog is a log that fails as it is told, with errors that name files.
type failingLog struct {
	*txlogtest.Log
	appends, reads error
}

const secretPath = "/srv/secret/store/log/00000001.bunt"

func (l *failingLog) Append(ctx context.Context, b *txlog.Batch) (txlog.Position, error) {
	if l.appends != nil {
		return txlog.Position{}, l.appends
	}
	return l.Log.Append(ctx, b)
}

func (l *failingLog) Body(n txlog.Number, dst []byte) ([]byte, error) {
	if l.reads != nil {
		return dst, l.reads
	}
	return l.Log.Body(n, dst)
}

// TestErrorsOfTheLog has a log fail in each of its ways. Each error has a class of this
// package and its status; what is told to the world, by Bundles too, names no file; and
// a store that turns read-only says so to the logger.
func TestErrorsOfTheLog(t *testing.T) {
	named := func(class error) error {
		return errors.Join(class, errors.New("open "+secretPath+": input/output error"))
	}
	for name, test := range map[string]struct {
		appends, reads error
		class          error // nil where nobody foresaw it
		status         int
		readOnly       bool
	}{
		"a disk that fails":         {appends: named(errors.New("txlog: append")), status: 500},
		"an unknown outcome":        {appends: named(txlog.ErrOutcomeUnknown), class: datastore.ErrOutcomeUnknown, status: 500, readOnly: true},
		"a log that is read-only":   {appends: named(txlog.ErrReadOnly), class: datastore.ErrReadOnly, status: 503, readOnly: true},
		"a writer of a new term":    {appends: named(txlog.ErrFenced), class: datastore.ErrReadOnly, status: 503, readOnly: true},
		"another folder":            {appends: named(txlog.ErrReplaced), class: datastore.ErrReadOnly, status: 503, readOnly: true},
		"no numbers left":           {appends: txlog.ErrFull, class: datastore.ErrFull, status: 507},
		"a closed log":              {appends: named(txlog.ErrClosed), class: datastore.ErrClosed, status: 503},
		"endless conflicts":         {appends: named(txlog.ErrConflict), class: datastore.ErrConflict, status: 409},
		"damage":                    {reads: named(txlog.ErrCorrupt), class: datastore.ErrCorrupt, status: 500},
		"a disk that reads no more": {reads: named(errors.New("txlog: read")), status: 500},
		"a later format":            {reads: named(txlog.ErrUnsupported), class: datastore.ErrUnsupported, status: 501},
		"a log closed meanwhile":    {reads: named(txlog.ErrClosed), class: datastore.ErrClosed, status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			var told bytes.Buffer
			inner, err := txlog.Open(ctx, "", &txlog.Options{FS: txlog.NewMemory(), Wrapper: seal.RandomKey()})
			require.NoError(t, err)
			log := &failingLog{Log: txlogtest.Wrap(inner, txlogtest.Faults{})}
			store, err := datastore.OpenLog(ctx, log, &datastore.Options{Logger: slog.New(slog.NewTextHandler(&told, nil))})
			require.NoError(t, err)
			require.NoError(t, write(store, "a"))
			log.appends, log.reads = test.appends, test.reads

			check := func(err error) {
				require.Error(t, err)
				if test.class != nil {
					require.ErrorIs(t, err, test.class)
				}
				require.Equal(t, test.status, datastore.Status(err))
				outcome := string(datastore.Outcome(err))
				require.NotContains(t, outcome, "secret")
				require.NotContains(t, outcome, "input/output")
			}
			var request string
			if test.appends != nil {
				_, err = store.Update(ctx, patient("b", "Ann"))
				check(err)
				job, err := ingest.Start(ctx, store, ingest.Options{Reader: bytes.NewReader(append(patient("b", "Ann"), '\n'))})
				require.NoError(t, err)
				_, err = job.Wait()
				require.Error(t, err)
				request = entry("PUT", "Patient/b", "", string(patient("b", "Ann")))
			} else {
				_, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "a"})
				check(err)
				_, err = store.Search(ctx, "Patient", "")
				check(err)
				for _, err := range store.History(ctx, datastore.Ref{}, nil) {
					check(err)
				}
				_, err = store.Patch(ctx, datastore.Ref{Type: "Patient", ID: "a"}, []byte(`[{"op":"add","path":"/gender","value":"male"}]`))
				check(err)
				for c, err := range store.Changes(ctx, 0) {
					require.NoError(t, err)
					for _, err := range c.Versions(ctx) {
						check(err)
					}
					break
				}
				job, err := export.Start(ctx, store, export.Options{To: blockingSinkFree()})
				require.NoError(t, err)
				_, err = job.Wait()
				check(err)
				request = entry("GET", "Patient/a", "", "")
			}
			for _, kind := range []string{"batch", "transaction"} {
				answer, err := store.Transact(ctx, bundleOf(kind, request))
				if err != nil {
					answer = datastore.Outcome(err)
				}
				for _, inner := range []string{"secret", "input/output"} {
					require.NotContains(t, string(answer), inner, kind)
				}
			}
			require.Equal(t, test.readOnly, strings.Contains(told.String(), "read-only"), told.String())

			log.appends, log.reads = nil, nil
			if test.readOnly {
				require.ErrorIs(t, write(store, "c"), datastore.ErrReadOnly)
			} else {
				require.NoError(t, write(store, "c"))
			}
			_, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "a"})
			require.NoError(t, err)
			require.NoError(t, store.Close())
		})
	}
}

// blockingSinkFree is a sink that takes everything.
func blockingSinkFree() blockingSink {
	s := blockingSink{make(chan struct{}), make(chan struct{})}
	close(s.free)
	return s
}
