package index

// A Settle function translates an entry of an unsettled kind by the settings of a
// store: it adds any number of entries of settled kinds to to. It must be safe for
// several goroutines, each with a Settled of its own.
type Settle func(to *Settled, e *Entry)

// Settled takes the entries of a [Settle] function.
type Settled struct {
	entries []Entry
	arena   *arena
}

// Add adds an entry. Its strings must be constants, strings of the unsettled entry, or
// made by Text.
func (s *Settled) Add(e Entry) { s.entries = append(s.entries, e) }

// Text returns the parts as one text.
func (s *Settled) Text(parts ...string) string {
	n := 0
	for _, part := range parts {
		n += len(part)
	}
	room := s.arena.room(n)
	at := 0
	for _, part := range parts {
		at += copy(room[at:], part)
	}
	return view(room)
}

// Decode does as the function Decode, and settles unsettled entries.
func (f Settle) Decode(dst []Entry, payload []byte) ([]Entry, error) {
	var a arena
	s := newScanner(a.keep(payload), &a)
	var e Entry
	for {
		e = Entry{}
		more, err := s.next(&e)
		if !more {
			return dst, err
		}
		if e.Kind.Settled() {
			dst = append(dst, e)
			continue
		}
		to := Settled{dst, &a}
		f(&to, &e)
		dst = to.entries
	}
}
