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

// A phraseNode is a phrase. The index knows which resources have its words, but not
// where: their texts are read.
type phraseNode struct {
	ev  *evaluation
	typ schema.TypeID
	*phrase
}

func (n *phraseNode) estimate() int { return costOfBlock * total(n.rarest()[0]) }

func (n *phraseNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	ev := n.ev
	if ev.documents == nil {
		return nil, errNoDocuments
	}
	candidates := within
	for _, postings := range n.rarest() {
		found, err := ev.union(postings, candidates)
		if err != nil || found.IsEmpty() {
			return found, err
		}
		candidates = found
	}
	candidates = ev.view.OfType(index.TypeID(n.typ)).Intersect(candidates)
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
		if n.stands(&reader, &doc, 0, slices.Contains(n.param.streams, ev.registry.content)) {
			set.Add(o)
		}
	}
	return set, nil
}

// rarest returns the postings of each word of the phrase, those of the rarest first.
func (n *phraseNode) rarest() [][]index.Posting {
	var found [][]index.Posting
	for word := range strings.SplitSeq(n.words, " ") {
		found = append(found, n.ev.wordPostings(n.param, word))
	}
	slices.SortStableFunc(found, func(a, b []index.Posting) int { return total(a) - total(b) })
	return found
}

func (n *phraseNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	return n.ev.candidatesOfWords(n.typ, within, n.words)
}

func (n *phraseNode) decide(about subject) (decision, error) {
	return n.ev.decideWords(about, n.typ, n.param, n.words)
}

func (n *phraseNode) pure() bool { return false }

func (n *phraseNode) explain() (string, Way) { return n.param.row.Code, ByDocuments }

// wordPostings returns the postings whose union is the resources that have a word.
func (ev *evaluation) wordPostings(p *param, word string) []index.Posting {
	return ev.postings(&match{param: p, values: []value{{folded: word}}}, wordLookup{})
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
