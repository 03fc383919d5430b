package datastore

import (
	"strconv"
	"time"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Ref names a resource: its type and its id.
type Ref struct{ Type, ID string }

// String returns "Type/id", as it stands in Reference.reference.
func (r Ref) String() string { return r.Type + "/" + r.ID }

// A Version is one version of a resource.
type Version struct {
	Ref
	// Container is set on a contained resource that a search answers as such
	// (_containedType=contained): the resource that contains it, of which all but Ref
	// and JSON are. Ref.ID is the id that it has there.
	Container   Ref
	VersionID   string    // "1" for the first
	LastUpdated time.Time // UTC, microseconds
	// Ordinal is the version's place in the order in which everything was written.
	Ordinal Ordinal
	// Deleted marks a deletion; it has no JSON.
	Deleted bool
	// Created says, of the result of a write, that there was no resource before.
	Created bool
	// Issues say, of the result of a write, what was found and accepted: warnings,
	// and at level Minimal everything else that is wrong.
	Issues []Issue
	// JSON is the resource in canonical form, with meta.versionId and
	// meta.lastUpdated. It is the caller's.
	JSON []byte
}

// resourceType looks up a concrete resource type.
func resourceType(name string) (schema.TypeID, error) {
	t, ok := schema.ResourceType(name)
	if !ok {
		return 0, failf(ErrInvalid, issue.NotSupported, "there is no resource type of that name in FHIR R4")
	}
	return t, nil
}

// parseVersion reads a version id of this store's making. Others name no version.
func parseVersion(id string) (uint64, bool) {
	n, err := strconv.ParseUint(id, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatUint(n, 10) == id
}

// validID reports whether id has the form of a FHIR id (R4 §2.24.0.1).
func validID(id string) bool {
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
