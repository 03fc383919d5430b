package datastore

import (
	"time"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// An Operation is what [Options.Metrics] is told of one call of the store. It has no ids
// and nothing of the data, and few values, so that each field serves as a label.
type Operation struct {
	// Kind is "read", "vread", "history", "search", "create", "update", "patch", "delete",
	// "validate", "commit" (of a [Transaction]) or "transact" (of a Bundle). What a
	// Bundle or a commit consists of is not told apart.
	Kind string
	// Type is the resource type, "" where there is none, several, or one that FHIR does
	// not have.
	Type string
	// Duration is how long it took; of an iteration, with what its caller did meanwhile.
	Duration time.Duration
	// Status is the class of the outcome: the HTTP status that [Status] gives to the error,
	// 200 for none.
	Status int
}

// told begins an operation. What it returns is called when the operation has ended, and
// tells Options.Metrics.
func (s *Store) told(kind, typ string, err *error) func() {
	if s.metrics == nil {
		return nothing
	}
	start := time.Now()
	return func() { s.tell(kind, typ, start, *err) }
}

// toldOf is told for an operation that returns a version.
func (s *Store) toldOf(kind string, v *Version, err *error) func() {
	if s.metrics == nil {
		return nothing
	}
	start := time.Now()
	return func() { s.tell(kind, v.Type, start, *err) }
}

func nothing() {}

// tell tells Options.Metrics of an operation. A panic there loses it: the logger is told.
func (s *Store) tell(kind, typ string, start time.Time, err error) {
	if _, ok := schema.ResourceType(typ); !ok {
		typ = "" // whatever the caller gave
	}
	defer func() {
		if recover() != nil {
			s.engine.Options().Logger.Error("datastore: Options.Metrics panicked")
		}
	}()
	s.metrics(Operation{Kind: kind, Type: typ, Duration: time.Since(start), Status: Status(err)})
}
