package lexicon

import "fmt"

// A concept is an entry that is being read, from several files.
type concept struct {
	term  string
	kind  string // "" as long as only synonyms were read
	names []string
	codes []string // that it maps to, or that it is made of
}

// concepts are the concepts of a release, in the order in which they first occur.
type concepts struct {
	byID  map[string]*concept
	order []string
}

// at returns a concept, a new one if need be. It reports an error beyond the limit of
// terms.
func (c *concepts) at(id string) (*concept, error) {
	if known := c.byID[id]; known != nil {
		return known, nil
	}
	if len(c.order) >= maxTerms {
		return nil, fmt.Errorf("more than %d concepts", maxTerms)
	}
	if c.byID == nil {
		c.byID = map[string]*concept{}
	}
	made := new(concept)
	c.byID[id], c.order = made, append(c.order, id)
	return made, nil
}
