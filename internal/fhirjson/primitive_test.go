package fhirjson_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// TestPrimitives has, for each primitive type, values as they stand in JSON that
// are good and that are not (FHIR R4 §2.24.0.1).
func TestPrimitives(t *testing.T) {
	for _, test := range []struct {
		field     string // of Parameters.parameter
		good, bad []string
	}{
		{"valueBoolean", []string{`true`, `false`}, []string{`1`, `"true"`, `null`}},
		{"valueInteger", []string{`0`, `-0`, `1`, `2147483647`, `-2147483648`},
			[]string{`2147483648`, `-2147483649`, `99999999999`, `1.0`, `1e2`, `"1"`}},
		{"valuePositiveInt", []string{`1`, `2147483647`}, []string{`0`, `-1`, `2147483648`, `1.5`}},
		{"valueUnsignedInt", []string{`0`, `2147483647`}, []string{`-1`, `-0`, `2147483648`, `1E0`}},
		{"valueDecimal", []string{`0`, `-0.0`, `1.00`, `1e5`, `1.0E-10`, `12345678901234567890.123456789`}, []string{`"1"`, `true`}},
		{"valueString", []string{`"a"`, `" "`, `"a\nb\tc\r"`, `"` + strings.Repeat("é", 1<<20) + `"`},
			[]string{`""`, `1`, `"\u0001"`, `"` + strings.Repeat("é", 1<<20+1) + `"`}},
		{"valueMarkdown", []string{`"# a\n\n* b"`}, []string{`""`, `"\f"`}},
		{"valueCode", []string{`"a"`, `"a b"`, `"a b c"`, `"long-code-with-äöü"`, `"eight by"`},
			[]string{`""`, `" a"`, `"a "`, `"a  b"`, `" "`, `"\na"`, `"a code  with two"`, `"a\tb c"`, `"a\nb"`, `"a\rb"`, `"a \tb"`, `"a\u0020\u0020b"`,
				`"a\u00a0b"`, `"long and then  two"`, `"\u2003long enough"`, `"eight by\u2028"`}},
		{"valueId", []string{`"a"`, `"A-1.z"`, `"` + strings.Repeat("x", 64) + `"`},
			[]string{`""`, `"a_b"`, `"a/b"`, `"é"`, `"a b"`, `"[a"`, `"` + strings.Repeat("x", 65) + `"`}},
		{"valueUri", []string{`"urn:x"`, `"a"`, `"http://example.org/ä?a=b#c"`}, []string{`""`, `"a b"`, `"http://example.org/ "`, `"a\n"`}},
		{"valueUrl", []string{`"http://example.org"`}, []string{`" "`, `"http://example.org/a b"`}},
		{"valueCanonical", []string{`"http://example.org/a|1.0#b"`}, []string{`"a\tb"`}},
		{"valueOid", []string{`"urn:oid:1.2.3"`, `"urn:oid:2.16.840.1.113883"`, `"urn:oid:0.0"`},
			[]string{`"1.2.3"`, `"urn:oid:3.1"`, `"urn:oid:1"`, `"urn:oid:1."`, `"urn:oid:1.02"`, `"urn:oid:1..2"`, `"urn:oid:1.2a"`, `"URN:OID:1.2"`}},
		{"valueUuid", []string{`"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"`},
			[]string{`"c757873d-ec9a-4326-a141-556f43239520"`, `"urn:uuid:C757873D-ec9a-4326-a141-556f43239520"`,
				`"urn:uuid:c757873d-ec9a-4326-a141-556f4323952"`, `"urn:uuid:c757873dxec9a-4326-a141-556f43239520"`, `"urn:uuid:g757873d-ec9a-4326-a141-556f43239520"`}},
		{"valueDate", []string{`"2020"`, `"2020-02"`, `"2020-02-29"`, `"0001"`, `"9999-12-31"`, `"2000-02-29"`, `"2020-04-30"`},
			[]string{`"0000"`, `"202"`, `"20200"`, `"2020-1"`, `"2020-13"`, `"2020-00"`, `"2020-02-30"`, `"2021-02-29"`, `"1900-02-29"`,
				`"2020-04-31"`, `"2020-01-00"`, `"2020-01-01T"`, `"2020-01-01T00:00:00Z"`, `"2020-"`, `"20-01-01"`, `" 2020"`, `"2020/01/01"`, `"+2020"`}},
		{"valueDateTime", []string{`"2020"`, `"2020-02"`, `"2020-02-29"`, `"2020-02-29T23:59:59Z"`, `"2020-02-29T23:59:60.123456789+14:00"`, `"2020-02-29T00:00:00-00:00"`, `"2020-02-29T00:00:00.0-13:59"`},
			[]string{`"2020-02-29T23:59"`, `"2020-02-29T23:59Z"`, `"2020-02-29T23:59:59"`, `"2020-02-29T24:00:00Z"`, `"2020-02-29T23:60:00Z"`,
				`"2020-02-29T23:59:61Z"`, `"2020-02-29T23:59:59.Z"`, `"2020-02-29T23:59:59z"`, `"2020-02-29t23:59:59Z"`, `"2020-02-29 23:59:59Z"`,
				`"2020-02-29T23:59:59+14:01"`, `"2020-02-29T23:59:59+15:00"`, `"2020-02-29T23:59:59+0100"`, `"2020-02-29T23:59:59+01:60"`, `"2020-02T00:00:00Z"`, `"2021-02-29T23:59:59Z"`}},
		{"valueInstant", []string{`"2020-02-29T23:59:59Z"`, `"2020-02-29T23:59:60.1+01:00"`}, []string{`"2020"`, `"2020-02"`, `"2020-02-29"`, `"2020-02-29T23:59:59"`}},
		{"valueTime", []string{`"00:00:00"`, `"23:59:60"`, `"12:00:00.123"`}, []string{`"24:00:00"`, `"12:00"`, `"12:00:00Z"`, `"1:00:00"`, `"12:00:00."`, `"12:60:00"`, `"12-00-00"`}},
		{"valueBase64Binary", []string{`"AAAA"`, `"AAA="`, `"AA=="`, `"+/9z"`, `"AAAA BBBB"`, `"\r\nAAAA\nBB==\n"`},
			[]string{`""`, `"A"`, `"AAA"`, `"AAAAA"`, `"A==="`, `"===="`, `"AA=A"`, `"AA A A"`, `"AA==AAAA"`, `"AA-_"`, `" "`, `"AAAé"`, `"AA== x"`}},
	} {
		t.Run(test.field, func(t *testing.T) {
			var doc fhirjson.Document
			for _, good := range test.good {
				src := []byte(`{"resourceType":"Parameters","parameter":[{"name":"a","` + test.field + `":` + good + `}]}`)
				require.NoError(t, fhirjson.Parse(src, &doc, nil), "%.80s", good)
				require.Equal(t, string(src), string(fhirjson.AppendCanonical(nil, &doc, 0)))
			}
			for _, bad := range test.bad {
				src := []byte(`{"resourceType":"Parameters","parameter":[{"name":"a","` + test.field + `":` + bad + `}]}`)
				var e *fhirjson.Error
				require.ErrorAs(t, fhirjson.Parse(src, &doc, nil), &e, "%.80s", bad)
				require.Len(t, e.Issues, 1)
				require.Equal(t, "/parameter/0/"+test.field, e.Issues[0].Pointer)
				require.EqualValues(t, len(src)-len(bad)-len(`}]}`), e.Issues[0].Offset)
			}
		})
	}
}
