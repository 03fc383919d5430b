package comprehend_test

import (
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/nlp/comprehend"
)

func Example() {
	ctx := context.Background()
	detector, err := comprehend.New(ctx, &comprehend.Options{Region: "us-east-1"})
	if err != nil {
		panic(err)
	}
	found, err := detector.Detect(ctx, "Denies fever. Takes aspirin 81 mg daily.")
	if err != nil {
		panic(err)
	}
	for _, e := range found.RxNorm {
		fmt.Println(e.Text, e.RxNormConcepts[0].Code)
	}
}
