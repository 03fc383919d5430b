package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/fhirpath"
)

// Evaluate evaluates a FHIRPath expression on a proto, as it does on the resource's
// JSON ([fhirpath.Expression.Evaluate], which also serves [Version.JSON]).
func Evaluate[R Resource](ctx context.Context, expr *fhirpath.Expression, resource R) (fhirpath.Collection, error) {
	json, err := Marshal(resource)
	if err != nil {
		return nil, err
	}
	return expr.Evaluate(ctx, json)
}
