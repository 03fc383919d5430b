package index_test

import (
	"bytes"
	"errors"
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
			if e.NoEdge {
				b.Mention(e.Param, e.Group, e.Type, e.ID)
			} else {
				b.Reference(e.Param, e.Group, e.Type, e.ID)
			}
		case index.KindReferenceText:
			b.ReferenceText(e.Param, e.Group, e.Exact)
		case index.KindWords:
			b.Words(e.Param, e.Group, e.Exact)
		case index.KindClock:
			b.Clock(e.Param, e.Group, e.From, e.To)
		case index.KindPeriods:
			b.Periods(e.Param, e.Group, e.Periods)
		case index.KindAddress:
			b.Address(e.Param, e.Group, e.Exact, e.Type, e.ID, e.NoEdge)
		case index.KindCanonical:
			b.Canonical(e.Param, e.Group, e.Exact, e.NoEdge)
		case index.KindNote:
			b.Note(e.Param, e.Exact)
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
			entries := rapid.SliceOf(rapid.Custom(drawAnyEntry)).Draw(t, "entries")
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

func TestDecodeDamaged(t *testing.T) {
	cases := []struct{ name, payload string }{
		{"kind 0", "\x00\x02"},
		{"kind 14", "\x0e\x02"},
		{"no param before", "\x11\x02\x02"},
		{"param too large", "\x01\x80\x80\x08\x02\x02"},
		{"param below 0", "\x01\x01\x02\x02"},
		{"cut in tag", "\x01"},
		{"cut in text", "\x01\x02\x07ab"},
		{"cut in a UUID", "\x07\x02\x00abc"},
		{"cut in a mixed text", "\x07\x02\x01\x05ab0123456789abcdef\x02"},
		{"empty id", "\x06\x02\x01\x02"},
		{"id too long", "\x06\x02\x01\x81\x02" + strings.Repeat("x", 255)},
		{"open flag on a token", "\x81\x02\x02\x02"},
		{"short flag on a token", "\x41\x02\x02\x02"},
		{"short flag on words", "\x48\x02\x03a"},
		{"cut in words", "\x08\x02\x07a b"},
		{"no such unit", "\x03\x02\x10\x00\x00"},
		{"overlong number", "\x43\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
		{"no digit", "\x44\x02\x03\x1f"},
		{"cut in a decimal", "\x44\x02\x05\x12"},
		{"no such period", "\x0a\x02\x01\x05\x00\x00\x02"},
		{"empty moment", "\x0a\x02\x01\x03\x00\x00\x00"},
		{"cut in a period", "\x0a\x02\x01\x04\x00\x00\x02\x00"},
	}
	x := index.New([16]byte{}, nil)
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
	x := index.New([16]byte{}, nil)
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
	f.Add([]byte("\x03\x02\x01\x02"))
	f.Add(encode([]index.Entry{
		{Kind: index.KindClock, Param: 2, From: 0, To: 86_400_000_000},
		{Kind: index.KindPeriods, Param: 3, Periods: []index.Period{{Start: index.Moment{From: 0, To: 1, Clock: true}}}},
		{Kind: index.KindAddress, Param: 5, Exact: "http://a/", Type: 7, ID: someUUID},
		{Kind: index.KindCanonical, Param: 5, Exact: "urn:uuid:" + someUUID, NoEdge: true},
		{Kind: index.KindNote, Param: 5, Exact: someUUID + "-" + someUUID},
	}))
	x := index.New([16]byte{}, nil)
	f.Fuzz(func(t *testing.T, payload []byte) {
		index.FirstNote(payload)
		entries, err := index.Decode(nil, payload)
		if err != nil {
			return
		}
		again, err := index.Decode(nil, encode(entries))
		require.NoError(t, err)
		require.Equal(t, entries, again)
		if err := x.Prepare(new(index.Prepared), payload); err != nil {
			require.True(t, errors.Is(err, index.ErrNumber) || errors.Is(err, index.ErrUnsettled))
		}
	})
}

// The example of docs/format/values.md.
func TestDocumentedExample(t *testing.T) {
	payload := []byte("\x01\x0a\x10http://loinc.org\x068302-2\x43\x08\x80\x84\xdf\xe0\x0b\x02")
	got, err := index.Decode(nil, payload)
	require.NoError(t, err)
	second := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	require.Equal(t, []index.Entry{
		{Kind: index.KindToken, Param: 5, System: "http://loinc.org", Code: "8302-2"},
		{Kind: index.KindDate, Param: 9, From: second, To: second + 1_000_000},
	}, got)
}

const someUUID = "01234567-89ab-cdef-0123-456789abcdef"

// drawAnyEntry draws an entry of any kind, with texts that are packed.
func drawAnyEntry(t *rapid.T) index.Entry {
	e := drawEntry(t)
	if rapid.Bool().Draw(t, "settled") {
		if e.Kind == index.KindReference {
			e.NoEdge = rapid.Bool().Draw(t, "no edge")
			e.ID = rapid.SampledFrom([]string{e.ID, someUUID, strings.ToUpper(someUUID)}).Draw(t, "uuid")
		}
		return e
	}
	e = index.Entry{Kind: index.Kind(rapid.IntRange(int(index.KindClock), int(index.KindNote)).Draw(t, "kind")), Param: e.Param, Group: e.Group}
	moment := rapid.Custom(func(t *rapid.T) index.Moment {
		unit := rapid.SampledFrom([]int64{1, 1000, 1_000_000, 86_400_000_000}).Draw(t, "unit")
		from := rapid.Int64Range(-1000, 1000).Draw(t, "from") * unit
		return index.Moment{From: from, To: from + unit, Clock: rapid.Bool().Draw(t, "clock")}
	})
	switch e.Kind {
	case index.KindClock:
		m := moment.Draw(t, "clock")
		e.From, e.To = m.From, m.To
	case index.KindPeriods:
		for range rapid.IntRange(1, 3).Draw(t, "periods") {
			p := index.Period{Start: moment.Draw(t, "start"), End: moment.Draw(t, "end")}
			switch rapid.IntRange(0, 3).Draw(t, "form") {
			case 0:
				p.Start = index.Moment{}
			case 1:
				p.End = index.Moment{}
			case 2:
				p.End = p.Start
			}
			e.Periods = append(e.Periods, p)
		}
	default:
		e.Exact = rapid.SampledFrom([]string{"", "a", someUUID, "urn:uuid:" + someUUID, someUUID + " " + someUUID, "x" + someUUID + "y-z"}).Draw(t, "text")
		e.Folded = e.Exact
		e.NoEdge = e.Kind != index.KindNote && rapid.Bool().Draw(t, "no edge")
		if e.Kind == index.KindAddress {
			e.Type, e.ID = 7, rapid.SampledFrom([]string{"a", someUUID}).Draw(t, "id")
		}
		if e.Kind == index.KindNote {
			e.Group = 0
		}
	}
	return e
}

// Any text comes back, as a number too.
func TestRoundTripTexts(t *testing.T) {
	piece := rapid.OneOf(rapid.Just(someUUID), rapid.SampledFrom([]string{"-", "a", "89ab-", "urn:uuid:", "01234567", " "}), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), "")
		got, err := index.Decode(nil, encode([]index.Entry{{Kind: index.KindNumber, Low: text}, {Kind: index.KindReferenceText, Exact: text}}))
		require.NoError(t, err)
		require.Equal(t, text, got[0].Low)
		require.Equal(t, text, got[1].Exact)
	})
}

// Values that depend on settings are settled on the way in, or refused.
func TestSettle(t *testing.T) {
	settle := func(to *index.Settled, e *index.Entry) {
		to.Add(index.Entry{Kind: index.KindReferenceText, Param: e.Param, Exact: to.Text("see ", e.Exact)})
		to.Add(index.Entry{Kind: index.KindWords, Param: e.Param, Exact: e.Exact})
	}
	payload := encode([]index.Entry{{Kind: index.KindCanonical, Param: 3, Exact: someUUID}, {Kind: index.KindToken, Param: 4, Code: "a"}})
	require.ErrorIs(t, index.New([16]byte{}, nil).Prepare(new(index.Prepared), payload), index.ErrUnsettled)
	x := index.New([16]byte{}, settle)
	var values index.Prepared
	require.NoError(t, x.Prepare(&values, payload))
	require.NoError(t, x.Apply(1, 1, 1, []index.Item{{Type: 1, ID: "a", Values: &values}}))
	for _, term := range []index.Term{
		x.Terms().ReferenceText(3, "see "+someUUID), x.Terms().Word(3, someUUID), x.Terms().Token(4, "", "a"),
	} {
		require.Equal(t, 1, x.View().Posting(term).Len())
	}
	entries, err := index.Settle(settle).Decode(nil, payload)
	require.NoError(t, err)
	require.Equal(t, "see "+someUUID, entries[0].Exact)
	require.Equal(t, someUUID, entries[1].Exact)
	require.Equal(t, "a", entries[2].Code)
}
