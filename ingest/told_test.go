package ingest_test

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// A roomySink keeps the files of a report until the given number of them is there.
type roomySink struct {
	*storetest.Sink
	mu   sync.Mutex
	left int
}

var errNoRoom = errors.New("no space is left")

func (s *roomySink) Create(name string) (io.WriteCloser, error) {
	w, err := s.Sink.Create(name)
	return &roomyFile{w, s}, err
}

type roomyFile struct {
	io.WriteCloser
	sink *roomySink
}

func (f *roomyFile) Close() error {
	f.sink.mu.Lock()
	defer f.sink.mu.Unlock()
	if f.sink.left--; f.sink.left < 0 {
		return errNoRoom
	}
	return f.WriteCloser.Close()
}

// TestReportIsCompleteAfterAll has the report take no more again and again, in each pass.
// Once the job is through, the report is that of a job that nothing stopped: also of files
// whose lines were durable before their report was.
func TestReportIsCompleteAfterAll(t *testing.T) {
	input := fstest.MapFS{}
	for n := range 40 {
		ref := fmt.Sprintf("Patient?identifier=%d", (n+3)%45)
		input[fmt.Sprintf("%02d.ndjson", n)] = &fstest.MapFile{Data: []byte(
			fmt.Sprintf(`{"resourceType":"Patient","id":"p%d","identifier":[{"value":"%d"}]}`, n, n) + "\n{bad\n" + observationOf(fmt.Sprint("o", n), ref))}
	}
	input["y.json"] = &fstest.MapFile{Data: []byte(bundleOf("batch", entryOf("", patient("b", "x"), "", ""), entryOf("", `{"resourceType":"Patient","id":7}`, "", "")))}
	input["z.ndjson"] = &fstest.MapFile{Data: []byte(patient("last", "x"))}
	for _, workers := range []int{1, 4} {
		var want, got storetest.Sink
		_, err := run(t, open(t, nil), ingest.Options{From: input, Report: &want, Workers: workers})
		require.NoError(t, err)
		store := open(t, nil)
		_, rounds := interrupted(t, &store, func(round int, _ func()) ingest.Options {
			return ingest.Options{From: input, Workers: workers, Report: &roomySink{Sink: &got, left: 7 * round}}
		}, func(_ string, _ ingest.Result, err error) { require.ErrorIs(t, err, errNoRoom) })
		require.Greater(t, rounds, 2)
		require.Equal(t, want.Names(), got.Names())
		for _, name := range want.Names() {
			require.Equal(t, reportLines(t, want.File(name)), reportLines(t, got.File(name)), name)
		}
		require.NoError(t, store.Verify(ctx))
		_, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "last"})
		require.NoError(t, err)
	}
}
