package datastore_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ordered checks the order of matches as well.
func ordered(t *testing.T, store *datastore.Store, typ string, rules []rule) {
	t.Helper()
	for _, r := range rules {
		assert.Equal(t, r.found, find(t, store, typ, r.query), "%s?%s", typ, r.query)
	}
}

// FHIR R4 §3.1.1.3.
func TestRulesOfErrors(t *testing.T) {
	store := filled(t, nil, string(patient("a", "A")), string(patient("b", "B")))
	for _, c := range []struct{ query, strict, lenient, self string }{
		{"", "b a", "b a", ""},
		{"family=", "b a", "b a", ""}, {"family=,", "b a", "b a", ""}, {"nonsense=", "b a", "b a", ""}, {"family=&gender:missing=true", "b a", "b a", "gender:missing=true"},
		{"nonsense=1&family=a", refused, "a", "family=a"}, {"_sort=nonsense,-family&family=a", refused, "a", "_sort=-family&family=a"}, {"_sort=nonsense", refused, "b a", ""},
		{"organization.nonsense=1", refused, "b a", ""}, {"_has:Observation:nonsense:code=1", refused, "b a", ""}, {"_has:Observation:subject:nonsense=1", refused, "b a", ""},
		{"_filter=nonsense eq 1", refused, "b a", ""}, {"_filter=x", refused, refused, ""}, {"_list=$current-problems", refused, "b a", ""}, {"_list=a/b", refused, refused, ""}, {"_list:not=x", refused, "b a", ""}, {"_contained=yes", refused, refused, ""},
		{"_summary=true", "b a", "b a", "_summary=true"}, {"_summary=text", "b a", "b a", "_summary=text"}, {"_summary=data", "b a", "b a", "_summary=data"}, {"_summary=false", "b a", "b a", "_summary=false"},
		{"_elements=name,,name", "b a", "b a", "_elements=name"}, {"_elements=nonsense,name", refused, "b a", "_elements=name"}, {"_elements=nonsense", refused, "b a", ""}, {"_summary=text&_include=*", refused, refused, ""},
		{"_query=x", refused, refused, ""}, {"family:nonsense=1", refused, refused, ""}, {"gender:in=urn:x", refused, refused, ""}, {"birthdate=yesterday", refused, refused, ""}, {"_include=Patient:nonsense", refused, refused, ""},
		{"_include=nonsense", refused, refused, ""}, {"_include:nonsense=Patient:organization", refused, refused, ""}, {"_has:Nonsense:subject:code=1", refused, refused, ""}, {"_has:Observation=1", refused, refused, ""},
		{"_summary=nonsense", refused, refused, ""}, {"_total=nonsense", refused, refused, ""}, {"_count=nonsense", refused, refused, ""}, {"_count=-1", refused, refused, ""}, {"_count=1.5", refused, refused, ""},
		{"_count=1&_count=2", refused, refused, ""}, {"_summary=count&_summary=false", refused, refused, ""}, {"_total=none&_total=accurate", refused, refused, ""}, {"_sort:desc=family", refused, refused, ""}, {"_sort=family:exact", refused, refused, ""},
		{"family=a\x00", refused, refused, ""}, {"fam\x01ily=a", refused, refused, ""},
	} {
		assert.Equal(t, c.strict, find(t, store, "Patient", c.query), c.query)
		page, err := store.Search(ctx, "Patient", encoded(c.query), datastore.Lenient())
		if c.lenient == refused {
			assert.ErrorIs(t, err, datastore.ErrInvalid, c.query)
			continue
		}
		require.NoError(t, err, c.query)
		assert.Equal(t, c.lenient, idsOf(page.Matches), c.query)
		assert.Equal(t, c.self, page.Self, c.query)
		assert.Equal(t, c.strict == refused, len(page.Issues) > 0, c.query)
		assert.Equal(t, len(page.Issues) > 0, strings.Contains(string(page.Bundle("")), `"search":{"mode":"outcome"}`), c.query)
	}
	for _, query := range []string{"family=%ff", "family=%zz", "%ff=x", "family=%c0%80"} {
		_, err := store.Search(ctx, "Patient", query)
		assert.ErrorIs(t, err, datastore.ErrInvalid, query)
	}
}

// FHIR R4 §3.1.1.5: _count, _total, _summary=count and the links.
func TestRulesOfPages(t *testing.T) {
	store := open(t, nil)
	_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
		for i := range 1050 {
			if _, err := tx.Update(ctx, patient(fmt.Sprintf("p%04d", i), "A")); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	for _, c := range []struct {
		query   string
		matches int
		self    string
	}{
		{"", 20, ""}, {"_count=0", 0, "_count=0"}, {"_count=7", 7, "_count=7"}, {"_count=1000", 1000, "_count=1000"}, {"_count=1001", 1000, "_count=1000"}, {"_count=99999999999999999999", 1000, "_count=1000"},
		{"_summary=count", 0, "_summary=count"}, {"_summary=count&_count=5", 0, "_summary=count&_count=5"}, {"_total=none", 20, "_total=none"}, {"_total=estimate", 20, "_total=estimate"}, {"_total=accurate&_count=1", 1, "_total=accurate&_count=1"},
	} {
		page, err := store.Search(ctx, "Patient", c.query)
		require.NoError(t, err, c.query)
		assert.Equal(t, 1050, page.Total, c.query)
		assert.Len(t, page.Matches, c.matches, c.query)
		assert.Equal(t, c.self, page.Self, c.query)
		assert.Equal(t, c.matches > 0, page.Next != "", c.query)
		assert.Empty(t, page.Previous, c.query)
	}
	for _, query := range []string{"family=a&_count=400", "family=a&_count=400&_sort=_id", "_count=400&_sort=-family"} {
		first, err := store.Search(ctx, "Patient", query)
		require.NoError(t, err)
		pages, seen := []*datastore.Page{first}, map[string]bool{}
		for page := first; page.Next != ""; pages = append(pages, page) {
			// Pages are stable while others write.
			_, err = store.Update(ctx, patient(fmt.Sprintf("p%04d", 3*len(pages)), "Zzz"))
			require.NoError(t, err)
			_, err = store.Create(ctx, []byte(`{"resourceType":"Patient","name":[{"family":"A"}]}`))
			require.NoError(t, err)
			page, err = store.Search(ctx, "Patient", page.Next)
			require.NoError(t, err)
			require.Equal(t, first.Total, page.Total)
			require.Equal(t, first.Self, page.Self)
		}
		for i, page := range pages {
			for _, v := range page.Matches {
				assert.False(t, seen[v.Ref.ID], "twice: %s", v.Ref)
				seen[v.Ref.ID] = true
			}
			if i > 0 {
				back, err := store.Search(ctx, "Patient", page.Previous)
				require.NoError(t, err)
				assert.Equal(t, pages[i-1].Matches, back.Matches)
			}
		}
		assert.Len(t, seen, first.Total)
		last, err := store.Search(ctx, "Patient", first.Last)
		require.NoError(t, err)
		assert.Equal(t, pages[len(pages)-1].Matches, last.Matches)
		start, err := store.Search(ctx, "Patient", last.First)
		require.NoError(t, err)
		assert.Equal(t, first.Matches, start.Matches)
		for _, tampered := range []string{
			strings.Replace(first.Next, "_count=400", "_count=401", 1), "family=b&" + first.Next, first.Next[:len(first.Next)-1], first.Next + "A", "_page=x", "_page=" + strings.Repeat("A", 60),
		} {
			_, err = store.Search(ctx, "Patient", tampered)
			assert.ErrorIs(t, err, datastore.ErrInvalid, tampered)
			assert.ErrorContains(t, err, "_page: ", tampered)
		}
		_, err = store.Search(ctx, "Observation", first.Next)
		assert.Error(t, err)
		cleanUp(t, store)
	}
	page, err := store.Search(ctx, "Patient", "family=nobody")
	require.NoError(t, err)
	assert.Zero(t, page.Total)
	assert.NotEmpty(t, page.First)
	assert.NotEmpty(t, page.Last)
	assert.Empty(t, page.Next+page.Previous)
}

// cleanUp gives every patient the same name again and deletes the created ones.
func cleanUp(t *testing.T, store *datastore.Store) {
	t.Helper()
	page, err := store.Search(ctx, "Patient", "_count=1000&_lastUpdated=gt2026-01-02T03:04:05Z")
	require.NoError(t, err)
	for _, v := range page.Matches {
		if strings.HasPrefix(v.Ref.ID, "id-") {
			require.NoError(t, store.Delete(ctx, v.Ref))
			continue
		}
		_, err := store.Update(ctx, patient(v.Ref.ID, "A"))
		require.NoError(t, err)
	}
}

// FHIR R4 §3.1.1.5.1.
func TestRulesOfSort(t *testing.T) {
	ordered(t, filled(t, nil,
		`{"resourceType":"Patient","id":"a","birthDate":"1980","name":[{"family":"Éclair"},{"family":"Zulu"}],"gender":"male","identifier":[{"system":"urn:b","value":"2"}],"generalPractitioner":[{"reference":"Practitioner/9"}],"meta":{"profile":["http://x.org/b"]}}`,
		`{"resourceType":"Patient","id":"B","birthDate":"1980-06","name":[{"family":"dora"}],"gender":"female","identifier":[{"system":"urn:a","value":"2"}],"generalPractitioner":[{"reference":"Organization/9"}],"meta":{"profile":["http://x.org/a"]}}`,
		`{"resourceType":"Patient","id":"c","name":[{"family":"O'Hara van Aa"}],"identifier":[{"system":"urn:z","value":"1"}]}`,
		`{"resourceType":"Patient","id":"d"}`,
	), "Patient", []rule{
		{"", "d c B a"}, {"_sort=_lastUpdated", "a B c d"}, {"_sort=-_lastUpdated", "d c B a"}, {"_sort=_id", "B a c d"}, {"_sort=-_id", "d c a B"},
		{"_sort=birthdate", "a B d c"}, {"_sort=-birthdate", "a B d c"}, {"_sort=family", "B a c d"}, {"_sort=-family", "a c B d"}, {"_sort=gender", "B a d c"}, {"_sort=-gender", "a B d c"}, {"_sort=identifier", "c B a d"},
		{"_sort=-identifier", "a B c d"}, {"_sort=general-practitioner", "B a d c"}, {"_sort=-general-practitioner", "a B d c"}, {"_sort=_profile", "B a d c"}, {"_sort=gender,family", "B a c d"}, {"_sort=birthdate&_sort=family", "a B c d"},
		{"_sort=family,", refused}, {"_sort=-", refused}, {"_sort=,family", refused}, {"_sort=--family", refused}, {"_sort=_text", refused}, {"_sort=address-use.x", refused},
	})
	value := func(id, text string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"text":"x"},"valueQuantity":{` + text + `}}`
	}
	ordered(t, filled(t, nil, value("ten", `"value":10`), value("nine", `"value":9.0`), value("below", `"value":50,"comparator":"<"`), value("above", `"value":1,"comparator":">"`), value("none", `"unit":"g"`), value("same", `"value":9`)), "Observation", []rule{
		{"_sort=value-quantity", "below above same nine ten none"}, {"_sort=-value-quantity", "above below ten same nine none"}, {"_sort=code-value-quantity", refused},
	})
}

// FHIR R4 §3.1.1.5.4.
func TestRulesOfIncludes(t *testing.T) {
	observation := func(id, rest string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"text":"x"},` + rest + `}`
	}
	store := filled(t, nil,
		`{"resourceType":"Organization","id":"top","name":"Top"}`, `{"resourceType":"Organization","id":"org","name":"Org","partOf":{"reference":"Organization/top"}}`,
		`{"resourceType":"Practitioner","id":"doc"}`,
		`{"resourceType":"Patient","id":"p","managingOrganization":{"reference":"Organization/org"},"generalPractitioner":[{"reference":"Practitioner/doc"},{"reference":"Organization/org"},{"reference":"Practitioner/gone"}]}`,
		`{"resourceType":"Patient","id":"q","managingOrganization":{"reference":"Organization/org"}}`,
		observation("o1", `"subject":{"reference":"Patient/p"},"performer":[{"reference":"Practitioner/doc"}]`),
		observation("o2", `"subject":{"reference":"Patient/p"},"hasMember":[{"reference":"Observation/o1"}]`),
	)
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: "q"}))
	for _, c := range []struct{ typ, query, matches, included string }{
		{"Observation", "_include=Observation:subject", "o2 o1", "p"},
		{"Observation", "_include=Observation:subject:Patient", "o2 o1", "p"},
		{"Observation", "_include=Observation:subject:Device", "o2 o1", ""},
		{"Observation", "_include=Observation:patient&_include=Observation:performer", "o2 o1", "doc p"},
		{"Observation", "_include=Observation:has-member", "o2 o1", ""},
		{"Observation", "_id=o2&_include=Observation:has-member", "o2", "o1"},
		{"Observation", "_id=o2&_include:iterate=Observation:has-member&_include:iterate=Observation:performer", "o2", "doc o1"},
		{"Observation", "_id=o2&_include=Observation:has-member&_include:iterate=Observation:performer", "o2", "doc o1"},
		{"Observation", "_id=o2&_include=Observation:has-member&_include=Observation:performer", "o2", "o1"},
		{"Observation", "_id=o1&_include=*", "o1", "doc p"},
		{"Observation", "_id=o1&_include=Observation:*", "o1", "doc p"},
		{"Observation", "_id=o1&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof", "o1", "top org p"},
		{"Observation", "_count=1&_include=Observation:subject", "o2", "p"},
		{"Observation", "_count=0&_include=Observation:subject", "", ""},
		{"Patient", "_include=Patient:general-practitioner", "p", "org doc"},
		{"Patient", "_include=Patient:general-practitioner:Organization", "p", "org"},
		{"Patient", "_revinclude=Observation:subject", "p", "o1 o2"},
		{"Patient", "_revinclude=Observation:performer", "p", ""},
		{"Patient", "_revinclude=*", "p", "o1 o2"},
		{"Organization", "_id=org&_revinclude=Patient:organization", "org", "p"},
		{"Organization", "_id=org&_revinclude=Patient:organization&_revinclude:iterate=Observation:subject", "org", "o1 o2 p"},
		{"Practitioner", "_revinclude=Patient:general-practitioner:Practitioner", "doc", "p"},
		{"Practitioner", "_revinclude=Patient:general-practitioner:Organization", "doc", ""},
	} {
		page, err := store.Search(ctx, c.typ, c.query)
		require.NoError(t, err, c.query)
		assert.Equal(t, c.matches, idsOf(page.Matches), c.query)
		assert.ElementsMatch(t, strings.Fields(c.included), strings.Fields(idsOf(page.Included)), c.query)
	}
}

// FHIR R4 §3.1.1.4.15, §3.1.1.4.16.
func TestRulesOfChains(t *testing.T) {
	observation := func(id, rest string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"coding":[{"code":"c-` + id + `"}]},` + rest + `}`
	}
	store := filled(t, nil,
		`{"resourceType":"Organization","id":"top","name":"Top"}`, `{"resourceType":"Organization","id":"org","name":"Org","partOf":{"reference":"Organization/top"}}`,
		`{"resourceType":"Practitioner","id":"joe","name":[{"family":"Joe"}],"address":[{"state":"CA"}]}`, `{"resourceType":"Practitioner","id":"jane","name":[{"family":"Jane"}],"address":[{"state":"MN"}]}`,
		`{"resourceType":"Patient","id":"p","name":[{"family":"Peter"}],"managingOrganization":{"reference":"Organization/org"},"generalPractitioner":[{"reference":"Practitioner/joe"},{"reference":"Practitioner/jane"}]}`,
		`{"resourceType":"Patient","id":"q","name":[{"family":"Quinn"}],"generalPractitioner":[{"reference":"Organization/top"}]}`,
		`{"resourceType":"Device","id":"d","deviceName":[{"name":"Peter's pump","type":"other"}]}`,
		observation("o1", `"subject":{"reference":"Patient/p"}`), observation("o2", `"subject":{"reference":"Device/d"}`), observation("o3", `"subject":{"reference":"Patient/q/_history/1"},"hasMember":[{"reference":"Observation/o1"}]`),
	)
	ordered(t, store, "Observation", []rule{
		{"subject:Patient.name=peter", "o1"}, {"subject:Patient.family=pet", "o1"}, {"patient.name=peter", "o1"}, {"subject:Device.device-name=peter", "o2"}, {"patient.name=quinn", "o3"},
		{"subject.organization.name=org", "o1"}, {"subject:Patient.organization:Organization.partof.name=top", "o1"}, {"subject.organization.name=top", ""}, {"has-member.subject:Patient.name=peter", "o3"}, {"patient.name:exact=peter", ""},
		{"patient.name=nobody", ""}, {"patient._id=p,q", "o3 o1"}, {"patient.name:missing=false", "o3 o1"}, {"patient.gender:not=male", "o3 o1"}, {"patient._has:Observation:subject:code=c-o1", "o1"},
		{"patient.general-practitioner.name=joe&patient.general-practitioner:Practitioner.address-state=mn", "o1"}, {"subject.nonsense=1", refused}, {"subject:Medication.code=1", refused}, {"code.name=1", refused}, {"subject:identifier.name=1", refused}, {"subject:Patient.=1", refused}, {"subject:Patient.name:below=1", refused},
	})
	ordered(t, store, "Patient", []rule{
		{"general-practitioner.name=joe&general-practitioner:Practitioner.address-state=MN", "p"}, {"general-practitioner.name=top", "q"}, {"general-practitioner.name=top,joe", "q p"},
		{"_has:Observation:subject:code=c-o1", "p"}, {"_has:Observation:patient:code=c-o1,c-o3", "q p"}, {"_has:Observation:patient:code=c-o1&_has:Observation:patient:code=c-o3", ""}, {"_has:Observation:subject:code=c-o2", ""},
		{"_has:Observation:patient:_has:Observation:has-member:code=c-o3", "p"}, {"_has:Observation:patient:has-member.code=c-o1", "q"}, {"_has:Observation:patient:code:not=c-o1", "q"}, {"_has:Observation:patient:_id=o1", "p"}, {"_has:Observation:patient:status:missing=false", "q p"},
		{"_has:Observation:code:code=1", refused}, {"_has:Observation:patient=1", refused}, {"_has:Observation:patient:=1", refused}, {"_has=1", refused}, {"_has:=1", refused},
	})
	ordered(t, store, "Organization", []rule{
		{"_has:Patient:organization:_has:Observation:patient:code=c-o1", "org"}, {"_has:Organization:partof:_has:Patient:organization:name=peter", "top"}, {"partof.name=top", "org"},
	})
}

// The self link means what the query meant.
func TestRulesOfSelf(t *testing.T) {
	store := filled(t, nil, `{"resourceType":"Patient","id":"a","name":[{"family":"A&B=c+d,e"}]}`, string(patient("b", "B")))
	for _, c := range []struct{ query, self string }{
		{"family=" + url.QueryEscape(`A&B=c+d\,e`), `family=A%26B%3Dc%2Bd%5C,e`}, {"family:exact=" + url.QueryEscape(`A&B=c+d\,e`), `family:exact=A%26B%3Dc%2Bd%5C,e`},
		{"_format=json&_pretty=true&family=a", "family=a"}, {"family=a&&gender=&=", "family=a"}, {"&&&", ""}, {"_sort=-family&family:missing=false&_count=1", "_sort=-family&family:missing=false&_count=1"},
	} {
		page, err := store.Search(ctx, "Patient", c.query)
		require.NoError(t, err, c.query)
		assert.Equal(t, c.self, page.Self)
		again, err := store.Search(ctx, "Patient", page.Self)
		require.NoError(t, err)
		assert.Equal(t, page, again)
	}
}
