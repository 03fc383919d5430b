package search_test

import (
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

func ExampleParse() {
	patient, _ := schema.ResourceType("Patient")
	q, err := search.Parse(patient, "name=ann,bob&birthdate=ge1980&gender=&_sort=-birthdate", search.ParseOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Println(q.Self())

	_, err = search.Parse(patient, "birthdat=1980", search.ParseOptions{})
	var fault *search.QueryError
	fmt.Println(errors.As(err, &fault), fault.Part, fault.Near[0])
	// Output:
	// name=ann,bob&birthdate=ge1980&_sort=-birthdate
	// true birthdat birthdate
}
