package extract

import (
	"bytes"

	"github.com/fhirlake/fhirlake/internal/search/param"
)

// fullText adds the words of a resource: the words of its narrative, and further words
// of the rest.
func (x *Extractor) fullText() {
	x.distinct.Reset()
	words, at := x.reader.Narrative(x.doc, 0)
	x.distinct.AddAll(words)
	ofNarrative := len(x.distinct.Words)
	for words := range x.reader.Others(x.doc, 0, at) {
		x.distinct.AddAll(words)
	}
	for _, s := range []struct {
		*param.Stream
		words []byte
	}{
		{x.Narrative, x.distinct.Words[:ofNarrative]},
		{x.Content, x.distinct.Words[ofNarrative:]},
	} {
		if words := bytes.TrimSuffix(s.words, []byte(" ")); len(words) > 0 {
			x.b.Words(s.ID, 0, param.AsText(words))
		}
	}
}
