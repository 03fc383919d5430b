package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/internal/txlog"
)

// states has the number of the item with the last value of each name. The writer adds,
// and any goroutine reads.
type states struct {
	mu      sync.Mutex
	numbers map[string]txlog.Number
}

// set notes a value. An empty value forgets the name.
func (s *states) set(name string, n txlog.Number, empty bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.numbers == nil {
		s.numbers = map[string]txlog.Number{}
	}
	if empty {
		delete(s.numbers, name)
		return
	}
	s.numbers[name] = n
}

func (s *states) get(name string) (txlog.Number, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.numbers[name]
	return n, ok
}

// State returns the value of a name, nil if there is none. The value is the caller's.
func (e *Engine) State(_ context.Context, name string) ([]byte, error) {
	for {
		n, ok := e.states.get(name)
		if !ok {
			return nil, e.Open()
		}
		value, err := e.log.Body(n, nil)
		if err == nil {
			return value, nil
		}
		// A value that was replaced meanwhile may have been dropped.
		if last, ok := e.states.get(name); ok && last == n {
			return nil, fmt.Errorf("datastore: reading: %w", logError(err))
		}
	}
}

// StateNames returns the names that begin with a prefix, sorted.
func (e *Engine) StateNames(prefix string) []string {
	e.states.mu.Lock()
	defer e.states.mu.Unlock()
	names := slices.DeleteFunc(slices.Collect(maps.Keys(e.states.numbers)), func(name string) bool {
		return !strings.HasPrefix(name, prefix)
	})
	slices.Sort(names)
	return names
}
