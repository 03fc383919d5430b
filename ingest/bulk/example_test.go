package bulk_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/ingest/bulk"
)

// What another server exported is imported, with the token that it wants.
func ExampleOpen() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch r.URL.Path {
		case "/export/7":
			io.WriteString(w, `{"transactionTime":"2026-01-02T03:04:05Z","requiresAccessToken":true,"output":[{"type":"Patient","url":"7/Patient.ndjson"}]}`)
		case "/export/7/Patient.ndjson":
			io.WriteString(w, `{"resourceType":"Patient","id":"a"}`)
		}
	}))
	defer server.Close()
	ctx := context.Background()
	x, err := bulk.Open(ctx, server.URL+"/export/7", &bulk.Options{
		HTTP:  true, // and this machine's own address, for this example alone
		Hosts: []string{strings.TrimPrefix(server.URL, "http://")},
		Authorize: func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer secret")
			return nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer x.Close()
	store, err := datastore.Open(ctx, "mem:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	job, err := ingest.Start(ctx, store, ingest.Options{From: x.Output()})
	if err != nil {
		log.Fatal(err)
	}
	result, err := job.Wait()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Imported, result.Files[0].Name)
	// Output: 1 000001-Patient.ndjson
}
