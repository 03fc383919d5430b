package datastore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	mpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/medication_go_proto"
)

// containers are resources that contain others, beside some of their own.
var containers = []string{
	`{"resourceType":"Organization","id":"mill","name":"Mill"}`,
	`{"resourceType":"Organization","id":"lake","name":"Lake","partOf":{"reference":"Organization/mill"}}`,
	`{"resourceType":"Patient","id":"ann","name":[{"family":"Ann"}],"birthDate":"1980-05-05"}`,
	`{"resourceType":"Medication","id":"own","code":{"coding":[{"system":"urn:c","code":"x"}]},"status":"active"}`,
	// Two Medications, of which it refers to the first.
	`{"resourceType":"MedicationRequest","id":"two","status":"active","intent":"order","subject":{"reference":"Patient/ann"},
		"medicationReference":{"reference":"#m1"},"supportingInformation":[{"reference":"#m2"}],"reasonReference":[{"reference":"#o"}],
		"contained":[
			{"resourceType":"Medication","id":"m1","code":{"coding":[{"system":"urn:c","code":"x","display":"Xylit"}]},"status":"active","manufacturer":{"reference":"#maker"},"batch":{"expirationDate":"2025-06"}},
			{"resourceType":"Medication","id":"m2","code":{"coding":[{"system":"urn:c","code":"y"}]},"status":"inactive","manufacturer":{"reference":"Organization/lake"}},
			{"resourceType":"Organization","id":"maker","name":"Maker","partOf":{"reference":"Organization/mill"}},
			{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"code":"weight"}]},"subject":{"reference":"Patient/ann"},"valueQuantity":{"value":70,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"},"effectivePeriod":{"start":"2020-01-01","end":"2020-02-01"},
				"component":[{"code":{"coding":[{"code":"a"}]},"valueQuantity":{"value":1}},{"code":{"coding":[{"code":"b"}]},"valueQuantity":{"value":2}}],"hasMember":[{"reference":"#o2"}]},
			{"resourceType":"Observation","id":"o2","status":"amended","code":{"text":"loose"},"subject":{"reference":"Group/g"},"derivedFrom":[{"reference":"#o"}],"component":[{"code":{"coding":[{"code":"a"}]},"valueQuantity":{"value":2}}]}]}`,
	`{"resourceType":"MedicationRequest","id":"one","status":"active","intent":"order","subject":{"reference":"Patient/ann"},
		"medicationReference":{"reference":"#m1"},
		"contained":[{"resourceType":"Medication","id":"m1","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Seven of lake</div>"},"identifier":[{"system":"urn:i","value":"7"}],"code":{"coding":[{"system":"urn:c","code":"y"}]},"manufacturer":{"reference":"Organization/lake"}}]}`,
	`{"resourceType":"MedicationRequest","id":"outside","status":"active","intent":"order","subject":{"reference":"Patient/ann"},"medicationReference":{"reference":"Medication/own"}}`,
	`{"resourceType":"MedicationRequest","id":"coded","status":"active","intent":"order","subject":{"reference":"Patient/ann"},"medicationCodeableConcept":{"coding":[{"system":"urn:c","code":"x"}]}}`,
	// What is contained refers to its container.
	`{"resourceType":"Encounter","id":"stay","status":"planned","class":{"code":"AMB"},"subject":{"reference":"#p"},"location":[{"location":{"reference":"#l"}}],
		"contained":[
			{"resourceType":"Patient","id":"p","name":[{"family":"O'Hara","given":["Änne"]}],"birthDate":"1990-01-02","gender":"female","deceasedBoolean":true},
			{"resourceType":"Location","id":"l","name":"Ward","position":{"latitude":52.5,"longitude":13.4}},
			{"resourceType":"Observation","id":"seen","status":"final","code":{"text":"seen"},"subject":{"reference":"#p"},"encounter":{"reference":"#"}}]}`,
	`{"resourceType":"Library","id":"lib","status":"draft","type":{"text":"x"},"url":"http://x.org/Library/a","contained":[{"resourceType":"ValueSet","id":"v","status":"draft","url":"http://x.org/ValueSet/deep/v"}],"dataRequirement":[{"type":"Patient","codeFilter":[{"path":"x","valueSet":"#v"}]}]}`,
}

// eachStore runs a test on the containers in memory and in a folder that was closed
// and opened again.
func eachStore(t *testing.T, resources []string, test func(t *testing.T, store *datastore.Store)) {
	t.Run("memory", func(t *testing.T) { test(t, filled(t, nil, resources...)) })
	t.Run("reopened", func(t *testing.T) {
		dir := t.TempDir()
		store, err := datastore.Open(ctx, dir, &datastore.Options{Key: datastore.Passphrase("x")})
		require.NoError(t, err)
		for _, r := range resources {
			_, err := store.Update(ctx, []byte(r), datastore.Validation(datastore.WithoutInvariants))
			require.NoError(t, err, r)
		}
		require.NoError(t, store.Close())
		store, err = datastore.Open(ctx, dir, &datastore.Options{Key: datastore.Passphrase("x")})
		require.NoError(t, err)
		defer store.Close()
		test(t, store)
	})
}

// FHIR R4 §3.1.1.5.5: chains are evaluated inside contained resources, other searches
// are not.
func TestChainsIntoContained(t *testing.T) {
	eachStore(t, containers, func(t *testing.T, store *datastore.Store) {
		for _, c := range []struct{ typ, query, found string }{
			{"Medication", "code=x", "own"}, {"Medication", "", "own"}, {"Medication", "_id=m1", ""}, {"Patient", "gender=female", ""}, {"Observation", "", ""}, {"", "_id=m1", ""}, {"", "name=maker&_type=Organization", ""},
			{"MedicationRequest", "medication.code=x", "outside two"}, {"MedicationRequest", "medication.code=y", "one"}, {"MedicationRequest", "medication:Medication.code=urn:c|x", "outside two"},
			{"MedicationRequest", "medication.code=x,y", "outside one two"}, {"MedicationRequest", "medication.code:not=y", "outside two"}, {"MedicationRequest", "medication.code:text=xyl", "two"}, {"MedicationRequest", "medication.code=urn:c|", "outside one two"}, {"MedicationRequest", "medication.code=|x", ""},
			{"MedicationRequest", "medication.expiration-date=2025-06-15", ""}, {"MedicationRequest", "medication.expiration-date=2025", "two"}, {"MedicationRequest", "medication.expiration-date=gt2025-01", "two"}, {"MedicationRequest", "medication.expiration-date:missing=true", "outside one"}, {"MedicationRequest", "medication.expiration-date:missing=false", "two"},
			{"MedicationRequest", "medication.status=inactive", ""}, {"MedicationRequest", "medication.status=active", "outside two"}, {"MedicationRequest", "medication.status:missing=true", "one"}, {"MedicationRequest", "medication._id=m1", "one two"}, {"MedicationRequest", "medication._id:not=m1", "outside"}, {"MedicationRequest", "medication._lastUpdated=gt2000", "outside"},
			{"MedicationRequest", "medication.identifier=urn:i|7", "one"}, {"MedicationRequest", "medication._text=seven", "one"}, {"MedicationRequest", "medication._content=xylit", "two"}, {"MedicationRequest", "medication._content=NOT xylit", "outside one"}, {"MedicationRequest", "medication._text=xylit", ""}, {"MedicationRequest", `medication._content="seven of"`, "one"}, {"MedicationRequest", "medication._content=maker", ""}, {"MedicationRequest", "_content=maker", "two"}, {"MedicationRequest", "medication=#m1", "one two"}, {"MedicationRequest", "medication.manufacturer=#maker", "two"}, {"MedicationRequest", "medication.manufacturer=Organization/lake", "one"}, {"MedicationRequest", "medication.manufacturer:Organization=lake", "one"},
			{"MedicationRequest", "medication.manufacturer.name=lake", "one"}, {"MedicationRequest", "medication.manufacturer.name=mak", "two"}, {"MedicationRequest", "medication.manufacturer.name:exact=Maker", "two"}, {"MedicationRequest", "medication.manufacturer.name:contains=AK", "one two"}, {"MedicationRequest", "medication.manufacturer.partof.name=mill", "one two"}, {"MedicationRequest", "medication.manufacturer.partof=mill", "one two"},
			{"MedicationRequest", "medication.manufacturer:below=Organization/mill", "one"}, {"MedicationRequest", "medication.manufacturer:above=Organization/lake", "one"}, {"MedicationRequest", "medication.manufacturer.partof:below=mill", "one two"},
			{"MedicationRequest", "medication.code=x&medication.manufacturer.name=maker", "two"}, {"MedicationRequest", "medication.code=y&medication.manufacturer.name=maker", ""}, {"MedicationRequest", "medication._has:MedicationRequest:medication:status=active", "outside"}, {"MedicationRequest", "medication._list=l", ""},
			{"MedicationRequest", "subject:Patient.name=ann&medication.code=x", "outside two"}, {"MedicationRequest", "_filter=not (medication.code eq x)", "coded one"}, {"MedicationRequest", "_filter=medication[status eq active].code eq x", "outside two"}, {"MedicationRequest", "_filter=medication.code ne y", "outside two"},
			{"Patient", "_has:MedicationRequest:subject:medication.code=y", "ann"}, {"Medication", "_has:MedicationRequest:medication:status=active", "own"}, {"Medication", "_has:MedicationRequest:medication:medication.code=x", "own"},
			{"Encounter", "subject.name=ohara", "stay"}, {"Encounter", "subject:Patient.given=anne", "stay"}, {"Encounter", "patient.gender=female", "stay"}, {"Encounter", "patient.gender=male", ""}, {"Encounter", "patient.birthdate=lt1991", "stay"}, {"Encounter", "patient.deceased=true", "stay"}, {"Encounter", "subject:Group.type=person", ""},
			{"Encounter", "location.near=52.5|13.4|1|km", "stay"}, {"Encounter", "location.near=0|0|1|km", ""}, {"Encounter", "location.near:missing=false", "stay"}, {"Encounter", "location.near:missing=true", ""},
		} {
			assert.Equal(t, c.found, find(t, store, c.typ, c.query), "%s?%s", c.typ, c.query)
		}
		page, err := store.Search(ctx, "MedicationRequest", "medication.code=x&_sort=_id&_count=1&_include=MedicationRequest:subject")
		require.NoError(t, err)
		assert.Equal(t, 2, page.Total)
		assert.Equal(t, "outside", idsOf(page.Matches))
		assert.Equal(t, "ann", idsOf(page.Included))
	})
}

// FHIR R4 §3.1.1.5.5: _contained and _containedType.
func TestContained(t *testing.T) {
	eachStore(t, containers, func(t *testing.T, store *datastore.Store) {
		for _, c := range []struct{ typ, query, containers, contained string }{
			{"Medication", "", "one two", "one#m1 two#m1 two#m2"}, {"Medication", "code=x", "two", "two#m1"}, {"Medication", "code=y", "one two", "one#m1 two#m2"}, {"Medication", "code=x&status=active", "two", "two#m1"}, {"Medication", "code=y&status=active", "", ""}, {"Medication", "code=x,y&manufacturer.name=lake", "one two", "one#m1 two#m2"},
			{"Medication", "code:not=x", "one two", "one#m1 two#m2"}, {"Medication", "status:missing=true", "one", "one#m1"}, {"Medication", "_id=m1", "one two", "one#m1 two#m1"}, {"Medication", "_id=m2,other", "two", "two#m2"}, {"Medication", "_id:not=m1", "two", "two#m2"}, {"Medication", "_id:missing=true", "", ""}, {"Medication", "_lastUpdated=gt2000", "", ""}, {"Medication", "_lastUpdated:missing=true", "one two", "one#m1 two#m1 two#m2"},
			{"Medication", "manufacturer.name=maker", "two", "two#m1"}, {"Medication", "manufacturer:missing=false&identifier=7", "one", "one#m1"}, {"Medication", "_content=xylit OR lake", "one two", "one#m1 two#m1"}, {"Medication", "_text=xylit", "", ""}, {"Medication", `_text="of lake" seven`, "one", "one#m1"}, {"Medication", `_content="lake of"`, "", ""}, {"Medication", "_content=weight", "", ""}, {"Medication", "_has:MedicationRequest:medication:status=active", "", ""}, {"Medication", "_filter=code eq x or identifier eq 7", "one two", "one#m1 two#m1"}, {"Medication", "_filter=not (code eq x)", "one two", "one#m1 two#m2"},
			{"Observation", "value-quantity=70||kg", "two", "two#o"}, {"Observation", "value-quantity=lt70", "", ""}, {"Observation", "value-quantity=70000|http://unitsofmeasure.org|g", "two", "two#o"}, {"Observation", "value-quantity=70001|http://unitsofmeasure.org|g", "", ""}, {"Observation", "code-value-quantity=weight$70000|http://unitsofmeasure.org|g", "two", "two#o"}, {"Observation", "date=2020", "two", "two#o"}, {"Observation", "date=sa2020", "", ""}, {"Observation", "subject=Patient/ann", "two", "two#o"}, {"Observation", "patient=ann", "two", "two#o"}, {"Observation", "subject.name:exact=Ann", "two", "two#o"},
			{"Observation", "component-code-value-quantity=a$1", "two", "two#o"}, {"Observation", "component-code-value-quantity=b$1", "", ""}, {"Observation", "component-code-value-quantity=a$2", "two", "two#o2"}, {"Observation", "code-value-quantity=weight$70", "two", "two#o"}, {"Observation", "component-code=a&component-value-quantity=1", "two", "two#o"},
			{"Observation", "has-member.status=amended", "two", "two#o"}, {"Observation", "has-member.derived-from:Observation.has-member.status=amended", "two", "two#o"}, {"Observation", "encounter.status=planned", "stay", "stay#seen"}, {"Observation", "encounter.class=IMP", "", ""}, {"Observation", "patient.name=ohara", "stay", "stay#seen"}, {"Observation", "encounter.patient.name=ohara", "stay", "stay#seen"},
			{"Patient", "name=ÄNNE", "stay", "stay#p"}, {"Patient", "name:exact=Änne", "stay", "stay#p"}, {"Patient", "name:exact=Anne", "", ""}, {"Patient", "deceased=true&gender=female", "stay", "stay#p"}, {"Location", "near=52.5|13.4", "stay", "stay#l"}, {"Location", "near=-52.5|13.4", "", ""},
			{"ValueSet", "url=http://x.org/ValueSet/deep/v", "lib", "lib#v"}, {"ValueSet", "url:below=http://x.org/ValueSet", "lib", "lib#v"}, {"ValueSet", "url:above=http://x.org/ValueSet/deep/v/w", "lib", "lib#v"}, {"ValueSet", "url:above=http://x.org/ValueSet", "", ""}, {"Condition", "", "", ""},
			{"", "_type=Medication,Patient&_id=m1,p", "stay one two", "stay#p one#m1 two#m1"}, {"", "_id=v", "lib", "lib#v"},
		} {
			assert.Equal(t, c.containers, find(t, store, c.typ, c.query+"&_contained=true"), "%s?%s", c.typ, c.query)
			assert.Equal(t, c.containers, find(t, store, c.typ, c.query+"&_contained=true&_containedType=container&_count=1000"), "%s?%s", c.typ, c.query)
			assert.Equal(t, c.contained, pagewise(t, store, c.typ, c.query+"&_contained=true&_containedType=contained&_count=2"), "%s?%s", c.typ, c.query)
			outside := find(t, store, c.typ, c.query)
			assert.Equal(t, outside, find(t, store, c.typ, c.query+"&_contained=false"), "%s?%s", c.typ, c.query)
			both := strings.Fields(find(t, store, c.typ, c.query+"&_contained=both"))
			assert.ElementsMatch(t, append(strings.Fields(outside), strings.Fields(c.containers)...), both, "%s?%s", c.typ, c.query)
			both = strings.Fields(pagewise(t, store, c.typ, c.query+"&_contained=both&_containedType=contained&_count=1"))
			assert.ElementsMatch(t, append(strings.Fields(outside), strings.Fields(c.contained)...), both, "%s?%s", c.typ, c.query)
		}
		for query, found := range map[string]string{
			"_contained=yes": refused, "_contained=": "own", "_contained:not=true": refused, "_contained=true&_contained=true": refused, "_contained=true,false": refused, "_containedType=contained": refused, "_contained=false&_containedType=container": refused, "_contained=true&_containedType=both": refused,
			"_contained=true&_elements=intent": "one two", "_contained=true&_elements=nonsense": refused, "_contained=true&_sort=code": refused, "_contained=true&_sort=_id": "one two", "_contained=both&_sort=-_id": "two own one", "_contained=true&_sort=_lastUpdated": "two one", "_contained=both&_sort=manufacturer.name": refused, "_contained=true&_containedType=contained&_sort=_id": refused, "_contained=true&_containedType=contained&_include=Medication:manufacturer": refused, "_contained=true&code:nonsense=x": refused,
		} {
			assert.Equal(t, found, find(t, store, "Medication", query), query)
		}
		assert.Equal(t, refused, find(t, store, "Observation", "_contained=true", datastore.InCompartment(datastore.Ref{Type: "Patient", ID: "ann"})))
	})
}

// pagewise walks all pages of an answer, forth by next and back by previous, and
// returns the ids of its matches: container#id of contained ones.
func pagewise(t *testing.T, store *datastore.Store, typ, query string) string {
	t.Helper()
	var pages []string
	var found []string
	total := 0
	for query := encoded(query); query != ""; {
		page, err := store.Search(ctx, typ, query)
		require.NoError(t, err)
		names := named(page)
		found, pages, total = append(found, names...), append(pages, strings.Join(names, " ")), page.Total
		if query = page.Next; query != "" {
			continue
		}
		for at, previous := len(pages)-2, page.Previous; previous != ""; at-- {
			page, err := store.Search(ctx, typ, previous)
			require.NoError(t, err)
			assert.Equal(t, pages[at], strings.Join(named(page), " "))
			previous = page.Previous
		}
	}
	assert.Len(t, found, total)
	return strings.Join(found, " ")
}

func named(page *datastore.Page) []string {
	var names []string
	for _, v := range page.Matches {
		if v.Container.ID != "" {
			names = append(names, v.Container.ID+"#"+v.ID)
		} else {
			names = append(names, v.ID)
		}
	}
	return names
}

func TestContainedAnswers(t *testing.T) {
	store := filled(t, nil, containers...)
	page, err := store.Search(ctx, "Medication", "_contained=true&_containedType=contained&code=y&_explain=true")
	require.NoError(t, err)
	bundle := string(page.Bundle("http://x.org/fhir"))
	assert.Contains(t, bundle, `"entry":[{"fullUrl":"http://x.org/fhir/MedicationRequest/one#m1","resource":{"resourceType":"Medication","id":"m1",`)
	assert.Contains(t, bundle, `{"fullUrl":"http://x.org/fhir/MedicationRequest/two#m2","resource":{"resourceType":"Medication","id":"m2","code":{"coding":[{"system":"urn:c","code":"y"}]},"status":"inactive","manufacturer":{"reference":"Organization/lake"}},"search":{"mode":"match"}}`)
	assert.Contains(t, bundle, `"url":"http://x.org/fhir/Medication?_contained=true&_containedType=contained&code=y&_explain=true"`)
	assert.Equal(t, datastore.Ref{Type: "Medication", ID: "m2"}, page.Matches[1].Ref)
	assert.Equal(t, datastore.Ref{Type: "MedicationRequest", ID: "two"}, page.Matches[1].Container)

	page, err = store.Search(ctx, "Medication", "_contained=true&_containedType=contained&code=y&_elements=status")
	require.NoError(t, err)
	assert.Contains(t, string(page.Matches[1].JSON), `"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"`)
	assert.Contains(t, string(page.Matches[1].JSON), `"status":"inactive"}`)
	page, err = store.Search(ctx, "Medication", "_contained=both&_containedType=contained&_summary=count")
	require.NoError(t, err)
	assert.Equal(t, 4, page.Total)
	assert.Empty(t, page.Matches)

	page, err = store.Search(ctx, "Medication", "_contained=true&_include=MedicationRequest:subject&_include=*&_explain=true")
	require.NoError(t, err)
	assert.Equal(t, "one two", idsOf(page.Matches))
	assert.Equal(t, "ann", idsOf(page.Included))
	assert.Contains(t, page.Plan.String(), "Medication _contained")

	for _, err := range datastore.Search[*mpb.Medication](ctx, store, "_contained=true") {
		assert.ErrorIs(t, err, datastore.ErrInvalid)
	}
	_, err = store.Create(ctx, []byte(`{"resourceType":"Medication"}`), datastore.IfNoneExist("code=x&_contained=true"))
	assert.ErrorIs(t, err, datastore.ErrInvalid)
}

// Pages are of the state in which the first was read, and updates and deletions of a
// container are those of what it contains.
func TestContainedOverTime(t *testing.T) {
	store := filled(t, nil, containers...)
	first, err := store.Search(ctx, "Medication", "_contained=true&_containedType=contained&_count=2")
	require.NoError(t, err)
	_, err = store.Update(ctx, []byte(`{"resourceType":"MedicationRequest","id":"one","status":"active","intent":"order","subject":{"reference":"Patient/ann"},"medicationReference":{"reference":"#m9"},"contained":[{"resourceType":"Medication","id":"m9","code":{"coding":[{"code":"z"}]}}]}`))
	require.NoError(t, err)
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "MedicationRequest", ID: "two"}))
	assert.Equal(t, "one#m9", pagewise(t, store, "Medication", "_contained=true&_containedType=contained&_count=2"))
	assert.Equal(t, "outside", find(t, store, "MedicationRequest", "medication.code=x"))
	assert.Equal(t, "one", find(t, store, "MedicationRequest", "medication.code=z"))
	second, err := store.Search(ctx, "Medication", first.Next)
	require.NoError(t, err)
	assert.Equal(t, 3, second.Total)
	assert.Equal(t, []string{"two#m2"}, named(second))
	_, err = store.Search(ctx, "Medication", strings.Replace(first.Next, "_containedType=contained", "_containedType=container", 1))
	assert.ErrorIs(t, err, datastore.ErrInvalid)
}

// Ten thousand contained resources in one: searches are bounded.
func TestManyContained(t *testing.T) {
	const n = 10_000
	var inner, items []string
	for i := range n {
		inner = append(inner, fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"code":"c%d"}]},"hasMember":[{"reference":"#o%d"},{"reference":"#o%d"}]}`, i, i%7, (i+1)%n, (i*31)%n))
		items = append(items, fmt.Sprintf(`{"item":{"reference":"#o%d"}}`, i))
	}
	store := filled(t, nil, `{"resourceType":"List","id":"all","status":"current","mode":"working","contained":[`+strings.Join(inner, ",")+`],"entry":[`+strings.Join(items, ",")+`]}`)
	page, err := store.Search(ctx, "Observation", "_contained=true&_containedType=contained&code=c3&_count=1000")
	require.NoError(t, err)
	assert.Equal(t, (n+3)/7, page.Total)
	assert.Len(t, page.Matches, 1000)
	assert.Equal(t, "all", find(t, store, "List", "item:Observation."+strings.Repeat("has-member:Observation.", 10)+"code=c3"))
	assert.Equal(t, "", find(t, store, "List", "item:Observation."+strings.Repeat("has-member:Observation.", 10)+"code=c9"))
	assert.Equal(t, "all", find(t, store, "Observation", "_contained=true&_id=o77&code=c0"))
	assert.Equal(t, "", find(t, store, "Observation", "_contained=true&_id=o77&code=c1"))
}

// Value sets and code hierarchies of the store hold in contained resources.
func TestTerminologyOfContained(t *testing.T) {
	request := func(id, code string) string {
		return `{"resourceType":"MedicationRequest","id":"` + id + `","status":"active","intent":"order","subject":{"reference":"Patient/ann"},"medicationReference":{"reference":"#m"},
			"contained":[{"resourceType":"Medication","id":"m","code":{"coding":[{"system":"urn:c","code":"` + code + `"}]}}]}`
	}
	store := filled(t, nil,
		`{"resourceType":"CodeSystem","id":"c","url":"urn:c","status":"active","content":"complete","concept":[{"code":"top","concept":[{"code":"mid","concept":[{"code":"low"}]}]},{"code":"other"}]}`,
		`{"resourceType":"ValueSet","id":"v","url":"urn:v","status":"active","compose":{"include":[{"system":"urn:c","filter":[{"property":"concept","op":"is-a","value":"mid"}]}]}}`,
		request("a", "top"), request("b", "MID"), request("c", "low"), request("d", "other"), request("e", "unknown"))
	for _, r := range []rule{
		{"code:in=urn:v", "c b"}, {"code:not-in=urn:v", "e d a"}, {"code:below=urn:c|mid", "c b"}, {"code:above=urn:c|mid", "b a"}, {"code:in=ValueSet/v", "c b"}, {"code:in=urn:none", refused},
	} {
		assert.Equal(t, r.found, find(t, store, "MedicationRequest", "medication."+r.query), r.query)
		assert.Equal(t, r.found, find(t, store, "Medication", "_contained=true&"+r.query), r.query)
	}
}

// Many targets of one chain, so that they are not looked up one by one.
func TestChainToManyFromContained(t *testing.T) {
	store := filled(t, nil, containers...)
	_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
		for i := range 1500 {
			if _, err := tx.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Organization","id":"o%d","name":"Lake %d"}`, i, i)); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, "one", find(t, store, "MedicationRequest", "medication.manufacturer.name=lake"))
	assert.Equal(t, "one two", find(t, store, "Medication", "_contained=true&manufacturer.name=lake"))
}

func TestTypedContained(t *testing.T) {
	store := filled(t, nil, containers...)
	page, err := datastore.SearchPage[*mpb.Medication](ctx, store, "_contained=both&_containedType=contained&code=x")
	require.NoError(t, err)
	assert.Equal(t, 2, page.Total)
	assert.Equal(t, "m1", page.Matches[0].GetId().GetValue())
	assert.Equal(t, "own", page.Matches[1].GetId().GetValue())
	_, err = datastore.SearchPage[*mpb.Medication](ctx, store, "_contained=true")
	assert.ErrorIs(t, err, datastore.ErrInvalid)
}
