package fhirpath_test

import (
	"bufio"
	"context"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/issue"
)

// knownIssues reads testdata/invariants_known.txt: key, number of elements of HL7's
// examples, and reason on each line.
func knownIssues(t *testing.T) map[string]int {
	file, err := os.Open("testdata/invariants_known.txt")
	require.NoError(t, err)
	defer file.Close()
	known := map[string]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		require.Len(t, fields, 3)
		known[fields[0]], err = strconv.Atoi(fields[1])
		require.NoError(t, err)
	}
	return known
}

// HL7's examples satisfy all invariants, but for those that are listed.
func TestInvariantsOfExamples(t *testing.T) {
	var v fhirpath.Evaluator
	found := map[string]int{}
	resources := 0
	eachLine(t, "fhir-r4/examples.ndjson.gz", func(line []byte) {
		doc := new(fhirjson.Document)
		if fhirjson.Parse([]byte(string(line)), doc, &fhirjson.Options{Level: fhirjson.StructureOnly, AnyNarrative: true}) != nil {
			return // the parser's tests have the list of these
		}
		resources++
		issues, err := fhirpath.CheckInvariants(context.Background(), doc, &v)
		require.NoError(t, err)
		for _, i := range issues {
			assert.Equal(t, strings.Contains(i.Diagnostics, "txt-2"), i.Severity == issue.Error, "%s/%s%s: %s", doc.Type(), doc.ID(), i.Pointer, i.Diagnostics)
			key, _, _ := strings.Cut(strings.TrimPrefix(i.Diagnostics, "invariant "), " ")
			found[key]++
		}
	})
	assert.Equal(t, knownIssues(t), found)
	t.Logf("%d resources", resources)
}

// Synthea's data satisfies all invariants, but for one about narratives.
func TestInvariantsOfSynthea(t *testing.T) {
	var v fhirpath.Evaluator
	found := map[string]int{}
	for _, doc := range syntheaDocuments(t) {
		issues, err := fhirpath.CheckInvariants(context.Background(), doc, &v)
		require.NoError(t, err)
		for _, i := range issues {
			found[string(i.Severity)+" "+i.Diagnostics]++
		}
	}
	t.Log(found)
}

func TestCheckInvariants(t *testing.T) {
	for _, c := range []struct{ resource, key, pointer string }{
		{`{"resourceType":"Patient","contact":[{"gender":"male"}]}`, "pat-1", "/contact/0"},
		{`{"resourceType":"Patient","name":[{"period":{"start":"2002","end":"2001"}}]}`, "per-1", "/name/0/period"},
		{`{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x"}]}`, "dom-3", ""},
		{`{"resourceType":"Patient","managingOrganization":{"reference":"#x"}}`, "ref-1", "/managingOrganization"},
		{`{"resourceType":"Patient","extension":[{"url":"urn:x"}]}`, "ext-1", "/extension/0"},
		{`{"resourceType":"Patient","name":[{"id":"x"}]}`, "ele-1", "/name/0"},
		{`{"resourceType":"Organization","name":"x","telecom":[{"system":"phone","value":"1","use":"home"}]}`, "org-3", "/telecom/0"},
		{`{"resourceType":"Observation","status":"final","code":{"coding":[{"code":"a"}]},"valueString":"x","dataAbsentReason":{"text":"x"}}`, "obs-6", ""},
		{`{"resourceType":"Observation","status":"final","code":{"coding":[{"code":"a"}]},"valueString":"x","component":[{"code":{"coding":[{"code":"a"}]}}]}`, "obs-7", ""},
		{`{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1","type":"string"}]}]}`, "que-2", ""},
		{`{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"string","enableWhen":[{"question":"2","operator":"exists","answerString":"x"}]}]}`,
			"que-7", "/item/0/enableWhen/0"},
		{`{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"string","enableWhen":[{"question":"2","operator":"exists","answerBoolean":true}]}]}`,
			"", ""},
		{`{"resourceType":"Patient","managingOrganization":{"reference":"#o"},"contained":[{"resourceType":"Organization","id":"o","name":"x"}]}`, "", ""},
	} {
		issues, err := fhirpath.CheckInvariants(context.Background(), parsed(t, c.resource), nil)
		require.NoError(t, err)
		var texts []string
		for _, i := range issues {
			if i.Severity == issue.Error {
				key, _, _ := strings.Cut(strings.TrimPrefix(i.Diagnostics, "invariant "), " ")
				texts = append(texts, key+i.Pointer)
			}
		}
		if c.key == "" {
			assert.Empty(t, texts, c.resource)
		} else {
			assert.Equal(t, []string{c.key + c.pointer}, texts, c.resource)
		}
	}
}

// BenchmarkInvariants is what validation by invariants costs for each resource,
// parsing not counted.
func BenchmarkInvariants(b *testing.B) {
	docs := syntheaDocuments(b)
	var v fhirpath.Evaluator
	b.ReportAllocs()
	for b.Loop() {
		for _, doc := range docs {
			if _, err := fhirpath.CheckInvariants(context.Background(), doc, &v); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N*len(docs))/b.Elapsed().Seconds(), "res/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(docs)), "ns/res")
}
