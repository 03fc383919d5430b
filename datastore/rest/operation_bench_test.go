package rest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/stretchr/testify/require"
)

// BenchmarkOperations measures operations without a network: over ten patients, a group of
// them, and a code system of 50,000 codes.
func BenchmarkOperations(b *testing.B) {
	ctx := b.Context()
	store, err := datastore.Open(ctx, "mem:", nil)
	require.NoError(b, err)
	defer store.Close()
	job, err := ingest.Start(ctx, store, ingest.Options{Reader: ingest.Synthetic(1, 10)})
	require.NoError(b, err)
	_, err = job.Wait()
	require.NoError(b, err)
	var members []string
	patient := ""
	for v, err := range store.SearchAll(ctx, "Patient", "") {
		require.NoError(b, err)
		patient = v.ID
		members = append(members, `{"entity":{"reference":"`+v.Ref.String()+`"}}`)
	}
	var codes []string
	for i := range 50_000 {
		codes = append(codes, fmt.Sprintf(`{"code":"c%d","display":"Concept number %d"}`, i, i))
	}
	for _, r := range []string{
		`{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[` + strings.Join(members, ",") + `]}`,
		`{"resourceType":"CodeSystem","id":"big","url":"http://example.org/big","name":"Big","status":"active","content":"complete","concept":[` + strings.Join(codes, ",") + `]}`,
		`{"resourceType":"ValueSet","id":"big","url":"http://example.org/vs/big","name":"Big","status":"active","compose":{"include":[{"system":"http://example.org/big"}]}}`,
	} {
		_, err := store.Update(ctx, []byte(r))
		require.NoError(b, err)
	}
	handler := rest.NewHandler(store, nil)
	for _, bench := range []struct{ name, path string }{
		{"everything", "/fhir/Patient/" + patient + "/$everything"},
		{"everything-page", "/fhir/Patient/" + patient + "/$everything?_count=20"},
		{"everything-group-page", "/fhir/Group/g/$everything?_count=20"},
		{"everything-dates", "/fhir/Patient/" + patient + "/$everything?start=2015&end=2016"},
		{"meta-type", "/fhir/Observation/$meta"},
		{"lookup", "/fhir/CodeSystem/$lookup?system=http://example.org/big&code=c7"},
		{"validate-code", "/fhir/ValueSet/big/$validate-code?system=http://example.org/big&code=c7"},
		{"expand-filter", "/fhir/ValueSet/big/$expand?filter=4999&count=20"},
		{"definitions", "/fhir/OperationDefinition?code=diff"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			bytes := 0
			for b.Loop() {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequest("GET", bench.path, nil))
				if w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
				bytes += w.Body.Len()
			}
			b.ReportMetric(float64(bytes)/1e6/b.Elapsed().Seconds(), "MB/s")
		})
	}
}
