package fhirproto_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/fhirproto"
)

// TestEscaped checks that a source with all its letters as escapes is the same proto.
func TestEscaped(t *testing.T) {
	for _, src := range []string{
		`{"resourceType":"Patient","id":"a","active":true,"_birthDate":{"extension":[{"url":"urn:a","valueCode":"x"}]},"deceasedDateTime":"2020-01-01T00:00:00Z","gender":"male",
			"contained":[{"resourceType":"Organization","id":"o","name":"x"}],"managingOrganization":{"reference":"#o"},"generalPractitioner":[{"reference":"Practitioner/a/_history/2"}],"photo":[{"data":"AAAA"}]}`,
		`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","name":[{"given":["a",null],"_given":[null,{"id":"x"}]}]}}]}`,
	} {
		plain, err := fhirproto.AppendWire(nil, parse(t, []byte(src)))
		require.NoError(t, err)
		other, err := fhirproto.AppendWire(nil, parse(t, fhirjsontest.Escaped([]byte(src))))
		require.NoError(t, err)
		require.Equal(t, plain, other)
	}
	// An URL that the protos keep for themselves is the same with escapes.
	reserved := `{"resourceType":"Patient","_birthDate":{"extension":[{"url":"` + fhirproto.NoValueURL + `","valueBoolean":true}]}}`
	_, err := fhirproto.AppendWire(nil, parse(t, fhirjsontest.Escaped([]byte(reserved))))
	require.ErrorContains(t, err, "kept for the proto's own use")
}

// TestLongValues checks that long and repetitive values come back as they were.
func TestLongValues(t *testing.T) {
	long := strings.Repeat("a", 1<<20)
	for name, src := range map[string]string{
		"names":        `{"resourceType":"Patient","name":[{"family":"` + long + `","given":["` + long + `"]}]}`,
		"data URL":     `{"resourceType":"Patient","photo":[{"url":"data:image/png;base64,` + strings.Repeat("A", 10<<20) + `"}]}`,
		"blank bitmap": `{"resourceType":"Binary","contentType":"image/bmp","data":"` + strings.Repeat("AAAA", 5<<19) + `"}`,
	} {
		doc := parse(t, []byte(src))
		wire, err := fhirproto.AppendWire(nil, doc)
		require.NoError(t, err, name)
		back, err := fhirproto.AppendJSON(nil, wire, doc.Type())
		require.NoError(t, err, name)
		require.Equal(t, src, string(back), name)
	}
}
