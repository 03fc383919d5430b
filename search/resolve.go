package search

import (
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
)

// A termSource is the value sets and code systems that an evaluation sees.
type termSource struct{ ev *evaluation }

// Charge accounts for work.
func (x termSource) Charge(work int) error { return x.ev.charge(work) }

// Find returns the newest resource of a type that a canonical or a reference names, 0 if
// there is none.
func (x termSource) Find(typ, uri string) (index.Ordinal, error) {
	t := x.ev.registry.names[typ]
	url, version, versioned := strings.Cut(uri, "|")
	set := roaring.New()
	if r := x.ev.registry.readReference(uri, x.ev.base); r.typ == t {
		if o, ok := x.ev.view.Lookup(index.TypeID(t), r.id); ok {
			set.Add(uint32(o))
		}
	} else {
		found, _ := x.ev.registry.find(t, "url")
		m := &match{typ: t, param: found, values: []value{{text: url}}}
		conditions := []node{x.ev.compile(t, m, "")}
		if versioned {
			at, _ := x.ev.registry.find(t, "version")
			m := &match{typ: t, param: at, values: []value{{text: version, code: version}}}
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
