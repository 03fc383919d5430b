package pathpatch_test

import (
	"context"
	"encoding/xml"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirxml"
	"github.com/fhirlake/fhirlake/internal/pathpatch"
	"github.com/fhirlake/fhirlake/issue"
)

// canonical returns the canonical form of a resource in JSON.
func canonical(t testing.TB, json []byte) string {
	var doc fhirjson.Document
	require.NoError(t, fhirjson.Parse(json, &doc, &fhirjson.Options{Level: fhirjson.Minimal, AnyNarrative: true}), "%s", json)
	require.False(t, doc.Loose(), "%s", json)
	return string(fhirjson.AppendCanonical(nil, &doc, 0))
}

// fromXML returns the JSON of the resource in an element of HL7's cases.
func fromXML(t *testing.T, inner string) []byte {
	json, err := fhirxml.AppendJSON(nil, []byte(strings.TrimSpace(inner)))
	require.NoError(t, err, inner)
	return json
}

// HL7's cases are answered as they say. White space in narratives, which the file indents,
// and the spelling of quotes in them do not count.
func TestHL7Cases(t *testing.T) {
	text, err := os.ReadFile("../../../shared/data/patch/fhir-patch-tests.xml")
	if os.IsNotExist(err) {
		t.Skip("HL7's cases are absent: ../shared/data/patch/fhir-patch-tests.xml")
	}
	require.NoError(t, err)
	type inner struct {
		XML string `xml:",innerxml"`
	}
	var suite struct {
		Cases []struct {
			Name   string `xml:"name,attr"`
			Input  inner  `xml:"input"`
			Diff   inner  `xml:"diff"`
			Output *inner `xml:"output"`
			Error  *struct {
				Message string `xml:"msg,attr"`
			} `xml:"error"`
		} `xml:"case"`
	}
	require.NoError(t, xml.Unmarshal(text, &suite))
	require.Len(t, suite.Cases, 33)
	space := regexp.MustCompile(`(\\n|\\r|\s)+|(\\n|\\r|\s)*(<[^>]*>)(\\n|\\r|\s)*`)
	for _, c := range suite.Cases {
		t.Run(c.Name, func(t *testing.T) {
			got, err := pathpatch.Apply(context.Background(), fromXML(t, c.Input.XML), fromXML(t, c.Diff.XML))
			if c.Error != nil {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			want := canonical(t, fromXML(t, c.Output.XML))
			want = strings.ReplaceAll(want, "&quot;", `\"`)
			require.Equal(t, space.ReplaceAllString(want, "$3"), space.ReplaceAllString(canonical(t, got), "$3"))
		})
	}
}

// operation returns a parameter of a patch. Each part is its name and the rest of its
// JSON.
func operation(kind, path string, parts ...string) string {
	text := `{"name":"operation","part":[{"name":"type","valueCode":"` + kind + `"},{"name":"path","valueString":"` + path + `"}`
	for i := 0; i < len(parts); i += 2 {
		text += `,{"name":"` + parts[i] + `",` + parts[i+1] + `}`
	}
	return text + `]}`
}

func parameters(operations ...string) []byte {
	if len(operations) == 0 {
		return []byte(`{"resourceType":"Parameters"}`)
	}
	return []byte(`{"resourceType":"Parameters","parameter":[` + strings.Join(operations, ",") + `]}`)
}

func TestOperations(t *testing.T) {
	const ext = `{"url":"http://x","valueCode":"y"}`
	for name, c := range map[string]struct {
		resource string
		patch    []string
		want     string
	}{
		"choice by type":                    {`{"resourceType":"Patient"}`, []string{operation("add", "Patient", "name", `"valueString":"deceased"`, "value", `"valueBoolean":true`)}, `{"resourceType":"Patient","deceasedBoolean":true}`},
		"choice by its own name":            {`{"resourceType":"Patient"}`, []string{operation("add", "Patient", "name", `"valueString":"deceasedBoolean"`, "value", `"valueBoolean":true`)}, `{"resourceType":"Patient","deceasedBoolean":true}`},
		"choice of another type":            {`{"resourceType":"Patient","deceasedBoolean":true,"_deceasedBoolean":{"id":"a"}}`, []string{operation("replace", "Patient.deceased", "value", `"valueDateTime":"2020"`)}, `{"resourceType":"Patient","deceasedDateTime":"2020"}`},
		"replace takes extensions along":    {`{"resourceType":"Patient","birthDate":"2000","_birthDate":{"extension":[` + ext + `]}}`, []string{operation("replace", "Patient.birthDate", "value", `"valueDate":"2001"`)}, `{"resourceType":"Patient","birthDate":"2001"}`},
		"replace brings extensions":         {`{"resourceType":"Patient","birthDate":"2000"}`, []string{operation("replace", "Patient.birthDate", "value", `"_valueDate":{"extension":[`+ext+`]}`)}, `{"resourceType":"Patient","_birthDate":{"extension":[` + ext + `]}}`},
		"delete takes extensions along":     {`{"resourceType":"Patient","birthDate":"2000","_birthDate":{"extension":[` + ext + `]},"gender":"male"}`, []string{operation("delete", "Patient.birthDate")}, `{"resourceType":"Patient","gender":"male"}`},
		"extension of a primitive":          {`{"resourceType":"Patient","birthDate":"2000"}`, []string{operation("add", "Patient.birthDate", "name", `"valueString":"extension"`, "value", `"valueExtension":`+ext)}, ``},
		"extension by parts":                {`{"resourceType":"Patient","birthDate":"2000"}`, []string{operation("add", "Patient.birthDate", "name", `"valueString":"extension"`, "value", `"part":[{"name":"url","valueUri":"http://x"},{"name":"value","valueCode":"y"}]`)}, `{"resourceType":"Patient","birthDate":"2000","_birthDate":{"extension":[` + ext + `]}}`},
		"extension of a primitive goes":     {`{"resourceType":"Patient","name":[{"given":["A","B"],"_given":[null,{"extension":[` + ext + `]}]}]}`, []string{operation("delete", "Patient.name.given[1].extension")}, `{"resourceType":"Patient","name":[{"given":["A","B"]}]}`},
		"extension that was all":            {`{"resourceType":"Patient","name":[{"given":["A",null],"_given":[null,{"extension":[` + ext + `]}]}]}`, []string{operation("delete", "Patient.name.given[1].extension")}, `{"resourceType":"Patient","name":[{"given":["A"]}]}`},
		"extension of one in a list":        {`{"resourceType":"Patient","name":[{"given":["A","B"]}]}`, []string{operation("add", "Patient.name.given[1]", "name", `"valueString":"extension"`, "value", `"part":[{"name":"url","valueUri":"http://x"},{"name":"value","valueCode":"y"}]`)}, `{"resourceType":"Patient","name":[{"given":["A","B"],"_given":[null,{"extension":[` + ext + `]}]}]}`},
		"insert of primitives with a twin":  {`{"resourceType":"Patient","name":[{"given":["A","B"],"_given":[null,{"id":"b"}]}]}`, []string{operation("insert", "Patient.name[0].given", "index", `"valueInteger":1`, "value", `"valueString":"C"`)}, `{"resourceType":"Patient","name":[{"given":["A","C","B"],"_given":[null,null,{"id":"b"}]}]}`},
		"insert at the end":                 {`{"resourceType":"Patient","name":[{"given":["A"]}]}`, []string{operation("insert", "Patient.name.given", "index", `"valueInteger":1`, "value", `"valueString":"C"`)}, `{"resourceType":"Patient","name":[{"given":["A","C"]}]}`},
		"delete of what is not there":       {`{"resourceType":"Patient"}`, []string{operation("delete", "Patient.birthDate")}, `{"resourceType":"Patient"}`},
		"delete of the last of an element":  {`{"resourceType":"Patient","gender":"male","contact":[{"name":{"family":"A"}}]}`, []string{operation("delete", "Patient.contact.name.family")}, `{"resourceType":"Patient","gender":"male"}`},
		"delete by a condition":             {`{"resourceType":"Patient","identifier":[{"system":"a","value":"1"},{"system":"b","value":"2"}]}`, []string{operation("delete", "Patient.identifier.where(system = 'a')")}, `{"resourceType":"Patient","identifier":[{"system":"b","value":"2"}]}`},
		"the next sees what was made":       {`{"resourceType":"Patient"}`, []string{operation("add", "Patient", "name", `"valueString":"name"`, "value", `"valueHumanName":{"family":"A"}`), operation("replace", "Patient.name.family", "value", `"valueString":"B"`)}, `{"resourceType":"Patient","name":[{"family":"B"}]}`},
		"contained resource":                {`{"resourceType":"Patient"}`, []string{operation("add", "Patient", "name", `"valueString":"contained"`, "value", `"resource":{"resourceType":"Organization","id":"o"}`)}, `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}]}`},
		"element of a contained resource":   {`{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"A"}]}`, []string{operation("replace", "Patient.contained[0].name", "value", `"valueString":"B"`)}, `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"B"}]}`},
		"parts in parts, and repeated ones": {`{"resourceType":"Patient"}`, []string{operation("add", "Patient", "name", `"valueString":"contact"`, "value", `"part":[{"name":"telecom","valueContactPoint":{"value":"1"}},{"name":"telecom","valueContactPoint":{"value":"2"}}]`)}, `{"resourceType":"Patient","contact":[{"telecom":[{"value":"1"},{"value":"2"}]}]}`},
		"digits stay":                       {`{"resourceType":"Observation","valueQuantity":{"value":1.50},"status":"final"}`, []string{operation("replace", "Observation.status", "value", `"valueCode":"amended"`)}, `{"resourceType":"Observation","status":"amended","valueQuantity":{"value":1.50}}`},
	} {
		t.Run(name, func(t *testing.T) {
			patch := parameters(c.patch...)
			got, err := pathpatch.Apply(context.Background(), []byte(c.resource), patch)
			if c.want == "" { // R4's Parameters have no valueExtension
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, canonical(t, []byte(c.want)), canonical(t, got))
		})
	}
}

func TestRefused(t *testing.T) {
	const patient = `{"resourceType":"Patient","active":true,"name":[{"family":"A","given":["B","C"]},{"family":"D"}]}`
	for name, c := range map[string]struct {
		patch   []byte
		pointer string
		code    issue.Code
	}{
		"another resource":           {[]byte(`{"resourceType":"Basic","code":{"text":"x"}}`), "", issue.Structure},
		"another parameter":          {parameters(`{"name":"op","valueString":"x"}`), "/parameter/0", issue.Value},
		"no type":                    {parameters(`{"name":"operation","part":[{"name":"path","valueString":"Patient"}]}`), "/parameter/0", issue.Required},
		"no path":                    {parameters(`{"name":"operation","part":[{"name":"type","valueCode":"delete"}]}`), "/parameter/0", issue.Required},
		"unknown type":               {parameters(operation("bend", "Patient")), "/parameter/0/part/0", issue.Value},
		"unknown part":               {parameters(operation("delete", "Patient.active", "why", `"valueString":"x"`)), "/parameter/0/part/2", issue.Value},
		"a part of another type":     {parameters(operation("delete", "Patient.active", "value", `"valueString":"x"`)), "/parameter/0/part/2", issue.Invalid},
		"a part twice":               {parameters(operation("delete", "Patient.active", "path", `"valueString":"Patient"`)), "/parameter/0/part/2", issue.Duplicate},
		"no value":                   {parameters(operation("replace", "Patient.active")), "/parameter/0", issue.Required},
		"an empty value":             {parameters(operation("replace", "Patient.active", "value", `"id":"x"`)), "/parameter/0/part/2", issue.Required},
		"malformed path":             {parameters(operation("delete", "Patient.")), "/parameter/0/part/1", issue.Invalid},
		"path of another type":       {parameters(operation("delete", "Patient.nme")), "/parameter/0/part/1", issue.Invalid},
		"computed path":              {parameters(operation("replace", "Patient.name.count()", "value", `"valueInteger":1`)), "/parameter/0/part/1", issue.Invalid},
		"path that finds nothing":    {parameters(operation("replace", "Patient.gender", "value", `"valueCode":"male"`)), "/parameter/0/part/1", issue.NotFound},
		"path that finds two":        {parameters(operation("delete", "Patient.name")), "/parameter/0/part/1", issue.MultipleMatches},
		"the resource":               {parameters(operation("delete", "Patient")), "/parameter/0/part/1", issue.Invalid},
		"the resource, replaced":     {parameters(operation("replace", "Patient", "value", `"resource":{"resourceType":"Patient"}`)), "/parameter/0/part/1", issue.Invalid},
		"element that is there":      {parameters(operation("add", "Patient", "name", `"valueString":"active"`, "value", `"valueBoolean":true`)), "/parameter/0/part/2", issue.Conflict},
		"unknown element":            {parameters(operation("add", "Patient", "name", `"valueString":"nme"`, "value", `"valueBoolean":true`)), "/parameter/0/part/2", issue.Value},
		"no alternative":             {parameters(operation("add", "Patient", "name", `"valueString":"deceased"`, "value", `"valueCode":"x"`)), "/parameter/0/part/2", issue.Value},
		"insert into a part":         {parameters(operation("insert", "Patient.name[0]", "index", `"valueInteger":0`, "value", `"valueHumanName":{"family":"E"}`)), "/parameter/0/part/1", issue.Invalid},
		"insert into several lists":  {parameters(operation("insert", "Patient.name.family", "index", `"valueInteger":0`, "value", `"valueString":"E"`)), "/parameter/0/part/1", issue.Invalid},
		"insert into no list":        {parameters(operation("insert", "Patient.active", "index", `"valueInteger":0`, "value", `"valueBoolean":true`)), "/parameter/0/part/1", issue.Invalid},
		"insert into the resource":   {parameters(operation("insert", "Patient", "index", `"valueInteger":0`, "value", `"valueBoolean":true`)), "/parameter/0/part/1", issue.Invalid},
		"insert behind the end":      {parameters(operation("insert", "Patient.name", "index", `"valueInteger":3`, "value", `"valueHumanName":{"family":"E"}`)), "/parameter/0/part/2", issue.Value},
		"insert before the start":    {parameters(operation("insert", "Patient.name", "index", `"valueInteger":-1`, "value", `"valueHumanName":{"family":"E"}`)), "/parameter/0/part/2", issue.Value},
		"move from behind the end":   {parameters(operation("move", "Patient.name", "source", `"valueInteger":2`, "destination", `"valueInteger":0`)), "/parameter/0/part/2", issue.Value},
		"move behind the end":        {parameters(operation("move", "Patient.name", "source", `"valueInteger":0`, "destination", `"valueInteger":2`)), "/parameter/0/part/3", issue.Value},
		"the second fails":           {parameters(operation("delete", "Patient.active"), operation("replace", "Patient.active", "value", `"valueBoolean":true`)), "/parameter/1/part/1", issue.NotFound},
		"another resource by a path": {parameters(operation("delete", "%resource.name.first().resolve()")), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := []byte(patient)
			_, err := pathpatch.Apply(context.Background(), text, c.patch)
			require.Equal(t, patient, string(text))
			if c.code == "" {
				return
			}
			var failed *pathpatch.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, c.pointer, failed.Pointer, failed.Reason)
			require.Equal(t, c.code, failed.Code)
		})
	}
}

// A patch that would cost too much ends.
func TestLimits(t *testing.T) {
	const patient = `{"resourceType":"Patient","name":[{"family":"A"},{"family":"B"}]}`
	var many []string
	for range pathpatch.MaxOperations + 1 {
		many = append(many, operation("delete", "Patient.active"))
	}
	var failed *pathpatch.Error
	_, err := pathpatch.Apply(context.Background(), []byte(patient), parameters(many...))
	require.ErrorAs(t, err, &failed)
	require.Equal(t, issue.TooCostly, failed.Code)
	costly := "Patient.name" + strings.Repeat(".select($this | $this.family | %resource.descendants())", 6)
	_, err = pathpatch.Apply(context.Background(), []byte(patient), parameters(operation("delete", costly)))
	require.ErrorAs(t, err, &failed)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = pathpatch.Apply(ctx, []byte(patient), parameters(many[0]))
	require.ErrorIs(t, err, context.Canceled)
}

// FuzzPatch has any patches applied: what one makes is JSON, or it is refused.
func FuzzPatch(f *testing.F) {
	const patient = `{"resourceType":"Patient","id":"a","active":true,"_active":{"id":"x"},"name":[{"family":"A","given":["B",null],"_given":[null,{"extension":[{"url":"u","valueCode":"c"}]}]}],"contact":[{"gender":"male"}]}`
	f.Add([]byte(patient), parameters(operation("delete", "Patient.contact.gender"), operation("move", "Patient.name.given", "source", `"valueInteger":1`, "destination", `"valueInteger":0`)))
	f.Add([]byte(patient), parameters(operation("add", "Patient.active", "name", `"valueString":"extension"`, "value", `"part":[{"name":"url","valueUri":"http://x"},{"name":"value","valueCode":"y"}]`)))
	f.Fuzz(func(t *testing.T, resource, patch []byte) {
		var doc fhirjson.Document
		if fhirjson.Parse(resource, &doc, &fhirjson.Options{Level: fhirjson.Minimal}) != nil {
			return
		}
		got, err := pathpatch.Apply(context.Background(), resource, patch)
		if err == nil {
			require.NoError(t, fhirjson.Parse(got, &doc, &fhirjson.Options{Level: fhirjson.Minimal, AnyNarrative: true}), "%s", got)
		}
	})
}
