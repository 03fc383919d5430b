package seal

// BeginRotation returns a keyset in which every data key is retired, with a new
// authentication key and a new data key, which is the current one. What is
// retired still opens and verifies, until [Keyset.EndRotation]. A rotation that
// is under way must be ended first.
func (s *Keyset) BeginRotation() (*Keyset, error) {
	auth, err := randomAuthKey()
	if err != nil {
		return nil, err
	}
	next := s.with(s.keys)
	next.retired = len(s.keys)
	next.before, next.auth = &s.auth, auth
	return next.WithNewKey()
}

// EndRotation returns a keyset without the keys that the rotation replaces.
func (s *Keyset) EndRotation() *Keyset {
	next := s.with(s.keys[s.retired:])
	next.retired, next.before = 0, nil
	return next
}

// Rotating reports whether a rotation is under way.
func (s *Keyset) Rotating() bool { return s.before != nil }

// Retired reports whether the rotation under way replaces a data key.
func (s *Keyset) Retired(id KeyID) bool {
	i, ok := s.byID[id]
	return ok && i < s.retired
}
