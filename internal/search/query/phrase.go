package query

import (
	"bytes"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// Stands reports whether the phrase stands in the narrative of the resource at a
// node, or anywhere in it.
func (c *Phrase) Stands(r *param.WordReader, doc *fhirjson.Document, resource fhirjson.Index, anywhere bool) bool {
	words, at := r.Narrative(doc, resource)
	found := c.in(words)
	if anywhere && !found {
		for words := range r.Others(doc, resource, at) {
			if found = c.in(words); found {
				break
			}
		}
	}
	return found
}

// in reports whether the phrase stands among words, and does not begin or end within
// one.
func (c *Phrase) in(words []byte) bool {
	phrase := []byte(c.Words)
	for from := 0; ; from++ {
		at := bytes.Index(words[from:], phrase)
		if at < 0 {
			return false
		}
		from += at
		end := from + len(phrase)
		if (from == 0 || words[from-1] == ' ') && (end == len(words) || words[end] == ' ') {
			return true
		}
	}
}
