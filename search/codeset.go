package search

import "github.com/fhirlake/fhirlake/internal/schema"

// A coding is a code of a system.
type coding struct{ system, code string }

// A codeSet is codings: some by name, and all of some systems.
type codeSet struct {
	codes map[coding]struct{}
	whole map[string]struct{} // by system
}

func newCodeSet() *codeSet {
	return &codeSet{map[coding]struct{}{}, map[string]struct{}{}}
}

func (s *codeSet) add(system, code string) { s.codes[coding{system, code}] = struct{}{} }

func (s *codeSet) addAll(other *codeSet) {
	for c := range other.codes {
		s.codes[c] = struct{}{}
	}
	for system := range other.whole {
		s.whole[system] = struct{}{}
	}
}

func (s *codeSet) has(c coding) bool {
	if _, whole := s.whole[c.system]; whole {
		return true
	}
	_, ok := s.codes[c]
	return ok
}

// and returns what is in both.
func (s *codeSet) and(other *codeSet) *codeSet {
	both := newCodeSet()
	for c := range s.codes {
		if other.has(c) {
			both.codes[c] = struct{}{}
		}
	}
	for c := range other.codes {
		if s.has(c) {
			both.codes[c] = struct{}{}
		}
	}
	for system := range s.whole {
		if _, ok := other.whole[system]; ok {
			both.whole[system] = struct{}{}
		}
	}
	return both
}

// values returns the set as alternatives of a token parameter.
func (s *codeSet) values() []value {
	all := make([]value, 0, len(s.whole)+len(s.codes))
	for system := range s.whole {
		all = append(all, value{system: system, hasSystem: true})
	}
	for c := range s.codes {
		if _, whole := s.whole[c.system]; !whole {
			all = append(all, value{system: c.system, code: c.code, hasSystem: true})
		}
	}
	return all
}

// A codeTree is the codes of a code system and what is a kind of what.
type codeTree struct {
	codes             map[string]struct{}
	parents, children map[string][]string
}

func (t *codeTree) link(parent, child string) {
	t.parents[child] = append(t.parents[child], parent)
	t.children[parent] = append(t.children[parent], child)
}

// closure adds to s a code and all that edges lead to from it; circles end.
func closure(s *codeSet, system, code string, edges map[string][]string) {
	c := coding{system, code}
	if _, seen := s.codes[c]; seen {
		return
	}
	stack := []string{code}
	for len(stack) > 0 {
		last := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if _, seen := s.codes[coding{system, last}]; !seen {
			s.add(system, last)
			stack = append(stack, edges[last]...)
		}
	}
}

// sameCode finds a code as the system spells it: where its case does not count,
// in any case.
func (t *codeTree) sameCode(system, code string) (string, bool) {
	if _, ok := t.codes[code]; ok || schema.CaseSensitive(system) {
		return code, ok
	}
	folded := foldCode(code, false)
	for c := range t.codes {
		if foldCode(c, false) == folded {
			return c, true
		}
	}
	return "", false
}
