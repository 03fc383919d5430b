package fhirjson

import "github.com/fhirlake/fhirlake/internal/schema"

// A Part says how much of an element a subset of a resource has.
type Part uint8

const (
	// Omit leaves the element out.
	Omit Part = iota
	// Whole keeps the element as it is.
	Whole
	// Inside keeps an object with the kept children, and leaves it out if none is kept.
	// For a primitive it is the same as Whole.
	Inside
)

// subsetTag marks an incomplete resource, so that nobody takes it for the whole (FHIR
// R4 §3.1.1.5.9).
const (
	subsetSystem = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
	subsetCode   = "SUBSETTED"
	subsetTag    = `{"system":"` + subsetSystem + `","code":"` + subsetCode + `"}`
)

// AppendSubset appends the resource in canonical form with the elements that keep
// keeps, and tags it SUBSETTED. keep is called for each node below the root and below
// nodes that are kept by Inside. The id and meta of the resource are always kept. Loose
// properties are left out of every object that is not Whole.
//
// The extensions of a primitive go with it: they may be all that it has.
func AppendSubset(dst []byte, doc *Document, keep func(n Index) Part) []byte {
	dst = append(dst, `{"resourceType":"`...)
	dst = append(append(dst, doc.Type().Type().Name...), `",`...)
	rest, end := uint32(1), doc.Nodes[0].Next
	if rest < end && doc.Nodes[rest].Field == doc.Type().Type().First {
		dst = doc.appendFields(dst, rest, doc.Nodes[rest].Next)
		rest = doc.Nodes[rest].Next
	}
	dst = append(dst, `"meta":`...)
	if rest < end && doc.Nodes[rest].Field.Field().Name == "meta" {
		dst = doc.appendTagged(dst, Index(rest))
		rest = doc.Nodes[rest].Next
	} else {
		dst = append(append(append(dst, `{"tag":[`...), subsetTag...), "]}"...)
	}
	dst = append(dst, ',')
	dst = doc.appendKept(dst, rest, end, keep)
	dst[len(dst)-1] = '}'
	return dst
}

// appendTagged appends the meta at node n with the tag of subsets. A meta has no
// element after its tags.
func (d *Document) appendTagged(dst []byte, n Index) []byte {
	tagged := false
	for c := range d.Children(n) {
		if d.Nodes[c].Field.Field().Name != "tag" {
			continue
		}
		tagged = true
		system, _ := d.Child(c, schema.Lookup(d.Nodes[c].Type, "system"))
		code, ok := d.Child(c, schema.Lookup(d.Nodes[c].Type, "code"))
		if ok && string(d.Text(code, nil)) == subsetCode && system != 0 && string(d.Text(system, nil)) == subsetSystem {
			return d.appendValue(dst, n)
		}
	}
	dst = d.appendValue(dst, n)
	if tagged {
		return append(append(append(dst[:len(dst)-len("]}")], ','), subsetTag...), "]}"...)
	}
	return append(append(append(dst[:len(dst)-1], `,"tag":[`...), subsetTag...), "]}"...)
}

// appendKept appends the kept properties among the sibling nodes from first to end,
// each with a comma after it.
func (d *Document) appendKept(dst []byte, first, end uint32, keep func(n Index) Part) []byte {
	for first < end {
		f := d.Nodes[first].Field
		last := d.Nodes[first].Next // after the nodes of f
		for last < end && d.Nodes[last].Field == f {
			last = d.Nodes[last].Next
		}
		switch part := keep(Index(first)); {
		case part == Omit:
		case part == Whole || d.Nodes[first].Kind != Object:
			dst = d.appendFields(dst, first, last)
		default:
			dst = d.appendInside(dst, first, last, keep)
		}
		first = last
	}
	return dst
}

// appendInside appends the objects from first to last, the values of one field, with
// their kept children.
func (d *Document) appendInside(dst []byte, first, last uint32, keep func(n Index) Part) []byte {
	row := d.Nodes[first].Field.Field()
	mark := len(dst)
	dst = append(append(append(dst, '"'), row.Name...), `":`...)
	if row.Array() {
		dst = append(dst, '[')
	}
	before := len(dst)
	for i := first; i < last; i = d.Nodes[i].Next {
		from := len(dst)
		dst = append(dst, '{')
		if typ := d.Nodes[i].Type.Type(); typ.Kind == schema.KindResource {
			dst = append(append(append(dst, `"resourceType":"`...), typ.Name...), `",`...)
		}
		dst = d.appendKept(dst, i+1, d.Nodes[i].Next, keep)
		if dst[len(dst)-1] == '{' {
			dst = dst[:from]
			continue
		}
		dst[len(dst)-1] = '}'
		dst = append(dst, ',')
	}
	switch {
	case len(dst) == before && row.Min == 0:
		return dst[:mark]
	case len(dst) == before:
		return d.appendFields(dst[:mark], first, last) // what is mandatory is there
	case row.Array():
		dst[len(dst)-1] = ']'
		dst = append(dst, ',')
	}
	return dst
}
