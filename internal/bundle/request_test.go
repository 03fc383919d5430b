package bundle_test

import (
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// Conditions that do not go with a method are refused, never dropped.
func TestConditionsOfRequests(t *testing.T) {
	for name, test := range map[string]struct {
		entry  string
		status int
	}{
		"ifNoneMatch of a create":            {entry("POST", "Patient", "", person("", "1"), `,"ifNoneMatch":"*"`), 400},
		"ifNoneMatch of a deletion":          {entry("DELETE", "Patient/p", "", "", `,"ifNoneMatch":"*"`), 400},
		"ifNoneMatch of a version on update": {entry("PUT", "Patient/p", "", person("p", "1"), `,"ifNoneMatch":"W/\"1\""`), 400},
		"ifNoneMatch of what is there":       {entry("PUT", "Patient/p", "", person("p", "1"), `,"ifNoneMatch":"*"`), 412},
		"ifNoneMatch of a search":            {entry("GET", "Patient?_id=p", "", "", `,"ifNoneMatch":"W/\"1\""`), 400},
		"malformed ifNoneMatch of a read":    {entry("GET", "Patient/p", "", "", `,"ifNoneMatch":"1"`), 400},
		"ifModifiedSince of a create":        {entry("POST", "Patient", "", person("", "1"), `,"ifModifiedSince":"2020-01-01T00:00:00Z"`), 400},
		"ifModifiedSince of an update":       {entry("PUT", "Patient/p", "", person("p", "1"), `,"ifModifiedSince":"2020-01-01T00:00:00Z"`), 400},
		"ifModifiedSince of a deletion":      {entry("DELETE", "Patient/p", "", "", `,"ifModifiedSince":"2020-01-01T00:00:00Z"`), 400},
		"ifModifiedSince of a search":        {entry("GET", "Patient", "", "", `,"ifModifiedSince":"2020-01-01T00:00:00Z"`), 400},
		"ifMatch of a create":                {entry("POST", "Patient", "", person("", "1"), `,"ifMatch":"W/\"1\""`), 400},
		"ifMatch of a read":                  {entry("GET", "Patient/p", "", "", `,"ifMatch":"W/\"1\""`), 400},
		"malformed ifMatch":                  {entry("PUT", "Patient/p", "", person("p", "1"), `,"ifMatch":"1"`), 400},
		"ifMatch of another version":         {entry("PUT", "Patient/p", "", person("p", "1"), `,"ifMatch":"W/\"7\""`), 412},
		"ifMatch of a conditional update":    {entry("PUT", "Patient?identifier=1", "", person("", "1"), `,"ifMatch":"W/\"7\""`), 412},
		"ifNoneMatch of a conditional one":   {entry("PUT", "Patient?identifier=1", "", person("", "1"), `,"ifNoneMatch":"*"`), 412},
		"ifNoneExist of an update":           {entry("PUT", "Patient/p", "", person("p", "1"), ifNoneExist("identifier=1")), 400},
		"ifNoneExist of a deletion":          {entry("DELETE", "Patient/p", "", "", ifNoneExist("identifier=1")), 400},
		"ifNoneExist of a read":              {entry("GET", "Patient/p", "", "", ifNoneExist("identifier=1")), 400},
		"parameters of an update":            {entry("PUT", "Patient/p?identifier=1", "", person("p", "1")), 400},
		"parameters of a deletion":           {entry("DELETE", "Patient/p?identifier=1", "", ""), 400},
		"parameters of a create":             {entry("POST", "Patient?identifier=1", "", person("", "1")), 400},
	} {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			_, err := store.Update(ctx, []byte(person("p", "1")))
			require.NoError(t, err)
			refused(t, store, bundleOf("transaction", test.entry), test.status)
			r := transact(t, store, bundleOf("batch", test.entry))
			require.Equal(t, test.status/100, int(r.Entry[0].Response.Status[0]-'0'), r.Entry[0].Response.Status)
			require.Equal(t, 1, total(t, store, "Patient", ""))
		})
	}
}

// The conditions that go with a read (FHIR R4 §3.1.0.1.5).
func TestConditionalReads(t *testing.T) {
	store := open(t)
	v, err := store.Update(ctx, []byte(person("p", "1")))
	require.NoError(t, err)
	later := v.LastUpdated.Add(1e9).Format("2006-01-02T15:04:05Z")
	r := transact(t, store, bundleOf("transaction",
		entry("GET", "Patient/p", "", "", `,"ifNoneMatch":"W/\"1\""`), entry("GET", "Patient/p", "", "", `,"ifNoneMatch":"W/\"7\", W/\"1\""`), entry("GET", "Patient/p", "", "", `,"ifNoneMatch":"W/\"2\""`),
		entry("GET", "Patient/p/_history/1", "", "", `,"ifModifiedSince":"`+later+`"`), entry("GET", "Patient/p", "", "", `,"ifModifiedSince":"2020-01-01T00:00:00Z"`)))
	require.Equal(t, []string{"304", "304", "200", "304", "200"}, r.statuses())
	require.Nil(t, r.Entry[0].Resource)
}

// Criteria may be written as in the header If-None-Exist, and request URLs below the
// store's own address.
func TestSpellingsOfRequests(t *testing.T) {
	for _, criteria := range []string{"identifier=urn:s|1", "?identifier=urn:s|1", "Patient?identifier=urn:s|1", "identifier=urn:s%7C1", base + "/Patient?identifier=urn:s|1", "identifier=urn:s|1&_format=json"} {
		t.Run(criteria, func(t *testing.T) {
			store := open(t)
			_, err := store.Update(ctx, []byte(person("p", "1")))
			require.NoError(t, err)
			r := transact(t, store, bundleOf("transaction", entry("POST", "Patient", "", person("", "1"), ifNoneExist(criteria))))
			require.Equal(t, []string{"200"}, r.statuses())
			v, err := store.Create(ctx, []byte(person("", "1")), datastore.IfNoneExist(criteria))
			require.NoError(t, err)
			require.False(t, v.Created)
		})
	}
	store := open(t)
	r := transact(t, store, bundleOf("batch",
		entry("PUT", base+"/Patient/p", "", person("p", "1")), entry("POST", base+"/Patient", "", person("", "2")), entry("GET", base+"/Patient?identifier=2", "", ""),
		entry("GET", base+"?_type=Patient&_count=0", "", ""), entry("GET", "/Patient/p", "", ""), entry("DELETE", base+"/Patient/p", "", ""),
		entry("GET", "http://elsewhere.example.org/Patient/p", "", ""), entry("GET", base+"x/Patient/p", "", ""), entry("POST", "Patient/$validate", "", person("", "3")),
		entry("GET", "Patient/p/$everything", "", ""), entry("GET", "$versions", "", "")))
	require.Equal(t, []string{"201", "201", "200", "200", "200", "204", "400", "400", "400", "400", "400"}, r.statuses())
	require.Contains(t, string(r.Entry[6].Response.Outcome), "not below this store's address")
	for _, i := range []int{8, 9, 10} {
		require.Contains(t, string(r.Entry[i].Response.Outcome), "operations")
	}
	r = transact(t, store.ServedAt("http://other.example.org/r4/"), bundleOf("batch", entry("GET", "http://other.example.org/r4/Patient?_count=1", "", "")))
	require.Equal(t, []string{"200"}, r.statuses())
	require.Contains(t, string(r.Entry[0].Resource), `"url":"http://other.example.org/r4/Patient?_count=1`)
}

// Criteria without a condition never mean any.
func TestEmptyCriteria(t *testing.T) {
	for _, criteria := range []string{"identifier=", "?", "Patient?", "_count=1", "identifier=,", "identifier=,,&active=", "name:exact=", "_format=json", "_format=json&_pretty=true", "_sort=name", "_summary=count", "_elements=id",
		"identifier=%20", "identifier=1&active=", "_id=", "_total=none", "_include=Patient:organization", "identifier", "&", "_has:Observation:subject:code=", "organization.name="} {
		t.Run(criteria, func(t *testing.T) {
			store := open(t)
			_, err := store.Update(ctx, []byte(person("p", "1")))
			require.NoError(t, err)
			_, err = store.Create(ctx, []byte(person("", "2")), datastore.IfNoneExist(criteria))
			require.ErrorIs(t, err, datastore.ErrInvalid)
			refused(t, store, bundleOf("transaction", entry("POST", "Patient", "", person("", "2"), ifNoneExist(criteria))), 400)
			query := strings.TrimPrefix(strings.TrimPrefix(criteria, "Patient"), "?")
			refused(t, store, bundleOf("transaction", entry("PUT", "Patient?"+query, "", person("", "2"))), 400)
			refused(t, store, bundleOf("transaction", entry("DELETE", "Patient?"+query, "", "")), 400)
			refused(t, store, bundleOf("transaction", entry("POST", "Observation", "", observation("Patient?"+query))), 400)
		})
	}
	_, err := open(t).Create(ctx, []byte(person("", "2")), datastore.IfNoneExist(""))
	require.ErrorIs(t, err, datastore.ErrInvalid)
	for _, criteria := range []string{"Observation?code=x", "nonsense?identifier=1", "http://elsewhere.example.org/Patient?identifier=1"} {
		_, err := open(t).Create(ctx, []byte(person("", "2")), datastore.IfNoneExist(criteria))
		require.ErrorIs(t, err, datastore.ErrInvalid, criteria)
	}
}

// Prefer: return holds for the entries of an answer.
func TestReturns(t *testing.T) {
	for name, test := range map[string]struct {
		what              []datastore.WriteOption
		resource, outcome bool
	}{
		"issues": {nil, false, false}, "minimal": {[]datastore.WriteOption{datastore.Return("minimal")}, false, false},
		"representation": {[]datastore.WriteOption{datastore.Return("representation")}, true, false}, "outcome": {[]datastore.WriteOption{datastore.Return("OperationOutcome")}, false, true},
	} {
		for _, kind := range []string{"batch", "transaction"} {
			t.Run(name+" of a "+kind, func(t *testing.T) {
				store := open(t)
				_, err := store.Update(ctx, []byte(person("there", "3")))
				require.NoError(t, err)
				r := transact(t, store, bundleOf(kind, entry("POST", "Patient", "", person("", "1")), entry("PUT", "Patient/p", "", person("p", "2")),
					entry("POST", "Patient", "", person("", "3"), ifNoneExist("identifier=3")), entry("DELETE", "Patient/none", "", ""), entry("GET", "Patient/there", "", "")), test.what...)
				require.Equal(t, []string{"201", "201", "200", "204", "200"}, r.statuses())
				for i, e := range r.Entry {
					require.Equal(t, i == 4 || test.resource && i < 3, e.Resource != nil, i)
					require.Equal(t, i < 4 && test.outcome, e.Response.Outcome != nil, i)
				}
				if test.resource {
					require.Contains(t, string(r.Entry[1].Resource), `"versionId":"1"`)
					require.Contains(t, string(r.Entry[2].Resource), `"id":"there"`)
				}
			})
		}
	}
	// What was found and accepted is told unless nothing is wanted.
	bad := bundleOf("batch", entry("POST", "Patient", "", `{"resourceType":"Patient","gender":"x"}`))
	for what, told := range map[string]bool{"": true, "minimal": false, "representation": true, "OperationOutcome": true} {
		opts := []datastore.WriteOption{datastore.Validation(datastore.Minimal)}
		if what != "" {
			opts = append(opts, datastore.Return(what))
		}
		r, err := open(t).Transact(ctx, bad, opts...)
		require.NoError(t, err)
		require.Equal(t, told, strings.Contains(string(r), `"outcome":`))
	}
}
