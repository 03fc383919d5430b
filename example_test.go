package fhirlake_test

import (
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/datastore"
)

func Example() {
	ctx := context.Background()
	store, err := datastore.Open(ctx, "mem:", nil)
	if err != nil {
		panic(err)
	}
	defer store.Close()

	_, err = store.Create(ctx, []byte(`{"resourceType":"Patient","name":[{"family":"O'Hara"}],"birthDate":"1980-05-04"}`))
	if err != nil {
		panic(err)
	}
	page, err := store.Search(ctx, "Patient", "name=ohara&birthdate=ge1980")
	if err != nil {
		panic(err)
	}
	fmt.Println(page.Total, "patient, version", page.Matches[0].VersionID)
	// Output: 1 patient, version 1
}
