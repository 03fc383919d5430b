package datastore

import (
	"context"
	"strings"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// ownState begins the names of the states that users set.
const ownState = "user/"

// Bounds of named state.
const (
	maxStateName  = 256
	maxStateValue = 1 << 20
)

// SetState keeps a value under a name, in the same commit as the transaction's
// resources: the position of a feed, or the progress of a job. The last value of a name
// counts; an empty value forgets the name. A name is 1 to 256 bytes, a value up to 1
// MiB; others are an [Error] of class ErrInvalid.
//
// State is sealed like resources are. It is no resource: no search and no history shows
// it, and exports leave it out.
func (tx *Tx) SetState(name string, value []byte) error {
	return tx.setState(engine.State{Name: name, Value: value})
}

// SetEffects keeps a value under a name as SetState does, followed by a byte for each
// operation of the transaction: its [Effect], which only the commit knows. So a stopped
// job knows the effects of its last commit. Operations that are added later count too.
func (tx *Tx) SetEffects(name string, value []byte) error {
	return tx.setState(engine.State{Name: name, Value: value, Effects: true})
}

// An Effect is the result of an operation.
type Effect = engine.Effect

// The effects.
const (
	NoEffect        = engine.NoEffect  // there was nothing to delete
	EffectCreated   = engine.Created   // there was no resource before
	EffectUpdated   = engine.Updated   // a version followed another one
	EffectUnchanged = engine.Unchanged // the current version holds the same
	EffectDeleted   = engine.Deleted
	EffectRefused   = engine.Refused // the version was out of order (IfInOrder)
)

func (tx *Tx) setState(s engine.State) error {
	name, value := s.Name, s.Value
	switch {
	case name == "" || len(name) > maxStateName:
		return engine.Failf(ErrInvalid, issue.Value, "a name of state is 1 to %d bytes", maxStateName)
	case len(value) > maxStateValue:
		return engine.Failf(ErrInvalid, issue.TooLong, "a value of state is at most %d bytes", maxStateValue)
	}
	s.Name, s.Value = ownState+name, append([]byte(nil), value...)
	tx.states = append(tx.states, s)
	return nil
}

// State returns the value of a name, nil if there is none. The value is the caller's.
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
