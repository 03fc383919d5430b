package fhirpath_test

import (
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/fhirpath"
)

func Example() {
	expr, err := fhirpath.Compile("Patient.name.where(use = 'official').given")
	if err != nil {
		fmt.Println(err)
		return
	}
	names, err := expr.Evaluate(context.Background(), []byte(`{
		"resourceType": "Patient",
		"name": [{"use": "official", "given": ["Ann", "Eve"]}, {"use": "nickname", "given": ["Nan"]}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range names {
		fmt.Println(name.Type(), name)
	}
	// Output:
	// string Ann
	// string Eve
}

// A mistake in a path is found when the expression is compiled.
func ExampleCompile_error() {
	_, err := fhirpath.Compile("Patient.nmae.given")
	fmt.Println(err)
	// Output:
	// fhirpath: 1:9: Patient has no element "nmae"
}
