package txlog

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/golden"
	"github.com/fhirlake/fhirlake/internal/seal"
)

// TestGoldenRecords holds heads of records with their runs and spans (docs/format/log.md).
// What follows them is sealed, and never twice the same; the golden store has it.
func TestGoldenRecords(t *testing.T) {
	rewrite := flag.Lookup("rewrite").Value.String() == "true"
	var cases []golden.Case
	for _, c := range []struct {
		name   string
		record recordInfo
	}{
		{"one commit", recordInfo{
			term: 1, id: [16]byte{1, 2, 3}, key: 0x0807060504030201, previous: seal.Tag{9, 8, 7}, items: 2,
			runs:  []recordRun{{Run: Run{Sequence: 5, Time: 1577836800_000001, First: 11, Count: 2}}},
			spans: []span{{2, 0x0807060504030201}}, valuesSize: 100, dataSize: 300,
		}},
		{"rewritten", recordInfo{
			term: 1 << 40, id: [16]byte{15: 255}, key: 3, items: 3,
			runs: []recordRun{
				{Run: Run{Sequence: 5, Time: 1, First: 11, Count: 1}, noteEnd: 40, noteKey: 2},
				{Run: Run{Sequence: 9, Time: 2, First: 20, Count: 2}, item: 1, noteEnd: 40},
			},
			spans: []span{{1, 2}, {3, 3}}, annotations: 40, valuesSize: 90, dataSize: 90,
		}},
	} {
		b := make([]byte, c.record.size())
		c.record.encode(b)
		back, ok := decodeRecord(b)
		require.True(t, ok, c.name)
		require.Equal(t, c.record, back)
		cases = append(cases, golden.Case{Name: c.name, Bytes: b[:c.record.entries()]})
	}
	golden.Compare(t, "testdata/golden-records.txt", rewrite, cases...)
}
