package engine

import (
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/google/uuid"
)

// NewID returns the id of a resource that is to be created. It reports ErrCallback if
// Options.NewID gave none.
func (e *Engine) NewID(ctx context.Context) (string, error) {
	if e.options.NewID == nil {
		return uuid.NewString(), nil
	}
	id, err := guarded(ctx, e, &e.ids, "NewID", e.options.NewID)
	if err == nil && !fhirjson.ValidID(id) {
		err = fmt.Errorf("%w: NewID returned what is no FHIR id", ErrCallback)
	}
	return id, err
}
