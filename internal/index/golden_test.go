package index_test

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/golden"
	"github.com/fhirlake/fhirlake/internal/index"
)

var rewrite = flag.Bool("rewrite", false, "write the golden values anew")

// TestGolden holds values blocks: what a store has today is read and written tomorrow
// (docs/format/values.md).
func TestGolden(t *testing.T) {
	moment := index.Moment{From: 1577836800_000000, To: 1577836801_000000}
	day := index.Moment{From: 1577836800_000000, To: 1577923200_000000, Clock: true}
	var cases []golden.Case
	for _, c := range []struct {
		name    string
		entries []index.Entry
	}{
		{"token", []index.Entry{{Kind: index.KindToken, Param: 5, System: "http://loinc.org", Code: "8302-2"}}},
		{"token of a composite", []index.Entry{{Kind: index.KindToken, Param: 5, Group: 3, Code: "a"}}},
		{"text", []index.Entry{{Kind: index.KindText, Param: 7, Folded: "muller", Exact: "Müller"}, {Kind: index.KindText, Param: 7, Folded: "x", Exact: "x"}}},
		{"dates", []index.Entry{
			{Kind: index.KindDate, Param: 9, From: moment.From, To: moment.To}, {Kind: index.KindDate, Param: 9, From: day.From, To: day.To},
			{Kind: index.KindDate, Param: 9, From: 1577836800_001000, To: 1577836800_002000}, {Kind: index.KindDate, Param: 9, From: 1577836800_000001, To: 1577836800_000002},
			{Kind: index.KindDate, Param: 9, From: openFrom, To: day.To}, {Kind: index.KindDate, Param: 9, From: day.From, To: openTo},
			{Kind: index.KindDate, Param: 9, From: openFrom, To: openTo},
		}},
		{"numbers", []index.Entry{
			{Kind: index.KindNumber, Param: 11, Low: "1.50", High: "1.50"}, {Kind: index.KindNumber, Param: 11, Low: "-1e-5", High: ""}, {Kind: index.KindNumber, Param: 11, Low: "", High: "123"},
		}},
		{"quantities", []index.Entry{
			{Kind: index.KindQuantity, Param: 13, Low: "172.5", High: "172.5", System: "http://unitsofmeasure.org", Code: "cm", Unit: "cm"},
			{Kind: index.KindQuantity, Param: 13, Low: "1", High: "2", Unit: "tablets"},
		}},
		{"references", []index.Entry{
			{Kind: index.KindReference, Param: 15, Type: 103, ID: "a"}, {Kind: index.KindReference, Param: 15, Type: 103, ID: "a", NoEdge: true},
			{Kind: index.KindReferenceText, Param: 15, Exact: "#contained"},
			{Kind: index.KindAddress, Param: 15, Exact: "http://example.org/fhir/", Type: 103, ID: "b"}, {Kind: index.KindCanonical, Param: 15, Exact: "http://example.org/q|1"},
		}},
		{"words", []index.Entry{{Kind: index.KindWords, Param: 17, Exact: "body height"}}},
		{"unsettled times", []index.Entry{
			{Kind: index.KindClock, Param: 19, From: day.From, To: day.To},
			{Kind: index.KindPeriods, Param: 19, Periods: []index.Period{{Start: day}, {End: moment}, {Start: day, End: day}, {Start: moment, End: day}}},
		}},
		{"note", []index.Entry{{Kind: index.KindNote, Param: 0, Exact: "\x05\x01"}, {Kind: index.KindToken, Param: 40_000, Code: "c"}, {Kind: index.KindToken, Param: 1, Code: "d"}}},
	} {
		payload := encode(c.entries)
		back, err := index.Decode(nil, payload)
		require.NoError(t, err)
		require.Equal(t, payload, encode(back))
		cases = append(cases, golden.Case{Name: c.name, Bytes: payload})
	}
	golden.Compare(t, "testdata/golden.txt", *rewrite, cases...)
}
