package search

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// find is resolve for a resource that the expansion needs. It remembers the name.
func (x *expansion) find(typ, uri string) (index.Ordinal, error) {
	o, err := x.resolve(typ, uri)
	switch {
	case err != nil:
		return 0, err
	case o == 0:
		return 0, x.fail(issue.NotSupported, "needs a "+typ+" that is not in the store")
	}
	if name := (resolvedName{typ, uri, o}); !slices.Contains(x.names, name) {
		x.names = append(x.names, name)
	}
	return o, nil
}

// resolve returns the newest resource of a type that a canonical or a reference
// names, 0 if there is none.
func (x *expansion) resolve(typ, uri string) (index.Ordinal, error) {
	t := x.registry.names[typ]
	url, version, versioned := strings.Cut(uri, "|")
	set := roaring.New()
	if r := x.registry.readReference(uri, x.base); r.typ == t {
		if o, ok := x.view.Lookup(index.TypeID(t), r.id); ok {
			set.Add(uint32(o))
		}
	} else {
		found, _ := x.registry.find(t, "url")
		m := &match{typ: t, param: found, values: []value{{text: url}}}
		conditions := []node{x.compile(t, m, "")}
		if versioned {
			at, _ := x.registry.find(t, "version")
			m := &match{typ: t, param: at, values: []value{{text: version, code: version}}}
			conditions = append(conditions, x.compile(t, m, ""))
		}
		var err error
		if set, err = x.conjunction(t, conditions); err != nil {
			return 0, err
		}
	}
	if err := x.retain(t, set); err != nil {
		return 0, err
	}
	if set.IsEmpty() {
		return 0, nil
	}
	return index.Ordinal(set.Maximum()), nil
}

// document reads a version.
func (x *expansion) document(o index.Ordinal) (*fhirjson.Document, error) {
	if x.documents == nil {
		return nil, errNoDocuments
	}
	doc := &fhirjson.Document{}
	if err := x.documents(o, doc); err != nil {
		return nil, err
	}
	return doc, x.charge(len(doc.Source))
}
