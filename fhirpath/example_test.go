package fhirpath_test

import (
	"context"
	"errors"
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

// Excerpt shows where a mistake is.
func ExampleError_Excerpt() {
	_, err := fhirpath.Compile("Observation.value > 5 and Observation.status.startsWith(1)")
	if e, ok := errors.AsType[*fhirpath.Error](err); ok {
		fmt.Println(e.Reason)
		fmt.Println(e.Excerpt())
	}
	// Output:
	// startsWith takes a string, not a number
	// Observation.value > 5 and Observation.status.startsWith(1)
	//                                                         ^
}

// Variables and functions of the caller's.
func ExampleEvaluator() {
	opts := fhirpath.Options{Functions: map[string]fhirpath.Function{
		"shout": {Call: func(_ context.Context, input fhirpath.Collection, _ []fhirpath.Collection) (fhirpath.Collection, error) {
			for i := range input {
				input[i] = fhirpath.NewString(input[i].String() + "!")
			}
			return input, nil
		}},
	}}
	expr, err := fhirpath.CompileWith("Patient.name.given.shout() | %greeting", &opts)
	if err != nil {
		fmt.Println(err)
		return
	}
	evaluator := fhirpath.Evaluator{Variables: map[string]fhirpath.Collection{"greeting": {fhirpath.NewString("hello")}}}
	result, err := evaluator.Evaluate(context.Background(), expr, []byte(`{"resourceType": "Patient", "name": [{"given": ["Ann"]}]}`))
	fmt.Println(result, err)
	// Output:
	// [Ann! hello] <nil>
}
