package datastore_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// refused is what a query finds that must be an error.
const refused = "refused"

// A rule is a query, not yet percent-encoded, and the ids that it finds, in any
// order.
type rule struct{ query, found string }

// holds checks rules on a store of a few resources, whose order is that of their
// versions.
func holds(t *testing.T, typ string, resources []string, rules []rule) {
	t.Helper()
	store := filled(t, nil, resources...)
	for _, r := range rules {
		got := find(t, store, typ, r.query)
		words := strings.Fields(got)
		slices.Sort(words)
		want := strings.Fields(r.found)
		slices.Sort(want)
		assert.Equal(t, want, words, "%s?%s", typ, r.query)
	}
}

// filled opens a store and puts resources into it, one commit each. Some have values
// that R4's invariants forbid, to see what search makes of them.
func filled(t *testing.T, opts *datastore.Options, resources ...string) *datastore.Store {
	t.Helper()
	store := open(t, opts)
	for _, r := range resources {
		_, err := store.Update(ctx, []byte(r), datastore.Validation(datastore.WithoutInvariants))
		require.NoError(t, err, r)
	}
	return store
}

// find returns the ids that a query finds, in order, or refused.
func find(t *testing.T, store *datastore.Store, typ, query string, opts ...datastore.SearchOption) string {
	t.Helper()
	page, err := store.Search(ctx, typ, encoded(query), opts...)
	if err != nil {
		require.ErrorIs(t, err, datastore.ErrInvalid, query)
		return refused
	}
	return idsOf(page.Matches)
}

func idsOf(versions []datastore.Version) string {
	var ids []string
	for _, v := range versions {
		ids = append(ids, v.Ref.ID)
	}
	return strings.Join(ids, " ")
}

// encoded percent-encodes the names and values of a query.
func encoded(query string) string {
	var parts []string
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
	return strings.Join(parts, "&")
}

// FHIR R4 §3.1.1.4.8.
func TestRulesOfStrings(t *testing.T) {
	person := func(id, rest string) string { return `{"resourceType":"Patient","id":"` + id + `",` + rest + `}` }
	holds(t, "Patient", []string{
		person("text", `"name":[{"text":"Tessa  van\tder Berg"}]`),
		person("family", `"name":[{"family":"Carreño Quiñones de la Vega"}]`),
		person("given", `"name":[{"given":["Eve","Severine Ann"]}]`),
		person("affix", `"name":[{"prefix":["Prof. Dr."],"suffix":["Jr."]}]`),
		person("ohara", `"name":[{"family":"O'Hara"}]`),
		person("curly", `"name":[{"family":"O’Hara"}]`),
		person("letter", `"name":[{"family":"OʼHara"}]`),
		person("sharp", `"name":[{"family":"Weiß"}]`),
		person("ash", `"name":[{"family":"Ærø"}]`),
		person("turkish", `"name":[{"family":"İnönü","given":["Işık"]}]`),
		person("greek", `"name":[{"family":"Οδυσσεύς"}]`),
		person("polish", `"name":[{"family":"Łukasz"}]`),
		person("composed", `"name":[{"family":"Zo\u00eb"}]`),
		person("decomposed", `"name":[{"family":"Zoe\u0308"}]`),
		person("hidden", `"name":[{"family":"Soft\u00adhy\u200bphen"}]`),
	}, []rule{
		{"name=tessa van der", "text"}, {"name=Tessa van  der berg", "text"}, {"name=van", ""}, {"given=tessa", ""},
		{"family=carreno", "family"}, {"family=QUIÑONES", "family"}, {"name=quinones", "family"}, {"family=vega", "family"}, {"family=carreno quin", "family"}, {"name=uinones", ""},
		{"given=eve", "given"}, {"given=ann", ""}, {"given:contains=eve", "given"}, {"given:contains=NE A", "given"}, {"given:exact=Eve", "given"}, {"given:exact=eve", ""},
		{"given:exact=Severine", ""}, {"name:exact=Severine Ann", "given"}, {"family:exact=Quiñones", ""}, {"family:exact=Carreño Quiñones de la Vega", "family"},
		{"family:exact=Carreno Quinones de la Vega", ""},
		{"name=prof dr", "affix"}, {"name=jr", "affix"}, {"family=jr", ""},
		{"family=OHara", "ohara curly letter"}, {"family=o'hara", "ohara curly letter"}, {"family:exact=O'Hara", "ohara"}, {"family:contains=har", "ohara curly letter"}, {"family=o hara", ""},
		{"family=WEISS", "sharp"}, {"family=weiß", "sharp"}, {"family=weis", "sharp"}, {"family:exact=Weiss", ""},
		{"family=aero", "ash"}, {"family=ÆRØ", "ash"}, {"family=inonu", "turkish"}, {"family=INÖNÜ", "turkish"}, {"given=isik", "turkish"}, {"given=IŞIK", "turkish"},
		{"family=ΟΔΥΣΣΕΥΣ", "greek"}, {"family=Οδυσσευσ", "greek"}, {"family=lukasz", "polish"},
		{"family=zoe", "composed decomposed"}, {"family=ZOË", "composed decomposed"}, {"family:exact=Zo\u00eb", "composed"}, {"family:exact=Zoe\u0308", "decomposed"},
		{"family=softhyphen", "hidden"}, {"family=eve,weiss,,ae", "sharp ash"}, {"given=eve&given=sev", "given"}, {"family:missing=true", "text given affix"},
		{"family=-", ""}, {"family='", "ohara"}, {"family:contains='", "ohara"}, {"family='&family=-", ""}, {"family:contains=,", "text family given affix ohara curly letter sharp ash turkish greek polish composed decomposed hidden"},
		{"name:text=eve", refused}, {"name:not=eve", refused}, {"name:below=eve", refused}, {"name:Patient=x", refused}, {"name:=eve", refused},
	})
	holds(t, "Patient", []string{
		person("a", `"address":[{"text":"at home","line":["1, Main St.","Flat 2"],"city":"Zürich","district":"Enge","state":"ZH","postalCode":"8002-1","country":"CH","use":"home"}]`),
	}, []rule{
		{"address=at", "a"}, {"address=1 main st", "a"}, {"address=flat", "a"}, {"address=zurich", "a"}, {"address=enge", "a"}, {"address=zh", "a"}, {"address=80021", "a"}, {"address=ch", "a"}, {"address=main", ""},
		{"address-city=zurich", "a"}, {"address-city=zh", ""}, {"address-state=z", "a"}, {"address-postalcode=8002-", "a"}, {"address-country=CH", "a"}, {"address-use=home", "a"},
	})
	holds(t, "Patient", []string{
		person("marks", `"name":[{"given":["a,b$c|d\\e"]}]`), person("plain", `"name":[{"given":["a"]}]`),
	}, []rule{
		{`given:exact=a\,b\$c\|d\\e`, "marks"}, {`given:exact=a,b`, "plain"}, {`given:exact=a\,b$c|d\\e`, "marks"}, {`given:contains=d\\e`, "marks"}, {`given:exact=\a`, ""}, {`given:exact=a\`, ""},
	})
}

// FHIR R4 §3.1.1.4.10.
func TestRulesOfTokens(t *testing.T) {
	const gender = "http://hl7.org/fhir/administrative-gender"
	holds(t, "Patient", []string{
		`{"resourceType":"Patient","id":"f","gender":"female","active":true,"deceasedDateTime":"2020","telecom":[{"system":"phone","value":"+1 (555) 1|2"},{"system":"email","value":"Ann@Example.org"}],
			"identifier":[{"system":"urn:mrn","value":"Ab1"},{"value":"bare"}],"meta":{"tag":[{"system":"urn:t","code":"x"}],"security":[{"code":"R"}],"profile":["http://x.org/p|1.0"],"source":"urn:src#Q"}}`,
		`{"resourceType":"Patient","id":"m","gender":"male","active":false,"deceasedBoolean":false,"meta":{"tag":[{"code":"X"}],"profile":["http://x.org/p"]}}`,
		`{"resourceType":"Patient","id":"none","identifier":[{"system":"urn:only"}],"deceasedBoolean":true}`,
	}, []rule{
		{"gender=female", "f"}, {"gender=FEMALE", ""}, {"gender=" + gender + "|female", "f"}, {"gender=urn:x|female", ""}, {"gender=|female", ""}, {"gender=" + gender + "|", "f m"},
		{"gender=female,male", "f m"}, {"gender:not=male", "f none"}, {"gender:not=male,female", "none"}, {"gender:not=" + gender + "|", "none"}, {"gender:missing=true", "none"}, {"gender:missing=false", "f m"},
		{"gender=fem", ""}, {"gender=female&gender=male", ""}, {"gender=|", refused}, {"gender=a|b|c", refused}, {"gender:missing=1", refused}, {"gender:missing=true,false", refused},
		{"gender:text=x", refused}, {"gender:exact=female", refused}, {"gender:contains=f", refused}, {"gender:identifier=x", refused}, {"gender:Patient=x", refused},
		{"active=true", "f"}, {"active=false", "m"}, {"active:not=true", "m none"}, {"active=http://hl7.org/fhir/special-values|true", refused}, {"active=|true", refused},
		{"deceased=true", "f none"}, {"deceased=false", "m"}, {"deceased:missing=true", ""},
		{`telecom=+1 (555) 1\|2`, "f"}, {"phone=+1 (555) 1|2", refused}, {"telecom=phone|x", refused}, {"email=ann@EXAMPLE.org", "f"}, {"phone=ann@example.org", ""},
		{"identifier=ab1", "f"}, {"identifier=urn:mrn|AB1", "f"}, {"identifier=|ab1", ""}, {"identifier=|bare", "f"}, {"identifier=urn:mrn|", "f"}, {"identifier=urn:only|", "none"}, {"identifier=urn:MRN|Ab1", ""},
		{"identifier:missing=true", "m"}, {"_tag=x", "f m"}, {"_tag=urn:t|x", "f"}, {"_tag=|x", "m"}, {"_tag:not=urn:t|x", "m none"}, {"_security=r", "f"}, {"_security:missing=true", "m none"},
		{"_profile=http://x.org/p", "f m"}, {"_profile=http://x.org/p|1.0", "f"}, {"_profile=http://x.org/p|2", ""}, {"_profile=http://x.org/P", ""}, {"_profile:below=http://x.org/p|1", "f"}, {"_profile:below=http://x.org", "f m"}, {"_profile:missing=true", "none"},
		{"_source=urn:src#Q", "f"}, {"_source=urn:src", ""},
		{"_id=f", "f"}, {"_id=F", ""}, {"_id=f,m,x", "f m"}, {"_id:not=f", "m none"}, {"_id=|f", refused}, {"_id:missing=true", ""}, {"_id:exact=f", refused}, {"_id=f&_id=m", ""},
		{"gender:in=urn:x", refused}, {"gender:not-in=urn:x", refused}, {"gender:above=x", refused}, {"gender:below=x", refused},
	})
	const v3 = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus" // caseSensitive
	coded := func(id, code string) string {
		return `{"resourceType":"Condition","id":"` + id + `","subject":{"reference":"Patient/1"},"code":` + code + `}`
	}
	holds(t, "Condition", []string{
		coded("two", `{"coding":[{"system":"`+v3+`","code":"M","display":"Verheiratet"},{"system":"urn:y","code":"Mixed"}],"text":"Married Couple"}`),
		coded("bare", `{"coding":[{"code":"M"}]}`), coded("text", `{"text":"Káput knee"}`), coded("system", `{"coding":[{"system":"urn:y"}]}`),
		coded("odd", `{"coding":[{"system":"urn:p|q","code":"a,b"}]}`),
	}, []rule{
		{"code=M", "two bare"}, {"code=m", "bare"}, {"code=" + v3 + "|M", "two"}, {"code=" + v3 + "|m", ""}, {"code=|M", "bare"}, {"code=|m", "bare"}, {"code=mIXED", "two"}, {"code=urn:y|mixed", "two"},
		{"code=urn:y|", "two system"}, {"code=urn:y|M", ""}, {"code:text=married", "two"}, {"code:text=verh", "two"}, {"code:text=KAPUT K", "text"}, {"code:text=couple", ""}, {"code:not=M", "text system odd"},
		{"code:not=urn:y|", "bare text odd"}, {"code:missing=true", ""}, {`code=urn:p\|q|a\,b`, "odd"}, {`code=a\,b`, "odd"}, {"code=urn:p|q|a", refused}, {"code:of-type=a|b|c", refused},
	})
	holds(t, "Patient", []string{
		`{"resourceType":"Patient","id":"typed","identifier":[{"type":{"coding":[{"system":"urn:T","code":"MR"},{"system":"urn:U","code":"PI"}],"text":"Médical record"},"value":"9|9"},{"type":{"coding":[{"code":"NS"}]},"value":"7"}]}`,
	}, []rule{
		{`identifier:of-type=urn:T|MR|9\|9`, "typed"}, {`identifier:of-type=urn:U|pi|9\|9`, "typed"}, {`identifier:of-type=urn:T|PI|9\|9`, ""}, {"identifier:of-type=urn:T|MR|9", ""}, {"identifier:of-type=urn:T|MR|", refused},
		{"identifier:of-type=|NS|7", refused}, {"identifier:of-type=MR|9", refused}, {"identifier:text=medical", "typed"}, {"identifier:text=record", ""},
	})
}

// FHIR R4 §3.1.1.4.12, §3.1.1.4.13.
func TestRulesOfReferences(t *testing.T) {
	observation := func(id, rest string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"text":"x"},` + rest + `}`
	}
	store := filled(t, &datastore.Options{BaseURL: "http://own.org/fhir"},
		observation("relative", `"subject":{"reference":"Patient/1"}`),
		observation("own", `"subject":{"reference":"http://own.org/fhir/Patient/1"}`),
		observation("foreign", `"subject":{"reference":"http://other.org/fhir/Patient/1"}`),
		observation("device", `"subject":{"reference":"Device/1"}`),
		observation("version", `"subject":{"reference":"Patient/1/_history/3"}`),
		observation("logical", `"subject":{"type":"Patient","identifier":{"system":"urn:m","value":"Q1"}}`),
		observation("urn", `"subject":{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}`),
		observation("contained", `"subject":{"reference":"#p"},"contained":[{"resourceType":"Patient","id":"p"}]`),
		observation("without", `"subject":{"display":"someone"}`),
	)
	for _, r := range []rule{
		{"subject=1", "version device own relative"}, {"subject=Patient/1", "version own relative"}, {"subject=http://own.org/fhir/Patient/1", "version own relative"}, {"subject=http://other.org/fhir/Patient/1", "foreign"},
		{"subject=Patient/1/_history/9", "version own relative"}, {"subject:Patient=1", "version own relative"}, {"subject:Device=1", "device"}, {"subject:Patient=Patient/1", "version own relative"},
		{"subject:Device=Patient/1", refused}, {"subject:Medication=1", refused}, {"subject:Nonsense=1", refused}, {"subject:Patient=http://other.org/fhir/Patient/1", "foreign"},
		{"patient=1", "version own relative"}, {"patient=Patient/1", "version own relative"}, {"patient=http://other.org/fhir/Patient/1", "foreign"}, {"patient=Device/1", ""},
		{"subject:identifier=urn:m|q1", "logical"}, {"subject:identifier=Q1", "logical"}, {"subject:identifier=|Q1", ""}, {"subject:identifier=urn:m|", "logical"},
		{"subject=urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "urn"}, {"subject=#p", "contained"}, {"subject=Patient/2", ""}, {"subject=Patient/1,Device/1", "version device own relative"},
		{"subject:missing=true", "without"}, {"subject:not=Patient/1", refused}, {"subject:text=x", refused}, {"subject:exact=1", refused}, {"subject:above=1", ""}, {"subject:below=1", ""}, {"subject:below=Patient/1", refused}, {"subject:below=urn:x", refused}, {"patient:below=1", refused}, {"subject=%", ""},
	} {
		assert.Equal(t, r.found, find(t, store, "Observation", r.query), r.query)
	}
	response := func(id, canonical string) string {
		return `{"resourceType":"QuestionnaireResponse","id":"` + id + `","status":"completed","questionnaire":"` + canonical + `"}`
	}
	holds(t, "QuestionnaireResponse", []string{response("one", "http://x.org/Q|1.0"), response("two", "http://x.org/Q|2.0"), response("any", "http://x.org/Q")}, []rule{
		{"questionnaire=http://x.org/Q", "one two any"}, {"questionnaire=http://x.org/Q|1.0", "one"}, {"questionnaire=http://x.org/Q|1", ""}, {"questionnaire=http://x.org/R", ""},
		{"questionnaire:below=http://x.org/Q", "one two any"}, {"questionnaire:below=http://x.org/Q|1", "one"}, {"questionnaire:below=http://x.org/Q|1.0", "one"}, {"questionnaire:below=http://x.org/Q|1.", ""}, {"questionnaire:below=http://x.org", ""},
		{"questionnaire:above=http://x.org/Q|2.0.1", "two"}, {"questionnaire:above=http://x.org/Q|2.0", "two"}, {"questionnaire:above=http://x.org/Q", "one two any"}, {"questionnaire:above=http://x.org/Q|20", ""},
	})
}

// FHIR R4 §3.1.1.4.14: Location.partOf and its like.
func TestRulesOfHierarchies(t *testing.T) {
	location := func(id, parent string) string {
		return `{"resourceType":"Location","id":"` + id + `","partOf":{"reference":"` + parent + `"}}`
	}
	encounter := func(id, place string) string {
		return `{"resourceType":"Encounter","id":"` + id + `","status":"planned","class":{"code":"AMB"},"location":[{"location":{"reference":"Location/` + place + `"}}]}`
	}
	store := filled(t, nil,
		location("house", "Location/site"), location("ward", "Location/house"), location("room", "Location/ward"), location("bed", "http://other.org/Location/room"),
		location("moved", "Location/ward"), location("moved", "Location/elsewhere"), location("ring", "Location/ring2"), location("ring2", "Location/ring"),
		encounter("e1", "house"), encounter("e2", "room"), encounter("e3", "moved"), encounter("e4", "site"), encounter("e5", "ring"),
		`{"resourceType":"Organization","id":"house"}`, `{"resourceType":"Organization","id":"clinic","partOf":{"reference":"Organization/house"}}`,
	)
	ordered(t, store, "Encounter", []rule{
		{"location:below=Location/site", "e4 e2 e1"}, {"location:below=site", "e4 e2 e1"}, {"location:below=Location/ward", "e2"}, {"location:below=Location/room", "e2"}, {"location:above=Location/ward", "e4 e1"}, {"location:above=room", "e4 e2 e1"},
		{"location:below=Location/elsewhere", "e3"}, {"location:above=Location/moved", "e3"}, {"location:below=Location/ring", "e5"}, {"location:above=Location/ring2", "e5"}, {"location:below=Location/nowhere", ""},
		{"location:below=ward,elsewhere", "e3 e2"}, {"location:below=site&_id=e1,e2", "e2 e1"}, {"location:below=Patient/1", refused}, {"subject:below=1", refused}, {"location:below=http://other.org/Location/room", refused},
	})
	ordered(t, store, "Location", []rule{
		{"partof:below=Location/site", "room ward house"}, {"partof:above=Location/ward", "room ward house"}, {"organization:below=house", ""}, {"organization.partof:below=house", ""}, {"partof:below=Location/house", "room ward"},
	})
	ordered(t, store, "Organization", []rule{{"partof:below=house", "clinic"}, {"partof:above=clinic", "clinic"}})
}

// FHIR R4 §3.1.1.4.9.
func TestRulesOfURIs(t *testing.T) {
	set := func(id, uri string) string {
		return `{"resourceType":"ValueSet","id":"` + id + `","status":"draft","url":"` + uri + `"}`
	}
	holds(t, "ValueSet", []string{set("a", "http://x.org/a"), set("ab", "http://x.org/a/b"), set("abc", "http://x.org/a/bc"), set("slash", "http://x.org/a/b/"), set("oid", "urn:oid:1.2.3")}, []rule{
		{"url=http://x.org/a", "a"}, {"url=http://X.org/a", ""}, {"url=http://x.org/", ""}, {"url=urn:oid:1.2.3", "oid"}, {"url=http://x.org/a,urn:oid:1.2.3", "a oid"},
		{"url:below=http://x.org/a", "a ab abc slash"}, {"url:below=http://x.org/a/b", "ab slash"}, {"url:below=http://x.org/", "a ab abc slash"}, {"url:below=urn:oid:1.2", ""}, {"url:below=http://x", ""},
		{"url:above=http://x.org/a/b/c", "a ab slash"}, {"url:above=http://x.org/a/b", "a ab slash"}, {"url:above=http://x.org/a/bcd", "a"}, {"url:above=http://x.org/a/b/", "a ab slash"}, {"url:above=urn:oid:1.2.3.4", ""}, {"url:above=urn:oid:1.2.3", "oid"},
		{"url=http://x.org/a|1", refused}, {"url:exact=http://x.org/a", refused}, {"url:contains=x", refused}, {"url:missing=true", ""},
	})
}

// FHIR R4 §3.1.1.4.7, and the table of prefixes in §3.1.1.4.5: for each value the
// encounters in whose row it is named.
func TestRulesOfDates(t *testing.T) {
	encounter := func(id, period string) string {
		return `{"resourceType":"Encounter","id":"` + id + `","status":"finished","class":{"code":"x"},"period":{` + period + `}}`
	}
	holds(t, "Encounter", []string{
		encounter("year", `"start":"2013","end":"2013"`),
		encounter("day", `"start":"2013-03-14","end":"2013-03-14"`),
		encounter("open", `"start":"2013-03-15"`),
		encounter("since", `"start":"2013-01-21"`),
		encounter("until", `"end":"2013-01-21"`),
		encounter("backwards", `"start":"2014-01-01","end":"2012-01-01"`),
	}, []rule{
		{"date=2013-03-14", "day"}, {"date=2013-03", "day"}, {"date=2013", "year day"}, {"date=2013-03-14T10:00", ""},
		{"date=ne2013-03-14", "year open since until backwards"}, {"date=ne2013", "open since until backwards"},
		{"date=gt2013-03-14&_id:not=backwards", "year open since"}, {"date=gt2013&_id:not=backwards", "open since"}, {"date=lt2013-03-14&_id:not=backwards", "year since until"}, {"date=lt2013&_id:not=backwards", "until"},
		{"date=ge2013-03-14&_id:not=backwards", "year day open since"}, {"date=le2013-03-14&_id:not=backwards", "year day since until"},
		{"date=sa2013-03-14&_id:not=backwards", "open"}, {"date=sa2012&_id:not=backwards", "year day open since"}, {"date=eb2013-03-14&_id:not=backwards", "until"}, {"date=eb2014&_id:not=backwards", "year day until"},
		{"date=ap2013-03-14&_id:not=backwards", "year day open since until"}, {"date:missing=true", ""},
	})
	moment := func(id, text string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"text":"x"},` + text + `}`
	}
	holds(t, "Observation", []string{
		moment("y", `"effectiveDateTime":"2013"`), moment("m", `"effectiveDateTime":"2013-01"`), moment("d", `"effectiveDateTime":"2013-01-14"`),
		moment("s", `"effectiveDateTime":"2013-01-14T10:00:00Z"`), moment("ms", `"effectiveDateTime":"2013-01-14T10:00:00.500Z"`),
		moment("zone", `"effectiveDateTime":"2013-01-14T23:30:00-02:00"`), moment("instant", `"effectiveInstant":"2013-01-15T00:00:00+00:00"`),
	}, []rule{
		{"date=2013", "y m d s ms zone instant"}, {"date=2013-01", "m d s ms zone instant"}, {"date=2013-01-14", "d s ms"}, {"date=2013-01-15", "zone instant"},
		{"date=2013-01-14T10:00", "s ms"}, {"date=2013-01-14T10:00Z", "s ms"}, {"date=2013-01-14T10:00:00Z", "s ms"}, {"date=2013-01-14T10:00:00.5Z", "ms"}, {"date=2013-01-14T10:00:00.500Z", "ms"}, {"date=2013-01-14T10:00:00.501Z", ""},
		{"date=2013-01-14T12:00:00+02:00", "s ms"}, {"date=2013-01-14T23:30-02:00", "zone"}, {"date=2013-01-15T01:30:00Z", "zone"},
		{"date=ne2013-01-14T10:00Z", "y m d zone instant"}, {"date=ne2013", ""}, {"date=ne2013-01-14,ne2013-01-15", "y m d s ms zone instant"}, {"date=ne2013-01-14&date=ne2013-01-15", "y m"},
		{"date=lt2013-01-14T10:00", "y m d"}, {"date=lt2013-01-14", "y m"}, {"date=gt2013-01-14T10:00", "y m d zone instant"}, {"date=gt2013-01-14", "y m zone instant"}, {"date=gt2013", ""}, {"date=lt2013", ""},
		{"date=ge2013-01-14T10:00", "y m d s ms zone instant"}, {"date=ge2013-01-15", "y m zone instant"}, {"date=le2013-01-14", "y m d s ms"}, {"date=le2013-01-14T10:00:00Z", "y m d s ms"},
		{"date=sa2013-01-14", "zone instant"}, {"date=sa2013-01-14T10:00:00Z", "zone instant"}, {"date=sa2012", "y m d s ms zone instant"}, {"date=eb2013-01-15", "d s ms"}, {"date=eb2013-01-14T10:00:01Z", "s ms"}, {"date=eb2014", "y m d s ms zone instant"},
		{"date=ge2013-01-14&date=lt2013-01-15", "y m d s ms"}, {"date=2013-01-14T10:00:00Z,2013-01", "m d s ms zone instant"},
		{"date=9999", ""}, {"date=le9999", "y m d s ms zone instant"}, {"date=ge0001", "y m d s ms zone instant"}, {"date=0000", refused}, {"date=10000", refused}, {"date=2013-13", refused}, {"date=2013-02-29", refused},
		{"date=23 May 2009", refused}, {"date=2013-01-14T10", refused}, {"date=2013T10:00", refused}, {"date=xx2013", refused}, {"date=gt", refused}, {"date=gtgt2013", refused}, {"date= 2013", refused},
		{"date:exact=2013", refused}, {"date:not=2013", refused}, {"date:above=2013", refused},
	})
	// The clock stands at 2026: a tenth of the distance to 2016-01-02 is a year.
	holds(t, "Observation", []string{moment("a", `"effectiveDateTime":"2015-03-01"`), moment("b", `"effectiveDateTime":"2016-12-01"`), moment("c", `"effectiveDateTime":"2018-01-01"`)}, []rule{
		{"date=ap2016-01-02", "a b"}, {"date=ap2026-01-02", ""}, {"date=ap2036-01-02", ""}, {"date=ap2018", "c"},
	})
	holds(t, "ServiceRequest", []string{
		`{"resourceType":"ServiceRequest","id":"events","status":"active","intent":"order","subject":{"reference":"Patient/1"},"occurrenceTiming":{"event":["2013-01-31","2013-03-24T10:00:00Z"]}}`,
		`{"resourceType":"ServiceRequest","id":"bounds","status":"active","intent":"order","subject":{"reference":"Patient/1"},"occurrenceTiming":{"repeat":{"boundsPeriod":{"start":"2013-02-01"},"frequency":1,"period":2,"periodUnit":"d"}}}`,
		`{"resourceType":"ServiceRequest","id":"code","status":"active","intent":"order","subject":{"reference":"Patient/1"},"occurrenceTiming":{"code":{"text":"now and then"}}}`,
	}, []rule{
		{"occurrence=2013", "events"}, {"occurrence=gt2013-03-24", "bounds"}, {"occurrence=lt2013-02-01", "events"}, {"occurrence=sa2013-01", "bounds"}, {"occurrence=ap2013-02-05", "events bounds"}, {"occurrence:missing=true", "code"},
	})
	zone := time.FixedZone("", 5*3600)
	store := filled(t, &datastore.Options{Zone: zone}, moment("day", `"effectiveDateTime":"2013-01-14"`), moment("utc", `"effectiveDateTime":"2013-01-13T20:00:00Z"`))
	for _, r := range []rule{
		{"date=2013-01-14", "utc day"}, {"date=2013-01-14T01:00", "utc"}, {"date=2013-01-13T20:00Z", "utc"}, {"date=sa2013-01-13", "utc day"}, {"date=lt2013-01-13T19:00:00Z", ""}, {"date=lt2013-01-13T19:00:01Z", "day"},
	} {
		assert.Equal(t, r.found, find(t, store, "Observation", r.query), r.query)
	}
	// Each commit is a second after the one before, from 2026-01-02T03:04:05Z.
	holds(t, "Patient", []string{string(patient("a", "A")), string(patient("b", "B")), string(patient("c", "C"))}, []rule{
		{"_lastUpdated=2026", "a b c"}, {"_lastUpdated=2026-01-02T03:04:05Z", "a"}, {"_lastUpdated=ne2026-01-02T03:04:05Z", "b c"}, {"_lastUpdated=gt2026-01-02T03:04:05Z", "b c"}, {"_lastUpdated=ge2026-01-02T03:04:06Z", "b c"},
		{"_lastUpdated=lt2026-01-02T03:04:06Z", "a"}, {"_lastUpdated=le2026-01-02T03:04:06Z", "a b"}, {"_lastUpdated=sa2026-01-02T03:04:06Z", "c"}, {"_lastUpdated=eb2026-01-02T03:04:06Z", "a"}, {"_lastUpdated=2025,2027", ""},
		{"_lastUpdated=2026-01-02T03:04:05Z,gt2026-01-02T03:04:06Z", "a c"}, {"_lastUpdated:missing=false", "a b c"}, {"_lastUpdated:not=2026", refused},
	})
}

// FHIR R4 §3.1.1.4.6.
func TestRulesOfNumbers(t *testing.T) {
	risk := func(id, probability string) string {
		return `{"resourceType":"RiskAssessment","id":"` + id + `","status":"final","subject":{"reference":"Patient/1"},"prediction":[{` + probability + `}]}`
	}
	decimal := func(id, n string) string { return risk(id, `"probabilityDecimal":`+n) }
	holds(t, "RiskAssessment", []string{
		decimal("95", "95"), decimal("99.49", "99.49"), decimal("99.5", "99.5"), decimal("99.996", "99.996"), decimal("100", "100"), decimal("100.0", "100.0"), decimal("100.004", "100.004"),
		decimal("100.005", "100.005"), decimal("100.49", "100.49"), decimal("100.5", "100.5"), decimal("105", "105"),
	}, []rule{
		{"probability=100", "99.5 99.996 100 100.0 100.004 100.005 100.49"}, {"probability=100.00", "99.996 100 100.0 100.004"}, {"probability=1e2", "95 99.49 99.5 99.996 100 100.0 100.004 100.005 100.49 100.5"},
		{"probability=0.1e3", "95 99.49 99.5 99.996 100 100.0 100.004 100.005 100.49 100.5"}, {"probability=1.00e2", "99.5 99.996 100 100.0 100.004 100.005 100.49"}, {"probability=1.0E+2", "95 99.49 99.5 99.996 100 100.0 100.004 100.005 100.49 100.5"},
		{"probability=ne100", "95 99.49 100.5 105"}, {"probability=ne100.00", "95 99.49 99.5 100.005 100.49 100.5 105"}, {"probability=ne100,ne105", "95 99.49 99.5 99.996 100 100.0 100.004 100.005 100.49 100.5 105"},
		{"probability=gt100", "100.004 100.005 100.49 100.5 105"}, {"probability=ge100", "100 100.0 100.004 100.005 100.49 100.5 105"}, {"probability=lt100", "95 99.49 99.5 99.996"}, {"probability=le100", "95 99.49 99.5 99.996 100 100.0"},
		{"probability=sa100.49", "100.5 105"}, {"probability=eb99.5", "95 99.49"}, {"probability=ap115", "105"}, {"probability=ap118", ""}, {"probability=gt1e2&probability=lt1.01e2", "100.004 100.005 100.49 100.5"},
		{"probability=NaN", refused}, {"probability=Infinity", refused}, {"probability=1_0", refused}, {"probability=1e", refused}, {"probability=--1", refused}, {"probability=0x1", refused}, {"probability=1e999999999", refused}, {"probability=eq", refused},
		{"probability=100|", refused}, {"probability:exact=1", refused}, {"probability:not=1", refused}, {"probability:missing=true", ""},
	})
	holds(t, "RiskAssessment", []string{decimal("neg", "-0.5"), decimal("zero", "0"), decimal("half", "0.5"), decimal("huge", "1e999999999"), decimal("tiny", "1e-999999999"), risk("range", `"probabilityRange":{"low":{"value":10},"high":{"value":20}}`)}, []rule{
		{"probability=lt0", "neg"}, {"probability=-0.5", "neg"}, {"probability=0", "zero tiny neg"}, {"probability=gt0.4", "half huge range"}, {"probability=gt0&probability=lt0.1", "tiny"}, {"probability=gt1e99", "huge"}, {"probability=lt12", "neg zero half tiny range"}, {"probability=eb12", "neg zero half tiny"},
	})
	dose := func(id, n string) string {
		return `{"resourceType":"MolecularSequence","id":"` + id + `","coordinateSystem":1,"variant":[{"start":` + n + `,"end":` + n + `}]}`
	}
	holds(t, "MolecularSequence", []string{dose("95", "95"), dose("99", "99"), dose("100", "100"), dose("101", "101")}, []rule{
		{"variant-start=100", "100"}, {"variant-start=100.0", "100"}, {"variant-start=100.4", ""}, {"variant-start=1e2", "95 99 100 101"}, {"variant-start=1.00e2", "100"}, {"variant-start=ne100", "95 99 101"}, {"variant-start=ne100.4", "95 99 100 101"},
		{"variant-start=gt99.5", "100 101"}, {"variant-start=ap100", "95 99 100 101"},
	})
}

// FHIR R4 §3.1.1.4.11.
func TestRulesOfQuantities(t *testing.T) {
	value := func(id, choice string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"text":"x"},` + choice + `}`
	}
	quantity := func(id, rest string) string { return value(id, `"valueQuantity":{`+rest+`}`) }
	holds(t, "Observation", []string{
		quantity("mg", `"value":5.4,"unit":"milligram","system":"http://unitsofmeasure.org","code":"mg"`), quantity("unit", `"value":5.4,"unit":"mg"`), quantity("g", `"value":5.40,"unit":"g","system":"urn:u","code":"g"`),
		quantity("less", `"value":5,"comparator":"<","unit":"mg"`), quantity("more", `"value":10,"comparator":">=","unit":"mg"`), quantity("none", `"unit":"mg"`),
		value("sampled", `"valueSampledData":{"origin":{"value":100,"unit":"uV"},"period":10,"factor":2,"dimensions":1,"data":"-5 0 E 10"}`),
	}, []rule{
		{"value-quantity=5.4", "mg unit g"}, {"value-quantity=5.4|http://unitsofmeasure.org|mg", "mg"}, {"value-quantity=5.4||mg", "mg unit"}, {"value-quantity=5.4||milligram", "mg"}, {"value-quantity=5.4|urn:u|", "g"}, {"value-quantity=5.4||MG", ""},
		{"value-quantity=gt5.4||mg", "more"}, {"value-quantity=ge5.4||mg", "mg unit more"}, {"value-quantity=lt5||mg", "less"}, {"value-quantity=lt5.4||mg", "less"}, {"value-quantity=le5.4||mg", "mg unit less"}, {"value-quantity=5||mg", "mg unit"}, {"value-quantity=5.0||mg", ""},
		{"value-quantity=ne5.4||mg", "less more"}, {"value-quantity=ne5.4", "less more sampled"}, {"value-quantity=sa5.4||mg", "more"}, {"value-quantity=eb5.5||mg", "mg unit less"}, {"value-quantity=gt1000000||mg", "more"}, {"value-quantity=ap5||mg", "mg unit less"},
		{"value-quantity=gt119", "sampled more"}, {"value-quantity=gt120||uV", ""}, {"value-quantity=lt91||uV", "sampled"}, {"value-quantity=lt90||uV", ""}, {"value-quantity=1e2||uV", ""}, {"value-quantity=ap105||uV", "sampled"},
		{"value-quantity=5.4|mg", refused}, {"value-quantity=5.4|a|b|c", refused}, {"value-quantity=|a|b", refused}, {"value-quantity=mg", refused}, {"value-quantity:exact=5", refused}, {"value-quantity:missing=true", "none"},
	})
	holds(t, "Condition", []string{
		`{"resourceType":"Condition","id":"age","subject":{"reference":"Patient/1"},"onsetAge":{"value":52,"unit":"years","system":"http://unitsofmeasure.org","code":"a"}}`,
		`{"resourceType":"Condition","id":"range","subject":{"reference":"Patient/1"},"onsetRange":{"low":{"value":40,"unit":"years"},"high":{"value":50,"unit":"years"}}}`,
		`{"resourceType":"Condition","id":"low","subject":{"reference":"Patient/1"},"onsetRange":{"low":{"value":60,"unit":"years"}}}`,
		`{"resourceType":"Condition","id":"high","subject":{"reference":"Patient/1"},"onsetRange":{"high":{"value":5,"unit":"years"}}}`,
	}, []rule{
		{"onset-age=52", "age"}, {"onset-age=52||a", "age"}, {"onset-age=52|http://unitsofmeasure.org|a", "age"}, {"onset-age=gt45", "age range low"}, {"onset-age=sa45", "age low"}, {"onset-age=lt45", "range high"}, {"onset-age=eb45", "high"},
		{"onset-age=4e1", ""}, {"onset-age=ap45||years", "range"}, {"onset-age=gt1000", "low"}, {"onset-age=lt-1000", "high"},
	})
	holds(t, "Invoice", []string{`{"resourceType":"Invoice","id":"i","status":"issued","totalGross":{"value":48.50,"currency":"EUR"}}`}, []rule{
		{"totalgross=48.5", "i"}, {"totalgross=48.5||EUR", "i"}, {"totalgross=48.5|urn:iso:std:iso:4217|EUR", "i"}, {"totalgross=48.5||USD", ""}, {"totalgross=lt50||EUR", "i"},
	})
}

// FHIR R4 §3.1.1.4.11: units of UCUM are compared by what they stand for.
func TestRulesOfUnits(t *testing.T) {
	const system = "|http://unitsofmeasure.org|"
	in := func(number, code string) string {
		return fmt.Sprintf(`{"value":%s,"system":"http://unitsofmeasure.org","code":%q}`, number, code)
	}
	value := func(id, choice string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"text":"x"},` + choice + `,"subject":{"reference":"Patient/p"}}`
	}
	quantity := func(id, number, code string) string { return value(id, `"valueQuantity":`+in(number, code)) }
	holds(t, "Observation", []string{
		quantity("g", "5.4", "g"), quantity("mg", "5400", "mg"), quantity("kg", "0.0054", "kg"), quantity("lb", "0.0119049621579834", "[lb_av]"), quantity("fat", "5.4", "g{fat}"),
		quantity("KG", "0.0054", "KG"), quantity("m", "5.4", "m"), quantity("iU", "5.4", "[iU]"), value("other", `"valueQuantity":{"value":5.4,"system":"urn:u","code":"g","unit":"g"}`),
		value("less", `"valueQuantity":{"value":3000,"comparator":"<=","system":"http://unitsofmeasure.org","code":"mg"}`),
		value("sampled", `"valueSampledData":{"origin":`+in("10", "mg")+`,"period":10,"factor":2,"dimensions":1,"data":"-5 0 E 10"}`),
		`{"resourceType":"Patient","id":"p"}`,
	}, []rule{
		{"value-quantity=5.4" + system + "g", "g mg kg lb fat"}, {"value-quantity=5400" + system + "mg", "g mg kg fat lb"}, {"value-quantity=0.0054" + system + "kg", "g mg kg lb fat"}, {"value-quantity=5.4" + system + "m", "m"},
		{"value-quantity=5.4" + system + "[iU]", "iU"}, {"value-quantity=0.0054" + system + "KG", "KG"}, {"value-quantity=5.4|urn:u|g", "other"}, {"value-quantity=5.4||g", "g other"}, {"value-quantity=5.4" + system, "g m fat iU"},
		{"value-quantity=gt5.4" + system + "g", "lb"}, {"value-quantity=ge5.4" + system + "g", "g mg kg fat lb"}, {"value-quantity=lt5.4" + system + "g", "less sampled"}, {"value-quantity=le5400" + system + "mg", "g mg kg fat less sampled"},
		{"value-quantity=sa1" + system + "g", "g mg kg lb fat"}, {"value-quantity=eb4" + system + "g", "less sampled"}, {"value-quantity=ne5.4" + system + "g", "less sampled"}, {"value-quantity=ap5" + system + "g", "g mg kg lb fat"},
		{"value-quantity=gt0.029" + system + "g", "g mg kg lb fat less sampled"}, {"value-quantity=eb31000" + system + "ug", "sampled"}, {"value-quantity=1e-2" + system + "g", ""},
		{"_filter=" + "value-quantity eq 5.4" + system + "g and value-quantity lt 5.40001" + system + "g", "g mg kg fat lb"},
		{"value-quantity=5.4" + system + "g&subject:Patient._id=p", "g mg kg lb fat"}, {"subject:Patient._has:Observation:patient:value-quantity=5.4" + system + "g&value-quantity=5.4" + system + "m", "m"},
	})
	holds(t, "Observation", []string{quantity("cel", "37", "Cel"), quantity("f", "98.6", "[degF]"), quantity("k", "310.15", "K"), quantity("cold", "36.4", "Cel"), quantity("pH", "7.4", "[pH]")}, []rule{
		{"value-quantity=37.0" + system + "Cel", "cel f k"}, {"value-quantity=98.6" + system + "[degF]", "cel f k"}, {"value-quantity=310.15" + system + "K", "cel f k"}, {"value-quantity=lt98.6" + system + "[degF]", "cold"},
		{"value-quantity=gt97" + system + "[degF]", "cel f k cold"}, {"value-quantity=ge310.15" + system + "K", "cel f k"}, {"value-quantity=7.4" + system + "[pH]", "pH"},
	})
	component := func(code, number, unit string) string {
		return `{"code":{"coding":[{"code":"` + code + `"}]},"valueQuantity":` + in(number, unit) + `}`
	}
	holds(t, "Observation", []string{
		value("a", `"component":[`+component("x", "5400", "mg")+`,`+component("y", "1", "kg")+`]`), value("b", `"component":[`+component("x", "1", "kg")+`,`+component("y", "5400", "mg")+`]`),
	}, []rule{
		{"component-code-value-quantity=x$5.4" + system + "g", "a"}, {"component-code-value-quantity=y$5.4" + system + "g", "b"}, {"component-code-value-quantity=x$gt5.4" + system + "g", "b"}, {"component-code-value-quantity=x$le1000" + system + "g", "a b"},
		{"component-code-value-quantity=x$1" + system + "g", ""}, {"component-code-value-quantity=x$5.4" + system + "m", ""},
	})
	holds(t, "Condition", []string{
		`{"resourceType":"Condition","id":"years","subject":{"reference":"Patient/1"},"onsetRange":{"low":` + in("2", "a") + `,"high":` + in("3", "a") + `}}`,
		`{"resourceType":"Condition","id":"months","subject":{"reference":"Patient/1"},"onsetAge":` + in("30", "mo") + `}`,
		`{"resourceType":"Condition","id":"open","subject":{"reference":"Patient/1"},"onsetRange":{"low":` + in("48", "mo") + `}}`,
	}, []rule{
		{"onset-age=30" + system + "mo", "months"}, {"onset-age=2.5" + system + "a", "months"}, {"onset-age=gt2.5" + system + "a", "years open"}, {"onset-age=lt30" + system + "mo", "years"}, {"onset-age=sa24" + system + "mo", "months open"}, {"onset-age=eb40" + system + "mo", "years months"},
		{"onset-age=ge48" + system + "mo", "open"}, {"onset-age=3e1" + system + "mo", "months"}, {"onset-age=gt1000" + system + "a", "open"},
	})
}

// FHIR R4 §3.1.1.4.17.
func TestRulesOfComposites(t *testing.T) {
	observation := func(id string, parts ...string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"coding":[{"system":"urn:c","code":"bp"}]},"component":[` + strings.Join(parts, ",") + `]}`
	}
	part := func(code, value string) string {
		return `{"code":{"coding":[{"system":"urn:c","code":"` + code + `"}]},` + value + `}`
	}
	holds(t, "Observation", []string{
		observation("huge", part("x", `"valueQuantity":{"value":1e999999999}`), part("y", `"valueQuantity":{"value":-1e90000}`)),
		observation("tiny", part("x", `"valueQuantity":{"value":1e-999999999}`), part("y", `"valueQuantity":{"value":1e-90000}`)),
	}, []rule{
		{"component-code-value-quantity=x$gt5", "huge"}, {"component-code-value-quantity=x$lt5", "tiny"}, {"component-code-value-quantity=x$gt0", "huge tiny"}, {"component-code-value-quantity=y$lt-5", "huge"}, {"component-code-value-quantity=y$gt0", "tiny"}, {"component-code-value-quantity=y$lt5", "huge tiny"},
	})
	holds(t, "Observation", []string{
		observation("a", part("sys", `"valueQuantity":{"value":140,"unit":"mmHg"}`), part("dia", `"valueQuantity":{"value":90,"unit":"mmHg"}`)),
		observation("b", part("sys", `"valueQuantity":{"value":90,"unit":"mmHg"}`), part("dia", `"valueCodeableConcept":{"coding":[{"code":"low$"}]}`)),
		`{"resourceType":"Observation","id":"c","status":"final","code":{"coding":[{"system":"urn:c","code":"sys"}]},"valueQuantity":{"value":90},"effectiveDateTime":"2020-02-02"}`,
	}, []rule{
		{"component-code-value-quantity=sys$140", "a"}, {"component-code-value-quantity=sys$90", "b"}, {"component-code-value-quantity=urn:c|sys$gt80||mmHg", "a b"}, {"component-code-value-quantity=sys$90,dia$90", "a b"},
		{"combo-code-value-quantity=sys$90", "b c"}, {"code-value-quantity=sys$90", "c"}, {"combo-code-value-quantity=bp$90", ""}, {`component-code-value-concept=dia$low\$`, "b"}, {"component-code=sys&component-value-quantity=90", "a b"},
		{"code-value-quantity=sys$ne90", ""}, {"component-code-value-quantity=sys$ne90", "a"}, {"component-code-value-quantity=sys$140&component-code-value-quantity=dia$90", "a"},
		{"component-code-value-quantity=sys", refused}, {"component-code-value-quantity=sys$", refused}, {"component-code-value-quantity=sys$1$2", refused}, {"component-code-value-quantity=sys$heavy", refused},
		{"component-code-value-quantity:missing=true", refused}, {"component-code-value-quantity:not=sys$1", refused}, {"component-code-value-quantity:exact=sys$1", refused},
	})
}
