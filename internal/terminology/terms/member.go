package terms

import (
	"context"
	"slices"
)

// Member returns the entry of a code in a value set, nil if it is not in it. It looks at no
// other codes if the system is named; without one, the code must be one of one system alone.
func (s *Service) Member(ctx context.Context, set *Set, system, code string) (*Entry, error) {
	if system == "" || set.Compose == nil {
		x, err := s.Expand(ctx, set)
		if err != nil {
			return nil, err
		}
		return x.Find(system, code), nil
	}
	leave, err := s.enter(ctx, set)
	if err != nil {
		return nil, err
	}
	defer leave()
	var found *Entry
	for i := range set.Compose.Include {
		if found, err = s.memberOf(ctx, &set.Compose.Include[i], system, code); found != nil || err != nil {
			break
		}
	}
	if found == nil || err != nil {
		return nil, err
	}
	for i := range set.Compose.Exclude {
		if out, err := s.memberOf(ctx, &set.Compose.Exclude[i], system, found.Code); out != nil || err != nil {
			return nil, err
		}
	}
	if inactive := set.Compose.Inactive; inactive != nil && !*inactive && found.Inactive {
		return nil, nil
	}
	return found, nil
}

// memberOf returns the entry of a code in a component, nil if it is not in it.
func (s *Service) memberOf(ctx context.Context, c *component, system, code string) (found *Entry, err error) {
	if c.System != "" {
		if c.System != system || slices.Contains(s.Excluded, system) {
			return nil, nil
		}
		if found, err = s.memberOfSystem(ctx, c, code); found == nil || err != nil {
			return nil, err
		}
		code = found.Code
	}
	for _, canonical := range c.ValueSets {
		set, err := s.Set(ctx, canonical)
		if err != nil {
			return nil, err
		}
		other, err := s.Member(ctx, set, system, code)
		if other == nil || err != nil {
			return nil, err
		}
		if found == nil {
			found = other
		}
	}
	return found, nil
}

// memberOfSystem returns the entry of a code in the part of a component that its system
// gives.
func (s *Service) memberOfSystem(ctx context.Context, c *component, code string) (*Entry, error) {
	system, passes, err := s.systemOf(ctx, c)
	if err != nil {
		return nil, err
	}
	var known *Concept
	if system != nil {
		if known = system.Concept(code); known != nil {
			code = known.Code
		}
	}
	for i := range c.Concepts {
		l := &c.Concepts[i]
		if l.Code == code || known != nil && system.Concept(l.Code) == known {
			return c.listed(system, l), nil
		}
	}
	if c.Concepts != nil || known == nil || !passes(known) {
		return nil, nil
	}
	e := system.entry(known)
	return &e, nil
}
