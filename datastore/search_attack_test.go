package datastore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// crowd is a store of n patients in families of ten, with an observation each.
func crowd(t testing.TB, n int) *datastore.Store {
	t.Helper()
	store := open(t, nil)
	for i := 0; i < n; {
		_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
			for range 100 {
				i++
				for _, resource := range []string{
					fmt.Sprintf(`{"resourceType":"Patient","id":"p%d","name":[{"family":"Name %d of many"}],"birthDate":"%d-%02d-%02d","link":[{"other":{"reference":"Patient/p%d"},"type":"seealso"}],"meta":{"profile":["http://x.org/%d/%d"]}}`, i, i, 1920+i%100, 1+i%12, 1+i%28, i/10+1, i%100, i),
					fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"system":"urn:c","code":"c%d"}]},"subject":{"reference":"Patient/p%d"},"effectiveDateTime":"20%02d-%02d-%02dT%02d:00:00Z","valueQuantity":{"value":%d.%d,"unit":"mg"},"hasMember":[{"reference":"Observation/o%d"}],"component":[{"code":{"coding":[{"code":"a"}]},"valueQuantity":{"value":%d}}]}`, i, i%7, i, i%25, 1+i%12, 1+i%28, i%24, i%1000, i%10, i/2+1, i),
				} {
					if _, err := tx.Update(ctx, []byte(resource)); err != nil {
						return err
					}
				}
			}
			return nil
		})
		require.NoError(t, err)
	}
	return store
}

// absurd are queries that nobody means, by type.
func absurd() map[string][]string {
	list := func(n int, value func(i int) string) string {
		values := make([]string, n)
		for i := range values {
			values[i] = value(i)
		}
		return strings.Join(values, ",")
	}
	times := strings.Repeat
	same := func(s string) func(int) string { return func(int) string { return s } }
	return map[string][]string{
		"Patient": {
			"family=" + times("a", 1<<20-7), "family=" + times("a", 1<<20), times("a", 1<<20), times("a", 1<<19) + "=" + times("b", 1<<18), "family=" + times("%CC%81", 1<<17), "family:contains=" + times("a ", 1<<18),
			"family=" + list(1000, func(i int) string { return fmt.Sprint("name", i) }), "family:contains=" + list(1000, func(i int) string { return fmt.Sprint(i) }), "family:contains=" + list(4096, same("e")), "family:exact=" + list(4096, same("x")),
			"family=" + list(4096, same("n")), "family=" + times(",", 1<<20-7), "family=" + times("%5C", 1<<18), "_id=" + list(4096, same("p1")), "_id=" + list(10000, same("p1")), "birthdate=" + list(1000, func(i int) string { return fmt.Sprintf("%d-%02d-%02d", 1900+i%120, 1+i%12, 1+i%28) }),
			"birthdate=" + list(4096, same("ne2000")), "_lastUpdated=" + list(4096, same("ne2000")), times("birthdate=gt1900&", 256), times("birthdate=gt1900&", 300), times("family:contains=a&", 256), times("link.link.link.family=n&", 200),
			times("link.", 20) + "family=n", times("link.", 12) + "family=n", times("link:Patient.", 12) + "family=n", times("link:Patient.", 13) + "family=n", times("link.", 200000) + "family=x",
			times("_has:Patient:link:", 12) + "family=n", times("_has:Patient:link:", 30) + "family=n", times("_has:Patient:link:", 50000) + "family=n", times("_has:Patient:link:link:Patient.", 6) + "family=n", times("_has:Observation:subject:subject.", 6) + "family=n", times("_has:", 100000) + "=n", times(":", 1<<19) + "=x", times(".", 1<<19) + "=x",
			"_has:Provenance:target:_has:Provenance:target:_has:Provenance:target:recorded=gt2000", "_profile:above=http://x.org" + times("/a", 1<<19-100), "_profile:above=http://x.org" + times("/a", 250), "_profile:below=h", "_profile:below=" + list(4096, same("http://x.org")),
			"_profile:above=" + list(4000, same("http://x.org"+times("/a", 120))), "family=%00", "family=%ff%fe", "family=\xff", "fam%00ily=x", "family=%EF%BF%BF", "family=%F4%8F%BF%BF", "family=%ED%A0%80", "birthdate=99999", "birthdate=0000", "birthdate=9999-12-31T23:59:59.999999999999-14:00", "birthdate=0001-01-01T00:00:00%2B14:00", "birthdate=ap0001", "birthdate=ap9999", "_lastUpdated=ap0001", "_lastUpdated=lt0001", "_lastUpdated=gt9999",
			"birthdate=2020-01-01T00:00:00." + times("9", 1<<19), "birthdate=" + times("2", 1<<19), "_sort=" + times("family,", 15) + "family", "_sort=" + times("family,", 1<<16), "_sort=" + times("link.", 1000) + "family", "_sort=" + times("link:Patient.", 12) + "family", "_sort=link,-link,_id,-_id,_profile",
			"_count=" + times("9", 1<<19), "_include=" + times("Patient:link&_include=", 200) + "Patient:link", "_include:iterate=*&_revinclude:iterate=*", "_revinclude=*&_count=1000", times("_revinclude:iterate=*&", 250), "_page=" + times("A", 1<<19), "_page=%00", "identifier=" + times("%7C", 1<<18), "identifier=" + times("a%5C%7C", 1<<16), "_tag:not=" + list(4096, same("x")),
			"=", "=x", "&=&", "%", "%=%", "a%", "family=%", ";", "family=a;gender=b", "family[]=a", "$=x", "_=1", "__proto__=1", "_id", "_has:::=", "_has:Patient:link:=x", "link:=1", "link:.family=x", ".family=x", "family.=x", "link..family=x", ":missing=true", "_sort", "_sort=_score",
		},
		"Observation": {
			"value-quantity=1e999999999", "value-quantity=1e-999999999", "value-quantity=gt1e400", "value-quantity=ap1e400", "value-quantity=" + times("9", 400), "value-quantity=" + times("9", 1<<19), "value-quantity=0." + times("0", 390) + "1", "value-quantity=-0", "value-quantity=1e400%7C%7Cmg", "value-quantity=" + list(4096, same("ne5")), "value-quantity=" + list(1000, func(i int) string { return fmt.Sprintf("gt%d.000000000000000000001", i) }),
			"component-code-value-quantity=" + list(4096, same("a$gt1")), "component-code-value-quantity=a" + times("$", 1<<19), "code-value-quantity=" + list(1000, func(i int) string { return fmt.Sprintf("c%d$%d", i%7, i) }), times("code:not=c1&", 256), "code=" + list(4096, func(i int) string { return fmt.Sprint("c", i) }), "code:text=" + list(4096, same("c")), "date=" + list(4096, same("gt2000")), times("date=gt2000&", 256),
			"subject=" + list(4096, func(i int) string { return fmt.Sprint(i) }), "subject=" + times("/_history/", 1<<16), "subject.name=" + list(4096, same("n")), "subject:identifier=" + times("a%7Cb,", 4000), "patient.link.family=n&_sort=-patient.family", "_sort=-subject.birthdate", "_sort=code,-value-quantity,date,patient", times("has-member.", 12) + "code=c1", times("has-member.", 12) + "nonsense=c1", times("has-member:Observation.", 12) + "code=c1", "_include=*&_revinclude=*&_include:iterate=*&_count=1000",
			times("has-member.", 3) + "code=c1", times("derived-from.", 4) + "_id=x", times("focus.", 2) + "_id=x", times("focus.", 3) + "_id=x", "focus.focus:Observation.focus._tag=x",
		},
	}
}

// Every query ends soon, with an answer or an error that says what is wrong
// without the query's values in it.
func TestAbsurdQueries(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	store := crowd(t, 200)
	for typ, queries := range absurd() {
		for _, query := range queries {
			for _, options := range [][]datastore.SearchOption{nil, {datastore.Lenient()}} {
				ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
				_, err := store.Search(ctx, typ, query, options...)
				cancel()
				if err == nil {
					break
				}
				assert.True(t, errors.Is(err, datastore.ErrInvalid) || errors.Is(err, datastore.ErrTooCostly), "%.60s: %v", query, err)
				assert.Less(t, len(err.Error()), 1000, "%.60s", query)
			}
		}
	}
}

// Many goroutines ask while one writes; run with -race it shows more.
func TestSearchWhileWriting(t *testing.T) {
	store := crowd(t, 1000)
	queries := []string{
		"family=name&_sort=-birthdate", "birthdate=gt1950&family:contains=9", "link.family=name", "_has:Observation:subject:code=c1&_revinclude=Observation:subject", "_profile:below=http://x.org/5", "_id=p1,p2&_include=Patient:link", "_lastUpdated=gt2026&_count=3", "_sort=_profile,_id",
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	for worker := range uint64(4) {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(worker, 1))
			for {
				select {
				case <-done:
					return
				default:
				}
				query := queries[random.IntN(len(queries))]
				page, err := store.Search(ctx, "Patient", query)
				if !assert.NoError(t, err, query) {
					return
				}
				if page.Next != "" {
					next, err := store.Search(ctx, "Patient", page.Next)
					if assert.NoError(t, err, query) {
						assert.Equal(t, page.Total, next.Total, query)
					}
				}
			}
		})
	}
	for i := range 200 {
		id := fmt.Sprintf("p%d", 1+i*7%1000)
		if i%5 == 0 {
			require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: id}))
			continue
		}
		_, err := store.Update(ctx, []byte(`{"resourceType":"Patient","id":"`+id+`","name":[{"family":"`+url.PathEscape(id)+`"}],"birthDate":"1977","link":[{"other":{"reference":"Patient/p3"},"type":"seealso"}]}`))
		require.NoError(t, err)
	}
	close(done)
	wg.Wait()
}
