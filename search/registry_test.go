package search_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/search"
)

// Every expression of R4 must compile: the registry panics on one that does not.
func TestRegistryOfAllTypes(t *testing.T) {
	if search.Version() == 0 {
		t.Fatal("the version must not be 0, which would look like no version")
	}
}
