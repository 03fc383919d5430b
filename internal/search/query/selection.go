package query

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
)

// A summary is the value of _summary that cuts resources (FHIR R4 §3.1.1.5.8).
type summary uint8

const (
	summaryNone summary = iota
	summaryTrue         // the elements that R4 marks as summary
	summaryText         // the text, and what is mandatory
	summaryData         // all but the text
)

// A selection is the elements of resources that an answer shows.
type selection struct {
	summary  summary
	elements []string // names as in FHIRPath; nil for all
}

// summarize reads _summary.
func (p *Parser) summarize(value string) (used string, err error) {
	switch value {
	case "true":
		p.q.selection.summary = summaryTrue
	case "text":
		p.q.selection.summary = summaryText
	case "data":
		p.q.selection.summary = summaryData
	case "count":
		p.total = true
	case "false":
	default:
		return "", p.Fail(issue.Value, "must be one of true, text, data, count, false")
	}
	return value, p.once("_summary")
}

// elements reads _elements: names of elements of the resource itself (FHIR R4
// §3.1.1.5.9).
func (p *Parser) elements(value string) (used string, err error) {
	var names []string
	for name := range strings.SplitSeq(value, ",") {
		switch {
		case name == "" || slices.Contains(names, name):
			continue
		case !p.hasElement(name):
			err := &param.QueryError{Part: p.name, Code: issue.NotFound, Reason: "unknown element", Ignorable: true}
			if err := p.lenient(err); err != nil {
				return "", err
			}
			continue
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return "", nil
	}
	p.q.selection.elements = names
	return strings.Join(names, ","), p.once("_elements")
}

// hasElement reports whether a searched type has an element. For a search of contained
// resources, any container's type counts too.
func (p *Parser) hasElement(name string) bool {
	if name == "resourceType" {
		return true
	}
	has := func(t schema.TypeID) bool {
		first, end := schema.Element(t, name)
		return first != end
	}
	if p.q.Containment.Inside {
		for t, plan := range p.Types {
			if plan != nil && has(schema.TypeID(t)) {
				return true
			}
		}
	}
	return slices.ContainsFunc(p.q.Searched, has)
}

// checkShape reports parameters that _summary=text forbids.
func (p *Parser) checkShape() error {
	if p.q.selection.summary == summaryText && len(p.q.Inclusions) > 0 {
		return &param.QueryError{Part: "_summary", Code: issue.Invalid, Reason: "text cannot be mixed with _include and _revinclude"}
	}
	return nil
}

// Cuts reports whether the answer shows its matches, or included resources, as subsets:
// _summary cuts both, _elements the matches alone.
func (q *Query) Cuts(included bool) bool {
	return q.selection.summary != summaryNone || !included && q.selection.elements != nil
}

// AppendCut appends a match of the query, or an included resource, in canonical form as
// the answer shows it: with the mandatory elements and those of _summary and _elements,
// tagged SUBSETTED. If both are given, an element needs both.
func (q *Query) AppendCut(dst []byte, doc *fhirjson.Document, included bool) []byte {
	elements := q.selection.elements
	if included {
		elements = nil
	}
	return fhirjson.AppendSubset(dst, doc, func(n fhirjson.Index) fhirjson.Part {
		row := doc.Nodes[n].Field.Field()
		if row.Owner != doc.Type() { // below the root: only a summary goes there
			return summaryPart(row)
		}
		if elements != nil && row.Min == 0 && !slices.Contains(elements, row.Element) {
			return fhirjson.Omit
		}
		switch q.selection.summary {
		case summaryTrue:
			return summaryPart(row)
		case summaryText:
			if row.Min == 0 && row.Element != "text" {
				return fhirjson.Omit
			}
		case summaryData:
			if row.Element == "text" && row.Min == 0 {
				return fhirjson.Omit
			}
		}
		return fhirjson.Whole
	})
}

// summaryPart returns how much of an element a summary has.
func summaryPart(row *schema.Field) fhirjson.Part {
	if row.Flags&schema.FlagSummary != 0 || row.Min > 0 {
		return fhirjson.Inside
	}
	return fhirjson.Omit
}
