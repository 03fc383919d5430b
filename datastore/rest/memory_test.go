package rest_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/stretchr/testify/require"
)

// BenchmarkLargeWrite writes bodies of 60 MB. peak/body is how much more the heap has at
// its largest than before, in sizes of the body; the target is 6. The collector is made
// to follow closely, since at its default it lets a heap double, whatever is in it.
func BenchmarkLargeWrite(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	data := make([]byte, 44<<20)
	source := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		data[i] = byte(source.Uint32())
	}
	var binary, bundle bytes.Buffer
	fmt.Fprintf(&binary, `{"resourceType":"Binary","id":"a","contentType":"x/y","data":"%s"}`, base64.StdEncoding.EncodeToString(data))
	bundle.WriteString(`{"resourceType":"Bundle","id":"a","type":"collection","entry":[`)
	for i := 0; bundle.Len() < 60<<20; i++ {
		if i > 0 {
			bundle.WriteByte(',')
		}
		fmt.Fprintf(&bundle, `{"resource":{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"%d","display":"A display of some length"}],"text":"text of %[1]d"},"subject":{"reference":"Patient/%[1]d"},"valueQuantity":{"value":%[1]d,"unit":"mg"},"note":[{"text":"what was seen, and that it was %[1]d"}]}}`, i)
	}
	bundle.WriteString(`]}`)
	for path, body := range map[string][]byte{"Binary": binary.Bytes(), "Bundle": bundle.Bytes()} {
		b.Run(path, func(b *testing.B) {
			peak := 0.0
			for b.Loop() {
				b.StopTimer()
				store, err := datastore.Open(b.Context(), "mem:", nil)
				require.NoError(b, err)
				handler := rest.NewHandler(store, nil)
				before := heapInUse()
				stop := make(chan struct{})
				highest := make(chan uint64)
				go watchHeap(stop, highest)
				b.StartTimer()
				w := httptest.NewRecorder()
				r := httptest.NewRequest(http.MethodPut, "/"+path+"/a", bytes.NewReader(body))
				r.Header.Set("Content-Type", "application/fhir+json")
				r.Header.Set("Prefer", "return=minimal")
				handler.ServeHTTP(w, r)
				b.StopTimer()
				close(stop)
				peak = max(peak, float64(<-highest-before)/float64(len(body)))
				require.Equal(b, http.StatusCreated, w.Code)
				require.NoError(b, store.Close())
				b.StartTimer()
			}
			b.SetBytes(int64(len(body)))
			b.ReportMetric(peak, "peak/body")
		})
	}
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// watchHeap sends the largest heap that it sees until stop is closed.
func watchHeap(stop <-chan struct{}, highest chan<- uint64) {
	var m runtime.MemStats
	var most uint64
	for ticker := time.NewTicker(2 * time.Millisecond); ; {
		select {
		case <-stop:
			ticker.Stop()
			highest <- most
			return
		case <-ticker.C:
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
	}
}
