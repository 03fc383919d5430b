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

// A program's own operation: /metadata lists it, and its OperationDefinition is served.
func ExampleOperation() {
	store, err := datastore.Open(context.Background(), "mem:", nil)
	if err != nil {
		panic(err)
	}
	defer store.Close()
	handler := rest.NewHandler(store, &rest.Options{Operations: []rest.Operation{{
		Name: "count", Type: true, Description: "Counts the resources of a type.",
		Parameters: []rest.Parameter{
			{Name: "query", Type: "string", Documentation: "Only what this search finds."},
			{Name: "n", Out: true, Min: 1, Type: "integer"},
		},
		Handle: func(ctx context.Context, call *rest.Call) (*rest.Reply, error) {
			page, err := call.View.Search(ctx, call.Subject.Type, call.Text("query")+"&_count=0")
			if err != nil {
				return nil, err
			}
			return &rest.Reply{Parameters: []rest.Argument{{Name: "n", Type: "integer", Value: fmt.Append(nil, page.Total)}}}, nil
		},
	}}})
	for _, path := range []string{"/fhir/Patient/$count", "/fhir/Patient/$count?nonsense=1"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 {"resourceType":"Parameters","parameter":[{"name":"n","valueInteger":0}]}
	// 400 {"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-supported","diagnostics":"$count takes no parameters but query"}]}
}
