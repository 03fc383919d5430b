package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
)

func Example() {
	store, err := datastore.Open(context.Background(), "mem:", nil)
	if err != nil {
		panic(err)
	}
	defer store.Close()
	server := httptest.NewServer(rest.NewHandler(store, nil))
	defer server.Close()

	patient := `{"resourceType":"Patient","id":"1","name":[{"family":"Rivera"}]}`
	request, err := http.NewRequest("PUT", server.URL+"/fhir/Patient/1", strings.NewReader(patient))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Content-Type", "application/fhir+json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	response.Body.Close()
	fmt.Println(response.Status, response.Header.Get("ETag"))
	// Output: 201 Created W/"1"
}
