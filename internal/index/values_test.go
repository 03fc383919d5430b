package index_test

import (
	"bytes"
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
	return bytes.Clone(b.Payload())
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b index.Builder
		for range 2 {
			entries := rapid.SliceOf(rapid.Custom(drawEntry)).Draw(t, "entries")
			b.Reset()
			build(&b, entries)
			require.Equal(t, len(entries), b.Len())
			got, err := index.Decode(nil, b.Payload())
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

func TestPackIsShort(t *testing.T) {
	var b index.Builder
	for range 5 {
		b.Token(1, 0, "http://loinc.org", "8302-2")
		b.Token(2, 0, "http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs")
	}
	require.Less(t, len(index.Pack(nil, b.Payload())), 60)
}

func TestDecodeDamaged(t *testing.T) {
	cases := []struct{ name, payload string }{
		{"kind 0", "\x00\x01"},
		{"kind 9", "\x09\x01"},
		{"no param before", "\x11\x00\x00"},
		{"param too large", "\x01\xff\xff\xff\x01\x00\x00"},
		{"cut in tag", "\x01"},
		{"cut in text", "\x01\x01\x05ab"},
		{"empty id", "\x06\x01\x01\x00"},
		{"id too long", "\x06\x01\x01\xff\x01" + strings.Repeat("x", 255)},
		{"open flag on a token", "\x81\x01\x00\x00"},
		{"short flag on a token", "\x41\x01\x00\x00"},
		{"short flag on words", "\x48\x01\x01a"},
		{"cut in words", "\x08\x01\x05a b"},
		{"no open end", "\x83\x01\x00\x00\x00"},
		{"overlong number", "\x03\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
	}
	x := index.New([16]byte{})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := index.Decode(nil, []byte(c.payload))
			require.ErrorIs(t, err, index.ErrDamaged)
			require.ErrorIs(t, x.Prepare(new(index.Prepared), []byte(c.payload)), index.ErrDamaged)
		})
	}
	got, err := index.Decode(nil, nil)
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestPrepareMalformedNumber(t *testing.T) {
	x := index.New([16]byte{})
	for _, text := range []string{"x", "1e", "1.", ".5", "-", "--1", "0x10", "Inf", "1_0", "1e1.5", " 1"} {
		payload := encode([]index.Entry{{Kind: index.KindNumber, Low: text, High: text}})
		require.ErrorIs(t, x.Prepare(new(index.Prepared), payload), index.ErrNumber, text)
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
	f.Add([]byte("\x83\x01\x01\x02"))
	x := index.New([16]byte{})
	f.Fuzz(func(t *testing.T, payload []byte) {
		entries, err := index.Decode(nil, payload)
		if err != nil {
			return
		}
		again, err := index.Decode(nil, encode(entries))
		require.NoError(t, err)
		require.Equal(t, entries, again)
		if err := x.Prepare(new(index.Prepared), payload); err != nil {
			require.ErrorIs(t, err, index.ErrNumber)
		}
	})
}

// The example of docs/format/values.md.
func TestDocumentedExample(t *testing.T) {
	payload := []byte("\x01\x05\x10http://loinc.org\x068302-2\x43\x09\x80\x84\xdf\xe0\x0b\x02")
	got, err := index.Decode(nil, payload)
	require.NoError(t, err)
	second := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	require.Equal(t, []index.Entry{
		{Kind: index.KindToken, Param: 5, System: "http://loinc.org", Code: "8302-2"},
		{Kind: index.KindDate, Param: 9, From: second, To: second + 1_000_000},
	}, got)
}
