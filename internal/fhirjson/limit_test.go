package fhirjson_test

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/issue"
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
// TestMemory checks what a large body takes: the tape about as much as the text, the
// stored form its own length.
func TestMemory(t *testing.T) {
	entry := `{"resource":` + strings.ReplaceAll(sampleCanonical(t), "\n", "") + `}`
	src := []byte(`{"resourceType":"Bundle","type":"collection","entry":[` + strings.Repeat(entry+", ", 20_000) + entry + `]}`)
	allocated := func(work func()) float64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		work()
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc-before.TotalAlloc) / float64(len(src))
	}
	var doc fhirjson.Document
	require.Less(t, allocated(func() {
		require.NoError(t, fhirjson.Parse(src, &doc, &fhirjson.Options{Level: fhirjson.StructureOnly}))
	}), 2.0)
	require.Less(t, allocated(func() { fhirjson.AppendStored(nil, &doc, []byte("a")) }), 1.1)
}

// sampleCanonical is the sample in canonical form.
func sampleCanonical(tb testing.TB) string {
	doc := parse(tb, sample)
	return string(fhirjson.AppendCanonical(nil, doc, 0))
}

// TestMaxNodes checks the limit of values, its default, and that it is exact.
func TestMaxNodes(t *testing.T) {
	array := func(n int) []byte {
		return []byte(`{"resourceType":"ExplanationOfBenefit","item":[{"sequence":1,"diagnosisSequence":[1` + strings.Repeat(",1", n-1) + `]}]}`)
	}
	lax := fhirjson.Options{Level: fhirjson.Minimal, MaxNodes: 1000}
	var doc fhirjson.Document
	for n := 985; n < 1010; n++ {
		doc = fhirjson.Document{}
		err := fhirjson.Parse(array(n), &doc, &lax)
		if n+3 <= 1000 { // the resource, the item and its sequence
			require.NoError(t, err, n)
			require.Len(t, doc.Nodes, n+3)
			continue
		}
		var e *fhirjson.Error
		require.ErrorAs(t, err, &e, n)
		require.Equal(t, issue.TooLong, e.Issues[0].Code)
		require.ErrorContains(t, err, "more values than the limit of 1000")
		require.Empty(t, doc.Nodes)
	}
	objects := []byte(`{"resourceType":"Patient","name":[{"text":"a"}` + strings.Repeat(`,{"text":"a"}`, 2000) + `]}`)
	require.ErrorContains(t, fhirjson.Parse(objects, &doc, &lax), "more values than the limit of 1000")
	var e *fhirjson.Error
	require.ErrorAs(t, fhirjson.Parse(array(fhirjson.DefaultMaxNodes), new(fhirjson.Document), &fhirjson.Options{Level: fhirjson.Minimal}), &e)
	require.Equal(t, issue.TooLong, e.Issues[0].Code)
}

// TestContext checks that a parse ends soon after its context: while it reads, and
// while it checks.
func TestContext(t *testing.T) {
	src := []byte(`{"resourceType":"Patient","name":[{"text":"a"}` + strings.Repeat(`,{"text":"a"}`, 200_000) + `]}`)
	for looks := range int64(12) {
		ctx := &ending{Context: context.Background()}
		ctx.looks.Store(looks)
		doc := *parse(t, sample)
		require.ErrorIs(t, fhirjson.ParseContext(ctx, src, &doc, nil), context.Canceled)
		require.Empty(t, doc.Nodes)
		require.Empty(t, doc.Issues)
	}
	require.NoError(t, fhirjson.ParseContext(context.Background(), src, new(fhirjson.Document), nil))
}

// ending is a context that has ended after so many looks at it.
type ending struct {
	context.Context
	looks atomic.Int64
}

func (e *ending) Err() error {
	if e.looks.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func TestLongValues(t *testing.T) {
	long := strings.Repeat("a", 1<<20)
	for name, src := range map[string]string{
		"names":        `{"resourceType":"Patient","name":[{"family":"` + long + `","given":["` + long + `"]}]}`,
		"data URL":     `{"resourceType":"Patient","photo":[{"url":"data:image/png;base64,` + strings.Repeat("A", 10<<20) + `"}]}`,
		"blank bitmap": `{"resourceType":"Binary","contentType":"image/bmp","data":"` + strings.Repeat("AAAA", 5<<19) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, level := range []fhirjson.Level{fhirjson.Strict, fhirjson.StructureOnly, fhirjson.Minimal} {
				var doc fhirjson.Document
				require.NoError(t, fhirjson.Parse([]byte(src), &doc, &fhirjson.Options{Level: level}))
				require.Equal(t, src, string(fhirjson.AppendCanonical(nil, &doc, 0)))
			}
		})
	}
}

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
