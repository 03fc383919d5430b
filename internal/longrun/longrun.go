package longrun

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

var long = flag.Bool("long", false, "tests of crashes, faults and damage run in their long form, for minutes")

// Of returns longer if the tests run in their long form, otherwise short.
func Of[T any](short, longer T) T {
	if *long {
		return longer
	}
	return short
}

// Counts counts what became of the runs of a test. The zero value is ready to use, by
// many goroutines.
type Counts struct {
	mu    sync.Mutex
	names []string
	n     map[string]int
}

// Add adds one to a count. Counts are told in the order in which they were first named.
func (c *Counts) Add(name string) { c.AddN(name, 1) }

// AddN adds n to a count. With 0 it only gives the count its place.
func (c *Counts) AddN(name string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	if !slices.Contains(c.names, name) {
		c.names = append(c.names, name)
	}
	c.n[name] += n
}

// Of returns a count.
func (c *Counts) Of(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[name]
}

// Tell logs one line: each count with its name, and that nothing was lost, which the
// test has checked, or it would have ended.
func (c *Counts) Tell(t testing.TB) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var parts []string
	for _, name := range c.names {
		parts = append(parts, fmt.Sprintf("%d %s", c.n[name], name))
	}
	t.Logf("%s: %s; 0 lost, 0 half, 0 wrong", t.Name(), strings.Join(parts, ", "))
}
