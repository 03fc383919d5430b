package exec_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// A rule is a query that must or must not find one resource.
type rule struct {
	query string
	found bool
}

func checkRules(t *testing.T, typ, source string, rules []rule) {
	s := newStore(t)
	s.put(source)
	for _, r := range rules {
		ids, _ := s.search(typ, r.query)
		assert.Equal(t, r.found, len(ids) == 1, r.query)
	}
}

// FHIR R4 §3.1.1.4.7, and the table of prefixes in §3.1.1.4.5.
func TestDates(t *testing.T) {
	period := func(start, end string) string {
		return fmt.Sprintf(`{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"x"},"period":{%s}}`,
			map[bool]string{true: `"start":"` + start + `"`}[start != ""]+map[bool]string{true: ","}[start != "" && end != ""]+
				map[bool]string{true: `"end":"` + end + `"`}[end != ""])
	}
	checkRules(t, "Encounter", period("2013-01-14", "2013-01-20"), []rule{
		{"date=2013-01", true}, {"date=2013-01-14", false}, {"date=ne2013-01-14", true}, {"date=ne2013", false},
		{"date=gt2013-01-19", true}, {"date=gt2013-01-20", false}, {"date=lt2013-01-15", true}, {"date=lt2013-01-14", false},
		{"date=ge2013-01-20", false}, {"date=ge2013-01", true}, {"date=le2013-01-14", false}, {"date=le2013", true},
		{"date=sa2013-01-13", true}, {"date=sa2013-01-14", false}, {"date=eb2013-01-21", true}, {"date=eb2013-01-20", false},
		{"date=ap2013-01-25", true}, {"date=2013-01-14,2013", true}, {"date=gt2013-01-15&date=lt2013-01-16", true},
	})
	checkRules(t, "Encounter", period("2013-01-14T10:00:00+02:00", ""), []rule{
		{"date=2013", false}, {"date=gt2099", true}, {"date=lt2013-01-14T08:00:00Z", false}, {"date=lt2013-01-14T08:00:01Z", true},
		{"date=sa2013-01-14T07:59:59Z", true}, {"date=sa2013-01-14T08:00Z", false}, {"date=eb2099", false},
		{"date=lt2013-01-14T10:00:01%2B02:00", true}, {"date=lt2013-01-14T10:00:01+02:00", true},
	})
	checkRules(t, "Encounter", period("", "2013"), []rule{
		{"date=eb2014", true}, {"date=eb2013-06", false}, {"date=lt1900", true}, {"date=gt2013-06", true}, {"date:missing=true", false},
	})
	checkRules(t, "Patient", `{"resourceType":"Patient","id":"p","birthDate":"2013-02-28"}`, []rule{
		{"birthdate=2013-02-28", true}, {"birthdate=2013", true}, {"birthdate=2013-02-28T10:00", false},
		{"birthdate=ge2013-02-28", true}, {"birthdate=gt2013-02-28", false}, {"birthdate=gt2013-02-28T10:00", true},
		{"birthdate=le2013-02-28", true}, {"birthdate=lt2013-02-28T10:00", true},
	})
}

// FHIR R4 §3.1.1.4.5 and §3.1.1.4.11.
func TestNumbersAndQuantities(t *testing.T) {
	quantity := func(value string) string {
		return `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{` + value + `}}`
	}
	checkRules(t, "Observation", quantity(`"value":100.0,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"`), []rule{
		{"value-quantity=100", true}, {"value-quantity=100.00", true}, {"value-quantity=99.5", false}, {"value-quantity=1e2", true},
		{"value-quantity=9e1", false}, {"value-quantity=ne100", false}, {"value-quantity=ne99", true},
		{"value-quantity=gt100", false}, {"value-quantity=gt99.99", true}, {"value-quantity=ge100", true}, {"value-quantity=lt100.01", true},
		{"value-quantity=le100", true}, {"value-quantity=sa99", true}, {"value-quantity=eb101", true}, {"value-quantity=ap109", true},
		{"value-quantity=ap120", false}, {"value-quantity=100|http://unitsofmeasure.org|mg", true}, {"value-quantity=100||mg", true},
		{"value-quantity=100||g", false}, {"value-quantity=100|urn:x|mg", false}, {"value-quantity=-100", false}, {"value-quantity=5,100", true},
		{"value-quantity=gt.5", true}, {"value-quantity=lt.5", false}, {"value-quantity=ge100.", true},
	})
	checkRules(t, "Observation", quantity(`"value":99.5`), []rule{
		{"value-quantity=100", true}, {"value-quantity=99", false}, {"value-quantity=1e2", true}, {"value-quantity=1.0e2", true}, {"value-quantity=1.00e2", true},
	})
	checkRules(t, "Observation", quantity(`"value":5,"comparator":"<"`), []rule{
		{"value-quantity=lt1", true}, {"value-quantity=5", false}, {"value-quantity=gt4", true}, {"value-quantity=gt5", false}, {"value-quantity=eb6", true},
	})
	// Decimals that are one float64.
	checkRules(t, "Observation", quantity(`"value":0.10000000000000000001`), []rule{
		{"value-quantity=gt0.1", true}, {"value-quantity=gt0.10000000000000000001", false}, {"value-quantity=lt0.10000000000000000002", true},
		{"value-quantity=ge0.10000000000000000001", true}, {"value-quantity=ge0.10000000000000000002", false},
	})
	checkRules(t, "RiskAssessment", `{"resourceType":"RiskAssessment","id":"r","status":"final","subject":{"reference":"Patient/1"},"prediction":[{"probabilityDecimal":0.8}]}`, []rule{
		{"probability=0.8", true}, {"probability=gt0.8", false}, {"probability=0.80", true}, {"probability=0.81", false}, {"probability=1", true},
	})
}

func TestStringsAndEscapes(t *testing.T) {
	checkRules(t, "Patient", `{"resourceType":"Patient","id":"p","name":[{"family":"O’Hara-Smith","given":["José  María","a,b$c|d\\e"]}],"address":[{"line":["1, Main St."],"city":"Zürich"}]}`, []rule{
		{"family=oharas", true}, {"family=" + url.QueryEscape("O'HARA"), true}, {"given=jose+maria", true}, {"given:exact=Jos%C3%A9++Mar%C3%ADa", true},
		{"given:exact=jos%C3%A9++Mar%C3%ADa", false}, {"given:contains=e+m", true}, {"address=1+main", true}, {"address-city=ZURICH", true},
		{"given:exact=" + url.QueryEscape(`a\,b\$c\|d\\e`), true}, {"given:exact=" + url.QueryEscape(`a,b`), false},
		{"given:contains=d%5Ce", true}, {"given=abcde", false}, {"given=ab%5C$c", true}, {"phonetic=jose", true},
	})
	// What folding leaves nothing of is compared as it is written.
	checkRules(t, "Patient", `{"resourceType":"Patient","id":"p","name":[{"family":"Smith-Jones","given":["A & B","O’Hara"]}],"address":[{"city":"St. John"}],
		"contained":[{"resourceType":"Organization","id":"o","name":"R&D"}],"managingOrganization":{"reference":"#o"}}`, []rule{
		{"name=-", true}, {"name:contains=-", true}, {"family=-", true}, {"given=-", false}, {"name:exact=-", false}, {"name=%26", true}, {"name:contains=%26", true},
		{"name:contains=!", false}, {"name=!", false}, {"name=...", false}, {"address-city=.", true}, {"address-city:contains=.", true}, {"address-city=..", false}, {"address=.,!", true},
		{"name=!,smith", true}, {"name=!,-", true}, {"name=!,jo", false}, {"given=%E2%80%99", true}, {"given='", false}, {"given=%20", true}, {"address-city=%20.", false},
		{"name=-&gender=male", false}, {"organization.name=%26", true}, {"organization.name=!", false}, {"organization.name:contains=%26", true},
		{"_filter=" + url.QueryEscape(`family co "-"`), true}, {"_filter=" + url.QueryEscape(`family co "!"`), false}, {"_filter=" + url.QueryEscape(`family eq "-"`), false},
		{"_filter=" + url.QueryEscape(`family ne "-"`), true}, {"_filter=" + url.QueryEscape(`family ew "-"`), false}, {"_filter=" + url.QueryEscape(`family sw "-"`), false},
		{"_filter=" + url.QueryEscape(`family sw "smith-j"`), true}, {"_filter=" + url.QueryEscape(`family ew "-jones"`), true},
	})
	for in, want := range map[string]string{
		"": "", " ": "", "Ånn": "ann", "a\t\nb ": "a b", "ﬁ": "fi", "Ω": "ω", "e\u0301": "e", "--": "", "A1+": "a1+", "İ": "i",
	} {
		assert.Equal(t, want, param.Fold(in), in)
		assert.Equal(t, param.Fold(in), param.Fold(param.Fold(in)), in)
	}
	for c := range byte(0x80) {
		assert.Equal(t, plainText("x"+string(rune(c))+"y"), param.Fold("x"+string(rune(c))+"y"), "byte %d", c)
	}
}

func TestTokens(t *testing.T) {
	checkRules(t, "Patient", `{"resourceType":"Patient","id":"p","identifier":[{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}],"text":"Medical Récord"},"system":"urn:mrn","value":"12|3X"}],
		"maritalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M"},{"system":"urn:y"}]},"communication":[{"language":{"coding":[{"system":"urn:l","code":"EN","display":"Énglish"}]}}]}`, []rule{
		{`identifier=12\|3x`, true}, {`identifier=urn:mrn|12\|3X`, true}, {"identifier:text=medical+rec", true}, {"identifier:text=record", false},
		{`identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|mr|12\|3x`, true}, {`identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|12`, false},
		{`identifier:of-type=urn:z|MR|12\|3X`, false}, {"language=en", true}, {"language=urn:l|en", true}, {"language:text=english", true}, {"language:not=en", false}, {"language:not=fr", true},
	})
	checkRules(t, "Condition", `{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M"},{"system":"urn:y"}]}}`, []rule{
		{"code=M", true}, {"code=m", false}, {"code=urn:y|", true}, {"code=|M", false}, {"code=urn:y|M", false}, {"code:missing=false", true},
	})
}

func TestComposites(t *testing.T) {
	checkRules(t, "Observation", `{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"urn:c","code":"bp"}]},"component":[
		{"code":{"coding":[{"system":"urn:c","code":"sys"}]},"valueQuantity":{"value":140}},{"code":{"coding":[{"system":"urn:c","code":"dia"}]},"valueQuantity":{"value":90}}]}`, []rule{
		{"component-code-value-quantity=sys$140", true}, {"component-code-value-quantity=sys$90", false}, {"component-code-value-quantity=urn:c|dia$lt100", true},
		{"combo-code-value-quantity=dia$90", true}, {"combo-code-value-quantity=bp$90", false}, {"component-code-value-quantity=sys$90,dia$90", true},
		{"component-code=sys&component-value-quantity=90", true}, {"combo-code=bp", true}, {"combo-code=dia", true}, {"code=dia", false},
	})
	checkRules(t, "DocumentReference", `{"resourceType":"DocumentReference","id":"d","status":"current","content":[{"attachment":{"url":"urn:x"}}],"relatesTo":[
		{"code":"replaces","target":{"reference":"DocumentReference/a"}},{"code":"signs","target":{"reference":"DocumentReference/b"}}]}`, []rule{
		{"relationship=DocumentReference/a$replaces", true}, {"relationship=DocumentReference/a$signs", false}, {"relatesto=b", true}, {"relation=signs", true},
	})
}

func TestReferences(t *testing.T) {
	checkRules(t, "Observation", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"https://other.org/Patient/7"},
		"encounter":{"reference":"Encounter?identifier=urn:x|1"},"specimen":{"reference":"#s"},"device":{"type":"Device","identifier":{"system":"urn:d","value":"V"}},"performer":[{"reference":"Practitioner/1/_history/2"}],"contained":[{"resourceType":"Specimen","id":"s"}]}`, []rule{
		{"subject=7", false}, {"subject=https://other.org/Patient/7", true}, {"patient=https://other.org/Patient/7", true}, {"patient:missing=true", false},
		{"subject:Patient=https://other.org/Patient/7", true}, {"subject:Device=https://other.org/Patient/7", false},
		{"encounter=" + url.QueryEscape(`Encounter?identifier=urn:x\|1`), true}, {"specimen:missing=false", true}, {"device:identifier=urn:d|v", true}, {"device:missing=false", true},
		{"performer=Practitioner/1", true}, {"performer=1", true}, {"performer=Practitioner/1/_history/5", true}, {"performer:Organization=1", false},
	})
	checkRules(t, "QuestionnaireResponse", `{"resourceType":"QuestionnaireResponse","id":"q","status":"completed","questionnaire":"http://x.org/Q|2"}`, []rule{
		{"questionnaire=http://x.org/Q", true}, {"questionnaire=http://x.org/Q|2", true}, {"questionnaire=http://x.org/Q|3", false},
	})
	checkRules(t, "ValueSet", `{"resourceType":"ValueSet","id":"v","status":"draft","url":"http://x.org/a/b"}`, []rule{
		{"url=http://x.org/a/b", true}, {"url=http://x.org/A/b", false}, {"url:below=http://x.org/a", true}, {"url:below=http://x.org/a/", true}, {"url:below=http://x.org/a/b/c", false},
		{"url:below=http://x.org/a/bc", false}, {"url:above=http://x.org/a/b/c", true}, {"url:above=http://x.org/a/bc", false}, {"url:above=http://x.org/a/b", true},
	})
}

func TestIncludes(t *testing.T) {
	s := newStore(t)
	s.put(lines(patients)...)
	s.put(`{"resourceType":"Practitioner","id":"p1","name":[{"family":"Doc"}]}`, `{"resourceType":"Organization","id":"o1","name":"Org"}`,
		`{"resourceType":"Observation","id":"a","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/ohara"}}`,
		`{"resourceType":"Observation","id":"b","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/plain"},"hasMember":[{"reference":"Observation/a"}]}`)
	for _, c := range []struct{ typ, query, matches, included string }{
		{"Patient", "_id=muller&_include=Patient:organization", "muller", "o1"},
		{"Patient", "_include=Patient:organization&_include=Patient:general-practitioner", "plain muller ohara", "p1 o1"},
		{"Patient", "_id=muller&_include=*", "muller", "p1 o1"},
		{"Patient", "_id=muller&_include=Patient:*", "muller", "p1 o1"},
		{"Patient", "_id=muller&_include=Patient:general-practitioner:Organization", "muller", ""},
		{"Patient", "_id=ohara&_revinclude=Observation:subject", "ohara", "a"},
		{"Patient", "_id=ohara&_revinclude=Observation:subject:Group", "ohara", ""},
		{"Patient", "_revinclude=*", "plain muller ohara", "a b"},
		{"Patient", "_count=1&_revinclude=Observation:patient", "plain", "b"},
		{"Observation", "_include=Observation:has-member", "b a", ""},
		{"Observation", "_id=b&_include=Observation:has-member&_include=Observation:subject", "b", "plain a"},
		{"Observation", "_include=Patient:organization", "b a", ""},
		{"Observation", "_id=b&_include=Observation:subject&_include:iterate=Patient:organization", "b", "plain o1"},
		{"Observation", "_id=b&_include=Observation:subject&_include=Patient:organization", "b", "plain"},
		{"Observation", "_id=b&_include:iterate=*", "b", "ohara plain o1 a"},
		{"Organization", "_revinclude:iterate=Patient:organization&_revinclude:iterate=Observation:subject", "o1", "muller plain b"},
		{"Patient", "organization.name=org", "plain muller", ""},
		{"Patient", "general-practitioner.name=doc", "muller", ""},
		{"Patient", "_has:Observation:patient:_id=a,b", "plain ohara", ""},
		{"Patient", "_has:Observation:patient:_has:Observation:has-member:_id=b", "ohara", ""},
		{"Observation", "subject:Patient.organization.name=org", "b", ""},
	} {
		ids, r := s.search(c.typ, c.query)
		assert.Equal(t, c.matches, words(ids), c.query)
		assert.Equal(t, c.included, words(s.keys(r.Included)), c.query)
		assert.GreaterOrEqual(t, r.Total, len(ids))
	}
}

func TestLimits(t *testing.T) {
	s := newStore(t)
	s.put(lines(patients)...)
	q, err := s.engine.Parse(typeOf(t, "Patient"), "name:contains=a", false)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.engine.Search(ctx, s.index.View(), q)
	assert.ErrorIs(t, err, context.Canceled)
	small := exec.New(s.index, exec.Options{CostLimit: 3})
	_, err = small.Search(t.Context(), s.index.View(), q)
	assert.ErrorIs(t, err, exec.ErrTooCostly)
	_, err = small.Ordinals(t.Context(), s.index.View(), q)
	assert.ErrorIs(t, err, exec.ErrTooCostly)
}

func TestExtractOfNoResource(t *testing.T) {
	var e *param.TypeError
	doc := &fhirjson.Document{Nodes: make([]fhirjson.Node, 1)}
	assert.ErrorAs(t, exec.New(nil, exec.Options{}).Extract(doc, new(index.Builder)), &e)
}

// A negative condition must not let through what a condition on all types has left.
func TestNegativeConditionsKeepTheType(t *testing.T) {
	s := newStore(t)
	s.put(`{"resourceType":"Patient","id":"p","meta":{"tag":[{"code":"x"}]}}`,
		`{"resourceType":"Condition","id":"c","meta":{"tag":[{"code":"x"}]},"subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"urn:s","code":"b"}]}}`,
		`{"resourceType":"ValueSet","id":"v","url":"http://x.org/v","status":"active","compose":{"include":[{"system":"urn:s","concept":[{"code":"a"}]}]}}`)
	for _, query := range []string{"code:not-in=http://x.org/v", "code:not=urn:s|a", "severity:missing=true", "_filter=not+(code+eq+a)", "_filter=code+ni+http://x.org/v", "_filter=code+ne+a"} {
		ids, r := s.search("Condition", "_tag=x&"+query)
		assert.Equal(t, "c", words(ids), query)
		assert.Equal(t, 1, r.Total, query)
	}
}
