package bucket_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/ingest/bucket"
	_ "gocloud.dev/blob/memblob" // the driver of mem: URLs
)

// A bucket takes an export, and gives it to an import.
func Example() {
	ctx := context.Background()
	b, err := bucket.Open(ctx, "mem://", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	store, err := datastore.Open(ctx, "mem:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	in, err := ingest.Start(ctx, store, ingest.Options{Reader: strings.NewReader(`{"resourceType":"Patient","id":"a"}`)})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := in.Wait(); err != nil {
		log.Fatal(err)
	}

	out, err := export.Start(ctx, store, export.Options{To: b.Sink(ctx, "2026-11")})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := out.Wait(); err != nil {
		log.Fatal(err)
	}
	in, err = ingest.Start(ctx, store, ingest.Options{From: b.FS(ctx, "2026-11")})
	if err != nil {
		log.Fatal(err)
	}
	result, err := in.Wait()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Imported, result.Files[0].Name)
	// Output: 1 Patient.ndjson
}
