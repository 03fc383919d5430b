package datastore

import (
	"context"
	"strings"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/issue"
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
func (tx *Transaction) SetState(name string, value []byte) error {
	return tx.setState(engine.State{Name: name, Value: value})
}

// SetEffects has the commit keep, under a name, a value that is followed by one byte for
// each of the transaction's operations, which says what the operation came to and is known
// in the commit alone. So a job that is stopped knows what its last commit came to.
// Operations that are added later count too. Otherwise it is SetState. The bytes are
//
//	c  created: there was no resource before
//	u  updated
//	s  the current version holds the same ([IfChanged])
//	d  deleted
//	n  there was nothing to delete
//	r  refused: out of order ([Transaction.SkipOutOfOrder])
func (tx *Transaction) SetEffects(name string, value []byte) error {
	return tx.setState(engine.State{Name: name, Value: value, Effects: true})
}

func (tx *Transaction) setState(s engine.State) error {
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
	if err := s.admin("read state"); err != nil {
		return nil, err
	}
	return s.engine.State(ctx, ownState+name)
}

// StateNames returns the names that begin with a prefix, in their order.
func (s *Store) StateNames(prefix string) []string {
	if s.admin("read state") != nil {
		return nil
	}
	names := s.engine.StateNames(ownState + prefix)
	for i := range names {
		names[i] = strings.TrimPrefix(names[i], ownState)
	}
	return names
}
