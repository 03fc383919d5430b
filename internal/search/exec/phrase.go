package exec

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// A phraseNode is a phrase. The index knows the resources that have all its words, but
// not their positions: the texts are read.
type phraseNode struct {
	ev  *evaluation
	typ schema.TypeID
	*query.Phrase
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
	reader := param.NewWordReader()
	var doc fhirjson.Document
	for o := range roaring.Values(candidates) {
		if err := ev.documents(index.Ordinal(o), &doc); err != nil {
			return nil, err
		}
		if err := ev.charge(costOfBlock + len(doc.Source)); err != nil {
			return nil, err
		}
		if n.Stands(&reader, &doc, 0, slices.Contains(n.Param.Streams, ev.registry.Content)) {
			set.Add(o)
		}
	}
	return set, nil
}

// rarest returns the postings of each word of the phrase, the rarest word first.
func (n *phraseNode) rarest() [][]index.Posting {
	var found [][]index.Posting
	for word := range strings.SplitSeq(n.Words, " ") {
		found = append(found, n.ev.wordPostings(n.Param, word))
	}
	slices.SortStableFunc(found, func(a, b []index.Posting) int { return total(a) - total(b) })
	return found
}

func (n *phraseNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	return n.ev.candidatesOfWords(n.typ, within, n.Words)
}

func (n *phraseNode) decide(about subject) (decision, error) {
	return n.ev.decideWords(about, n.typ, n.Param, n.Words)
}

func (n *phraseNode) pure() bool { return false }

func (n *phraseNode) explain() (string, search.Way) { return n.Param.Row.Code, search.ByDocuments }

// wordPostings returns the postings whose union is the resources that have a word.
func (ev *evaluation) wordPostings(p *param.Param, word string) []index.Posting {
	return ev.postings(&query.Match{Param: p, Values: []query.Value{{Folded: word}}}, wordLookup{})
}
