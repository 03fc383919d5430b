package datastore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/query"
)

// contained reads the matches of a query that answers contained resources (FHIR R4
// §3.1.1.5.5), and calls yield with each until it returns false. The matches of one
// container stand together, and the container is read once.
func (s *Snapshot) contained(ctx context.Context, q *query.Query, r *exec.Result, yield func(v Version) bool) error {
	doc := documents.Get().(*fhirjson.Document)
	defer documents.Put(doc)
	var container Version
	var inner []fhirjson.Index // what it contains
	for i, o := range r.Matches {
		if err := ctx.Err(); err != nil {
			return err
		}
		number := r.Contained[i]
		if number == 0 {
			v, err := s.shown(q, o, false)
			if err != nil {
				return err
			}
			if !yield(v) {
				return nil
			}
			continue
		}
		if container.Ordinal != Ordinal(o) {
			var err error
			if container, err = s.version(o); err != nil {
				return err
			}
			if err := engine.ParseStored(container.JSON, doc); err != nil {
				return err
			}
			inner = containedIn(inner[:0], doc)
		}
		if number > len(inner) {
			return fmt.Errorf("%w: values of a contained resource that is not there", ErrCorrupt)
		}
		v := container
		v.Container = container.Ref
		v.JSON = bytes.Clone(doc.Raw(inner[number-1])) // canonical, as all of the version is
		if err := identify(q, &v); err != nil {
			return err
		}
		if !yield(v) {
			return nil
		}
	}
	return nil
}

// containedIn appends the nodes of the resources that a document contains.
func containedIn(dst []fhirjson.Index, doc *fhirjson.Document) []fhirjson.Index {
	field := schema.Lookup(doc.Type(), "contained")
	for n := range doc.Children(0) {
		if doc.Nodes[n].Field == field {
			dst = append(dst, n)
		}
	}
	return dst
}

// identify sets type and id of a contained resource from its JSON, and cuts the JSON as
// _summary and _elements say.
func identify(q *query.Query, v *Version) error {
	doc := documents.Get().(*fhirjson.Document)
	defer documents.Put(doc)
	if err := engine.ParseStored(v.JSON, doc); err != nil {
		return err
	}
	v.Ref = Ref{Type: doc.Type().String(), ID: string(doc.ID())}
	if q.Cuts(false) {
		v.JSON = q.AppendCut(nil, doc, false)
	}
	return nil
}
