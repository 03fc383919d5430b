package fhirpath_test

import (
	"bufio"
	"context"
	"encoding/xml"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/fhirpath"
)

// A suiteTest is a test of HL7's FHIRPath R4 suite.
type suiteTest struct {
	Name       string `xml:"name,attr"`
	Input      string `xml:"inputfile,attr"`
	Predicate  bool   `xml:"predicate,attr"`
	Expression struct {
		Invalid string `xml:"invalid,attr"`
		Text    string `xml:",chardata"`
	} `xml:"expression"`
	Outputs []struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	} `xml:"output"`
}

// TestSuite runs HL7's FHIRPath R4 suite: the tests whose expression is
// supported must pass, but for those in testdata/suite_skip.txt, which says why.
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
	var total, passed, skipped, unsupported int
	for _, g := range suite.Groups {
		for _, test := range g.Tests {
			total++
			result, err := test.run(t)
			if errors.Is(err, fhirpath.ErrUnsupported) {
				unsupported++
				continue
			}
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
	assert.Empty(t, skip, "skipped tests that are not in the suite, or not supported")
	t.Logf("%d tests: %d passed, %d skipped with a reason, %d not supported yet", total, passed, skipped, unsupported)
	assert.GreaterOrEqual(t, passed, suitePasses)
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

// run compiles the expression and evaluates it on the test's input; without one,
// on an empty resource.
func (s *suiteTest) run(t *testing.T) (fhirpath.Collection, error) {
	e, err := fhirpath.Compile(s.Expression.Text)
	if err != nil {
		return nil, err
	}
	resource := []byte(`{"resourceType":"Patient"}`)
	if s.Input != "" {
		resource, err = os.ReadFile(data + "fhirpath/input/" + strings.TrimSuffix(s.Input, ".xml") + suffix(s.Input))
		require.NoError(t, err)
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
		want = append(want, strings.TrimLeft(o.Text, "@"))
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

// suitePasses is how many tests of the suite are known to pass.
const suitePasses = 328
