package fhirjson

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// AppendStored appends the resource in the form that a store keeps: canonical JSON with
// the given id, without meta.versionId and meta.lastUpdated, and without meta if it has
// nothing else. So it starts {"resourceType":"T","id":"I" and ,"meta":{ may follow. The
// id must be valid (FHIR R4 §2.24.0.1, id).
func AppendStored(dst []byte, doc *Document, id []byte) []byte {
	root := &doc.Nodes[0]
	row := root.Type.Type()
	// The canonical form is not longer than the source.
	dst = slices.Grow(dst, int(root.End-root.Start)+len(id)+storedMore)
	dst = append(dst, `{"resourceType":"`...)
	dst = append(dst, row.Name...)
	dst = append(dst, `","id":"`...)
	dst = append(dst, id...)
	dst = append(dst, '"')

	rest := uint32(1)                                             // first node that is neither id nor meta
	end := root.Start + uint32(len(resourceHead)+len(row.Name)+1) // of the properties before it, in canonical text
	if rest < root.Next && doc.Nodes[rest].Field == row.First {
		end = doc.Nodes[rest].End + 1
		rest = doc.Nodes[rest].Next
	}
	if rest < root.Next && doc.Nodes[rest].Field.Field().Name == "meta" {
		dst = doc.appendStoredMeta(dst, rest)
		end = doc.Nodes[rest].End
		rest = doc.Nodes[rest].Next
	}
	if root.Canonical {
		return append(dst, doc.Source[end:root.End]...)
	}
	dst = doc.appendFields(append(dst, ','), rest, root.Next)
	dst = doc.appendLoose(dst, root.Start)
	dst[len(dst)-1] = '}'
	return dst
}

// storedMore is how many bytes the stored form may have over and above the source and
// the id.
const storedMore = 16

// Dropped returns the nodes that [AppendStored] leaves out or writes itself, upwards:
// the id, and meta's versionId and lastUpdated. Nodes below them are left out as well.
func (d *Document) Dropped() (nodes [3]Index, n int) {
	root := &d.Nodes[0]
	at := uint32(1)
	if at < root.Next && d.Nodes[at].Field == root.Type.Type().First {
		nodes[n] = Index(at)
		n++
		at = d.Nodes[at].Next
	}
	if at >= root.Next || d.Nodes[at].Field.Field().Name != "meta" {
		return nodes, n
	}
	for c := range d.Children(Index(at)) {
		if n < len(nodes) && setByStore(d.Nodes[c].Field) {
			nodes[n] = c
			n++
		}
	}
	return nodes, n
}

// AsStored reports whether the resource has the given id and no node that
// [AppendStored] leaves out, so that both forms have the same values.
func (d *Document) AsStored(id []byte) bool {
	nodes, n := d.Dropped()
	return n == 1 && d.Nodes[nodes[0]].Next == uint32(nodes[0])+1 && bytes.Equal(d.ID(), id)
}

// appendStoredMeta appends the meta at node n without the fields that the store sets,
// with the comma and name before it. It appends nothing for an empty meta.
func (d *Document) appendStoredMeta(dst []byte, n uint32) []byte {
	mark := len(dst)
	dst = append(dst, `,"meta":{`...)
	from, end := n+1, d.Nodes[n].Next
	for i := from; i < end; i = d.Nodes[i].Next {
		if f := d.Nodes[i].Field; setByStore(f) {
			dst = d.appendFields(dst, from, i)
			from = d.Nodes[i].Next
		}
	}
	dst = d.appendFields(dst, from, end)
	dst = d.appendLoose(dst, d.Nodes[n].Start)
	if dst[len(dst)-1] == '{' {
		return dst[:mark]
	}
	dst[len(dst)-1] = '}'
	return dst
}

// setByStore reports whether the field of a Meta is the store's to fill.
func setByStore(f schema.FieldID) bool {
	name := f.Field().Name
	return name == "versionId" || name == "lastUpdated"
}

// AppendVersioned appends stored, which AppendStored made, with meta.versionId and
// meta.lastUpdated at their place, so that the result is canonical again. It does
// not parse. lastUpdated is in microseconds since the Unix epoch and is written in
// UTC with all six digits: all times have one width, and text order is time order.
func AppendVersioned(dst, stored []byte, versionID uint64, lastUpdated int64) []byte {
	at := len(resourceHead)
	at += bytes.IndexByte(stored[at:], '"') + len(`","id":"`)
	at += bytes.IndexByte(stored[at:], '"') + 1
	const meta = `,"meta":{`
	if !bytes.HasPrefix(stored[at:], []byte(meta)) {
		dst = append(append(dst, stored[:at]...), meta...)
		dst = appendVersion(dst, versionID, lastUpdated)
		return append(append(dst, '}'), stored[at:]...)
	}
	at += len(meta)
	for _, before := range [...]string{`"id":`, `"extension":`} { // the elements before versionId
		if bytes.HasPrefix(stored[at:], []byte(before)) {
			at = valueEnd(stored, at+len(before))
			if stored[at] == '}' {
				dst = append(append(dst, stored[:at]...), ',')
				dst = appendVersion(dst, versionID, lastUpdated)
				return append(dst, stored[at:]...)
			}
			at++
		}
	}
	dst = appendVersion(append(dst, stored[:at]...), versionID, lastUpdated)
	return append(append(dst, ','), stored[at:]...)
}

func appendVersion(dst []byte, versionID uint64, lastUpdated int64) []byte {
	dst = append(dst, `"versionId":"`...)
	dst = strconv.AppendUint(dst, versionID, 10)
	dst = append(dst, `","lastUpdated":"`...)
	dst = time.UnixMicro(lastUpdated).UTC().AppendFormat(dst, "2006-01-02T15:04:05.000000Z")
	return append(dst, '"')
}

// valueEnd returns the offset after the string, object or array at pos of
// canonical JSON.
func valueEnd(text []byte, pos int) int {
	for depth := 0; ; pos++ {
		switch text[pos] {
		case '"':
			pos = stringEnd(text, pos+1)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth == 0 {
			return pos + 1
		}
	}
}
