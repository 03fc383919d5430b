package search

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// The words of a contained resource are among those of its container, and have no
// place of their own in the index or in the values: texts are read from the resource.

// decideWords decides _text or _content: for which resources one of several phrases
// stands in a text.
func (ev *evaluation) decideWords(about subject, t schema.TypeID, p *param, phrases ...string) (decision, error) {
	anywhere := slices.Contains(p.streams, ev.registry.content)
	reader := newWordReader()
	return ev.eachNode(about, t, len(phrases), func(doc *fhirjson.Document, n fhirjson.Index) bool {
		return slices.ContainsFunc(phrases, func(words string) bool {
			return (&phrase{words: words}).stands(&reader, doc, n, anywhere)
		})
	})
}

// candidatesOfWords returns those of within that have all words of one of the phrases.
func (ev *evaluation) candidatesOfWords(t schema.TypeID, within *roaring.Bitmap, phrases ...string) (*roaring.Bitmap, error) {
	content, _ := ev.registry.find(t, "_content")
	set := roaring.New()
	for _, words := range phrases {
		found := within
		for word := range strings.SplitSeq(words, " ") {
			var err error
			if found, err = ev.union(ev.wordPostings(content, word), found); err != nil {
				return nil, err
			}
		}
		set.Or(found)
	}
	return set, nil
}

// phrases returns the words that are alternatives of a match on _text or _content.
func (m *match) phrases() []string {
	all := make([]string, len(m.values))
	for i := range m.values {
		all[i] = m.values[i].folded
	}
	return all
}
