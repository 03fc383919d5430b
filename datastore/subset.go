package datastore

import (
	"net/url"
	"strings"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// Subset cuts the JSON of a version as _summary and _elements in a query say, and tags
// it SUBSETTED, as a search would (FHIR R4 §3.1.1.5.8, §3.1.1.5.9). _format and _pretty
// are left aside; other parameters are an [Error] of class ErrInvalid.
func (s *Store) Subset(v *Version, query string) error {
	if query == "" {
		return nil
	}
	for part := range strings.SplitSeq(query, "&") {
		rawName, rawValue, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(rawName)
		switch {
		case err != nil:
			return engine.Failf(ErrInvalid, issue.Invalid, "the query is not percent-encoded")
		case name == "_summary" && rawValue == "count":
			return engine.Failf(ErrInvalid, issue.Value, "_summary: count goes with a search alone")
		case name != "" && name != "_summary" && name != "_elements" && name != "_format" && name != "_pretty":
			return engine.Failf(ErrInvalid, issue.NotSupported, "a read takes _summary, _elements, _format and _pretty alone")
		}
	}
	t, err := resourceType(v.Type)
	if err != nil {
		return err
	}
	q, err := s.engine.Search().Parse(t, query, false)
	if err != nil {
		return engine.QueryError(err)
	}
	if !q.Cuts(false) {
		return nil
	}
	doc := documents.Get().(*fhirjson.Document)
	defer documents.Put(doc)
	if err := engine.ParseStored(v.JSON, doc); err != nil {
		return err
	}
	v.JSON = q.AppendCut(nil, doc, false)
	return nil
}
