package param

import (
	"encoding/binary"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A fitting tells which uses fit into one trie. There the filters of one place exclude
// each other, and no element of a composite is within one of another.
type fitting struct {
	filters map[string]Filter // Kind and Field of those at the end of some hops
	bases   map[string]bool   // the hops to the elements of composites
}

func newFitting() *fitting { return &fitting{map[string]Filter{}, map[string]bool{}} }

// add takes in all of the uses or none, and reports whether they fit beside the uses that
// were taken in before.
func (f *fitting) add(uses []use) bool {
	filters, bases := map[string]Filter{}, map[string]bool{}
	for _, u := range uses {
		key := ""
		for depth, h := range u.hops {
			key = key + fieldKey(h.field)
			if depth+1 == u.base {
				bases[key] = true
			}
			if h.filter.Kind == filterNone {
				continue
			}
			kind := Filter{Kind: h.filter.Kind, Field: h.filter.Field}
			for _, taken := range []map[string]Filter{f.filters, filters} {
				if other, ok := taken[key]; ok && other != kind {
					return false
				}
			}
			filters[key] = kind
		}
	}
	for base := range bases {
		for _, taken := range []map[string]bool{f.bases, bases} {
			for other := range taken {
				if base != other && (strings.HasPrefix(base, other) || strings.HasPrefix(other, base)) {
					return false
				}
			}
		}
	}
	for key, kind := range filters {
		f.filters[key] = kind
	}
	for base := range bases {
		f.bases[base] = true
	}
	return true
}

// fieldKey returns a field as a text of fixed length.
func fieldKey(f schema.FieldID) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(f)))
}
