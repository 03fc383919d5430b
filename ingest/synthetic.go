package ingest

import (
	"io"

	"github.com/fhirlake/fhirlake/internal/synth"
)

// Synthetic returns ldjson of invented patients to import, or to copy to a file:
//
//	ingest.Start(ctx, store, ingest.Options{Reader: ingest.Synthetic(1, 1000)})
//
// It holds about 280 linked resources (400 kB) a patient, of the 21 types that
// AWS HealthLake preloads, and DocumentReferences with notes. The same seed and
// number of patients give the same bytes, in every version. Nothing clinical may
// be concluded from them. The reader is for one goroutine and holds one patient
// in memory at a time.
func Synthetic(seed uint64, patients int) io.Reader {
	return synth.New(seed, patients).NewReader()
}
