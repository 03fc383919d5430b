package export_test

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
)

// BenchmarkReadBeside reads by id, once a millisecond, from a store in a folder, while jobs
// import and export beside it without end, and reports how long reads took, and how long
// after the tick of the clock that asked for them they were done.
func BenchmarkReadBeside(b *testing.B) {
	for _, c := range []struct {
		name            string
		imports, export bool
	}{{"nothing", false, false}, {"import", true, false}, {"export", false, true}, {"both", true, true}} {
		b.Run(c.name, func(b *testing.B) {
			store, err := datastore.Open(ctx, filepath.Join(b.TempDir(), "store"), &datastore.Options{Key: datastore.KeyFile(filepath.Join(b.TempDir(), "key"))})
			require.NoError(b, err)
			defer store.Close()
			load(b, store, ingest.Synthetic(1, 50))
			var refs []datastore.Ref
			now := store.Snapshot()
			found, err := now.Select(ctx, "Observation", "")
			require.NoError(b, err)
			for o := range found {
				refs = append(refs, now.Describe(o).Ref)
			}
			now.Close()

			stop := make(chan struct{})
			var jobs sync.WaitGroup
			endless := func(job func(n int) (int64, error)) *int64 {
				done := new(int64)
				jobs.Go(func() {
					for n := 2; ; n++ {
						select {
						case <-stop:
							return
						default:
						}
						bytes, err := job(n)
						if err != nil {
							b.Error(err)
							return
						}
						*done += bytes
					}
				})
				return done
			}
			imported, exported := new(int64), new(int64)
			if c.imports {
				imported = endless(func(n int) (int64, error) {
					job, err := ingest.Start(ctx, store, ingest.Options{Reader: ingest.Synthetic(uint64(n), 20)})
					if err != nil {
						return 0, err
					}
					result, err := job.Wait()
					return result.Imported, err
				})
			}
			if c.export {
				exported = endless(func(int) (int64, error) {
					job, err := export.Start(ctx, store, export.Options{To: discard{}})
					if err != nil {
						return 0, err
					}
					result, err := job.Wait()
					return result.Bytes, err
				})
			}
			var took, late []time.Duration
			pace := time.NewTicker(time.Millisecond)
			defer pace.Stop()
			for b.Loop() {
				tick := <-pace.C
				began := time.Now()
				if _, err := store.Read(ctx, refs[len(took)*7919%len(refs)]); err != nil {
					b.Fatal(err)
				}
				took, late = append(took, time.Since(began)), append(late, time.Since(tick))
			}
			close(stop)
			jobs.Wait()
			slices.Sort(took)
			slices.Sort(late)
			for _, percent := range []int{50, 99} {
				b.ReportMetric(float64(took[len(took)*percent/100].Nanoseconds())/1e3, fmt.Sprintf("p%d-µs", percent))
				b.ReportMetric(float64(late[len(late)*percent/100].Nanoseconds())/1e3, fmt.Sprintf("p%d-from-tick-µs", percent))
			}
			b.ReportMetric(float64(*imported)/b.Elapsed().Seconds(), "imported-res/s")
			b.ReportMetric(float64(*exported)/1e6/b.Elapsed().Seconds(), "exported-MB/s")
			b.ReportMetric(0, "ns/op") // of the pace, and of no interest
		})
	}
}

// BenchmarkExportTo exports Synthea to memory, to nowhere and to a folder.
func BenchmarkExportTo(b *testing.B) {
	store := storetest.Open(b, nil)
	load(b, store, bytes.NewReader(synthea(b)))
	for name, sink := range map[string]func() export.Sink{
		"discard": func() export.Sink { return discard{} },
		"memory":  func() export.Sink { return buffers{} },
		"folder":  func() export.Sink { return export.DirSink(b.TempDir()) },
	} {
		b.Run(name, func(b *testing.B) {
			var size int64
			for b.Loop() {
				job, err := export.Start(b.Context(), store, export.Options{To: sink()})
				require.NoError(b, err)
				result, err := job.Wait()
				require.NoError(b, err)
				size += result.Bytes
			}
			b.ReportMetric(float64(size)/1e6/b.Elapsed().Seconds(), "MB/s")
		})
	}
}

// buffers is a Sink that holds each file while it is written, and then forgets it.
type buffers struct{}

func (buffers) Create(string) (io.WriteCloser, error) { return new(held), nil }

type held struct{ bytes.Buffer }

func (*held) Close() error { return nil }
