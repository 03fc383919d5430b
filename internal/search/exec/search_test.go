package exec_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

const patients = `
{"resourceType":"Patient","id":"ohara","name":[{"family":"O'Hara  van der Berg","given":["Zoë","Ann"],"prefix":["Dr."]}],"gender":"female","birthDate":"1980-02-03","telecom":[{"system":"phone","value":"555-1"},{"system":"email","value":"Zoe@Example.org"}],"active":true}
{"resourceType":"Patient","id":"muller","name":[{"text":"Jörg Müller","family":"Müller"}],"gender":"male","birthDate":"1975","deceasedDateTime":"2020-01-01","identifier":[{"system":"urn:mrn","value":"A1"},{"value":"B2"}],"generalPractitioner":[{"reference":"Practitioner/p1"}],"managingOrganization":{"reference":"https://example.org/fhir/Organization/o1"}}
{"resourceType":"Patient","id":"plain","meta":{"tag":[{"system":"urn:tag","code":"X"}],"profile":["http://example.org/p|1.0"]},"generalPractitioner":[{"identifier":{"system":"urn:npi","value":"9"}}],"managingOrganization":{"reference":"Organization/o1/_history/3"}}
`

func TestMatches(t *testing.T) {
	s := newStore(t)
	s.put(lines(patients)...)
	for _, c := range []struct{ query, want string }{
		{"", "plain muller ohara"},
		{"name=ohara", "ohara"},
		{"name=O'HARA%20van", "ohara"},
		{"name=van", "ohara"},
		{"family=van", "ohara"},
		{"family:contains=der+b", "ohara"},
		{"name=zoe", "ohara"},
		{"name:exact=zoe", ""},
		{"given:exact=Zo%C3%AB", "ohara"},
		{"name=muller", "muller"},
		{"name=M%C3%BCLL,zoe", "muller ohara"},
		{"name=zoe&name=ann", "ohara"},
		{"gender=male", "muller"},
		{"gender=http://hl7.org/fhir/administrative-gender|male", "muller"},
		{"gender=MALE", ""},
		{"gender:not=male", "plain ohara"},
		{"gender:missing=true", "plain"},
		{"gender:missing=false", "muller ohara"},
		{"email=zoe@example.org", "ohara"},
		{"phone=zoe@example.org", ""},
		{"telecom=555-1", "ohara"},
		{"active=true", "ohara"},
		{"deceased=true", "muller"},
		{"deceased=false", "plain ohara"},
		{"identifier=a1", "muller"},
		{"identifier=urn:mrn|A1", "muller"},
		{"identifier=|B2", "muller"},
		{"identifier=|A1", ""},
		{"identifier=urn:mrn|", "muller"},
		{"birthdate=1980", "ohara"},
		{"birthdate=1980-02-03", "ohara"},
		{"birthdate=1975-01", ""},
		{"birthdate=ge1975-06", "muller ohara"},
		{"birthdate=ne1980-02-03", "muller"},
		{"birthdate=sa1975", "ohara"},
		{"general-practitioner=Practitioner/p1", "muller"},
		{"general-practitioner=p1", "muller"},
		{"general-practitioner:Practitioner=p1", "muller"},
		{"general-practitioner:identifier=urn:npi|9", "plain"},
		{"organization=o1", "plain muller"},
		{"organization=https://example.org/fhir/Organization/o1", "plain muller"},
		{"_tag=urn:tag|x", "plain"},
		{"_profile=http://example.org/p", "plain"},
		{"_profile=http://example.org/p|1.0", "plain"},
		{"_profile=http://example.org/p|2.0", ""},
		{"_id=plain,ohara", "plain ohara"},
		{"_lastUpdated=gt2024", ""},
		{"_lastUpdated=2024-06-01", "plain muller ohara"},
		{"_sort=birthdate", "muller ohara plain"},
		{"_sort=-birthdate", "ohara muller plain"},
		{"_sort=gender,-_id", "ohara muller plain"},
		{"_sort=_id", "muller ohara plain"},
		{"_sort=family", "muller ohara plain"},
		{"name=", "plain muller ohara"},
	} {
		t.Run(c.query, func(t *testing.T) {
			ids, r := s.search("Patient", c.query)
			assert.Equal(t, c.want, words(ids))
			assert.Equal(t, len(ids), r.Total)
		})
	}
}
