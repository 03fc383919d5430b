package ingest

import (
	"context"
	"io"

	"github.com/fhirlake/fhirlake/internal/synth"
)

// Synthetic returns ldjson of invented patients to import, or to copy to a file:
//
//	ingest.Start(ctx, store, ingest.Options{Reader: ingest.Synthetic(1, 1000)})
//
// It holds about 370 linked resources (600 kB) a patient, of the 21 types that AWS
// HealthLake preloads, and DocumentReferences whose notes tell the coded data. Ten
// years are recorded: visits, values that move, drugs that start and stop, deaths;
// ages, sexes and lasting disorders are about as common as in the United States. The
// same seed and number of patients give the same bytes, in every version and on every
// machine. No clinical conclusion may be drawn from them. The reader is for one
// goroutine and holds one patient in memory at a time, however many there are.
func Synthetic(seed uint64, patients int) io.Reader {
	return synth.New(seed, patients).NewReader()
}

// Preload returns a datastore.Preload that fills a new store with the resources of
// [Synthetic]:
//
//	datastore.Open(ctx, path, &datastore.Options{Key: key, Preload: ingest.Preload(1, 1000)})
func Preload(seed uint64, patients int) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(Synthetic(seed, patients)), nil
	}
}
