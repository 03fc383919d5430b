package fhirpath

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// CompareNumbers is compareNumbers.
var CompareNumbers = compareNumbers

// Test evaluates an expression on node n of a document as a condition. ok is false if
// the result is empty.
func (v *Evaluator) Test(e *Expression, doc *fhirjson.Document, n fhirjson.Index) (value, ok bool, err error) {
	if err := v.run(context.Background(), e, doc, n); err != nil {
		return false, false, err
	}
	t, err := v.popTruth(0, e.root.Pos())
	return t == yes, t != unknown, err
}

// Evaluate evaluates the expression by an Evaluator of its own.
func (e *Expression) Evaluate(ctx context.Context, json []byte) (Collection, error) {
	return new(Evaluator).Evaluate(ctx, e, json)
}
