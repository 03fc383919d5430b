package export_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
)

// A store is exported into a folder.
func Example() {
	ctx := context.Background()
	store, err := datastore.Open(ctx, "mem:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Update(ctx, []byte(`{"resourceType":"Patient","id":"ann","active":true}`)); err != nil {
		log.Fatal(err)
	}

	folder, err := os.MkdirTemp("", "export")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	job, err := export.Start(ctx, store, export.Options{To: export.DirSink(folder)})
	if err != nil {
		log.Fatal(err)
	}
	result, err := job.Wait()
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range result.Files {
		fmt.Println(f.Name, f.Count)
	}
	// Output: Patient.ndjson 1
}
