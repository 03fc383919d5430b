package jobs_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/jobs"
)

// A program lists the imports of a store.
func ExampleList() {
	ctx := context.Background()
	store, err := datastore.Open(ctx, "mem:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	job, err := ingest.Start(ctx, store, ingest.Options{
		JobName: "nightly", Reader: strings.NewReader(`{"resourceType":"Patient","id":"ann"}`),
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := job.Wait(); err != nil {
		log.Fatal(err)
	}

	page, err := jobs.List(ctx, store, jobs.Filter{Kind: jobs.Import})
	if err != nil {
		log.Fatal(err)
	}
	for _, record := range page.Jobs {
		fmt.Println(record.Name, record.Status)
	}
	// Output: nightly COMPLETED
}
