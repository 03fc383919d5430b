package exec

import (
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/query"
)

// A termSource finds the value sets and code systems of an evaluation's view.
type termSource struct{ ev *evaluation }

// Charge counts work.
func (x termSource) Charge(work int) error { return x.ev.charge(work) }

// Find returns the newest resource of a type that a canonical or a reference names, 0 if
// there is none.
func (x termSource) Find(typ, uri string) (index.Ordinal, error) {
	t := x.ev.registry.Names[typ]
	url, version, versioned := strings.Cut(uri, "|")
	set := roaring.New()
	if r := x.ev.registry.ReadReference(uri, x.ev.base); r.Type == t {
		if o, ok := x.ev.view.Lookup(index.TypeID(t), r.ID); ok {
			set.Add(uint32(o))
		}
	} else {
		found, _ := x.ev.registry.Find(t, "url")
		m := &query.Match{Type: t, Param: found, Values: []query.Value{{Text: url}}}
		conditions := []node{x.ev.compile(t, m, "")}
		if versioned {
			at, _ := x.ev.registry.Find(t, "version")
			m := &query.Match{Type: t, Param: at, Values: []query.Value{{Text: version, Code: version}}}
			conditions = append(conditions, x.ev.compile(t, m, ""))
		}
		var err error
		if set, err = x.ev.conjunction(t, conditions); err != nil {
			return 0, err
		}
	}
	if err := x.ev.retain(t, set); err != nil {
		return 0, err
	}
	if set.IsEmpty() {
		return 0, nil
	}
	return index.Ordinal(set.Maximum()), nil
}

// Document reads a version.
func (x termSource) Document(o index.Ordinal) (*fhirjson.Document, error) {
	if x.ev.documents == nil {
		return nil, errNoDocuments
	}
	doc := &fhirjson.Document{}
	if err := x.ev.documents(o, doc); err != nil {
		return nil, err
	}
	return doc, x.ev.charge(len(doc.Source))
}
