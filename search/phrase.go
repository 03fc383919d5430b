package search

import (
	"bytes"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A phrase is words that follow each other within one text of a resource.
type phrase struct {
	param *param // _text or _content
	words string // as appendWords makes them
}

func (*phrase) condition() {}

// phrase evaluates a phrase. The index knows which resources have its words, but not
// where: their texts are read.
func (ev *evaluation) phrase(t schema.TypeID, c *phrase, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if ev.documents == nil {
		return nil, errNoDocuments
	}
	candidates := within
	for _, postings := range ev.rarest(c) {
		found, err := ev.union(postings, candidates)
		if err != nil || found.IsEmpty() {
			return found, err
		}
		candidates = found
	}
	candidates = ev.view.OfType(index.TypeID(t)).Intersect(candidates)
	ev.view.RetainVisible(candidates)
	set := roaring.New()
	reader := newWordReader()
	var doc fhirjson.Document
	for o := range roaring.Values(candidates) {
		if err := ev.documents(index.Ordinal(o), &doc); err != nil {
			return nil, err
		}
		if err := ev.charge(costOfBlock + len(doc.Source)); err != nil {
			return nil, err
		}
		if c.stands(&reader, &doc, 0, slices.Contains(c.param.streams, ev.registry.content)) {
			set.Add(o)
		}
	}
	return set, nil
}

// rarest returns the postings of each word of a phrase, those of the rarest first.
func (ev *evaluation) rarest(c *phrase) [][]index.Posting {
	var found [][]index.Posting
	for word := range strings.SplitSeq(c.words, " ") {
		found = append(found, ev.wordPostings(c.param, word))
	}
	slices.SortStableFunc(found, func(a, b []index.Posting) int { return total(a) - total(b) })
	return found
}

// wordPostings returns the postings whose union is the resources that have a word.
func (ev *evaluation) wordPostings(p *param, word string) []index.Posting {
	postings, _ := ev.postings(&match{param: p, values: []value{{folded: word}}})
	return postings
}

// stands reports whether the phrase stands in the narrative of the resource at a
// node, or anywhere in it.
func (c *phrase) stands(r *wordReader, doc *fhirjson.Document, resource fhirjson.Index, anywhere bool) bool {
	words, at := r.narrative(doc, resource)
	found := c.in(words)
	if anywhere && !found {
		for words := range r.others(doc, resource, at) {
			if found = c.in(words); found {
				break
			}
		}
	}
	return found
}

// in reports whether the phrase stands among words, and does not begin or end within
// one.
func (c *phrase) in(words []byte) bool {
	phrase := []byte(c.words)
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
