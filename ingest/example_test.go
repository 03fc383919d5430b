package ingest_test

import (
	"context"
	"fmt"
	"log"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
)

// Invented patients are imported into a store in memory.
func Example() {
	ctx := context.Background()
	store, err := datastore.Open(ctx, "mem:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	job, err := ingest.Start(ctx, store, ingest.Options{Reader: ingest.Synthetic(1, 5)})
	if err != nil {
		log.Fatal(err)
	}
	result, err := job.Wait()
	if err != nil {
		log.Fatal(err)
	}
	page, err := store.Search(ctx, "Patient", "_summary=count")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Status, result.Failed(), page.Total)
	// Output: COMPLETED 0 5
}

// A store that begins with invented patients.
func ExamplePreload() {
	ctx := context.Background()
	store, err := datastore.Open(ctx, "mem:", &datastore.Options{Preload: ingest.Preload(1, 3)})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	page, err := store.Search(ctx, "Patient", "_summary=count")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(page.Total, "patients")
	// Output: 3 patients
}
