package datastore

import (
	"context"
	"strings"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// ownState begins the names under which a store keeps what its users set.
const ownState = "user/"

// Bounds of named state.
const (
	maxStateName  = 256
	maxStateValue = 1 << 20
)

// SetState has the commit keep a value under a name, beside the resources that it
// writes and as durable as they are: the position of a feed, say, or how far a job is.
// The last value of a name counts; an empty one forgets the name. A name is 1 to 256
// bytes, a value up to 1 MiB; others are an [Error] of class ErrInvalid.
//
// State is sealed like resources are. It is no resource: no search and no history shows
// it, and exports leave it out.
func (tx *Tx) SetState(name string, value []byte) error {
	switch {
	case name == "" || len(name) > maxStateName:
		return engine.Failf(ErrInvalid, issue.Value, "a name of state is 1 to %d bytes", maxStateName)
	case len(value) > maxStateValue:
		return engine.Failf(ErrInvalid, issue.TooLong, "a value of state is at most %d bytes", maxStateValue)
	}
	tx.states = append(tx.states, engine.State{Name: ownState + name, Value: append([]byte(nil), value...)})
	return nil
}

// State returns the value that is kept under a name, nil if there is none. The value is
// the caller's.
func (s *Store) State(ctx context.Context, name string) ([]byte, error) {
	return s.engine.State(ctx, ownState+name)
}

// StateNames returns the names that begin with a prefix, in their order.
func (s *Store) StateNames(prefix string) []string {
	names := s.engine.StateNames(ownState + prefix)
	for i := range names {
		names[i] = strings.TrimPrefix(names[i], ownState)
	}
	return names
}
