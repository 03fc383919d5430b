package datastore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/cputime"
	"github.com/stretchr/testify/require"
)

// A subjects says whom the i-th Observation of a benchmark is about: "Location/..." for
// somebody without a key of his own, or a patient. All are equally long.
type subjects func(i int) string

var (
	keyless     subjects = func(i int) string { return fmt.Sprintf("Location/l%05d", i/100%1000) }
	grouped     subjects = func(i int) string { return fmt.Sprintf("Patient/pp%05d", i/100%1000) }
	interleaved subjects = func(i int) string { return fmt.Sprintf("Patient/pp%05d", i%1000) }
)

// orders are the subjects by name. "none" is the reference.
var orders = []struct {
	name string
	of   subjects
}{{"none", keyless}, {"grouped", grouped}, {"interleaved", interleaved}}

// observed returns an Observation without an id, or with one if there is any.
func observed(id, subject string, i int) []byte {
	if id != "" {
		id = `"id":"` + id + `",`
	}
	return fmt.Appendf(nil, `{"resourceType":"Observation",%s"status":"final",`+
		`"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],`+
		`"code":{"coding":[{"system":"http://loinc.org","code":"8302-2","display":"Body Height"}],"text":"Body Height"},`+
		`"subject":{"reference":"%s"},"effectiveDateTime":"2020-01-%02dT10:%02d:00Z",`+
		`"valueQuantity":{"value":%d.5,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"}}`, id, subject, 1+i%28, i%60, 100+i%90)
}

// middle returns the median.
func middle(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}

// BenchmarkCreate creates single resources in a folder, in turn: without patients' keys,
// with those of patients in groups, and of patients who take turns. Between them it writes
// and syncs as many bytes itself, at the end of a file: what the machine takes at least.
// All times are medians, and the ratios are of medians of one run.
func BenchmarkCreate(b *testing.B) {
	dir := b.TempDir()
	own, err := os.Create(filepath.Join(dir, "own"))
	require.NoError(b, err)
	defer own.Close()
	took := map[string][]time.Duration{}
	clocked := func(name string, do func() error) {
		begun := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		took[name] = append(took[name], time.Since(begun))
	}
	stores := map[string]*datastore.Store{}
	for _, o := range orders {
		stores[o.name], _, _ = openBench(b, true)
		defer stores[o.name].Close()
		for i := range 1000 { // patients are known, as those of a store in use
			_, err := stores[o.name].Create(ctx, observed("", o.of(i*100), i))
			require.NoError(b, err)
		}
	}
	record := make([]byte, 600) // about what a record of one of these takes in the log
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		clocked("machine", func() error {
			if _, err := own.Write(record); err != nil {
				return err
			}
			return own.Sync()
		})
		for _, o := range orders {
			clocked(o.name, func() error {
				_, err := stores[o.name].Create(ctx, observed("", o.of(i), i))
				return err
			})
		}
	}
	machine, none := middle(took["machine"]), middle(took["none"])
	b.ReportMetric(float64(machine.Microseconds()), "machine-µs")
	b.ReportMetric(float64(none.Microseconds()), "none-µs")
	b.ReportMetric(float64(middle(took["grouped"]))/float64(none), "grouped/none")
	b.ReportMetric(float64(middle(took["interleaved"]))/float64(none), "interleaved/none")
	b.ReportMetric(float64(middle(took["grouped"]))/float64(machine), "create/machine")
	b.ReportMetric(0, "ns/op") // of all four together
}

// BenchmarkCreateTogether creates single resources of patients from one goroutine and from
// 64, in turn, and reports the rates and their ratio.
func BenchmarkCreateTogether(b *testing.B) {
	store, _, _ := openBench(b, true)
	defer store.Close()
	const each = 20
	var spent [2]time.Duration
	n := 0
	for b.Loop() {
		for i, writers := range []int{1, 64} {
			begun := time.Now()
			var all sync.WaitGroup
			for w := range writers {
				all.Go(func() {
					for k := range each {
						if _, err := store.Create(ctx, observed("", interleaved(n+w*each+k), k)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			all.Wait()
			spent[i] += time.Since(begun)
		}
		n += each
	}
	one, many := float64(n)/spent[0].Seconds(), float64(64*n)/spent[1].Seconds()
	b.ReportMetric(one, "one-res/s")
	b.ReportMetric(many, "64-res/s")
	b.ReportMetric(many/one, "64/one")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkImportKeys imports 40,000 Observations into a new store in a folder: without
// patients' keys, of patients in groups, and of patients who take turns, in turn. The ratios
// are of CPU time, and of wall time, to those without.
func BenchmarkImportKeys(b *testing.B) {
	lines := map[string][][]byte{}
	for _, o := range orders {
		for i := range 40_000 {
			lines[o.name] = append(lines[o.name], observed(fmt.Sprint("o", i), o.of(i), i))
		}
	}
	wall, cpu := map[string]time.Duration{}, map[string]time.Duration{}
	for b.Loop() {
		for _, o := range orders {
			store, path, _ := openBench(b, true)
			begun, from := time.Now(), cputime.Used()
			if err := importLines(store, lines[o.name]); err != nil {
				b.Fatal(err)
			}
			wall[o.name] += time.Since(begun)
			cpu[o.name] += cputime.Used() - from
			require.NoError(b, store.Close())
			require.NoError(b, os.RemoveAll(path))
		}
	}
	for _, o := range orders {
		b.ReportMetric(float64(b.N*len(lines[o.name]))/wall[o.name].Seconds(), o.name+"-res/s")
		if o.name != "none" && cpu["none"] > 0 {
			b.ReportMetric(float64(cpu[o.name])/float64(cpu["none"]), o.name+"/none-cpu")
			b.ReportMetric(float64(wall[o.name])/float64(wall["none"]), o.name+"/none")
		}
	}
	b.ReportMetric(0, "ns/op") // of all three together
}
