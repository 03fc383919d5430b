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
		{`gender eq male and birthdate gt 2000 or _id eq none`, "none peter"}, {` ( ( active eq true ) ) `, "ann"}, {`_has:Observation:subject:code eq 9`, "peter"}, {`_tag pr false and not (name pr true)`, "none"}, {`link.gender eq female`, "peter"}, {`link[gender eq female].given sw ann`, "peter"}, {`link[gender eq male].given sw ann`, ""},
		{``, "none peter ann"}, {`name`, refused}, {`name co`, refused}, {`name xx pet`, refused}, {`co pet`, refused}, {`nonsense eq 1`, refused}, {`(name co pet`, refused}, {`name co pet)`, refused}, {`name co "pet`, refused}, {`name co "\x"`, refused}, {`name co pet and`, refused}, {`and name co pet`, refused},
		{`not name co pet`, refused}, {`birthdate co 2014`, ""}, {`birthdate eq gt2014`, refused}, {`gender pr maybe`, refused}, {`gender co male`, refused}, {`name po a`, refused}, {`gender[name pr true].x eq 1`, refused}, {`link[gender eq male] re x`, refused}, {`link[gender eq male`, refused},
		{`given:exact eq Peter`, refused}, {`_text eq x`, refused}, {`given eq ","`, ""}, {`name co ""`, refused}, {`_lastUpdated po 2026`, "none peter ann"}, {`_lastUpdated po 2025`, ""}, {`_lastUpdated co 2026`, ""}, {`_lastUpdated co 2026-11-23T10:00:00.000001Z`, ""}, {`gender eq male name co pet`, refused},
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

// filterOperations are all that FHIR R4 §3.1.3.2 has.
var filterOperations = []string{"eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "ap", "sa", "eb", "pr", "po", "ss", "sb", "in", "ni", "re"}

// Every operation on every type of parameter; one that is not listed means nothing
// there and is refused.
func TestFilterOperations(t *testing.T) {
	observation := func(id, code, rest string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"` + code + `"}]}` + rest + `}`
	}
	store := filled(t, nil,
		`{"resourceType":"Patient","id":"ann","name":[{"family":"Ängström Øre"}],"birthDate":"1980-05-01"}`, `{"resourceType":"Patient","id":"bob","name":[{"family":"Miller"}],"birthDate":"1990"}`, `{"resourceType":"Patient","id":"none"}`,
		`{"resourceType":"RiskAssessment","id":"half","status":"final","subject":{"reference":"Patient/ann"},"prediction":[{"probabilityDecimal":0.50}]}`,
		`{"resourceType":"RiskAssessment","id":"range","status":"final","subject":{"reference":"Patient/bob"},"prediction":[{"probabilityRange":{"low":{"value":0.4},"high":{"value":0.9}}}]}`,
		`{"resourceType":"CodeSystem","id":"loinc","url":"http://loinc.org","status":"active","content":"complete","concept":[{"code":"top","concept":[{"code":"low"}]}]}`,
		`{"resourceType":"ValueSet","id":"vs","url":"http://x.org/vs","status":"active","compose":{"include":[{"system":"http://loinc.org","concept":[{"code":"low"}]}]}}`,
		observation("low", "low", `,"valueQuantity":{"value":5,"system":"http://unitsofmeasure.org","code":"mg"},"subject":{"reference":"Patient/ann"}`),
		observation("top", "top", `,"valueQuantity":{"value":7,"system":"http://unitsofmeasure.org","code":"mg"},"subject":{"reference":"http://elsewhere.org/Patient/1"}`),
		`{"resourceType":"Observation","id":"bare","status":"final","code":{"text":"x"}}`,
	)
	for _, c := range []struct {
		typ, param, other string // other is a value for the operations that do not fit
		fit               map[string]rule
	}{
		{"Patient", "family", "a", map[string]rule{
			"eq": {`"ANGSTROM ore"`, "ann"}, "ne": {"miller", "ann"}, "co": {"ill", "bob"}, "sw": {"ang", "ann"}, "ew": {"ore", "ann"}, "pr": {"true", "bob ann"},
			"gt": {`"angstrom ore"`, "bob"}, "lt": {"miller", "ann"}, "ge": {"miller", "bob"}, "le": {"miller", "bob ann"},
		}},
		{"RiskAssessment", "probability", "0.5", map[string]rule{
			"eq": {"0.5", "half"}, "ne": {"0.5", "range"}, "co": {"0.5", "range half"}, "gt": {"0.5", "range"}, "lt": {"0.5", "range"}, "ge": {"0.5", "range half"}, "le": {"0.5", "range half"},
			"ap": {"0.49", "range half"}, "sa": {"0.3", "range half"}, "eb": {"0.9", "half"}, "pr": {"true", "range half"},
		}},
		{"Patient", "birthdate", "1980", map[string]rule{
			"eq": {"1980", "ann"}, "ne": {"1980-05-01", "bob"}, "co": {"1990-07", "bob"}, "gt": {"1980", "bob"}, "lt": {"1990-02", "bob ann"}, "ge": {"1990", "bob"}, "le": {"1980", "ann"},
			"ap": {"1980", "ann"}, "sa": {"1989", "bob"}, "eb": {"1990", "ann"}, "pr": {"false", "none"}, "po": {"1990-12-31", "bob"},
		}},
		{"Observation", "code", "http://loinc.org|low", map[string]rule{
			"eq": {"loinc|low", "low"}, "ne": {"low", "bare top"}, "pr": {"true", "bare top low"}, "ss": {"loinc|top", "top low"}, "sb": {"loinc|low", "top low"}, "in": {"http://x.org/vs", "low"}, "ni": {"ValueSet/vs", "bare top"},
		}},
		{"Observation", "subject", "Patient/ann", map[string]rule{
			"eq": {"ann", "low"}, "ne": {"Patient/ann", "top"}, "pr": {"false", "bare"}, "re": {"http://elsewhere.org/Patient/1", "top"},
		}},
		{"Observation", "value-quantity", "5", map[string]rule{
			"eq": {"5|ucum|mg", "low"}, "ne": {"5", "top"}, "gt": {"5", "top"}, "lt": {"7", "low"}, "ge": {"5", "top low"}, "le": {"5", "low"}, "ap": {"5.2", "low"}, "sa": {"5", "top"}, "eb": {"7", "low"}, "pr": {"true", "top low"},
		}},
		{"CodeSystem", "url", "http://loinc.org", map[string]rule{
			"eq": {"http://loinc.org", "loinc"}, "ne": {"http://x.org", "loinc"}, "pr": {"true", "loinc"}, "ss": {"http://loinc.org", "loinc"}, "sb": {"http://loinc.org/vs", "loinc"},
		}},
		{"Observation", "code-value-quantity", "low$5", map[string]rule{"eq": {"loinc|low$5|ucum|mg", "low"}}},
	} {
		for _, op := range filterOperations {
			row, fits := c.fit[op]
			if !fits {
				row = rule{c.other, refused}
			}
			assert.Equal(t, row.found, find(t, store, c.typ, "_filter="+c.param+" "+op+" "+row.query), "%s %s", c.param, op)
		}
	}
}

// What filters have beside parameters, and where they stand.
func TestRulesOfFilterPaths(t *testing.T) {
	store := filled(t, nil,
		`{"resourceType":"Patient","id":"ann","gender":"female","name":[{"family":"A"}]}`, `{"resourceType":"Patient","id":"bob","gender":"male","name":[{"family":"B"}]}`,
		`{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"code":"x"}]},"subject":{"reference":"Patient/ann"}}`,
		`{"resourceType":"Observation","id":"o2","status":"final","code":{"coding":[{"code":"y"}]},"subject":{"reference":"Patient/bob"},"hasMember":[{"reference":"Observation/o1"}]}`,
		`{"resourceType":"Group","id":"g","type":"person","actual":true,"characteristic":[{"code":{"coding":[{"code":"sex"}]},"valueCodeableConcept":{"coding":[{"code":"f"}]},"exclude":false},{"code":{"coding":[{"code":"blood"}]},"valueBoolean":true,"exclude":false}]}`,
		`{"resourceType":"DocumentReference","id":"d","status":"current","content":[{"attachment":{"title":"x"}}],"relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/1"}},{"code":"appends","target":{"reference":"DocumentReference/2"}}]}`,
	)
	filters := func(typ string, rules ...rule) {
		for _, r := range rules {
			assert.Equal(t, r.found, find(t, store, typ, "_filter="+r.query), r.query)
		}
	}
	filters("Patient",
		rule{`_has:Observation:patient:code eq x`, "ann"}, rule{`not (_has:Observation:patient:code eq x) and gender pr true`, "bob"}, rule{`_has:Observation:subject:_has:Observation:has-member:code eq y`, "ann"},
		rule{`_has:Observation:patient:has-member.code eq x`, "bob"}, rule{`_has:Observation:patient:has-member[status eq final].subject.family sw a`, "bob"},
		rule{`_has:Observation:nonsense:code eq x`, refused}, rule{`_has:Nonsense:subject:code eq x`, refused}, rule{`_has:Observation:code:code eq x`, refused}, rule{`_has:Observation:patient eq x`, refused}, rule{`_has:Observation:patient: eq x`, refused}, rule{`_has:Observation:patient:subject[gender eq male] re x`, refused},
		rule{`gender eq female or gender eq male and family eq b`, "bob"}, rule{`family eq b and gender eq female or gender eq male`, "bob"}, rule{`gender eq male or (gender eq female and family eq b)`, "bob"}, rule{`not(gender eq male) or family eq b`, "bob ann"}, rule{`not (gender eq male) and family eq b`, ""},
	)
	filters("Observation",
		rule{`subject._has:Observation:subject:has-member._id eq o1`, "o2"}, rule{`has-member[code eq x and subject.family sw a].status eq final`, "o2"}, rule{`has-member[code eq x and subject.family sw b].status eq final`, ""}, rule{`subject:Patient[gender eq male].family ge b`, "o2"},
	)
	filters("Group",
		rule{`characteristic[code eq sex].value eq f`, "g"}, rule{`characteristic[code eq blood].value eq true`, "g"}, rule{`characteristic[value eq f].code eq sex`, "g"}, rule{`characteristic[code eq blood].value eq f`, ""}, rule{`characteristic eq sex`, "g"},
		rule{`characteristic[code eq sex].code eq sex`, refused}, rule{`characteristic[code eq sex].size eq 1`, refused}, rule{`characteristic[code eq sex or code eq x].value eq f`, refused}, rule{`characteristic[code ne sex].value eq f`, refused}, rule{`characteristic[code eq sex].value.x eq f`, refused}, rule{`characteristic[code eq sex] eq f`, refused},
	)
	filters("DocumentReference",
		rule{`relatesTo[code eq replaces].target re DocumentReference/1`, "d"}, rule{`relatesTo[code eq replaces].target eq 2`, ""}, rule{`relatesTo[target re DocumentReference/2].code eq appends`, "d"}, rule{`relatesTo.code eq appends`, refused},
	)
}
