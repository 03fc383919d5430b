package issue_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/stretchr/testify/require"
)

func TestString(t *testing.T) {
	require.Equal(t, "/name/0: bad (offset 17)", issue.Issue{Pointer: "/name/0", Diagnostics: "bad", Offset: 17}.String())
	require.Equal(t, "bad", issue.Issue{Diagnostics: "bad", Offset: -1}.String())
}

func TestOutcome(t *testing.T) {
	for name, test := range map[string]struct {
		issues []issue.Issue
		want   string
	}{
		"none": {nil, `{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational","diagnostics":"no issues"}]}`},
		"two": {[]issue.Issue{
			{Severity: issue.Error, Code: issue.Value, Root: "Patient", Pointer: "/name/0/given/12", Offset: 5, Diagnostics: "a \"quote\"\n"},
			{Severity: issue.Warning, Code: issue.Structure, Offset: -1, Diagnostics: "\xff"},
		}, `{"resourceType":"OperationOutcome","issue":[` +
			`{"severity":"error","code":"value","diagnostics":"/name/0/given/12: a \"quote\"\n (offset 5)","expression":["Patient.name[0].given[12]"]},` +
			`{"severity":"warning","code":"structure","diagnostics":"` + "\ufffd" + `"}]}`},
		"no text":     {[]issue.Issue{{Severity: issue.Fatal, Code: issue.Exception, Offset: -1}}, `{"resourceType":"OperationOutcome","issue":[{"severity":"fatal","code":"exception"}]}`},
		"odd pointer": {[]issue.Issue{{Severity: issue.Error, Code: issue.Structure, Offset: -1, Pointer: "/"}}, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"structure","diagnostics":"/: "}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := issue.AppendOutcome(nil, test.issues...)
			require.Equal(t, test.want, string(got))
			var doc fhirjson.Document
			require.NoError(t, fhirjson.Parse(got, &doc, nil), "an outcome is valid FHIR")
		})
	}
}

func TestExpression(t *testing.T) {
	for _, test := range []struct{ root, pointer, want string }{
		{"Patient", "", "Patient"},
		{"Patient", "/contact/1/name", "Patient.contact[1].name"},
		{"Patient", "/_birthDate", "Patient.birthDate"},
		{"Patient", "/_birthDate/extension/0/url", "Patient.birthDate.extension[0].url"},
		{"Patient", "/name/0/_given/2/extension/0", "Patient.name[0].given[2].extension[0]"},
		{"Patient", "/deceasedBoolean", "Patient.deceased"},
		{"Patient", "/_deceasedDateTime/id", "Patient.deceased.id"},
		{"Observation", "/component/3/valueQuantity/value", "Observation.component[3].value.value"},
		{"Patient", "/foo", "Patient.foo"},
		{"Patient", "/foo/bar/0", "Patient.foo.bar[0]"},
		{"Patient", "/contained/0/name", "Patient.contained[0].name"},
		{"Bundle", "/entry/0/resource/name/1", "Bundle.entry[0].resource.name[1]"},
	} {
		got := issue.AppendOutcome(nil, issue.Issue{Severity: issue.Error, Code: issue.Value, Root: test.root, Pointer: test.pointer, Offset: -1})
		require.Contains(t, string(got), `"expression":["`+test.want+`"]`)
	}
	require.NotContains(t, string(issue.AppendOutcome(nil, issue.Issue{Severity: issue.Error, Code: issue.Value, Pointer: "/2/path", Offset: -1})), "expression")
}
