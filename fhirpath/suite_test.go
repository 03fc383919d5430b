package fhirpath_test

import (
	"bufio"
	"context"
	"encoding/xml"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/fhirpath"
)

// data is where shared test data is, if it is anywhere.
const data = "../../shared/data/"

// A suiteTest is a test of HL7's FHIRPath R4 suite.
type suiteTest struct {
	Name       string `xml:"name,attr"`
	Input      string `xml:"inputfile,attr"`
	Predicate  bool   `xml:"predicate,attr"`
	Ordered    bool   `xml:"checkOrderedFunctions,attr"`
	Expression struct {
		Invalid string `xml:"invalid,attr"`
		Text    string `xml:",chardata"`
	} `xml:"expression"`
	Outputs []struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	} `xml:"output"`
}

// TestSuite runs HL7's FHIRPath R4 suite: all tests must pass, but for those in
// testdata/suite_skip.txt, which says why.
func TestSuite(t *testing.T) {
	text, err := os.ReadFile(data + "fhirpath/tests-fhir-r4.xml")
	if err != nil {
		t.Skip("no shared data here: fhirpath/tests-fhir-r4.xml")
	}
	var suite struct {
		Groups []struct {
			Name  string      `xml:"name,attr"`
			Tests []suiteTest `xml:"test"`
		} `xml:"group"`
	}
	require.NoError(t, xml.Unmarshal(text, &suite))

	skip := skippedTests(t)
	var total, passed, skipped int
	for _, g := range suite.Groups {
		for _, test := range g.Tests {
			total++
			result, err := test.run(t)
			wrong := test.wrong(result, err)
			_, skips := skip[test.Name]
			delete(skip, test.Name)
			switch {
			case skips:
				skipped++
				assert.NotEmpty(t, wrong, "%s/%s passes: take it off the list", g.Name, test.Name)
			case wrong != "":
				t.Errorf("%s/%s: %s: %s", g.Name, test.Name, strings.TrimSpace(test.Expression.Text), wrong)
			default:
				passed++
			}
		}
	}
	assert.Empty(t, skip, "skipped tests that are not in the suite")
	t.Logf("%d tests: %d passed, %d skipped with a reason", total, passed, skipped)
	assert.LessOrEqual(t, skipped*100, total, "more than 1 % skipped")
}

// skippedTests reads testdata/suite_skip.txt: a name and a reason on each line.
func skippedTests(t *testing.T) map[string]string {
	file, err := os.Open("testdata/suite_skip.txt")
	require.NoError(t, err)
	defer file.Close()
	skip := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, reason, ok := strings.Cut(lines.Text(), "\t")
		if strings.HasPrefix(name, "#") {
			continue
		}
		require.True(t, ok && reason != "", "a reason for %s", name)
		skip[name] = reason
	}
	return skip
}

// amendments bring the JSON form of an input in line with its XML form, which is
// what the suite was written for, or make it a valid resource of R4.
var amendments = map[string]*strings.Replacer{
	"observation-example.json": strings.NewReplacer(`"status": "final",`,
		`"status":"final","extension":[{"url":"http://example.com/fhir/StructureDefinition/patient-age","valueAge":{"value":5,"unit":"years"}}],`),
	"valueset-example-expansion.json": strings.NewReplacer(`"version":"4.0.1"`, `"version":"20150622"`),
	"patient-name-extensions.json": strings.NewReplacer(`        }
      ],
      "period"`, `        }, null
      ],
      "period"`),
	"explanationofbenefit-example.json": strings.NewReplacer(
		`"id": "example",`, `"id":"example","status":"active","type":{"text":"x"},"use":"claim","patient":{"display":"x"},"created":"2020-01-01",
			"insurer":{"display":"x"},"provider":{"display":"x"},"outcome":"complete","insurance":[{"focal":true,"coverage":{"display":"x"}}],`,
		`"informationSequence"`, `"productOrService":{"text":"x"},"informationSequence"`),
}

// run compiles the expression and evaluates it on the test's input; without one,
// on an empty resource.
func (s *suiteTest) run(t *testing.T) (fhirpath.Collection, error) {
	e, err := fhirpath.CompileWith(s.Expression.Text, &fhirpath.Options{Ordered: s.Ordered})
	if err != nil {
		require.ErrorAs(t, err, new(*fhirpath.Error), s.Name)
		return nil, err
	}
	resource := []byte(`{"resourceType":"Patient"}`)
	if s.Input != "" {
		name := strings.TrimSuffix(s.Input, ".xml") + suffix(s.Input)
		resource, err = os.ReadFile(data + "fhirpath/input/" + name)
		require.NoError(t, err)
		if r := amendments[name]; r != nil {
			resource = []byte(r.Replace(string(resource)))
		}
	}
	result, err := e.Evaluate(context.Background(), resource)
	if err != nil {
		require.ErrorAs(t, err, new(*fhirpath.Error), s.Name)
	}
	return result, err
}

func suffix(input string) string {
	if strings.HasSuffix(input, ".xml") {
		return ".json"
	}
	return ""
}

// wrong compares a result with the expected one and says what is wrong.
func (s *suiteTest) wrong(result fhirpath.Collection, err error) string {
	if s.Expression.Invalid != "" {
		if err == nil {
			return "no error, expected " + s.Expression.Invalid
		}
		return ""
	}
	if err != nil {
		return err.Error()
	}
	var got, want []string
	for i, o := range s.Outputs {
		typeName := o.Type
		if i < len(result) && typeName != "" && !s.Predicate {
			typeName = result[i].Type()
			typeName = strings.ToLower(strings.TrimPrefix(typeName, "System."))
			if typeName != strings.ToLower(o.Type) {
				return "type " + typeName + ", want " + o.Type
			}
		}
		want = append(want, strings.TrimPrefix(strings.TrimPrefix(o.Text, "@"), "T"))
	}
	for _, i := range result {
		got = append(got, i.String())
	}
	if s.Predicate && len(result) != 1 {
		got = []string{"false"}
	} else if s.Predicate {
		if _, ok := result[0].Bool(); !ok {
			got = []string{"true"}
		}
	}
	if !slices.Equal(got, want) {
		return "got " + strings.Join(got, ", ") + "; want " + strings.Join(want, ", ")
	}
	return ""
}
