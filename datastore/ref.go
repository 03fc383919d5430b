package datastore

import (
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// An Ordinal names one version in the order of the log. It means something to the
// snapshot that gave it, and to no other.
type Ordinal uint32

// A Ref names a resource: its type and its id.
type Ref struct{ Type, ID string }

// String returns "Type/id", as it stands in Reference.reference.
func (r Ref) String() string { return r.Type + "/" + r.ID }

// A Version is one version of a resource.
type Version struct {
	Ref
	// Container is set on a contained resource in the answer to a search with
	// _containedType=contained: it is the containing resource. Ref.ID is then the id
	// inside the container, and all fields but Ref and JSON are the container's.
	Container   Ref
	VersionID   string    // a number that rises: "1" for the first, unless it was kept (KeepVersion)
	LastUpdated time.Time // UTC, microseconds: of the commit, unless it was kept
	// Ordinal is the version's place in the order of the log.
	Ordinal Ordinal
	// Deleted marks a deletion; it has no JSON.
	Deleted bool
	// Created says, of the result of a write, that there was no resource before.
	Created bool
	// Unchanged says, of the result of a write with IfChanged, that this is the version
	// that was there before.
	Unchanged bool
	// Refused says, of an operation that [Transaction.SkipOutOfOrder] has skipped, why
	// nothing was written: an [Error] of class ErrVersionOrder.
	Refused error
	// Interaction is the interaction that wrote the version, in a history and in a
	// change: "create", "update", "patch", "delete", "import", "restore" or "derived".
	// A resource that a PUT created has "update". Elsewhere it is "".
	Interaction string
	// Issues are, in the result of a write, the faults that were accepted: warnings,
	// and at level Minimal all other faults.
	Issues []Issue
	// JSON is the resource in canonical form, with meta.versionId and
	// meta.lastUpdated. It is the caller's.
	JSON []byte
}

// resourceType looks up a concrete resource type.
func resourceType(name string) (schema.TypeID, error) {
	t, ok := schema.ResourceType(name)
	if !ok {
		return 0, engine.Failf(ErrInvalid, issue.NotSupported, "there is no resource type of that name in FHIR R4")
	}
	return t, nil
}

// publicVersion converts the engine's description of a version. The answer of an
// operation that wrote nothing has no VersionID.
func publicVersion(v *engine.Version) Version {
	public := Version{
		Ref:     Ref{Type: v.Type.String(), ID: v.ID},
		Deleted: v.Deleted, Created: v.Created, Unchanged: v.Unchanged, Issues: v.Issues, Refused: v.Refused,
	}
	if v.Number != 0 {
		public.VersionID, public.LastUpdated, public.Ordinal = v.VersionID(), v.Time(), Ordinal(v.Ordinal)
	}
	return public
}
