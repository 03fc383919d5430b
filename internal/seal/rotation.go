package seal

// BeginRotation returns a keyset in which every data key is retired, with a new
// authentication key and a new data key, which is the current one. Retired keys
// still open and verify, until [Keyset.EndRotation]. An earlier rotation must have
// ended.
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

// EndRotation returns a keyset without the retired data keys and the authentication
// key before.
func (s *Keyset) EndRotation() *Keyset {
	next := s.with(s.keys[s.retired:])
	next.retired, next.before = 0, nil
	return next
}

// Rotating reports whether a rotation has begun and not ended.
func (s *Keyset) Rotating() bool { return s.before != nil }

// Retired reports whether a rotation replaces the data key.
func (s *Keyset) Retired(id KeyID) bool {
	i, ok := s.byID[id]
	return ok && i < s.retired
}
