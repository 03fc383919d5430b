package exec

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
)

// The words of a contained resource are among the words of its container. Neither index
// nor values tell them apart, so the texts are read from the resource.

// decideWords decides _text or _content: whether one of several phrases stands in a
// text of a resource.
func (ev *evaluation) decideWords(about subject, t schema.TypeID, p *param.Param, phrases ...string) (decision, error) {
	anywhere := slices.Contains(p.Streams, ev.registry.Content)
	reader := param.NewWordReader()
	return ev.eachNode(about, t, len(phrases), func(doc *fhirjson.Document, n fhirjson.Index) bool {
		return slices.ContainsFunc(phrases, func(words string) bool {
			return (&query.Phrase{Words: words}).Stands(&reader, doc, n, anywhere)
		})
	})
}

// candidatesOfWords returns the ordinals of within that have all words of one of the
// phrases.
func (ev *evaluation) candidatesOfWords(t schema.TypeID, within *roaring.Bitmap, phrases ...string) (*roaring.Bitmap, error) {
	content, _ := ev.registry.Find(t, "_content")
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
