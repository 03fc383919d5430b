package datastore_test

import (
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/search"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// people is a store of several types.
func people(t *testing.T) *datastore.Store {
	t.Helper()
	return filled(t, nil,
		`{"resourceType":"Organization","id":"org","name":"Mill"}`,
		`{"resourceType":"Practitioner","id":"doc","name":[{"family":"Miller"}],"gender":"female"}`,
		`{"resourceType":"Patient","id":"p","name":[{"family":"Mills"}],"gender":"male","meta":{"tag":[{"code":"x"}]},"generalPractitioner":[{"reference":"Practitioner/doc"}]}`,
		`{"resourceType":"Patient","id":"q","name":[{"family":"Nobody"}],"link":[{"other":{"reference":"Patient/p"},"type":"seealso"}]}`,
		`{"resourceType":"Observation","id":"o1","meta":{"tag":[{"code":"X"}]},"status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}}`,
		`{"resourceType":"Observation","id":"o2","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/q"},"performer":[{"reference":"Patient/p"}]}`,
		`{"resourceType":"Observation","id":"o3","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/q"},"performer":[{"reference":"Practitioner/doc"}]}`,
		`{"resourceType":"Encounter","id":"p","status":"planned","class":{"code":"AMB"},"subject":{"reference":"Patient/p"}}`,
	)
}

// FHIR R4 §3.1.1.2: a search of all types.
func TestRulesOfTypes(t *testing.T) {
	store := people(t)
	for _, r := range []rule{
		{"", "p o3 o2 o1 q p doc org"}, {"_id=p", "p p"}, {"_id=p&_type=Patient", "p"}, {"_type=Patient,Practitioner", "q p doc"}, {"_type=Patient,Practitioner&name=mill", "p doc"}, {"name=mill", refused},
		{"_type=Patient,Organization,Practitioner&name=mill&_sort=name", "org doc p"}, {"_type=Patient,Practitioner&gender:not=male", "q doc"}, {"_type=Patient,Observation&name=x", refused},
		{"_tag=x", "o1 p"}, {"_tag:missing=false&_type=Observation", "o1"}, {"_tag:not=x&_type=Observation,Patient", "o3 o2 q"}, {"_lastUpdated=gt2026-01-02T03:04:10Z", "p o3"}, {"_sort=_id", "doc o1 o2 o3 org p p q"}, {"_sort=-_lastUpdated&_count=2", "p o3"},
		{"_has:Observation:subject:code:text=x", "q p"}, {"_type=Encounter,Observation&subject:Patient.name=mill", "p o1"}, {"_type=Patient,Device&_sort=organization.name", refused}, {"_type=Observation,Patient&_sort=status", refused}, {"_type=Medication", ""},
		{"_type=Nonsense", refused}, {"_type=Patient&_type=Observation", refused}, {"_type=Patient,", refused}, {"_type=DomainResource", refused}, {"_type:not=Patient", refused},
	} {
		assert.Equal(t, r.found, find(t, store, "", r.query), r.query)
	}
	page, err := store.Search(ctx, "", "_type=Patient,Observation&_count=2&_include=*&_elements=status,name")
	require.NoError(t, err)
	assert.Equal(t, 5, page.Total)
	assert.Equal(t, "o3 o2", idsOf(page.Matches))
	assert.ElementsMatch(t, []string{"doc", "p", "q"}, strings.Fields(idsOf(page.Included)))
	assert.Contains(t, string(page.Bundle("http://x.org")), `"url":"http://x.org?_type=Patient,Observation`)
	page, err = store.Search(ctx, "", page.Next)
	require.NoError(t, err)
	assert.Equal(t, "o1 q", idsOf(page.Matches))
	_, err = store.Search(ctx, "Patient", "_type=Patient")
	assert.ErrorIs(t, err, datastore.ErrInvalid)
	_, err = store.Search(ctx, "DomainResource", "")
	assert.ErrorIs(t, err, datastore.ErrInvalid)
}

// FHIR R4 §3.3.
func TestRulesOfCompartments(t *testing.T) {
	store := people(t)
	for _, c := range []struct{ of, typ, query, found string }{
		{"Patient/p", "Observation", "", "o2 o1"}, {"Patient/p", "Observation", "performer=Patient/p", "o2"}, {"Patient/p", "Observation", "_sort=_id&_count=1", "o1"}, {"Patient/p", "", "", "p o2 o1 q p"},
		{"Patient/p", "", "_type=Encounter,Observation", "p o2 o1"}, {"Patient/p", "Patient", "", "q p"}, {"Patient/q", "", "", "o3 o2 q"}, {"Patient/nobody", "", "", ""}, {"Patient/p", "", "_tag=x", "o1 p"}, {"Patient/p", "Observation", "_tag:not=x", "o2"},
		{"Practitioner/doc", "", "", "o3 p doc"}, {"Practitioner/doc", "Observation", "subject:Patient.name=nobody", "o3"}, {"Encounter/p", "", "", "p"}, {"Patient/p", "Medication", "", refused}, {"Organization/org", "", "", refused},
		{"Patient/p", "", "_type=Medication", refused}, {"Patient/$x", "", "", refused}, {"Nonsense/p", "", "", refused},
	} {
		typ, id, _ := strings.Cut(c.of, "/")
		of := datastore.InCompartment(datastore.Ref{Type: typ, ID: id})
		assert.Equal(t, c.found, find(t, store, c.typ, c.query, of), "%s/%s?%s", c.of, c.typ, c.query)
	}
	of := datastore.InCompartment(datastore.Ref{Type: "Patient", ID: "p"})
	page, err := store.Search(ctx, "", "_count=2", of)
	require.NoError(t, err)
	assert.Contains(t, string(page.Bundle("http://x.org")), `"url":"http://x.org/Patient/p/*?_count=2"`)
	next, err := store.Search(ctx, "", page.Next, of)
	require.NoError(t, err)
	assert.Equal(t, "o1 q", idsOf(next.Matches))
	for _, other := range [][]datastore.SearchOption{nil, {datastore.InCompartment(datastore.Ref{Type: "Patient", ID: "q"})}} {
		_, err = store.Search(ctx, "", page.Next, other...)
		assert.ErrorIs(t, err, datastore.ErrInvalid, "a token is good for its own search")
	}
}

// FHIR R4 §3.1.1.4.18.
func TestRulesOfLists(t *testing.T) {
	store := people(t)
	list := func(id string, items ...string) string {
		var entries []string
		for _, item := range items {
			entries = append(entries, `{"item":{"reference":"`+item+`"}}`)
		}
		return `{"resourceType":"List","id":"` + id + `","status":"current","mode":"working","entry":[` + strings.Join(entries, ",") + `]}`
	}
	for _, resource := range []string{list("a", "Patient/q"), list("a", "Patient/p", "Observation/o1", "Patient/gone"), list("b", "Patient/q")} {
		_, err := store.Update(ctx, []byte(resource))
		require.NoError(t, err)
	}
	ordered(t, store, "Patient", []rule{
		{"_list=a", "p"}, {"_list=List/a", "p"}, {"_list=b", "q"}, {"_list=a,b", "q p"}, {"_list=a&_list=b", ""}, {"_list=c", ""}, {"_list=a&gender=male", "p"}, {"_list=a&gender=female", ""}, {"_list=", "q p"},
	})
	ordered(t, store, "Observation", []rule{{"_list=a", "o1"}, {"subject:Patient._list=a", "o1"}})
	ordered(t, store, "", []rule{{"_list=a", "o1 p"}, {"_list=a,b&_type=Patient", "q p"}})
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "List", ID: "b"}))
	ordered(t, store, "Patient", []rule{{"_list=a,b", "p"}})
}

// FHIR R4, Location: near, over the distances between cities.
func TestRulesOfPositions(t *testing.T) {
	place := func(id, position string) string {
		return `{"resourceType":"Location","id":"` + id + `","name":"` + id + `"` + position + `}`
	}
	at := func(latitude, longitude string) string {
		return `,"position":{"latitude":` + latitude + `,"longitude":` + longitude + `}`
	}
	store := filled(t, nil,
		place("boston", at("42.3601", "-71.0589")), place("cambridge", at("42.3736", "-71.1097")), place("worcester", at("42.2626", "-71.8023")),
		place("fiji", at("-17.8", "179.9")), place("pole", at("90", "0")), place("none", ""), place("moved", at("42.36", "-71.05")), place("moved", at("0", "0")),
		`{"resourceType":"Encounter","id":"e","status":"planned","class":{"code":"AMB"},"location":[{"location":{"reference":"Location/boston"}}]}`,
	)
	ordered(t, store, "Location", []rule{
		{"near=42.36|-71.06", "cambridge boston"}, {"near=42.36|-71.06|1", "boston"}, {"near=42.3601|-71.0589|0", "boston"}, {"near=42.36|-71.06|100|km", "worcester cambridge boston"}, {"near=42.36|-71.06|5000|m", "cambridge boston"},
		{"near=42.36|-71.06|39|mi", "worcester cambridge boston"}, {"near=42.36|-71.06|37|[mi_us]", "cambridge boston"}, {"near=-17.8|-179.9|30|km", "fiji"}, {"near=90|120|1|km", "pole"}, {"near=0|0|1", "moved"},
		{"near=42.36|-71.06|1,0|0|1", "moved boston"}, {"near=42.36|-71.06&name=cambridge", "cambridge"}, {"near=42.36|-71.06&_sort=name&_count=1", "boston"}, {"near:missing=true", "none"}, {"near:missing=false&name=b", "boston"},
		{"near=42.36", refused}, {"near=91|0", refused}, {"near=0|181", refused}, {"near=0|0|-1", refused}, {"near=0|0|1|furlong", refused}, {"near=NaN|0", refused}, {"near=a|b", refused}, {"near=0|0|1|km|x", refused}, {"near:exact=0|0", refused}, {"_sort=near", refused}, {"_filter=near eq 0", refused},
	})
	ordered(t, store, "Encounter", []rule{{"location.near=42.36|-71.06|1", "e"}, {"location.near=0|0|1", ""}})
}

func TestExplain(t *testing.T) {
	store := people(t)
	page, err := store.Search(ctx, "Observation", "subject:Patient.name=mill&code:text=x&status=final&_explain=true")
	require.NoError(t, err)
	assert.Equal(t, "o1", idsOf(page.Matches))
	require.NotNil(t, page.Plan)
	require.Len(t, page.Plan.Steps, 3)
	assert.Equal(t, 1, page.Plan.Total)
	for _, step := range page.Plan.Steps {
		assert.Equal(t, "Observation", step.Type)
		assert.Equal(t, step.Part == "status", step.Way == search.ByPostings, step.Part)
	}
	require.Len(t, page.Issues, 1)
	assert.Contains(t, page.Issues[0].Diagnostics, "Observation status: by postings, estimated 3, left ")
	assert.NotContains(t, page.Issues[0].Diagnostics, "mill", "a plan holds no values")
	assert.Contains(t, string(page.Bundle("")), `"search":{"mode":"outcome"}`)
	for query, found := range map[string]string{"_explain=false": "p o3 o2 o1 q p doc org", "_explain=true&_tag=x": "o1 p", "_explain=yes": refused, "_explain:not=true": refused, "_explain=true&_explain=true": refused} {
		assert.Equal(t, found, find(t, store, "", query), query)
	}
}
