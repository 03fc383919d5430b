package rest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// withPeople stores five patients p1 … p5 and an observation of each.
func withPeople(t *testing.T) *client {
	c := newClient(t, nil)
	for i := 1; i <= 5; i++ {
		c.must(201, "PUT", fmt.Sprintf("/Patient/p%d", i),
			fmt.Sprintf(`{"resourceType":"Patient","id":"p%d","name":[{"family":"Smith","given":["G%d"]}],"birthDate":"198%d-01-01"}`, i, i, i))
		c.must(201, "PUT", fmt.Sprintf("/Observation/o%d", i),
			fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p%d"}}`, i, i))
	}
	return c
}

func TestSearch(t *testing.T) {
	c := withPeople(t)
	form := "Content-Type: application/x-www-form-urlencoded"
	tests := []struct {
		name               string
		method, path, body string
		headers            []string
		want               []string
		total              int
	}{
		{"GET", "GET", "/Patient?birthdate=ge1984", "", nil, []string{"Patient/p5", "Patient/p4"}, 2},
		{"GET with a format", "GET", "/Patient?birthdate=ge1984&_format=json&_pretty=true", "", nil, []string{"Patient/p5", "Patient/p4"}, 2},
		{"all", "GET", "/Patient?_sort=birthdate&_count=2", "", nil, []string{"Patient/p1", "Patient/p2"}, 5},
		{"total alone", "GET", "/Patient?_summary=count", "", nil, nil, 5},
		{"include", "GET", "/Observation?_id=o3&_include=Observation:patient", "", nil, []string{"Observation/o3", "Patient/p3"}, 1},
		{"POST", "POST", "/Patient/_search", "birthdate=ge1984", []string{form}, []string{"Patient/p5", "Patient/p4"}, 2},
		{"POST with both", "POST", "/Patient/_search?birthdate=ge1984", "given=g4", []string{form + "; charset=UTF-8"}, []string{"Patient/p4"}, 1},
		{"POST with the URL alone", "POST", "/Patient/_search?given=g4", "", nil, []string{"Patient/p4"}, 1},
		{"all types", "GET", "?_type=Patient,Observation&_id=o3,p3", "", nil, []string{"Observation/o3", "Patient/p3"}, 2},
		{"POST over all types", "POST", "/_search", "_id=o3", []string{form}, []string{"Observation/o3"}, 1},
		{"compartment", "GET", "/Patient/p3/Observation?_id=o3", "", nil, []string{"Observation/o3"}, 1},
		{"all of a compartment", "GET", "/Patient/p3/*", "", nil, []string{"Observation/o3", "Patient/p3"}, 2},
		{"nothing", "GET", "/Patient?given=nobody", "", nil, nil, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c.t = t
			b := c.must(http.StatusOK, test.method, test.path, test.body, test.headers...).bundle(t)
			require.Equal(t, "searchset", b.Type)
			require.Equal(t, test.want, c.fullURLs(b))
			require.Equal(t, test.total, *b.Total)
			self := c.must(http.StatusOK, "GET", c.link(b, "self"), "").bundle(t)
			require.Equal(t, test.want, c.fullURLs(self), "self leads back")
		})
	}
}

// FHIR R4 §3.1.1.5.5.
func TestSearchContained(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/MedicationRequest/23", `{"resourceType":"MedicationRequest","id":"23","status":"active","intent":"order","subject":{"reference":"Patient/p"},"medicationReference":{"reference":"#m1"},"contained":[{"resourceType":"Medication","id":"m1","code":{"text":"x"}}]}`)
	body := c.must(200, "GET", "/Medication?_contained=true&_containedType=contained&_id=m1", "").body
	require.Contains(t, body, `/MedicationRequest/23#m1","resource":{"resourceType":"Medication","id":"m1","code":{"text":"x"}},"search":{"mode":"match"}}]`)
	c.must(400, "GET", "/Medication?_contained=yes", "")
}

// The plan of a search is an outcome among its entries.
func TestSearchExplained(t *testing.T) {
	c := withPeople(t)
	text := c.must(http.StatusOK, "GET", "/Observation?subject:Patient.given=g3&status=final&_sort=_id&_explain=true", "").body
	require.Contains(t, text, `"search":{"mode":"outcome"}`)
	require.Contains(t, text, `Observation subject:Patient.given: by join, estimated `)
	require.Contains(t, text, `\n  1. Patient given: by texts, estimated `)
	require.NotContains(t, text, "g3:")
}

func TestSearchPages(t *testing.T) {
	c := withPeople(t)
	var found []string
	for path := "/Patient?family=smith&_count=2&_sort=-birthdate"; path != ""; {
		b := c.must(http.StatusOK, "GET", path, "").bundle(t)
		require.Equal(t, 5, *b.Total)
		found = append(found, c.fullURLs(b)...)
		path = c.link(b, "next")
		c.do("PUT", "/Patient/new", `{"resourceType":"Patient","id":"new","name":[{"family":"Smith"}]}`)
	}
	require.Equal(t, []string{"Patient/p5", "Patient/p4", "Patient/p3", "Patient/p2", "Patient/p1"}, found)
}

func TestSearchHandling(t *testing.T) {
	c := withPeople(t)
	c.must(http.StatusBadRequest, "GET", "/Patient?nam=x", "")
	c.must(http.StatusBadRequest, "GET", "/Patient?nam=x", "", "Prefer: handling=strict")
	b := c.must(http.StatusOK, "GET", "/Patient?nam=x&_id=p1", "", "Prefer: handling=lenient").bundle(t)
	require.Equal(t, 1, *b.Total)
	require.Len(t, b.Entry, 2)
	require.Equal(t, "outcome", b.Entry[1].Search.Mode)
	require.NotContains(t, c.link(b, "self"), "nam=")
}
