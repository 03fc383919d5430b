package extract

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A mentioned resource is named in the document.
type mentioned struct {
	typ schema.TypeID
	id  string
}

// mentions adds the resources that the document names, each once: all of them for a Bundle
// or a Binary, and otherwise those of linked types.
func (x *Extractor) mentions() {
	all := x.Naming[x.doc.Type()]
	for typ, id := range x.mentioner.Mentions(x.doc, !all) {
		m := mentioned{typ, id}
		if _, seen := x.seen[m]; seen {
			continue
		}
		m.id = strings.Clone(id)
		x.seen[m] = struct{}{}
		x.b.Mention(x.Mentions.ID, 0, index.TypeID(typ), id)
	}
	if len(x.seen) > 0 {
		clear(x.seen)
	}
}
