package terminology

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Coding is a code of a system.
type Coding struct{ System, Code string }

// A CodeSet is codings: some by name, and all of some systems.
type CodeSet struct {
	Codes map[Coding]struct{}
	Whole map[string]struct{} // by system
}

// NewCodeSet returns an empty set.
func NewCodeSet() *CodeSet {
	return &CodeSet{map[Coding]struct{}{}, map[string]struct{}{}}
}

// Add adds one code.
func (s *CodeSet) Add(system, code string) { s.Codes[Coding{system, code}] = struct{}{} }

// AddAll adds the codes of another set.
func (s *CodeSet) AddAll(other *CodeSet) {
	for c := range other.Codes {
		s.Codes[c] = struct{}{}
	}
	for system := range other.Whole {
		s.Whole[system] = struct{}{}
	}
}

// Has reports whether a code is in the set.
func (s *CodeSet) Has(c Coding) bool {
	if _, whole := s.Whole[c.System]; whole {
		return true
	}
	_, ok := s.Codes[c]
	return ok
}

// and returns the codes that both sets have.
func (s *CodeSet) and(other *CodeSet) *CodeSet {
	both := NewCodeSet()
	for c := range s.Codes {
		if other.Has(c) {
			both.Codes[c] = struct{}{}
		}
	}
	for c := range other.Codes {
		if s.Has(c) {
			both.Codes[c] = struct{}{}
		}
	}
	for system := range s.Whole {
		if _, ok := other.Whole[system]; ok {
			both.Whole[system] = struct{}{}
		}
	}
	return both
}

// A codeTree is the codes of a code system and the edges of its hierarchy.
type codeTree struct {
	codes             map[string]struct{}
	parents, children map[string][]string
}

func (t *codeTree) link(parent, child string) {
	t.parents[child] = append(t.parents[child], parent)
	t.children[parent] = append(t.children[parent], child)
}

// closure adds to s a code and all codes to which edges lead from it; circles end.
func closure(s *CodeSet, system, code string, edges map[string][]string) {
	c := Coding{system, code}
	if _, seen := s.Codes[c]; seen {
		return
	}
	stack := []string{code}
	for len(stack) > 0 {
		last := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if _, seen := s.Codes[Coding{system, last}]; !seen {
			s.Add(system, last)
			stack = append(stack, edges[last]...)
		}
	}
}

// sameCode finds a code as the system spells it. It ignores case if the system does.
func (t *codeTree) sameCode(system, code string) (string, bool) {
	if _, ok := t.codes[code]; ok || schema.CaseSensitive(system) {
		return code, ok
	}
	folded := strings.ToLower(code)
	for c := range t.codes {
		if strings.ToLower(c) == folded {
			return c, true
		}
	}
	return "", false
}
