package engine

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// ValidID reports whether id has the form of a FHIR id (R4 §2.24.0.1): 1 to 64 of
// A–Z, a–z, 0–9, "-" and ".".
func ValidID(id string) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// NewID returns the id of a resource that is to be created. It reports ErrCallback
// where Options.NewID gave none.
func (e *Engine) NewID(ctx context.Context) (string, error) {
	if e.options.NewID == nil {
		return uuid.NewString(), nil
	}
	id, err := guarded(ctx, e, &e.ids, "NewID", e.options.NewID)
	if err == nil && !ValidID(id) {
		err = fmt.Errorf("%w: NewID returned what is no FHIR id", ErrCallback)
	}
	return id, err
}
