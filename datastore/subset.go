package datastore

import (
	"net/url"
	"strings"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/urlquery"
	"github.com/fhirlake/fhirlake/issue"
)

// Subset cuts the JSON of a version as _summary and _elements in a query say, and tags
// it SUBSETTED, as a search would (FHIR R4 §3.1.1.5.8, §3.1.1.5.9). _format and _pretty
// are ignored; other parameters are an [Error] of class ErrInvalid.
func (s *Store) Subset(v *Version, query string) error {
	if query == "" {
		return nil
	}
	for part := range strings.SplitSeq(query, "&") {
		name, value, ok := urlquery.Cut(part)
		switch {
		case !ok:
			return engine.Failf(ErrInvalid, issue.Invalid, "the query is not percent-encoded")
		case name == "_summary" && value == "count":
			return engine.Failf(ErrInvalid, issue.Value, "_summary: count goes with a search alone")
		case name != "" && name != "_summary" && name != "_elements" && name != "_format" && name != "_pretty":
			return engine.Failf(ErrInvalid, issue.NotSupported, "a read takes _summary, _elements, _format and _pretty alone")
		}
	}
	cut, err := s.subsetter(v.Type, query)
	if err == nil {
		v.JSON, err = cut(nil, v.JSON)
	}
	return err
}

// Elements returns a function that appends resources of a type, given in canonical JSON, to
// dst: cut to the given elements, the mandatory elements, id and meta, and tagged SUBSETTED
// (FHIR R4 §3.1.1.5.9). The function may be called by many goroutines. Elements reports an
// [Error] of class ErrInvalid for an unknown type or element.
func (s *Snapshot) Elements(typ string, elements ...string) (func(dst, resource []byte) ([]byte, error), error) {
	return s.store.subsetter(typ, "_elements="+url.QueryEscape(strings.Join(append([]string{"id"}, elements...), ",")))
}

func (s *Store) subsetter(typ, query string) (func(dst, resource []byte) ([]byte, error), error) {
	t, err := resourceType(typ)
	if err != nil {
		return nil, err
	}
	q, err := s.engine.Search().Parse(t, query, false)
	if err != nil {
		return nil, engine.QueryError(err)
	}
	return func(dst, resource []byte) ([]byte, error) {
		if !q.Cuts(false) {
			return append(dst, resource...), nil
		}
		doc := documents.Get().(*fhirjson.Document)
		defer documents.Put(doc)
		if err := engine.ParseStored(resource, doc); err != nil {
			return dst, err
		}
		return q.AppendCut(dst, doc, false), nil
	}, nil
}
