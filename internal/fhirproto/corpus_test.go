package fhirproto_test

import (
	"flag"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
)

// full makes the tests compare more with jsonformat, which is slow.
var full = flag.Bool("full", false, "compare all data with jsonformat, and many more random resources")

// lines returns the lines of shared data.
func lines(tb testing.TB, pattern string) [][]byte {
	tb.Helper()
	return fhirjsontest.Lines(tb, pattern)
}

// What the protos do not keep: digits of a fraction of a second, and -00:00.
var (
	fraction = regexp.MustCompile(`("(?:\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\d)\.(\d+)(Z|[+-]\d\d:\d\d)?"`)
	zone     = regexp.MustCompile(`-00:00"`)
)

// normal returns canonical JSON with what the protos do not keep as they write it.
func normal(json string) string {
	json = fraction.ReplaceAllStringFunc(json, func(s string) string {
		m := fraction.FindStringSubmatch(s)
		digits, width := m[2], 3
		if len(digits) > 3 {
			width = 6
		}
		return m[1] + "." + (digits + "000000")[:width] + m[3] + `"`
	})
	return zone.ReplaceAllString(json, `+00:00"`)
}

// requireRoundTrip checks that JSON comes back from the proto as it was.
func requireRoundTrip(tb testing.TB, src []byte) {
	tb.Helper()
	require.Equal(tb, normal(canonical(tb, src)), toJSON(tb, toProto(tb, src)))
}

func TestCorpora(t *testing.T) {
	for _, pattern := range []string{"synthea/*.gz", "synthea-notes/*.gz"} {
		t.Run(filepath.Dir(pattern), func(t *testing.T) {
			all := lines(t, pattern)
			for i, line := range all {
				requireRoundTrip(t, line)
				if *full || i%37 == 0 {
					requireAgreement(t, line)
				}
			}
			t.Log(len(all), "resources")
		})
	}
}

func TestExamples(t *testing.T) {
	agreed, refused, invalid := 0, 0, 0
	for _, line := range lines(t, "fhir-r4/examples.ndjson.gz") {
		if fhirjson.Parse(line, new(fhirjson.Document), structure) != nil {
			invalid++
			continue
		}
		requireRoundTrip(t, line)
		if _, err := oracleProto(t, line); err != nil {
			refused++
			continue
		}
		requireAgreement(t, line)
		agreed++
	}
	require.Equal(t, []int{729, 0, 3}, []int{agreed, refused, invalid})
}
