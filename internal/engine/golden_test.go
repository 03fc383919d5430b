package engine

import (
	"encoding/binary"
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/golden"
	"github.com/fhirlake/fhirlake/internal/schema"
)

var rewrite = flag.Bool("rewrite", false, "write the golden headers of items anew")

// TestGolden holds headers of items (docs/format/item.md). The extractor's version, which
// rises with what is extracted, is 7 in all.
func TestGolden(t *testing.T) {
	patient, ok := schema.ResourceType("Patient")
	require.True(t, ok)
	var cases []golden.Case
	for _, c := range []struct {
		name    string
		id      string
		deleted bool
		by      Interaction
		version uint32
		brought brought
	}{
		{"created", "a", false, Create, 1, brought{}},
		{"created with a UUID", "f13d3b8d-0097-4b35-8d6e-31c73ac2601c", false, Create, 1, brought{}},
		{"updated, with a UUID in capitals", "F13D3B8D-0097-4B35-8D6E-31C73AC2601C", false, Update, 258, brought{}},
		{"deleted", "a.b-c", true, Delete, 3, brought{}},
		{"imported with its time", "a", false, Import, 2, brought{timed: true, micros: 1577836800_000001}},
		{"derived", "a", false, Derived, 1, brought{}},
	} {
		part := appendItemHeader(nil, patient, c.id, c.deleted, c.brought)
		setItem(part, c.version, c.by)
		binary.LittleEndian.PutUint32(part[itemExtractorAt:], 7)
		h, rest, err := splitItem(part)
		require.NoError(t, err)
		require.Empty(t, rest)
		require.Equal(t, itemHeader{patient, c.id, c.version, c.by, c.deleted, 7, c.brought}, h)
		cases = append(cases, golden.Case{Name: c.name, Bytes: part})
	}
	golden.Compare(t, "testdata/golden.txt", *rewrite, cases...)
}
