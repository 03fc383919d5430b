package fhirproto_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/fhirlake/fhirlake/internal/fhirproto"
	"github.com/fhirlake/fhirlake/internal/schema"
)

const extended = `{"extension":[{"url":"urn:x","valueString":"a"}]}`

// jsonformat refuses these; the codec takes them and gives them back as they are.
var oracleRefuses = map[string]string{
	"a resource in Parameters": `{"resourceType":"Parameters","parameter":[{"name":"r","resource":` +
		`{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}],"active":true}}]}`,
	"null among dateTimes": `{"resourceType":"Observation","status":"final","code":{"text":"a"},"effectiveTiming":` +
		`{"event":[null,"2020-01-01T10:00:00Z"],"_event":[` + extended + `,null]}}`,
	"null among ids": `{"resourceType":"StructureDefinition","url":"a","name":"a","status":"draft","kind":"resource",` +
		`"abstract":false,"type":"a","snapshot":{"element":[{"path":"a","condition":[null,"b"],"_condition":[{"id":"p"},null]}]}}`,
	"null among integers": `{"resourceType":"Claim","status":"active","type":{"text":"a"},"use":"claim","patient":{"display":"a"},` +
		`"created":"2020","provider":{"display":"a"},"priority":{"text":"a"},"insurance":[{"sequence":1,"focal":true,` +
		`"coverage":{"display":"a"}}],"item":[{"sequence":1,"careTeamSequence":[null,1],"_careTeamSequence":[{"id":"p"},null],` +
		`"productOrService":{"text":"a"}}]}`,
	"a code without a value":     `{"resourceType":"Patient","_language":` + extended + `}`,
	"an oid without a value":     `{"resourceType":"Patient","extension":[{"url":"a","_valueOid":{"id":"o"}}]}`,
	"line breaks in base64":      `{"resourceType":"Binary","contentType":"text/plain","data":"AAAA\r\nBBBB\r\nCA=="}`,
	"a slash escaped in base64":  `{"resourceType":"Binary","contentType":"text/plain","data":"\/\/\/\/"}`,
	"a type that STU3 alone had": `{"resourceType":"Patient","managingOrganization":{"reference":"BodySite/1"}}`,
}

func TestOracleRefuses(t *testing.T) {
	for name, src := range oracleRefuses {
		t.Run(name, func(t *testing.T) {
			_, err := oracleProto(t, []byte(src))
			require.Error(t, err)
			requireRoundTrip(t, []byte(src))
		})
	}
}

// jsonformat takes these and gives back something else; the codec does not.
var oracleLoses = map[string]string{
	"id and extensions of a reference to a type": `{"resourceType":"Patient","managingOrganization":` +
		`{"reference":"Organization/1","_reference":{"id":"r","extension":[{"url":"urn:x","valueString":"a"}]}}}`,
	"id and extensions of a reference to a fragment": `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}],` +
		`"managingOrganization":{"reference":"#o","_reference":` + extended + `}}`,
	"false with an extension":            `{"resourceType":"Patient","active":false,"_active":` + extended + `}`,
	"zero with an extension":             `{"resourceType":"Patient","multipleBirthInteger":0,"_multipleBirthInteger":` + extended + `}`,
	"a reference with an empty version":  `{"resourceType":"Patient","managingOrganization":{"reference":"Organization/1/_history/"}}`,
	"a fraction of a second before 1677": `{"resourceType":"Patient","deceasedDateTime":"1582-10-15T12:00:00.123456Z"}`,
	"a fraction of a second after 2262":  `{"resourceType":"Patient","deceasedDateTime":"9999-12-31T23:59:59.999Z"}`,
}

func TestOracleLoses(t *testing.T) {
	for name, src := range oracleLoses {
		t.Run(name, func(t *testing.T) {
			m, err := oracleProto(t, []byte(src))
			if err == nil {
				json, err := oracleJSON(t, m)
				require.NoError(t, err)
				require.NotEqual(t, sortedText(t, []byte(src)), sortedText(t, json))
			}
			requireRoundTrip(t, []byte(src))
		})
	}
}

// What the protos cannot hold changes on the way, and is kept when the proto is
// stored again.
var changed = []struct{ name, json, becomes string }{
	{"digits of a fraction", `"deceasedDateTime":"2020-01-01T10:00:00.5Z"`, `"deceasedDateTime":"2020-01-01T10:00:00.500Z"`},
	{"many digits of a fraction", `"deceasedDateTime":"2020-01-01T10:00:00.1234567891Z"`, `"deceasedDateTime":"2020-01-01T10:00:00.123456Z"`},
	{"the zone -00:00", `"deceasedDateTime":"2020-01-01T10:00:00-00:00"`, `"deceasedDateTime":"2020-01-01T10:00:00+00:00"`},
	{"second 60", `"deceasedDateTime":"2016-12-31T23:59:60Z"`, `"deceasedDateTime":"2017-01-01T00:00:00Z"`},
	{"second 60 with a fraction", `"deceasedDateTime":"2016-12-31T18:59:60.25-05:00"`, `"deceasedDateTime":"2016-12-31T19:00:00.250-05:00"`},
	{"the integer -0", `"multipleBirthInteger":-0`, `"multipleBirthInteger":0`},
	{"white space without a rule", `"photo":[{"data":"AAAA BBBB  CCCC"}]`, `"photo":[{"data":"AAAABBBBCCCC"}]`},
	{"white space in one place", `"photo":[{"data":"AAAA BBBBCCCC"}]`, `"photo":[{"data":"AAAABBBBCCCC"}]`},
	{"white space at the end", `"photo":[{"data":"AAAA\n"}]`, `"photo":[{"data":"AAAA"}]`},
	{"bits that padding leaves unused", `"photo":[{"data":"AB=="}]`, `"photo":[{"data":"AA=="}]`},
}

func TestWhatProtosCannotHold(t *testing.T) {
	for _, c := range changed {
		t.Run(c.name, func(t *testing.T) {
			src := []byte(`{"resourceType":"Patient",` + c.json + `}`)
			m := toProto(t, src)
			fresh := toJSON(t, m)
			require.Equal(t, `{"resourceType":"Patient",`+c.becomes+`}`, fresh)
			require.True(t, proto.Equal(m, toProto(t, []byte(fresh))))
			require.Equal(t, string(src), string(fhirproto.AppendKept(nil, parse(t, src), parse(t, []byte(fresh)))))
		})
	}
}

// A time of day has a place for second 60 at midnight.
func TestLeapSecondOfADay(t *testing.T) {
	const question = `{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"a","answer":[{"valueTime":"`
	const end = `"}]}]}`
	require.Equal(t, question+"23:59:60"+end, toJSON(t, toProto(t, []byte(question+"23:59:60"+end))))
	require.Equal(t, question+"13:00:00"+end, toJSON(t, toProto(t, []byte(question+"12:59:60"+end))))
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct{ src, pointer, reason string }{
		"Extension.valueMeta": {
			`{"resourceType":"Patient","extension":[{"url":"a","valueMeta":{"id":"m"}}]}`,
			"/extension/0/valueMeta", "the proto has no place for valueMeta",
		},
		"a comparator of a SimpleQuantity": {
			`{"resourceType":"Substance","code":{"text":"a"},"instance":[{"quantity":{"value":1,"comparator":"<"}}]}`,
			"/instance/0/quantity/comparator", "the proto has no place for comparator in a SimpleQuantity",
		},
		"an extension that the protos keep": {
			`{"resourceType":"Patient","birthDate":"2020","_birthDate":{"extension":[{"url":"` + fhirproto.NoValueURL + `","valueBoolean":true}]}}`,
			"/_birthDate/extension/0", "the URL of the extension is kept for the proto's own use",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fhirproto.AppendWire(nil, parse(t, []byte(c.src)))
			var e *fhirproto.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.pointer, e.Pointer)
			require.Equal(t, c.reason, e.Reason)
		})
	}
}

func TestTypesOfReferences(t *testing.T) {
	for _, r := range schema.ReferenceTypes {
		for _, reference := range []string{r.Name + "/a", r.Name + "/a/_history/b"} {
			requireAgreement(t, []byte(`{"resourceType":"Patient","managingOrganization":{"reference":"`+reference+`"}}`))
		}
	}
}
