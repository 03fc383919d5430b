package datastore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// absurdFilters are filters that nobody means, on Patients.
func absurdFilters() []string {
	times := strings.Repeat
	return []string{
		times("link[", 20) + "_id eq a", times("link[_id eq a].", 20) + "_id eq a", times("link[_id eq a and ", 31) + "_id eq a" + times("].link", 31), times("link[", 100_000), times("[", 1<<20-10), times("]", 1<<20-10), times("(", 1<<20-10), times(")", 1<<20-10),
		times("not (", 31) + "_id eq a" + times(")", 31), times("not (", 200_000), times("( _id eq a or ", 31) + "_id eq b" + times(")", 31), times("_id eq a and ", 80_000) + "_id eq b", times("_id eq a or ", 255) + "_id eq b", times("birthdate gt 1900 and ", 255) + "_id eq p1",
		times("and ", 1<<18), times("not ", 1<<18), times(" ", 1<<20-100) + "_id eq p1", "_id eq " + times("a", 1<<20-20), `family co "` + times("a", 1<<20-20), `family co "` + times(`\`, 1<<19), `family co "` + times(`\u00e9`, 1<<17) + `"`, `family co "` + times("é", 1<<18) + `"`,
		times("x", 1<<20-20), times("_", 1<<19) + " eq 1", "family " + times("e", 1<<19) + " a", "_id eq p1" + times("\t", 1<<19), times("(_id eq a)", 100), times("()", 1<<18), "_id eq \x00", "_id eq \xff", `_id eq "\ud800"`, `_id eq "\u0000"`, `family co "` + times("a, ", 1<<17) + `"`,
		times("link.", 12) + "_id eq a", times("link:Patient.", 12) + "family co a", times("link.", 3) + "link[" + times("link.", 3) + "family co a].family co b", times("link.link.link.link.family co a and ", 100) + "_id eq a", "birthdate gt 1" + times("0", 1<<19), "birthdate po " + times("2", 1<<19),
		"_profile sb http://x.org" + times("/a", 1<<18), "_profile ss h", "_tag in http://x.org/none", "_tag ss urn:x|y", "_tag ni " + times("a", 1<<19), "identifier eq " + times("|", 1<<19), "general-practitioner[" + times("_id eq a or ", 200) + "_id eq b].name co c", "_filter eq 1", "_has:Patient:link:family eq a", "_list eq 1", "_type eq Patient",
	}
}

// requireBounded wants a query to end soon, with an answer or with an error that says
// what is wrong without the query's values in it.
func requireBounded(t *testing.T, store *datastore.Store, typ, query string, options ...datastore.SearchOption) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	_, err := store.Search(ctx, typ, query, options...)
	if err == nil {
		return
	}
	assert.True(t, errors.Is(err, datastore.ErrInvalid) || errors.Is(err, datastore.ErrTooCostly), "%.60s: %v", query, err)
	assert.Less(t, len(err.Error()), 1000, "%.60s", query)
}

func TestAbsurdFilters(t *testing.T) {
	store := crowd(t, 200)
	for _, filter := range absurdFilters() {
		requireBounded(t, store, "Patient", encoded("_filter="+filter))
		requireBounded(t, store, "", encoded("_filter="+filter))
		requireBounded(t, store, "Observation", encoded("subject:Patient._filter="+filter))
	}
	for _, filter := range []string{"code-value-quantity eq " + strings.Repeat("a$", 1<<19), `value-quantity gt 1e999999`, "value-quantity eq " + strings.Repeat("9", 1<<19), "component-code-value-quantity eq c1$5||mg", strings.Repeat("has-member.", 12) + "code eq c1", strings.Repeat("focus.", 3) + "_id eq x"} {
		requireBounded(t, store, "Observation", encoded("_filter="+filter))
	}
}

// Searches of all types, in compartments, by lists, positions and kinds of identifiers.
func TestAbsurdScopes(t *testing.T) {
	store := crowd(t, 200)
	list := func(n int, value string) string { return strings.Repeat(value+",", n-1) + value }
	in := datastore.InCompartment(datastore.Ref{Type: "Patient", ID: "p1"})
	for _, query := range []string{
		"_type=" + list(10_000, "Patient"), "_type=" + strings.Repeat("x", 1<<19), "_type=Patient&_type=Patient", strings.Repeat("_tag=x&", 255), strings.Repeat("_tag:not=x&", 255), "_tag=" + list(4096, "x"), "_list=" + list(4096, "x"), "_list=" + list(5000, "x"), strings.Repeat("_list=x&", 255),
		strings.Repeat("_has:Observation:subject:", 12) + "_id=x", strings.Repeat("_has:Observation:subject:subject.", 6) + "_id=x", "_has:Provenance:target:_has:Provenance:target:_has:Provenance:target:recorded=gt2000", "_include=*&_include:iterate=*&_revinclude:iterate=*&_count=1000", strings.Repeat("_sort=_id&", 100), "_sort=" + list(16, "_id"), "_sort=" + list(17, "_id"),
		"_profile:above=" + list(1000, "http://x.org/a/b/c/d"), "_profile:below=" + list(4096, "h"), "_filter=" + strings.Repeat("_tag+eq+x+and+", 255) + "_id+eq+p1",
	} {
		requireBounded(t, store, "", query)
		requireBounded(t, store, "", query, in)
		requireBounded(t, store, "Observation", query, in)
	}
	_, err := store.Update(ctx, []byte(`{"resourceType":"Location","id":"l","position":{"latitude":1,"longitude":2}}`))
	require.NoError(t, err)
	for _, query := range []string{"near=" + list(4096, "1|2|3|km"), "near=1|2|" + strings.Repeat("9", 1<<19), "near=1e308|1e308", "near=1|2|1e999", "near=" + strings.Repeat("|", 1<<19), strings.Repeat("near=1|2&", 255)} {
		requireBounded(t, store, "Location", encoded(query))
	}
	for _, query := range []string{"identifier:of-type=" + list(4096, "a|b|c"), "identifier:of-type=" + strings.Repeat("|", 1<<19), "identifier:of-type=" + strings.Repeat(`\|`, 1<<18), "identifier:in=" + list(4096, "http://x.org"), "identifier:below=" + list(4096, "urn:x|y")} {
		requireBounded(t, store, "Patient", encoded(query))
	}
}

// Terminology and hierarchies that are deep, wide, or go round in circles.
func TestAbsurdTerminology(t *testing.T) {
	var resources []string
	set := func(id int, include string) string {
		return fmt.Sprintf(`{"resourceType":"ValueSet","id":"v%d","url":"http://x.org/v%d","status":"active","compose":{"include":[%s]}}`, id, id, include)
	}
	resources = append(resources, set(0, `{"system":"urn:s","concept":[{"code":"a"}]}`))
	for i := 1; i <= 100; i++ { // each includes the one before twice: 2^100 paths
		before := fmt.Sprintf(`{"valueSet":["http://x.org/v%d"]}`, i-1)
		resources = append(resources, set(i, before+","+before))
	}
	var wide, chain, ring strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&wide, `,{"code":"w%d"}`, i)
		fmt.Fprintf(&chain, `,{"code":"c%d","property":[{"code":"parent","valueCode":"c%d"}]}`, i+1, i)
		fmt.Fprintf(&ring, `,{"code":"r%d","property":[{"code":"parent","valueCode":"r%d"},{"code":"child","valueCode":"r%d"}]}`, i, (i+1)%5_000, i*7%5_000)
	}
	system := func(id, concepts string) string {
		return `{"resourceType":"CodeSystem","id":"` + id + `","url":"urn:` + id + `","status":"active","content":"complete","concept":[` + concepts + `]}`
	}
	resources = append(resources, system("wide", `{"code":"top","concept":[`+wide.String()[1:]+`]}`), system("chain", `{"code":"c0"}`+chain.String()), system("ring", ring.String()[1:]),
		set(200, `{"system":"urn:wide","filter":[{"property":"concept","op":"is-not-a","value":"w1"},{"property":"concept","op":"is-a","value":"top"}]}`), set(201, strings.TrimSuffix(strings.Repeat(`{"system":"urn:ring","filter":[{"property":"concept","op":"is-a","value":"r1"}]},`, 5), ",")))
	for i := range 300 {
		resources = append(resources, fmt.Sprintf(`{"resourceType":"Location","id":"%d","partOf":{"reference":"Location/%d"}}`, i, (i+1)%300))
	}
	resources = append(resources, `{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"urn:ring","code":"r5"},{"system":"urn:chain","code":"c4999"},{"system":"urn:s","code":"a"}]}}`,
		`{"resourceType":"Encounter","id":"e","status":"planned","class":{"code":"x"},"location":[{"location":{"reference":"Location/7"}}]}`)
	store := open(t, nil)
	_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
		for _, r := range resources {
			if _, err := tx.Update(ctx, []byte(r)); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	for query, found := range map[string]string{"code:below=urn:chain|c1": "c", "code:above=urn:chain|c5000": "c", "code:below=urn:ring|r1": "c", "code:in=http://x.org/v0": "c", "code:in=http://x.org/v4": "c", "code:in=http://x.org/v200": "", "code:in=http://x.org/v201": "c"} {
		assert.Equal(t, found, find(t, store, "Condition", query), query)
	}
	for i := range 100 {
		requireBounded(t, store, "Condition", fmt.Sprintf("code:in=http://x.org/v%d", i))
	}
	requireBounded(t, store, "Condition", encoded("code:below="+strings.Repeat("urn:ring|r1,", 200)+"urn:ring|r2"))
	requireBounded(t, store, "Condition", encoded("code:not-in="+strings.Repeat("http://x.org/v200,", 100)+"http://x.org/v201"))
	requireBounded(t, store, "Condition", strings.Repeat("code:in=http://x.org/v200&", 100))
	for _, query := range []string{"location:below=Location/3", "location:above=Location/3"} {
		assert.Equal(t, "e", find(t, store, "Encounter", query), query)
	}
	requireBounded(t, store, "Encounter", encoded("location:below="+strings.Repeat("Location/3,", 4000)+"4"))
}
