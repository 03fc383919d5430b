package synth_test

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/synth"
)

var (
	medicationLine = regexp.MustCompile(`(?m)^- (.+?): (.+) \(since (\d{4}-\d\d-\d\d)\)$`)
	resultLine     = regexp.MustCompile(`(?m)^- (.+) (-?[0-9.]+)( \S+)? \((?:low|high|normal)\)`)
	trend          = regexp.MustCompile(`(?:up|down) from (-?[0-9.]+) on (\d{4}-\d\d-\d\d)`)
	pressure       = regexp.MustCompile(`blood pressure (\d+)/(\d+) mmHg`)
	vaccineLine    = regexp.MustCompile(`(?m)^- (.+) given today\.$`)
	denial         = regexp.MustCompile(`(?:There is no|Negative for|systems is without|denies|No complaints of|reports no) (.+?)\.`)
	never          = regexp.MustCompile(`No history of (.+?) or (.+?)\.`)
	deathLine      = regexp.MustCompile(`Patient died on (\d{4}-\d\d-\d\d)\. Cause of death: `)
)

// TestNotesAgree checks that what a note says is what the record has: drugs with their
// instruction and first order, values, earlier values, vaccines and deaths.
func TestNotesAgree(t *testing.T) {
	counts := map[string]int{}
	g := synth.New(19, 40)
	for i := range g.Patients() {
		have := map[string]bool{}
		var notes []*node
		died := ""
		for line := range strings.Lines(string(g.AppendPatient(nil, i))) {
			n, err := parseNode([]byte(strings.TrimSuffix(line, "\n")))
			require.NoError(t, err)
			at := n.str("encounter.reference")
			switch n.str("resourceType") {
			case "Patient":
				died = n.str("deceasedDateTime")
			case "MedicationRequest":
				have["drug "+n.str("dosageInstruction.text")+" "+n.str("authoredOn")[:10]] = true
			case "Observation":
				have["value "+at+" "+n.str("valueQuantity.value")] = true
				have["day "+n.str("effectiveDateTime")[:10]+" "+n.str("valueQuantity.value")] = true
				if components := n.get("component"); components != nil {
					have["pressure "+at+" "+components.items[0].str("valueQuantity.value")+"/"+components.items[1].str("valueQuantity.value")] = true
				}
			case "Immunization":
				have["vaccine "+at+" "+n.str("vaccineCode.text")] = true
			case "DocumentReference":
				notes = append(notes, n)
			}
		}
		for _, n := range notes {
			decoded, err := base64.StdEncoding.DecodeString(n.str("content.attachment.data"))
			require.NoError(t, err)
			text, at := string(decoded), n.str("context.encounter.reference")
			agree := func(kind, key string) {
				counts[kind]++
				require.True(t, have[kind+" "+key], "%s %s of patient %d is not in the record:\n%s", kind, key, i, text)
			}
			for _, m := range medicationLine.FindAllStringSubmatch(text, -1) {
				agree("drug", m[2]+" "+m[3])
			}
			for _, m := range resultLine.FindAllStringSubmatch(text, -1) {
				agree("value", at+" "+m[2])
			}
			for _, m := range trend.FindAllStringSubmatch(text, -1) {
				agree("day", m[2]+" "+m[1])
			}
			for _, m := range pressure.FindAllStringSubmatch(text, -1) {
				agree("pressure", at+" "+m[1]+"/"+m[2])
			}
			for _, m := range vaccineLine.FindAllStringSubmatch(text, -1) {
				agree("vaccine", at+" "+m[1])
			}
			if m := deathLine.FindStringSubmatch(text); m != nil {
				counts["death"]++
				require.Equal(t, died[:10], m[1])
			}
			require.NotContains(t, text, "\n\n\n")
			require.NotContains(t, text, "  ")
			for _, section := range []string{"History of Present Illness", "Past Medical History", "Family History", "Allergies", "Medications", "Physical Examination", "Assessment and Plan"} {
				require.Equal(t, 1, strings.Count(text, "\n# "+section+"\n"), "%s in\n%s", section, text)
			}
			for _, m := range denial.FindAllStringSubmatch(text, -1) {
				for word := range strings.SplitSeq(strings.ReplaceAll(m[1], " or ", ", "), ", ") {
					counts["denial"]++
					require.NotContains(t, text, "- "+word+"\n", "denied and complained of")
				}
			}
			for _, m := range never.FindAllStringSubmatch(text, -1) {
				for _, words := range m[1:] {
					require.NotContains(t, text, "- "+words+", diagnosed")
					require.NotContains(t, text, "- History of "+words+",")
					require.NotContains(t, strings.ToLower(text), ". "+strings.ToLower(words)+":")
				}
			}
			counts["no history"] += strings.Count(text, "No history of ")
			counts["resolved"] += strings.Count(text, "- History of ")
			counts["not tolerated"] += strings.Count(text, "was not tolerated")
		}
	}
	t.Log(counts)
	for kind, least := range map[string]int{
		"drug": 300, "value": 100, "day": 20, "pressure": 100, "vaccine": 20, "death": 2,
		"no history": 300, "resolved": 30, "not tolerated": 10,
	} {
		assert.Greater(t, counts[kind], least, kind)
	}
}
