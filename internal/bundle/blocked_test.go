package bundle_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A gate is a context that stops the first search that asks it whether it has ended.
type gate struct {
	context.Context
	once          sync.Once
	stopped, open chan struct{}
}

func (g *gate) Err() error {
	if searching() {
		g.once.Do(func() {
			close(g.stopped)
			<-g.open
		})
	}
	return g.Context.Err()
}

// searching reports whether the goroutine is evaluating a query.
func searching() bool {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	for more := true; more; {
		var f runtime.Frame
		if f, more = frames.Next(); strings.Contains(f.Function, "internal/search/exec.(*evaluation)") {
			return true
		}
	}
	return false
}

// While the conditions of a transaction are searched for, others write: nothing long runs
// in the writer. What they write counts all the same.
func TestConditionsHoldUpNobody(t *testing.T) {
	for name, entries := range map[string][]string{
		"conditional creates":    {entry("POST", "Patient", "", person("", "n"), ifNoneExist("name:contains=smith"))},
		"conditional updates":    {entry("PUT", "Patient?name:contains=smith", "", person("", "n"))},
		"conditional deletions":  {entry("DELETE", "Patient?name:contains=smith", "", "")},
		"conditional references": {entry("POST", "Observation", "", observation("Patient?name:contains=f1999"))},
		"searches":               {entry("POST", "Patient", "", person("", "n")), entry("GET", "Patient?name:contains=smith", "", "")},
	} {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			for i := range 2000 { // so many that the search asks its context
				_, err := store.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Patient","id":"p%d","name":[{"family":"F%d"}]}`, i, i))
				require.NoError(t, err)
			}
			g := &gate{Context: ctx, stopped: make(chan struct{}), open: make(chan struct{})}
			done := make(chan error)
			go func() {
				_, err := store.Transact(g, bundleOf("transaction", entries...))
				done <- err
			}()
			select {
			case <-g.stopped:
			case err := <-done:
				require.FailNow(t, "the search did not ask its context", "%v", err)
			}
			_, err := store.Update(ctx, []byte(`{"resourceType":"Patient","id":"s","name":[{"family":"Smith"}]}`))
			require.NoError(t, err)
			_, err = store.Create(ctx, []byte(person("", "o")))
			require.NoError(t, err)
			close(g.open)
			require.NoError(t, <-done)
			if name == "conditional creates" {
				require.Zero(t, total(t, store, "Patient", "identifier=n"), "what was written meanwhile matches")
			}
		})
	}
}
