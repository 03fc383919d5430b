package query

// Phrases returns the words that are alternatives of a match on _text or _content.
func (m *Match) Phrases() []string {
	all := make([]string, len(m.Values))
	for i := range m.Values {
		all[i] = m.Values[i].Folded
	}
	return all
}
