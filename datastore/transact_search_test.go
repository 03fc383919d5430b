package datastore_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FHIR R4 §3.1.0.11: a GET of a Bundle is any that a server has, over all types and
// in compartments as well.
func TestSearchesInBundles(t *testing.T) {
	searches := []struct{ url, status, holds string }{
		{"?_type=Patient,Observation", "200 OK", `"total":4`}, {"/?_tag=x", "200 OK", `"total":1`}, {"?", "200 OK", `"total":5`}, {"?_id=o1", "200 OK", `"id":"o1"`},
		{"Patient/a/Observation?code=x", "200 OK", `"id":"o1"`}, {"Patient/a/Observation", "200 OK", `"total":2`}, {"Patient/a/*?_count=0", "200 OK", `"total":3`}, {"Patient/a/*", "200 OK", `"url":"Patient/a/*"`}, {"Patient/b/Observation?status=final", "200 OK", `"total":0`},
		{"?name=x", "400 Bad Request", "name"}, {"Patient/a/Organization", "400 Bad Request", "compartment"}, {"Patient/a/Nonsense", "400 Bad Request", "form"}, {"Nonsense/a/Observation", "400 Bad Request", ""}, {"Medication/a/Observation", "400 Bad Request", "compartment"}, {"Patient/a b/Observation", "400 Bad Request", "id"},
		{"", "400 Bad Request", "resource type"}, {"Patient/a/_history", "400 Bad Request", "form"}, {"*?_id=a", "400 Bad Request", "resource type"},
	}
	entries := []string{
		entry("PUT", "Patient/a", "", string(patient("a", "A"))), entry("PUT", "Patient/b", "", string(patient("b", "B"))), entry("PUT", "Organization/org", "", `{"resourceType":"Organization","id":"org","name":"O"}`),
		entry("PUT", "Observation/o1", "", `{"resourceType":"Observation","id":"o1","meta":{"tag":[{"code":"x"}]},"status":"final","code":{"coding":[{"code":"x"}]},"subject":{"reference":"Patient/a"}}`),
		entry("PUT", "Observation/o2", "", `{"resourceType":"Observation","id":"o2","status":"final","code":{"coding":[{"code":"y"}]},"subject":{"reference":"Patient/a"}}`),
	}
	writes := len(entries)
	for _, s := range searches {
		entries = append(entries, entry("GET", s.url, "", ""))
	}
	r := transact(t, open(t, nil), bundleOf("batch", entries...))
	for i, s := range searches {
		e := r.Entry[writes+i]
		assert.Equal(t, s.status, e.Response.Status, s.url)
		assert.Contains(t, string(e.Resource)+string(e.Response.Outcome), s.holds, s.url)
	}

	store := open(t, nil)
	r = transact(t, store, bundleOf("transaction", entry("GET", "?_id=a", "", ""), entry("GET", "Patient/a/Observation", "", ""), entries[0], entries[3]))
	require.Equal(t, []string{"200 OK", "200 OK", "201 Created", "201 Created"}, statuses(r))
	assert.Contains(t, string(r.Entry[0].Resource), `"total":1`)
	assert.Contains(t, string(r.Entry[1].Resource), `"id":"o1"`)
	for _, bad := range []string{entry("DELETE", "?_id=a", "", ""), entry("DELETE", "Patient/a/Observation?code=x", "", ""), entry("POST", "?", "", string(patient("c", "C"))), entry("PUT", "Patient/a/Patient?_id=c", "", string(patient("c", "C")))} {
		_, err := store.Transact(ctx, bundleOf("transaction", bad))
		require.ErrorIs(t, err, datastore.ErrInvalid)
		require.Equal(t, "/entry/0/request/url", datastore.Issues(err)[0].Pointer)
	}
}
