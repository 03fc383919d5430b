package exec_test

import (
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	syntax "github.com/fhirlake/fhirlake/internal/search/query"
)

func ExampleParse() {
	patient, _ := schema.ResourceType("Patient")
	q, err := syntax.Read(param.R4(), patient, "name=ann,bob&birthdate=ge1980&gender=&_sort=-birthdate", syntax.ParseOptions{})
	if err != nil {
		panic(err)
	}
	fmt.Println(q.Self())

	_, err = syntax.Read(param.R4(), patient, "birthdat=1980", syntax.ParseOptions{})
	var fault *param.QueryError
	fmt.Println(errors.As(err, &fault), fault.Part, fault.Near[0])
	// Output:
	// name=ann,bob&birthdate=ge1980&_sort=-birthdate
	// true birthdat birthdate
}
