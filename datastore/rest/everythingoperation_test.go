package rest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// theRecord is a patient with data of several years, and another whose data refer to it.
var theRecord = []string{
	`{"resourceType":"Practitioner","id":"doc"}`,
	`{"resourceType":"Location","id":"ward"}`,
	`{"resourceType":"Medication","id":"drug"}`,
	`{"resourceType":"Organization","id":"unused","name":"x"}`,
	`{"resourceType":"Binary","id":"scan","contentType":"text/plain","data":"eA=="}`,
	`{"resourceType":"Patient","id":"a","generalPractitioner":[{"reference":"Practitioner/doc"}]}`,
	`{"resourceType":"Patient","id":"b"}`,
	`{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/a"},"period":{"start":"2020-01-01","end":"2020-01-03"},"location":[{"location":{"reference":"Location/ward"}}]}`,
	`{"resourceType":"Observation","id":"o19","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2019-05-05"}`,
	`{"resourceType":"Observation","id":"o20","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"encounter":{"reference":"Encounter/e"},"effectiveDateTime":"2020-01-02","performer":[{"reference":"Practitioner/doc"}]}`,
	`{"resourceType":"Observation","id":"ob","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/b"},"effectiveDateTime":"2020-01-02"}`,
	`{"resourceType":"MedicationRequest","id":"m","status":"active","intent":"order","subject":{"reference":"Patient/a"},"medicationReference":{"reference":"Medication/drug/_history/1"},"authoredOn":"2021-01-01"}`,
	`{"resourceType":"DocumentReference","id":"d","status":"current","subject":{"reference":"Patient/a"},"content":[{"attachment":{"url":"Binary/scan"}}]}`,
	`{"resourceType":"Coverage","id":"c","status":"active","beneficiary":{"reference":"Patient/a"},"payor":[{"display":"x"}]}`,
	`{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/a"}},{"entity":{"reference":"Patient/b"},"inactive":true},{"entity":{"reference":"Practitioner/doc"}}]}`,
	`{"resourceType":"Schedule","id":"s","actor":[{"reference":"Practitioner/doc"}]}`,
}

// record stores a patient with data of several years, and another whose data refer to it.
func (c *client) record() {
	for _, r := range theRecord {
		rest := strings.SplitN(r, `"`, 9)
		c.must(201, "PUT", "/"+rest[3]+"/"+rest[7], r)
	}
}

// refs are the resources of the entries of a Bundle, as Type/id, sorted.
func refs(b bundle) (list []string) {
	for _, e := range b.Entry {
		list = append(list, fmt.Sprint(e.Resource["resourceType"], "/", e.Resource["id"]))
	}
	slices.Sort(list)
	return list
}

func TestEverything(t *testing.T) {
	c := newClient(t, nil)
	c.record()
	all := []string{"Binary/scan", "Coverage/c", "DocumentReference/d", "Encounter/e", "Group/g", "Location/ward", "Medication/drug", "MedicationRequest/m", "Observation/o19", "Observation/o20", "Patient/a", "Practitioner/doc"}
	for _, test := range []struct {
		path string
		want []string
	}{
		{"/Patient/a/$everything", all},
		{"/Patient/b/$everything", []string{"Group/g", "Observation/ob", "Patient/b", "Practitioner/doc"}},
		{"/Encounter/e/$everything", []string{"Encounter/e", "Location/ward", "Observation/o20", "Patient/a", "Practitioner/doc"}},
		{"/Group/g/$everything", all},
		{"/Patient/$everything", append(slices.Clone(all), "Observation/ob", "Patient/b")},
		{"/Patient/a/$everything?start=2020-01-03&end=2020-12-31", []string{"Binary/scan", "Coverage/c", "DocumentReference/d", "Encounter/e", "Group/g", "Location/ward", "Patient/a", "Practitioner/doc"}},
		{"/Patient/a/$everything?start=2021", []string{"Binary/scan", "Coverage/c", "DocumentReference/d", "Group/g", "Medication/drug", "MedicationRequest/m", "Patient/a", "Practitioner/doc"}},
		{"/Patient/a/$everything?end=2019-12-31", []string{"Binary/scan", "Coverage/c", "DocumentReference/d", "Group/g", "Observation/o19", "Patient/a", "Practitioner/doc"}},
		{"/Patient/a/$everything?_type=Observation,Medication&_type=Binary", []string{"Binary/scan", "Medication/drug", "Observation/o19", "Observation/o20"}},
		{"/Patient/a/$everything?_type=Organization", nil},
		{"/Patient/a/$everything?_since=2024-05-06T07:08:20Z", []string{"Coverage/c", "DocumentReference/d", "Group/g", "MedicationRequest/m"}},
		{"/Patient/a/$everything?_since=2030-01-01T00:00:00Z", nil},
	} {
		slices.Sort(test.want)
		a := c.must(200, "GET", test.path, "")
		b := a.bundle(t)
		require.Equal(t, test.want, refs(b), test.path)
		matches := 0
		for _, e := range b.Entry {
			if e.Search.Mode == "match" {
				matches++
			} else {
				require.Equal(t, "include", e.Search.Mode)
			}
			require.Equal(t, c.base+"/"+fmt.Sprint(e.Resource["resourceType"], "/", e.Resource["id"]), e.FullURL)
		}
		require.Equal(t, matches, *b.Total, test.path)
		require.Equal(t, "searchset", b.Type)

		// Pages of any size show the same, of one state.
		for _, size := range []int{1, 2, 3, 5, 11, 12, 13} {
			join := "?"
			if strings.Contains(test.path, "?") {
				join = "&"
			}
			var seen []string
			path := fmt.Sprint(test.path, join, "_count=", size)
			for pages := 0; path != ""; pages++ {
				page := c.must(200, "GET", path, "").bundle(t)
				require.LessOrEqual(t, len(page.Entry), size)
				require.Equal(t, *b.Total, *page.Total)
				seen = append(seen, refs(page)...)
				path = c.link(page, "next")
				require.Less(t, pages, 20)
			}
			slices.Sort(seen)
			require.Equal(t, test.want, seen, "%s by %d", test.path, size)
		}
	}
	require.Empty(t, c.must(200, "GET", "/Patient/a/$everything?_count=0", "").bundle(t).Entry)
	first := c.must(200, "GET", "/Patient/a/$everything", "").bundle(t).Entry[0]
	require.Equal(t, "a", first.Resource["id"], "the patient comes first")

	// A page goes on in the state of the first.
	page := c.must(200, "GET", "/Patient/a/$everything?_count=3", "").bundle(t)
	next := c.link(page, "next")
	before := refs(c.must(200, "GET", next, "").bundle(t))
	for i := range 5 {
		c.must(201, "PUT", fmt.Sprint("/Observation/new", i), fmt.Sprintf(`{"resourceType":"Observation","id":"new%d","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}`, i))
	}
	c.must(204, "DELETE", "/Observation/o20", "")
	again := c.must(200, "GET", next, "").bundle(t)
	require.Equal(t, before, refs(again))
	require.Equal(t, *page.Total, *again.Total)

	for path, status := range map[string]int{
		"/Patient/nobody/$everything": 404, "/Observation/o19/$everything": 404, "/Patient/a/$everything?start=yesterday": 400, "/Patient/a/$everything?_type=Nonsense": 400,
		"/Patient/a/$everything?_count=-1": 400, "/Patient/a/$everything?_count=x": 400, "/Encounter/e/$everything?start=2020": 400, "/Patient/a/$everything?_since=2020": 400,
		"/Patient/a/$everything?_page=x": 400, "/Patient/b/" + next[len("/Patient/a/"):]: 400, strings.Replace(next, "_count=3", "_count=4", 1): 400, next[:len(next)-1] + "x": 400,
		"/Patient/a/$everything?nonsense=1": 400,
	} {
		c.must(status, "GET", path, "")
	}
	c.must(204, "DELETE", "/Patient/b", "")
	c.must(410, "GET", "/Patient/b/$everything", "")
	post := c.must(200, "POST", "/Patient/a/$everything", `{"resourceType":"Parameters","parameter":[{"name":"_type","valueCode":"Observation"},{"name":"_count","valueInteger":1}]}`).bundle(t)
	require.Len(t, post.Entry, 1)
	require.Len(t, c.must(200, "GET", c.link(post, "next"), "").bundle(t).Entry, 1)
}
