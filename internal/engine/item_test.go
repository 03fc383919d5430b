package engine

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/stretchr/testify/require"
)

// TestItemHeader reads what it wrote, for ids of all forms.
func TestItemHeader(t *testing.T) {
	for _, id := range []string{"a", strings.Repeat("x", 64), "0123abcd-ef01-4567-89ab-cdef98765432", "0123ABCD-ef01-4567-89ab-cdef98765432"} {
		for _, deleted := range []bool{false, true} {
			part := appendItemHeader(nil, schema.TypePatient, id, deleted, timeIf(deleted))
			setItem(part, 7, Patch)
			h, block, err := splitItem(append(part, "block"...))
			require.NoError(t, err)
			require.Equal(t, "block", string(block))
			require.Equal(t, id, h.id)
			require.Equal(t, deleted, h.deleted)
			require.Equal(t, uint32(7), h.version)
			require.Equal(t, Patch, h.interaction)
			require.Equal(t, schema.TypePatient, h.typ)
			require.Equal(t, brought{timed: deleted, micros: h.brought.micros}, h.brought)
			require.Equal(t, deleted, h.brought.micros == -1)
		}
	}
}

// TestItemOfLaterVersion refuses what this version cannot know.
func TestItemOfLaterVersion(t *testing.T) {
	for _, typ := range []schema.TypeID{schema.TypeID(len(schema.Types)), 0xffff} {
		part := appendItemHeader(nil, schema.TypePatient, "a", false, brought{})
		setItem(part, 1, Create)
		binary.LittleEndian.PutUint16(part[itemVersionAt+4:], uint16(typ))
		_, _, err := splitItem(part)
		require.ErrorIs(t, err, ErrUnsupported)
	}
}

// FuzzItem reads any bytes as an item's values part, or refuses them.
func FuzzItem(f *testing.F) {
	for _, id := range []string{"a", "0123abcd-ef01-4567-89ab-cdef98765432"} {
		part := appendItemHeader(nil, schema.TypePatient, id, false, brought{timed: len(id) == 1, micros: 1})
		setItem(part, 1, Create)
		f.Add(part)
	}
	f.Fuzz(func(t *testing.T, part []byte) {
		h, block, err := splitItem(part)
		if err != nil {
			require.True(t, errors.Is(err, ErrCorrupt) || errors.Is(err, ErrUnsupported))
			return
		}
		if !fhirjson.ValidID(h.id) || len(block) > len(part) {
			t.Fatal("what came back is none of a store's")
		}
		again := appendItemHeader(nil, h.typ, h.id, h.deleted, h.brought)
		setItem(again, h.version, h.interaction)
		back, _, err := splitItem(again)
		if back.extractor = h.extractor; err != nil || back != h {
			t.Fatal("the header comes back otherwise", err)
		}
	})
}

// timeIf is a time that a version brings, or none.
func timeIf(timed bool) (b brought) {
	if timed {
		b = brought{timed: true, micros: -1}
	}
	return b
}
