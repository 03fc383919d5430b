package datastore

import (
	"encoding/binary"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/search"
)

// The values part of a log item is a header and the values block of package
// index (docs/format/item.md). The header's version number has a fixed place,
// since the writer alone knows it and fills it in last.
const (
	itemFormat     = 1
	itemVersionAt  = 2
	itemFixed      = itemVersionAt + 8 + 4 // format, flags, version number, extractor
	itemFlagDelete = 1
)

// itemHeader is what the header of a values part says.
type itemHeader struct {
	typ       schema.TypeID
	id        string
	version   uint64
	deleted   bool
	extractor uint32 // what extracted the values: search.Version when they were written
}

// appendItemHeader appends a header whose version number is still to be set.
func appendItemHeader(dst []byte, typ schema.TypeID, id string, deleted bool) []byte {
	flags := byte(0)
	if deleted {
		flags = itemFlagDelete
	}
	dst = append(dst, itemFormat, flags, 0, 0, 0, 0, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, search.Version(typ))
	name := typ.String()
	dst = append(append(dst, byte(len(name))), name...)
	return append(append(dst, byte(len(id))), id...)
}

// setItemVersion fills in the version number.
func setItemVersion(part []byte, version uint64) {
	binary.LittleEndian.PutUint64(part[itemVersionAt:], version)
}

// splitItem reads a values part.
func splitItem(part []byte) (h itemHeader, block []byte, err error) {
	damaged := func() (itemHeader, []byte, error) {
		return itemHeader{}, nil, fmt.Errorf("%w: header of an item", ErrCorrupt)
	}
	if len(part) < itemFixed || part[0] != itemFormat {
		return damaged()
	}
	h.deleted = part[1]&itemFlagDelete != 0
	if h.version = binary.LittleEndian.Uint64(part[itemVersionAt:]); h.version == 0 {
		return damaged()
	}
	h.extractor = binary.LittleEndian.Uint32(part[itemVersionAt+8:])
	name, rest, ok := cutShort(part[itemFixed:])
	if !ok {
		return damaged()
	}
	if h.typ, ok = schema.ResourceType(string(name)); !ok {
		return damaged()
	}
	id, rest, ok := cutShort(rest)
	if !ok || len(id) == 0 {
		return damaged()
	}
	h.id = string(id)
	return h, rest, nil
}

// cutShort reads a text that follows its length in one byte.
func cutShort(b []byte) (text, rest []byte, ok bool) {
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return nil, nil, false
	}
	return b[1 : 1+int(b[0])], b[1+int(b[0]):], true
}

// The log counts ordinals from 0. The index counts them from 1, because there 0
// means none. These two are the border.

func logOrdinal(o index.Ordinal) txlog.Ordinal { return txlog.Ordinal(o - index.FirstOrdinal) }

func indexOrdinal(o txlog.Ordinal) index.Ordinal { return index.Ordinal(o) + index.FirstOrdinal }
