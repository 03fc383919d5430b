package ingest_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"log"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
)

// An implementation guide's package becomes resources of a store.
func ExamplePackage() {
	ctx := context.Background()
	store, err := datastore.Open(ctx, "mem:", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	var file bytes.Buffer // as os.Open("my.guide.tgz") would give it
	z := gzip.NewWriter(&file)
	archive := tar.NewWriter(z)
	for _, f := range [][2]string{
		{"package/package.json", `{"name":"my.guide","version":"1.0.0","dependencies":{"hl7.fhir.r4.core":"4.0.1"}}`},
		{"package/ValueSet-colours.json", `{"resourceType":"ValueSet","id":"colours","url":"http://example.org/colours","status":"active"}`},
	} {
		archive.WriteHeader(&tar.Header{Name: f[0], Mode: 0o644, Size: int64(len(f[1]))})
		archive.Write([]byte(f[1]))
	}
	archive.Close()
	z.Close()

	guide, err := ingest.Package(&file, nil)
	if err != nil {
		log.Fatal(err)
	}
	job, err := ingest.Start(ctx, store, ingest.Options{From: guide})
	if err != nil {
		log.Fatal(err)
	}
	result, err := job.Wait()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(guide.Name, guide.Version, guide.Dependencies, result.Imported)
	// Output: my.guide 1.0.0 map[hl7.fhir.r4.core:4.0.1] 1
}

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
