package fhirjson_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// TestNumbers checks that numbers beyond what a machine counts in are kept digit
// for digit where a decimal stands, and refused where an integer does.
func TestNumbers(t *testing.T) {
	for _, number := range []string{
		`1e400`, `-1E-400`, `1e999999999999`, `-0`, `-0.0`, `0e0`, strings.Repeat("9", 5000), `0.` + strings.Repeat("0", 5000) + `1`,
	} {
		src := `{"resourceType":"Parameters","parameter":[{"name":"a","valueDecimal":` + number + `}]}`
		require.Equal(t, src, string(fhirjson.AppendCanonical(nil, parse(t, src), 0)))
		requireFixedPoint(t, []byte(src))
		if number != `-0` {
			src = strings.Replace(src, "Decimal", "Integer", 1)
			require.Error(t, fhirjson.Parse([]byte(src), new(fhirjson.Document), nil), "%.20s", number)
		}
	}
}

// TestAttachment checks that a large attachment is not copied: the tape refers to
// the source. Where its text has escapes, it is unescaped once to be checked.
func TestAttachment(t *testing.T) {
	const size = 50 << 20
	for _, test := range []struct {
		name, digits string
		allowed      uint64
	}{
		{"plain", "AB+/", size / 100},
		{"escaped slashes", `AB+\/`, size + size/100},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := []byte(`{"resourceType":"DocumentReference","status":"current","content":[{"attachment":{"data":"` +
				strings.Repeat(test.digits, size/len(test.digits)) + `"}}]}`)
			var before, after runtime.MemStats
			var doc fhirjson.Document
			runtime.ReadMemStats(&before)
			require.NoError(t, fhirjson.Parse(src, &doc, nil))
			runtime.ReadMemStats(&after)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, test.allowed)
		})
	}
}

// TestHostile has sources of a few megabytes that a careless check would take the
// square of their size for, and then not end.
func TestHostile(t *testing.T) {
	const n = 20_000
	repeat := func(item string) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }
	number := func(item string) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strings.ReplaceAll(item, "N", strings.Repeat("x", i%7)+string(rune('a'+i%26))+strings.Repeat("y", i%60)))
		}
		return b.String()
	}
	nested := `{"a":[` + strings.Repeat(`1,`, 1<<20) + `1],"resourceType":"Basic","code":{"text":"a"}}`
	for range 40 {
		nested = `{"entry":[{"resource":` + nested + `}],"type":"collection","resourceType":"Bundle"}`
	}
	for name, src := range map[string]string{
		"contained and references": `{"resourceType":"Patient","contained":[` + number(`{"resourceType":"Basic","id":"N"}`) + `],"generalPractitioner":[` + number(`{"reference":"#N-"}`) + `]}`,
		"the same contained":       `{"resourceType":"Patient","contained":[` + repeat(`{"resourceType":"Basic","id":"a"}`) + `]}`,
		"entries":                  `{"resourceType":"Bundle","type":"collection","entry":[` + repeat(`{"fullUrl":"urn:a","resource":{"resourceType":"Patient","managingOrganization":{"reference":"urn:a"}}}`) + `]}`,
		"loose and extensions":     `{"resourceType":"Patient","extension":[` + repeat(`{"url":"urn:a","x":1}`) + `]}`,
		"unknown names":            `{"resourceType":"Patient",` + number(`"N":1`) + `}`,
		"names twice":              `{"resourceType":"Patient",` + repeat(`"active":true`) + `}`,
		"types last":               nested,
		"tags":                     `{"resourceType":"Patient","text":{"status":"generated","div":"<div>` + strings.Repeat(`<p a='&amp;'>`, 200) + strings.Repeat(`<br/>&#9;`, n) + `"}}`,
		"entities without end":     `{"resourceType":"Patient","text":{"status":"generated","div":"<div>` + strings.Repeat(`&`, n) + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			var doc fhirjson.Document
			for _, level := range []fhirjson.Level{fhirjson.Strict, fhirjson.StructureOnly, fhirjson.Minimal} {
				_ = fhirjson.Parse([]byte(src), &doc, &fhirjson.Options{Level: level})
			}
		})
	}
}
