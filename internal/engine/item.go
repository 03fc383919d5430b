package engine

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// The values part of a log item is a header and a packed values block
// (docs/format/item.md). The fields that the writer alone knows have fixed places in
// the header.
const (
	itemFormat        = 2
	itemInteractionAt = 2
	itemVersionAt     = 3
	itemExtractorAt   = 9
	itemFixed         = 13 // format, flags, interaction, version number, type, extractor
)

// Flags of an item.
const (
	itemDeleted = 1 << iota // the version is a deletion
	itemUUID                // the id is a UUID, as 16 bytes
	itemSource              // the time that the version brought follows the id
	itemFlags   = itemDeleted | itemUUID | itemSource
)

// An Interaction is the interaction that wrote a version.
type Interaction uint8

// The interactions.
const (
	Create Interaction = 1 + iota
	Update
	Patch
	Delete
	Import
	Restore
	Derived
	Erasure // a deletion, of a resource whose current version was erased
)

// String returns the interaction's name.
func (i Interaction) String() string {
	names := [...]string{Create: "create", Update: "update", Patch: "patch", Delete: "delete", Import: "import", Restore: "restore", Derived: "derived", Erasure: "erasure"}
	if int(i) >= len(names) {
		return ""
	}
	return names[i]
}

// An itemHeader is the header of a values part.
type itemHeader struct {
	typ         schema.TypeID
	id          string
	version     uint32
	interaction Interaction
	deleted     bool
	extractor   uint32 // param.Version of the type when the values were extracted
	brought     brought
}

// appendItemHeader appends a header whose version number and interaction are still to
// be set.
func appendItemHeader(dst []byte, typ schema.TypeID, id string, deleted bool, b brought) []byte {
	flags := byte(0)
	if b.timed {
		flags |= itemSource
	}
	if deleted {
		flags |= itemDeleted
	}
	packed, isUUID := packUUID(id)
	if isUUID {
		flags |= itemUUID
	}
	dst = slices.Grow(dst, itemFixed+1+len(id)+8)
	dst = append(dst, itemFormat, flags, 0, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(typ))
	dst = binary.LittleEndian.AppendUint32(dst, param.Version(typ))
	if isUUID {
		dst = append(dst, packed[:]...)
	} else {
		dst = append(append(dst, byte(len(id))), id...)
	}
	if b.timed {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(b.micros))
	}
	return dst
}

// packUUID returns a UUID as bytes, if id is one as it is usually written.
func packUUID(id string) (packed uuid.UUID, ok bool) {
	if len(id) != 36 || strings.ContainsFunc(id, func(r rune) bool { return 'A' <= r && r <= 'Z' }) {
		return packed, false
	}
	packed, err := uuid.Parse(id)
	return packed, err == nil
}

// setItem fills in the fields that the writer alone knows.
func setItem(part []byte, version uint32, i Interaction) {
	part[itemInteractionAt] = byte(i)
	binary.LittleEndian.PutUint32(part[itemVersionAt:], version)
}

var errItem = fmt.Errorf("%w: header of an item", ErrCorrupt)

// setExtractor notes that this version's extractor made the values.
func setExtractor(part []byte, typ schema.TypeID) {
	binary.LittleEndian.PutUint32(part[itemExtractorAt:], param.Version(typ))
}

// splitItem reads a values part. An item with flags of a later version is
// ErrUnsupported.
func splitItem(part []byte) (h itemHeader, block []byte, err error) {
	if len(part) < itemFixed {
		return h, nil, errItem
	}
	if part[0] != itemFormat {
		return h, nil, txlog.Unsupported("item", uint64(part[0]), itemFormat)
	}
	if f := part[1] &^ itemFlags; f != 0 {
		return h, nil, txlog.Unsupported(fmt.Sprintf("item with flags %#x", f), itemFormat, itemFormat)
	}
	h.deleted = part[1]&itemDeleted != 0
	if h.interaction = Interaction(part[itemInteractionAt]); h.interaction > Erasure {
		return h, nil, txlog.Unsupported(fmt.Sprintf("item of interaction %d", h.interaction), itemFormat, itemFormat)
	}
	if h.version = binary.LittleEndian.Uint32(part[itemVersionAt:]); h.version == 0 {
		return h, nil, errItem
	}
	// The numbers of types are fixed (internal/search/param/numbers.txt).
	h.typ = schema.TypeID(binary.LittleEndian.Uint16(part[itemVersionAt+4:]))
	if param.Version(h.typ) == 0 {
		return h, nil, txlog.Unsupported(fmt.Sprintf("item of resource type number %d", h.typ), itemFormat, itemFormat)
	}
	h.extractor = binary.LittleEndian.Uint32(part[itemExtractorAt:])
	rest, ok := h.splitID(part[itemFixed:], part[1]&itemUUID != 0)
	if !ok {
		return h, nil, errItem
	}
	if part[1]&itemSource != 0 {
		if len(rest) < 8 {
			return h, nil, errItem
		}
		h.brought = brought{timed: true, micros: int64(binary.LittleEndian.Uint64(rest))}
		if rest = rest[8:]; h.brought.micros < firstMicros || h.brought.micros > lastMicros {
			return h, nil, errItem
		}
	}
	return h, rest, nil
}

// splitID reads the id.
func (h *itemHeader) splitID(part []byte, isUUID bool) (rest []byte, ok bool) {
	if isUUID {
		if len(part) < len(uuid.UUID{}) {
			return nil, false
		}
		h.id = uuid.UUID(part[:16]).String()
		return part[16:], true
	}
	if len(part) == 0 || len(part) < 1+int(part[0]) {
		return nil, false
	}
	h.id = string(part[1 : 1+int(part[0])])
	return part[1+int(part[0]):], fhirjson.ValidID(h.id)
}
