package fhirjson

import "github.com/fhirlake/fhirlake/internal/schema"

// AppendCanonical appends the JSON of node n and the nodes under it in canonical form:
// resourceType first, then elements in the order of the specification, no white space
// outside strings, numbers digit for digit as in the source, and in strings the escapes
// that RFC 8259 demands, each in its shortest form, over UTF-8. Equal documents have
// equal bytes. Loose properties stand at the end of their object in the order of the
// source.
//
// Of a primitive it writes the value alone, null if there is none.
func AppendCanonical(dst []byte, doc *Document, n Index) []byte {
	return doc.appendValue(dst, n)
}

func (d *Document) appendValue(dst []byte, n Index) []byte {
	node := &d.Nodes[n]
	switch node.Kind {
	case Null:
		return append(dst, "null"...)
	case Object:
		if node.Canonical {
			break
		}
		return d.appendObject(dst, n)
	case String:
		if node.Canonical {
			return append(dst, d.Source[node.Start-1:node.End+1]...)
		}
		dst = append(dst, '"')
		dst = appendMinimal(dst, d.Raw(n))
		return append(dst, '"')
	}
	return append(dst, d.Source[node.Start:node.End]...)
}

func (d *Document) appendObject(dst []byte, n Index) []byte {
	node := &d.Nodes[n]
	dst = append(dst, '{')
	if row := node.Type.Type(); row.Kind == schema.KindResource {
		dst = append(dst, `"resourceType":"`...)
		dst = append(dst, row.Name...)
		dst = append(dst, `",`...)
	}
	dst = d.appendFields(dst, uint32(n)+1, node.Next)
	if len(d.loose) > 0 {
		dst = d.appendLoose(dst, node.Start)
	}
	dst[len(dst)-1] = '}' // over the last comma
	return dst
}

// appendLoose appends the loose properties of the object that starts at the
// offset object, each with a comma after it, in the order of the source.
func (d *Document) appendLoose(dst []byte, object uint32) []byte {
	for _, l := range d.looseOf(object) {
		dst = append(appendCompact(dst, d.Source[l.start:l.end]), ',')
	}
	return dst
}

// appendCompact appends JSON without white space and with the escapes of the
// canonical form.
func appendCompact(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case ' ', '\t', '\n', '\r':
		case '"':
			end := stringEnd(text, i+1)
			dst = append(appendMinimal(append(dst, '"'), text[i+1:end]), '"')
			i = end
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// appendFields appends the properties that the sibling nodes from first to end
// stand for, each with a comma after it.
func (d *Document) appendFields(dst []byte, first, end uint32) []byte {
	for first < end {
		f := d.Nodes[first].Field
		row := f.Field()
		last := d.Nodes[first].Next // after the nodes of f
		if row.Array() {
			for last < end && d.Nodes[last].Field == f {
				last = d.Nodes[last].Next
			}
		}
		values, twins := true, false
		if d.Nodes[first].Kind != Object {
			values, twins = d.parts(first, last)
		}
		if values {
			dst = append(append(append(dst, '"'), row.Name...), `":`...)
			dst = d.appendItems(dst, first, last, row.Array(), (*Document).appendValue)
		}
		if twins {
			dst = append(append(append(dst, `"_`...), row.Name...), `":`...)
			dst = d.appendItems(dst, first, last, row.Array(), (*Document).appendTwin)
		}
		first = last
	}
	return dst
}

// parts reports whether any of the primitive nodes from first to end has a value,
// and whether any has an id or extensions.
func (d *Document) parts(first, end uint32) (values, twins bool) {
	for i := first; i < end; i = d.Nodes[i].Next {
		values = values || d.Nodes[i].Kind != Null
		twins = twins || d.Nodes[i].Next > i+1
	}
	return values, twins
}

// appendItems appends the nodes from first to end as one value or an array, and a
// comma.
func (d *Document) appendItems(
	dst []byte, first, end uint32, array bool, item func(*Document, []byte, Index) []byte,
) []byte {
	if !array {
		return append(item(d, dst, Index(first)), ',')
	}
	dst = append(dst, '[')
	for i := first; i < end; i = d.Nodes[i].Next {
		dst = append(item(d, dst, Index(i)), ',')
	}
	dst[len(dst)-1] = ']'
	return append(dst, ',')
}

// appendTwin appends the id and extensions of the primitive n as an object, null
// if it has none.
func (d *Document) appendTwin(dst []byte, n Index) []byte {
	end := d.Nodes[n].Next
	if end == uint32(n)+1 {
		return append(dst, "null"...)
	}
	dst = d.appendFields(append(dst, '{'), uint32(n)+1, end)
	dst[len(dst)-1] = '}'
	return dst
}
