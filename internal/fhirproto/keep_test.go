package fhirproto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirproto"
)

func TestKept(t *testing.T) {
	for name, c := range map[string]struct{ stored, fresh, want string }{
		"same": {
			`"deceasedDateTime":"2020-01-01T00:00:00.1-00:00"`, `"deceasedDateTime":"2020-01-01T00:00:00.100+00:00"`,
			`"deceasedDateTime":"2020-01-01T00:00:00.1-00:00"`,
		},
		"another value": {
			`"deceasedDateTime":"2020-01-01T00:00:00.1Z"`, `"deceasedDateTime":"2020-01-01T00:00:00.200Z"`,
			`"deceasedDateTime":"2020-01-01T00:00:00.200Z"`,
		},
		"another zone": {
			`"deceasedDateTime":"2020-01-01T00:00:00.1Z"`, `"deceasedDateTime":"2020-01-01T01:00:00.100+01:00"`,
			`"deceasedDateTime":"2020-01-01T01:00:00.100+01:00"`,
		},
		"another precision": {
			`"deceasedDateTime":"2020-01-01T00:00:00.1Z"`, `"deceasedDateTime":"2020-01-01T00:00:00.100000Z"`,
			`"deceasedDateTime":"2020-01-01T00:00:00.100000Z"`,
		},
		"another alternative": {
			`"deceasedBoolean":true`, `"deceasedDateTime":"2020-01-01T00:00:00.100Z"`,
			`"deceasedDateTime":"2020-01-01T00:00:00.100Z"`,
		},
		"elements put in and taken out": {
			`"active":true,"multipleBirthInteger":-0,"photo":[{"data":"AB==","title":"a"}]`,
			`"gender":"male","multipleBirthInteger":0,"photo":[{"data":"AA=="},{"data":"AA=="}],"link":[{"other":{"display":"b"},"type":"refer"}]`,
			`"gender":"male","multipleBirthInteger":-0,"photo":[{"data":"AB=="},{"data":"AA=="}],"link":[{"other":{"display":"b"},"type":"refer"}]`,
		},
		"only what stands at the same place": {
			`"photo":[{"creation":"2020-01-01T00:00:00.1Z"},{"creation":"2021-01-01T00:00:00.1Z"}]`,
			`"photo":[{"creation":"2021-01-01T00:00:00.100Z"},{"creation":"2021-01-01T00:00:00.100Z"}]`,
			`"photo":[{"creation":"2021-01-01T00:00:00.100Z"},{"creation":"2021-01-01T00:00:00.1Z"}]`,
		},
		"in extensions of primitives": {
			`"_birthDate":{"extension":[{"url":"a","valueTime":"10:00:00.0"}]}`,
			`"birthDate":"2020","_birthDate":{"extension":[{"url":"a","valueTime":"10:00:00.000"}]}`,
			`"birthDate":"2020","_birthDate":{"extension":[{"url":"a","valueTime":"10:00:00.0"}]}`,
		},
		"in contained resources of one type": {
			`"contained":[{"resourceType":"Patient","deceasedDateTime":"2020-01-01T00:00:00.1Z"},{"resourceType":"Organization","name":"a"}]`,
			`"contained":[{"resourceType":"Patient","deceasedDateTime":"2020-01-01T00:00:00.100Z"},{"resourceType":"Patient","deceasedDateTime":"2020-01-01T00:00:00.100Z"}]`,
			`"contained":[{"resourceType":"Patient","deceasedDateTime":"2020-01-01T00:00:00.1Z"},{"resourceType":"Patient","deceasedDateTime":"2020-01-01T00:00:00.100Z"}]`,
		},
		"escapes are no difference": {
			`"photo":[{"data":"\/\/\/\/"}]`, `"photo":[{"data":"////"}]`, `"photo":[{"data":"\/\/\/\/"}]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			resource := func(s string) []byte { return []byte(`{"resourceType":"Patient",` + s + `}`) }
			got := fhirproto.AppendKept(nil, parse(t, resource(c.stored)), parse(t, resource(c.fresh)))
			require.Equal(t, string(resource(c.want)), string(got))
		})
	}
	patient := parse(t, []byte(`{"resourceType":"Patient","id":"a"}`))
	other := parse(t, []byte(`{"resourceType":"Basic","id":"a","code":{"text":"a"}}`))
	require.Equal(t, string(other.Source), string(fhirproto.AppendKept(nil, patient, other)))
}
