package datastore_test

import (
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/assert"
)

// FHIR R4 §3.1.3.
func TestRulesOfFilters(t *testing.T) {
	store := filled(t, nil,
		`{"resourceType":"Patient","id":"ann","name":[{"family":"Peterson","given":["Ann Marie"]}],"gender":"female","birthDate":"1980-05-01","active":true}`,
		`{"resourceType":"Patient","id":"peter","name":[{"family":"O'Hara van Dyk","given":["Peter"]}],"gender":"male","birthDate":"2014-10-10","link":[{"other":{"reference":"Patient/ann"},"type":"seealso"}]}`,
		`{"resourceType":"Patient","id":"none"}`,
		`{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1234-5"}]},"subject":{"reference":"Patient/ann"},"valueQuantity":{"value":5.4,"unit":"mg","system":"urn:u","code":"mg"}}`,
		`{"resourceType":"Observation","id":"o2","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"9"}]},"subject":{"reference":"Patient/peter"},"valueQuantity":{"value":150,"unit":"mg"},"effectivePeriod":{"start":"2020-03-01","end":"2020-03-20"}}`,
		`{"resourceType":"Observation","id":"o3","status":"final","code":{"text":"a (b)"},"hasMember":[{"reference":"Observation/o1"}]}`,
		`{"resourceType":"ValueSet","id":"vs","url":"http://x.org/vs","status":"active","compose":{"include":[{"system":"http://loinc.org","concept":[{"code":"9"}]}]}}`,
	)
	filter := func(rules []rule) []rule {
		for i := range rules {
			rules[i].query = "_filter=" + rules[i].query
		}
		return rules
	}
	ordered(t, store, "Patient", filter([]rule{
		{`name co "pet"`, "peter ann"}, {`given eq "peter" and birthdate ge 2014-10-10`, "peter"}, {`given eq PETER`, "peter"}, {`given eq "pete"`, ""}, {`family eq ohara`, ""}, {`family eq "o'hara van dyk"`, "peter"}, {`family eq van`, ""},
		{`given sw ann`, "ann"}, {`given ew marie`, "ann"}, {`family ew dyk`, "peter"}, {`family ew van`, ""}, {`given co "n m"`, "ann"}, {`family ne "peterson"`, "peter"}, {`gender ne male`, "ann"}, {`gender eq male`, "peter"},
		{`birthdate lt 2000`, "ann"}, {`birthdate ne 1980-05-01`, "peter"}, {`birthdate eq 1980`, "ann"}, {`birthdate sa 1980 and birthdate eb 2020`, "peter"}, {`birthdate po 1980-05`, "ann"}, {`_id eq ann or _id eq none`, "none ann"}, {`_lastUpdated ge 2026`, "none peter ann"},
		{`gender pr true`, "peter ann"}, {`gender pr false`, "none"}, {`not (gender eq male)`, "none ann"}, {`not(gender eq male or given sw ann)`, "none"}, {`not (not (gender eq male))`, "peter"}, {`link re Patient/ann`, "peter"}, {`link eq ann`, "peter"}, {`link ne Patient/x`, "peter"},
		{`gender eq male or gender eq female and birthdate gt 2000`, "peter"}, {`gender eq female or (gender eq male and birthdate gt 2000)`, "peter ann"}, {`(gender eq female or gender eq male) and birthdate gt 2000`, "peter"},
		{`gender eq male and birthdate gt 2000 or _id eq none`, "none peter"}, {` ( ( active eq true ) ) `, "ann"}, {`_has:Observation:subject:code eq 9`, refused}, {`_tag pr false and not (name pr true)`, "none"}, {`link.gender eq female`, "peter"}, {`link[gender eq female].given sw ann`, "peter"}, {`link[gender eq male].given sw ann`, ""},
		{``, "none peter ann"}, {`name`, refused}, {`name co`, refused}, {`name xx pet`, refused}, {`co pet`, refused}, {`nonsense eq 1`, refused}, {`(name co pet`, refused}, {`name co pet)`, refused}, {`name co "pet`, refused}, {`name co "\x"`, refused}, {`name co pet and`, refused}, {`and name co pet`, refused},
		{`not name co pet`, refused}, {`birthdate co 2014`, refused}, {`birthdate eq gt2014`, refused}, {`gender pr maybe`, refused}, {`gender co male`, refused}, {`name gt a`, refused}, {`gender[name pr true].x eq 1`, refused}, {`link[gender eq male] re x`, refused}, {`link[gender eq male`, refused},
		{`given:exact eq Peter`, refused}, {`_text eq x`, refused}, {`given eq ","`, ""}, {`name co ""`, refused}, {`_lastUpdated po 2026`, refused}, {`gender eq male name co pet`, refused},
	}))
	ordered(t, store, "Observation", filter([]rule{
		{`code eq http://loinc.org|1234-5`, "o1"}, {`code eq "http://loinc.org|1234-5"`, "o1"}, {`subject.name co "pet"`, "o2 o1"}, {`subject:Patient.given sw ann`, "o1"}, {`subject:Device.given sw ann`, refused}, {`subject[gender eq male].name co pet`, "o2"}, {`patient[gender eq male or birthdate lt 1990].name co pet`, "o2 o1"},
		{`value-quantity lt 5.5|urn:u|mg`, "o1"}, {`value-quantity ge 5.4||mg`, "o2 o1"}, {`code-value-quantity eq "1234-5$5.4"`, "o1"}, {`date po 2020-03-20`, "o2"}, {`date po 2020-02`, ""}, {`date eq 2020-03`, "o2"}, {`code in http://x.org/vs`, "o2"}, {`code ni http://x.org/vs`, "o3 o1"},
		{`code ss urn:x|y`, refused}, {`has-member.subject.name co peterson`, "o3"}, {`has-member[code eq 1234-5].status eq final`, "o3"},
	}))
	ordered(t, store, "Observation", []rule{
		{"_filter=code eq 9&subject:Patient.gender=male", "o2"}, {"_filter=code eq 9&_filter=code eq 1234-5", ""}, {"subject:Patient._filter=gender eq male", "o2"}, {"_filter=value-quantity pr true&_sort=-value-quantity", "o2 o1"},
	})
	ordered(t, store, "ValueSet", filter([]rule{{`url eq http://x.org/vs`, "vs"}, {`url ss http://x.org`, "vs"}, {`url sb http://x.org/vs/a`, "vs"}, {`url ne http://x.org/vs`, ""}}))
	ordered(t, store, "", []rule{{"_filter=_id eq ann or _id eq o1", "o1 ann"}, {"_type=Patient,Observation&_filter=not (_id eq ann)", "o3 o2 o1 none peter"}})
	page, err := store.Search(ctx, "Patient", encoded(`_filter=given eq "peter"`))
	assert.NoError(t, err)
	assert.Equal(t, "_filter=given+eq+%22peter%22", page.Self)
	for _, absurd := range []string{strings.Repeat("_id eq a or ", 300) + "_id eq a", strings.Repeat("(", 100_000), strings.Repeat("not(", 40) + "_id eq a", strings.Repeat("link.", 20) + "_id eq a"} {
		_, err = store.Search(ctx, "Patient", encoded("_filter="+absurd))
		assert.ErrorIs(t, err, datastore.ErrTooCostly)
	}
}
