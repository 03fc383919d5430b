package bundle_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// stored puts patients with an identifier like their id into a store.
func stored(t testing.TB, ids ...string) *datastore.Store {
	store := open(t)
	for _, id := range ids {
		_, err := store.Update(ctx, []byte(person(id, id)))
		require.NoError(t, err)
	}
	return store
}

// Conditional references are resolved after the transaction's own writes (FHIR R4
// §3.1.0.11.3).
func TestConditionalReferences(t *testing.T) {
	refers := func(criteria string) string {
		return entry("POST", "Observation", "urn:uuid:obs", observation("Patient?"+criteria))
	}
	for name, test := range map[string]struct {
		entries []string
		subject string // "" is refused with 412
	}{
		"what is there":                   {[]string{refers("identifier=a")}, "Patient/a"},
		"what is created":                 {[]string{refers("identifier=n"), entry("POST", "Patient", "", person("", "n"))}, "Patient/id-2"},
		"what is created with an id":      {[]string{entry("PUT", "Patient/n", "", person("n", "n")), refers("identifier=n")}, "Patient/n"},
		"what is created conditionally":   {[]string{refers("identifier=n"), entry("POST", "Patient", "", person("", "n"), ifNoneExist("identifier=n"))}, "Patient/id-2"},
		"what would have been":            {[]string{refers("identifier=a"), entry("POST", "Patient", "", person("", "a"), ifNoneExist("identifier=a"))}, "Patient/a"},
		"what is changed to match":        {[]string{refers("identifier=n"), entry("PUT", "Patient/a", "", person("a", "n"))}, "Patient/a"},
		"what is changed and matches":     {[]string{refers("identifier=a"), entry("PUT", "Patient/a", "", person("a", "a"))}, "Patient/a"},
		"what is changed conditionally":   {[]string{refers("identifier=n"), entry("PUT", "Patient?identifier=a", "", person("a", "n"))}, "Patient/a"},
		"itself":                          {[]string{entry("POST", "Observation", "urn:uuid:obs", observation("Patient/a", `,"identifier":[{"value":"me"}],"focus":[{"reference":"Observation?identifier=me"}]`))}, "Patient/a"},
		"one of two that is deleted":      {[]string{refers("identifier=a,b"), entry("DELETE", "Patient/b", "", "")}, "Patient/a"},
		"one of two that changes":         {[]string{refers("identifier=a,b"), entry("PUT", "Patient/b", "", person("b", "c"))}, "Patient/a"},
		"one of two, deleted by criteria": {[]string{refers("identifier=a,b"), entry("DELETE", "Patient?identifier=b", "", "")}, "Patient/a"},
		"with a placeholder":              {[]string{entry("POST", "Patient", "urn:uuid:p", person("", "n")), entry("POST", "Observation", "", observation("urn:uuid:p", `,"identifier":[{"value":"1"}]`)), entry("POST", "Observation", "urn:uuid:obs", observation("Patient/a", `,"focus":[{"reference":"Observation?subject=urn:uuid:p"}]`))}, "Patient/a"},

		"nothing":                       {[]string{refers("identifier=n")}, ""},
		"several":                       {[]string{refers("identifier=a,b")}, ""},
		"what is deleted":               {[]string{refers("identifier=a"), entry("DELETE", "Patient/a", "", "")}, ""},
		"what is deleted by criteria":   {[]string{refers("identifier=a"), entry("DELETE", "Patient?identifier=a", "", "")}, ""},
		"what no longer matches":        {[]string{refers("identifier=a"), entry("PUT", "Patient/a", "", person("a", "n"))}, ""},
		"what is there and what comes":  {[]string{refers("identifier=a"), entry("POST", "Patient", "", person("", "a"))}, ""},
		"several that come":             {[]string{refers("identifier=n"), entry("POST", "Patient", "", person("", "n")), entry("PUT", "Patient/n", "", person("n", "n"))}, ""},
		"a chain into what is written":  {[]string{refers("organization.name=o"), entry("POST", "Organization", "", `{"resourceType":"Organization","name":"o"}`)}, ""},
		"of a type that is not written": {[]string{entry("POST", "Patient", "", person("", "n")), entry("POST", "Observation", "", observation("Group?identifier=n"))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			store := stored(t, "a", "b")
			bundle := bundleOf("transaction", test.entries...)
			if test.subject == "" {
				err := refused(t, store, bundle, 412)
				require.Contains(t, datastore.Issues(err)[0].Pointer, "/resource/subject")
				return
			}
			r := transact(t, store, bundle)
			for i, e := range test.entries {
				if strings.Contains(e, "urn:uuid:obs") {
					got := read(t, store, strings.TrimSuffix(r.Entry[i].Response.Location, "/_history/1"))
					require.Contains(t, got, `"subject":{"reference":"`+test.subject+`"}`)
					require.NotContains(t, got, "?")
				}
			}
		})
	}
}

// Chains are decided where nothing that they look at is written.
func TestConditionalReferencesByChains(t *testing.T) {
	store := stored(t, "a")
	_, err := store.Update(ctx, []byte(`{"resourceType":"Organization","id":"o","name":"O"}`))
	require.NoError(t, err)
	_, err = store.Update(ctx, []byte(person("m", "m", `,"managingOrganization":{"reference":"Organization/o"}`)))
	require.NoError(t, err)
	transact(t, store, bundleOf("transaction", entry("POST", "Observation", "", observation("Patient?organization.name=o"))))
	require.Contains(t, read(t, store, "Observation/id-1"), "Patient/m")
}

// One condition, or several that what is written matches, never make two resources.
func TestConditionsOfEntries(t *testing.T) {
	create := func(identifier, criteria string) string {
		return entry("POST", "Patient", "", person("", identifier, `,"active":true`), ifNoneExist(criteria))
	}
	update := func(identifier, criteria string) string {
		return entry("PUT", "Patient?"+criteria, "", person("", identifier, `,"active":true`))
	}
	for name, test := range map[string]struct {
		entries  []string
		statuses string // or the status of all, if it is refused
		patients int
	}{
		"the same":                     {[]string{create("n", "identifier=urn:s|n"), create("n", "identifier=urn:s|n")}, "201 200", 3},
		"in another order":             {[]string{create("n", "identifier=n&active=true"), create("n", "active=true&identifier=n")}, "201 200", 3},
		"escaped":                      {[]string{create("n", "identifier=urn:s|n"), create("n", "Patient?identifier=urn%3As%7Cn")}, "201 200", 3},
		"spelt otherwise":              {[]string{create("n", "identifier=urn:s|n"), create("n", "identifier=n")}, "201 200", 3},
		"by other parameters":          {[]string{create("n", "identifier=n"), create("n", "identifier=n&active=true&_count=1")}, "201 200", 3},
		"that nothing fulfils":         {[]string{create("n", "identifier=x&active=true"), create("m", "active=true&identifier=x")}, "201 200", 3},
		"an update and a create":       {[]string{update("n", "identifier=n"), create("n", "identifier=n")}, "201 200", 3},
		"a create and an update":       {[]string{create("n", "identifier=n"), update("n", "identifier=urn:s|n")}, "200 201", 3},
		"two updates":                  {[]string{update("n", "identifier=n"), update("n", "identifier=n")}, "400", 2},
		"two updates, spelt otherwise": {[]string{update("n", "identifier=n"), update("n", "identifier=urn:s|n")}, "400", 2},
		"two updates of one":           {[]string{update("a", "identifier=a"), update("a", "identifier=urn:s|a")}, "400", 2},
		"an update and a plain one":    {[]string{update("a", "identifier=a"), entry("PUT", "Patient/a", "", person("a", "a"))}, "400", 2},
		"an update and a plain create": {[]string{update("n", "identifier=n"), entry("POST", "Patient", "", person("", "n"))}, "400", 2},
		"a deletion and an update":     {[]string{entry("DELETE", "Patient?identifier=a", "", ""), entry("PUT", "Patient/a", "", person("a", "a"))}, "400", 2},
		"two deletions":                {[]string{entry("DELETE", "Patient?identifier=a", "", ""), entry("DELETE", "Patient/a", "", "")}, "400", 2},
		"a plain create":               {[]string{create("n", "identifier=n"), entry("POST", "Patient", "", person("", "n"))}, "200 201", 3},
		"a plain update":               {[]string{create("n", "identifier=n"), entry("PUT", "Patient/n", "", person("n", "n"))}, "200 201", 3},
		"what is changed to match":     {[]string{create("n", "identifier=n"), entry("PUT", "Patient/a", "", person("a", "n"))}, "200 200", 2},
		"what no longer matches":       {[]string{create("a", "identifier=a"), entry("PUT", "Patient/a", "", person("a", "n"))}, "201 200", 3},
		"what is deleted":              {[]string{create("a", "identifier=a"), entry("DELETE", "Patient/a", "", "")}, "201 204", 2},
		"what is there":                {[]string{create("a", "identifier=a"), create("a", "identifier=urn:s|a")}, "200 200", 2},
		"several":                      {[]string{create("n", "identifier=a,b")}, "412", 2},
		"several that come":            {[]string{create("n", "identifier=n"), entry("POST", "Patient", "", person("", "n")), entry("PUT", "Patient/n", "", person("n", "n"))}, "412", 2},
		"a later one that matches":     {[]string{create("n", "identifier=n"), create("n", "identifier=m")}, "412", 2},
		"others":                       {[]string{create("n", "identifier=n"), create("m", "identifier=m")}, "201 201", 4},
	} {
		t.Run(name, func(t *testing.T) {
			store := stored(t, "a", "b")
			bundle := bundleOf("transaction", test.entries...)
			if len(test.statuses) == 3 && len(test.entries) > 1 || test.statuses == "412" {
				status := 400
				if test.statuses == "412" {
					status = 412
				}
				refused(t, store, bundle, status)
			} else {
				require.Equal(t, test.statuses, strings.Join(transact(t, store, bundle).statuses(), " "))
			}
			require.Equal(t, test.patients, total(t, store, "Patient", "_count=0"))
		})
	}
}

// Criteria that look at several resources are decided by what the other entries leave, or
// refused: never do they make two resources of what one condition means.
func TestConditionsByChains(t *testing.T) {
	create := func(family, criteria string) string {
		return entry("POST", "Patient", "", person("", family, `,"name":[{"family":"`+family+`"}],"managingOrganization":{"reference":"Organization/o"}`), ifNoneExist(criteria))
	}
	organization := entry("POST", "Organization", "", `{"resourceType":"Organization","name":"p"}`)
	observations := entry("POST", "Observation", "", observation("Patient/m"), ifNoneExist("patient.identifier=m&code:text=y")) + "," +
		entry("POST", "Observation", "", observation("Patient/m", `,"identifier":[{"value":"1"}]`), ifNoneExist("patient.identifier=m&identifier=1"))
	for name, test := range map[string]struct {
		entries  []string
		statuses string
	}{
		"alone":                         {[]string{create("A", "organization.name=o&family=A")}, "201"},
		"of what is there":              {[]string{create("M", "organization.name=o&family=M")}, "200"},
		"the same":                      {[]string{create("A", "organization.name=o&family=A"), create("A", "family=A&organization.name=o")}, "201 200"},
		"spelt otherwise":               {[]string{create("A", "organization.name=o&family=A"), create("A", "family=a&organization.name=O")}, "412"},
		"about others":                  {[]string{create("A", "organization.name=o&family=A"), create("B", "organization.name=o&family=B")}, "201 201"},
		"beside other types":            {[]string{create("A", "organization.name=o&family=A"), entry("POST", "Observation", "", observation("Patient/m"))}, "201 201"},
		"beside others of the type":     {[]string{create("A", "organization.name=o&family=A"), entry("POST", "Patient", "", person("", "B"))}, "201 201"},
		"beside one that matches":       {[]string{create("A", "organization.name=o&family=A"), entry("POST", "Patient", "", person("", "A", `,"name":[{"family":"A"}]`))}, "412"},
		"before one that is decided":    {[]string{create("A", "organization.name=o&family=A"), create("A", "family=a")}, "201 200"},
		"after one that matches":        {[]string{create("A", "family=a"), create("A", "organization.name=o&family=A")}, "412"},
		"beside what the chain is to":   {[]string{create("A", "organization.name=o&family=A"), organization}, "412"},
		"two of a type":                 {[]string{observations}, "201 201"},
		"by _has":                       {[]string{create("A", "_has:Observation:patient:code=x&family=A"), create("B", "_has:Observation:patient:code=x&family=B")}, "201 201"},
		"by _has of what is written":    {[]string{create("A", "_has:Observation:patient:code=x&family=A"), entry("POST", "Observation", "", observation("Patient/m"))}, "412"},
		"by time":                       {[]string{create("A", "_lastUpdated=gt2000&family=A"), create("B", "_lastUpdated=gt2000&family=B")}, "201 201"},
		"by time, and one that matches": {[]string{create("A", "_lastUpdated=gt2000&family=A"), create("A", "_lastUpdated=gt2001&family=A")}, "412"},
		"what is changed":               {[]string{create("M", "organization.name=o&family=M"), entry("PUT", "Patient/m", "", person("m", "m", `,"name":[{"family":"N"}]`))}, "201 200"},
	} {
		t.Run(name, func(t *testing.T) {
			store := stored(t, "a")
			for _, resource := range []string{`{"resourceType":"Organization","id":"o","name":"O"}`, person("m", "m", `,"name":[{"family":"M"}],"managingOrganization":{"reference":"Organization/o"}`)} {
				_, err := store.Update(ctx, []byte(resource))
				require.NoError(t, err)
			}
			bundle := bundleOf("transaction", test.entries...)
			if test.statuses == "412" {
				refused(t, store, bundle, 412)
			} else {
				require.Equal(t, test.statuses, strings.Join(transact(t, store, bundle).statuses(), " "))
			}
		})
	}
}

// A placeholder in criteria is what its entry becomes, never a text to search for.
func TestPlaceholdersInCriteria(t *testing.T) {
	patient := entry("POST", "Patient", "urn:uuid:p", person("", "a"), ifNoneExist("identifier=a"))
	for name, test := range map[string]struct {
		entries []string
		want    string
	}{
		"of what is there":      {[]string{patient, entry("POST", "Observation", "", observation("urn:uuid:p"), ifNoneExist("subject=urn:uuid:p"))}, "200 200"},
		"escaped":               {[]string{patient, entry("POST", "Observation", "", observation("urn:uuid:p"), ifNoneExist("subject=urn%3Auuid%3Ap&status=final"))}, "200 200"},
		"with a modifier":       {[]string{entry("POST", "Observation", "", observation("urn:uuid:p"), ifNoneExist("subject:Patient=urn:uuid:p")), patient}, "200 200"},
		"of what is created":    {[]string{entry("POST", "Observation", "", observation("urn:uuid:n"), ifNoneExist("subject=urn:uuid:n")), entry("POST", "Patient", "urn:uuid:n", person("", "n"))}, "201 201"},
		"in an update":          {[]string{patient, entry("PUT", "Observation?subject=urn:uuid:p", "", observation("urn:uuid:p"))}, "200 200"},
		"in a deletion":         {[]string{patient, entry("DELETE", "Observation?subject=urn:uuid:p", "", "")}, "200 204"},
		"in a search":           {[]string{patient, entry("GET", "Observation?subject=urn:uuid:p", "", "")}, "200 200"},
		"where no reference is": {[]string{patient, entry("POST", "Observation", "", observation("urn:uuid:p"), ifNoneExist("identifier=urn:uuid:p"))}, "400"},
		"of one another": {[]string{entry("POST", "Observation", "urn:uuid:x", observation("Patient/a"), ifNoneExist("has-member=urn:uuid:y")),
			entry("POST", "Observation", "urn:uuid:y", observation("Patient/a"), ifNoneExist("has-member=urn:uuid:x"))}, "400"},
	} {
		t.Run(name, func(t *testing.T) {
			store := stored(t, "a")
			_, err := store.Update(ctx, []byte(strings.Replace(observation("Patient/a"), `{`, `{"id":"o",`, 1)))
			require.NoError(t, err)
			bundle := bundleOf("transaction", test.entries...)
			if test.want == "400" {
				refused(t, store, bundle, 400)
				return
			}
			r := transact(t, store, bundle)
			require.Equal(t, test.want, strings.Join(r.statuses(), " "))
			if name == "in a search" {
				require.Contains(t, string(r.Entry[1].Resource), `"total":1`)
			}
		})
	}
	r := transact(t, stored(t, "a"), bundleOf("batch", entry("POST", "Patient", "urn:uuid:q", person("", "q")), entry("POST", "Observation", "", observation("Patient/a"), ifNoneExist("subject=urn:uuid:q"))))
	require.Equal(t, []string{"201", "400"}, r.statuses())
}

// A GET that fails makes a transaction fail, and what a transaction reads is there when
// it is written.
func TestGetsOfTransactions(t *testing.T) {
	for name, test := range map[string]struct {
		get    string
		status int
	}{
		"of nothing": {"Patient/none", 404}, "of no version": {"Patient/a/_history/7", 404}, "of what is deleted": {"Patient/b", 410}, "unknown parameter": {"Patient?nmae=x", 400},
		"unknown type": {"Patiens/a", 400}, "malformed value": {"Patient?birthdate=x", 400}, "malformed page": {"Patient?_page=x", 400},
	} {
		t.Run(name, func(t *testing.T) {
			err := refused(t, stored(t, "a", "b"), bundleOf("transaction", entry("POST", "Patient", "", person("", "n")), entry("GET", test.get, "", ""), entry("DELETE", "Patient/b", "", "")), test.status)
			require.Contains(t, datastore.Issues(err)[0].Pointer, "/entry/1")
			require.Contains(t, string(datastore.Outcome(err)), `"expression":["Bundle.entry[1]`)
		})
	}
	r := transact(t, stored(t, "a", "b"), bundleOf("transaction", entry("GET", "Patient/n", "", ""), entry("PUT", "Patient/n", "", person("n", "n")), entry("GET", "Patient?_count=0", "", ""), entry("GET", "Patient/b/_history/1", "", ""), entry("DELETE", "Patient/b", "", "")))
	require.Equal(t, []string{"200", "201", "200", "200", "204"}, r.statuses())
	require.Contains(t, string(r.Entry[2].Resource), `"total":2`)
}

// Others write beside transactions: nothing is made twice, and a GET never fails.
func TestTransactionsBesideOthers(t *testing.T) {
	store := storetest.Open(t, nil)
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for round := range 25 {
				identifier := fmt.Sprint(round)
				spelling := []string{"identifier=" + identifier, "identifier=urn:s|" + identifier}[worker%2]
				_, err := store.Transact(ctx, bundleOf("transaction",
					entry("POST", "Patient", "urn:uuid:p", person("", identifier), ifNoneExist(spelling)),
					entry("POST", "Observation", "", observation("Patient?"+spelling)), entry("POST", "Observation", "", observation("urn:uuid:p"))))
				require.NoError(t, err)
			}
		})
	}
	all.Wait()
	require.Equal(t, 25, total(t, store, "Patient", "_count=0"))
	require.Equal(t, 200, total(t, store, "Observation", "subject:Patient.identifier=urn:s|&_count=0"))
}

// The conditions of a Bundle cost no more than a limit together, and end with the
// caller.
func TestConditionsCost(t *testing.T) {
	store := stored(t, "a")
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err := store.Transact(cancelled, bundleOf("transaction", entry("POST", "Patient", "", person("", "1"), ifNoneExist("identifier=1"))))
	require.ErrorIs(t, err, context.Canceled)
}

// BenchmarkConditions loads Bundles of conditional creates, and of references to them by
// criteria: the rate must not fall as they grow.
func BenchmarkConditions(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			store, round := open(b), 0
			for b.Loop() {
				b.StopTimer()
				round++
				var entries []string
				for i := range n / 2 {
					identifier := fmt.Sprintf("%d-%d", round, i)
					entries = append(entries, entry("POST", "Patient", fmt.Sprintf("urn:uuid:%d", i), person("", identifier), ifNoneExist("identifier=urn:s|"+identifier)),
						entry("POST", "Observation", "", observation("Patient?identifier=urn:s|"+identifier)))
				}
				bundle := bundleOf("transaction", entries...)
				b.StartTimer()
				if _, err := store.Transact(ctx, bundle); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
