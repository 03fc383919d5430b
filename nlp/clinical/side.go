package clinical

// A side is where in the body something is.
type side int

const (
	noSide side = iota
	right
	left
	both
)

// sideNames end the names of concepts of a side.
var sideNames = [...]string{noSide: "", right: ", right side", left: ", left side", both: ", both sides"}

// side returns the side that the note says of a mention.
func (r *reading) side(m *mention) side {
	said := noSide
	for i := range m.attributes {
		a := &m.attributes[i]
		if a.kind != direction {
			continue
		}
		switch r.note.Word(a.first) {
		case "right", "r":
			said |= right
		case "left", "l":
			said |= left
		case "bilateral", "bilaterally", "both":
			said = both
		}
	}
	return said
}

// ranked returns the index of the concept of rank i. If the note says a side, the concept of
// that side comes first; else those of all sides come last.
func (t *term) ranked(i int, said side) int {
	if t.sides == 0 {
		return i
	}
	others := len(t.concepts) - 1 - t.sides // neither the plain one nor of a side
	k := int(said)
	if k > t.sides {
		k = 0
	}
	if k > 0 {
		switch i {
		case 0:
			return k
		case 1:
			return 0
		}
		i--
	}
	switch {
	case i == 0:
		return 0
	case i <= others:
		return t.sides + i
	}
	i -= others
	if k > 0 && i >= k {
		i++
	}
	return i
}
