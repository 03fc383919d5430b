package index_test

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
)

const (
	openFrom int64 = math.MinInt64
	openTo   int64 = math.MaxInt64
)

func build(b *index.Builder, entries []index.Entry) {
	for _, e := range entries {
		switch e.Kind {
		case index.KindToken:
			b.Token(e.Param, e.Group, e.System, e.Code)
		case index.KindText:
			b.Text(e.Param, e.Group, e.Folded, e.Exact)
		case index.KindDate:
			b.Date(e.Param, e.Group, e.From, e.To)
		case index.KindNumber:
			b.Number(e.Param, e.Group, e.Low, e.High)
		case index.KindQuantity:
			b.Quantity(e.Param, e.Group, e.Low, e.High, e.System, e.Code, e.Unit)
		case index.KindReference:
			b.Reference(e.Param, e.Group, e.Type, e.ID)
		case index.KindReferenceText:
			b.ReferenceText(e.Param, e.Group, e.Exact)
		case index.KindWords:
			b.Words(e.Param, e.Group, e.Exact)
		}
	}
}

func encode(entries []index.Entry) []byte {
	var b index.Builder
	build(&b, entries)
	return b.AppendTo(nil)
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b index.Builder
		for range 2 {
			entries := rapid.SliceOf(rapid.Custom(drawEntry)).Draw(t, "entries")
			b.Reset()
			build(&b, entries)
			require.Equal(t, len(entries), b.Len())
			block := b.AppendTo([]byte("before"))
			require.Equal(t, "before", string(block[:6]))
			got, err := index.Decode(nil, block[6:])
			require.NoError(t, err)
			if len(entries) == 0 {
				require.Empty(t, got)
				continue
			}
			require.Equal(t, entries, got)
		}
	})
}

func TestRoundTripDates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := rapid.Int64().Draw(t, "from"), rapid.Int64().Draw(t, "to")
		got, err := index.Decode(nil, encode([]index.Entry{{Kind: index.KindDate, From: from, To: to}}))
		require.NoError(t, err)
		require.Equal(t, from, got[0].From)
		require.Equal(t, to, got[0].To)
	})
}

func TestBlockIsCompressed(t *testing.T) {
	var b index.Builder
	for range 5 {
		b.Token(1, 0, "http://loinc.org", "8302-2")
		b.Token(2, 0, "http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")
	}
	require.Less(t, len(b.AppendTo(nil)), 60)
}

// What was written before there were words is still read.
func TestDecodeFormat2(t *testing.T) {
	block, err := hex.DecodeString("0249080105102e130001002406383330322d320109260d2d11bf613515000b140566696e616c")
	require.NoError(t, err)
	got, err := index.Decode(nil, block)
	require.NoError(t, err)
	require.Equal(t, []index.Entry{
		{Kind: index.KindToken, Param: 5, System: "http://loinc.org", Code: "8302-2"},
		{Kind: index.KindToken, Param: 9, System: "http://hl7.org/fhir/observation-status", Code: "final"},
	}, got)
	require.NoError(t, index.New([16]byte{}).Prepare(new(index.Prepared), block))
}

func TestDecodeDamaged(t *testing.T) {
	plain := func(s string) []byte { return []byte("\x01" + s) }
	cases := []struct {
		name  string
		block []byte
		err   error
	}{
		{"unknown format", []byte{9, 1, 2}, index.ErrFormat},
		{"format 0", []byte{0}, index.ErrFormat},
		{"compression", []byte{2, 5, 0xff, 0xff}, index.ErrDamaged},
		{"no compression", []byte{2}, index.ErrDamaged},
		{"compression with words", []byte{3, 5, 0xff, 0xff}, index.ErrDamaged},
		{"a lie about the length", []byte{2, 0xff, 0xff, 0xff, 0x3f, 0}, index.ErrDamaged},
		{"kind 0", plain("\x00\x01"), index.ErrDamaged},
		{"kind 9", plain("\x09\x01"), index.ErrDamaged},
		{"no param before", plain("\x11\x00\x00"), index.ErrDamaged},
		{"param too large", plain("\x01\xff\xff\xff\x01\x00\x00"), index.ErrDamaged},
		{"cut in tag", plain("\x01"), index.ErrDamaged},
		{"cut in text", plain("\x01\x01\x05ab"), index.ErrDamaged},
		{"empty id", plain("\x06\x01\x01\x00"), index.ErrDamaged},
		{"id too long", plain("\x06\x01\x01\xff\x01" + strings.Repeat("x", 255)), index.ErrDamaged},
		{"open flag on a token", plain("\x81\x01\x00\x00"), index.ErrDamaged},
		{"short flag on a token", plain("\x41\x01\x00\x00"), index.ErrDamaged},
		{"short flag on words", plain("\x48\x01\x01a"), index.ErrDamaged},
		{"cut in words", plain("\x08\x01\x05a b"), index.ErrDamaged},
		{"no open end", plain("\x83\x01\x00\x00\x00"), index.ErrDamaged},
		{"overlong number", plain("\x03\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), index.ErrDamaged},
	}
	x := index.New([16]byte{})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := index.Decode(nil, c.block)
			require.ErrorIs(t, err, c.err)
			require.ErrorIs(t, x.Prepare(new(index.Prepared), c.block), c.err)
		})
	}
	got, err := index.Decode(nil, nil)
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestPrepareMalformedNumber(t *testing.T) {
	x := index.New([16]byte{})
	for _, text := range []string{"x", "1e", "1.", ".5", "-", "--1", "0x10", "Inf", "1_0", "1e1.5", " 1"} {
		block := encode([]index.Entry{{Kind: index.KindNumber, Low: text, High: text}})
		require.ErrorIs(t, x.Prepare(new(index.Prepared), block), index.ErrNumber, text)
	}
}

// What decodes must encode to what decodes to the same, and Prepare must accept
// it but for its numbers.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add(encode([]index.Entry{
		{Kind: index.KindToken, Param: 3, System: "http://loinc.org", Code: "8302-2"},
		{Kind: index.KindDate, Param: 4, From: 0, To: openTo},
		{Kind: index.KindQuantity, Param: 4, Group: 2, Low: "1", High: "1.5", Code: "kg"},
		{Kind: index.KindReference, Param: 5, Type: 7, ID: "a"},
		{Kind: index.KindText, Param: 6, Folded: "ann", Exact: "Ann"},
	}))
	f.Add([]byte("\x01\x83\x01\x01\x02"))
	x := index.New([16]byte{})
	f.Fuzz(func(t *testing.T, block []byte) {
		entries, err := index.Decode(nil, block)
		if err != nil {
			return
		}
		again, err := index.Decode(nil, encode(entries))
		require.NoError(t, err)
		require.Equal(t, entries, again)
		if err := x.Prepare(new(index.Prepared), block); err != nil {
			require.ErrorIs(t, err, index.ErrNumber)
		}
	})
}

// The example of docs/format/values.md.
func TestDocumentedExample(t *testing.T) {
	block := []byte("\x01\x01\x05\x10http://loinc.org\x068302-2\x43\x09\x80\x84\xdf\xe0\x0b\x02")
	got, err := index.Decode(nil, block)
	require.NoError(t, err)
	second := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	require.Equal(t, []index.Entry{
		{Kind: index.KindToken, Param: 5, System: "http://loinc.org", Code: "8302-2"},
		{Kind: index.KindDate, Param: 9, From: second, To: second + 1_000_000},
	}, got)
}

// A block of format 2 as it was first written: it pins dictionary 1.
func TestDecodeFirstBlock(t *testing.T) {
	block, err := hex.DecodeString("02c401080101102e130001002406383330322d3201023a0d2dcacb00000b1dcb" +
		"080103360d637a49003e4b0820014d450403312e35190d8801cf15000614026b67026b67")
	require.NoError(t, err)
	got, err := index.Decode(nil, block)
	require.NoError(t, err)
	require.Equal(t, []index.Entry{
		{Kind: index.KindToken, Param: 1, System: "http://loinc.org", Code: "8302-2"},
		{Kind: index.KindToken, Param: 2, System: "http://terminology.hl7.org/CodeSystem/observation-category", Code: "vital-signs"},
		{Kind: index.KindToken, Param: 3, System: "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", Code: "M"},
		{Kind: index.KindQuantity, Param: 4, Low: "1.5", High: "1.5", System: "http://unitsofmeasure.org", Code: "kg", Unit: "kg"},
	}, got)
}
