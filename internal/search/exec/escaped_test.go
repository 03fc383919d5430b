package exec_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
)

// TestExtractEscaped checks that a source with all its letters as escapes has the values
// that it has without.
func TestExtractEscaped(t *testing.T) {
	engine := exec.New(nil, exec.Options{})
	values := func(src []byte) string {
		var doc fhirjson.Document
		require.NoError(t, fhirjson.Parse(src, &doc, &fhirjson.Options{Level: fhirjson.StructureOnly}), "%.300s", src)
		var b index.Builder
		require.NoError(t, engine.Extract(&doc, &b))
		return string(b.Payload())
	}
	for _, src := range append(lines(patients), `{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1-2"}],"text":"Height"},
		"text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>tall &amp; thin</div>"},"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p","name":[{"family":"Roe"}]}],
		"valueQuantity":{"value":1.5,"unit":"m","system":"http://unitsofmeasure.org","code":"m"},"effectiveDateTime":"2020-01-01","performer":[{"reference":"Practitioner/x"}]}`) {
		require.Equal(t, values([]byte(src)), values(fhirjsontest.Escaped([]byte(src))))
	}
}

// TestExtractLongValues checks that long and repetitive values are extracted.
func TestExtractLongValues(t *testing.T) {
	engine := exec.New(nil, exec.Options{})
	long := strings.Repeat("a", 1<<20)
	for name, src := range map[string]string{
		"names":        `{"resourceType":"Patient","name":[{"family":"` + long + `","given":["` + long + `"]}]}`,
		"data URL":     `{"resourceType":"Patient","photo":[{"url":"data:image/png;base64,` + strings.Repeat("A", 10<<20) + `"}]}`,
		"blank bitmap": `{"resourceType":"Binary","contentType":"image/bmp","data":"` + strings.Repeat("AAAA", 5<<19) + `"}`,
	} {
		var doc fhirjson.Document
		require.NoError(t, fhirjson.Parse([]byte(src), &doc, nil), name)
		var b index.Builder
		require.NoError(t, engine.Extract(&doc, &b), name)
		_, err := index.Decode(nil, b.Payload())
		require.NoError(t, err, name)
	}
}
