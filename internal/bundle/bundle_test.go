package bundle_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

const base = "https://lake.example.org/fhir"

// open opens a store in memory whose ids count up: id-1, id-2, …
func open(t testing.TB) *datastore.Store {
	t.Helper()
	return storetest.Open(t, &datastore.Options{BaseURL: base, NewID: storetest.IDs("id-")})
}

// entry writes an entry; more are members of its request, each after a comma.
func entry(method, url, fullURL, resource string, more ...string) string {
	e := `{`
	if fullURL != "" {
		e += `"fullUrl":"` + fullURL + `",`
	}
	if resource != "" {
		e += `"resource":` + resource + `,`
	}
	return e + `"request":{"method":"` + method + `","url":"` + url + `"` + strings.Join(more, "") + `}}`
}

func bundleOf(kind string, entries ...string) []byte {
	return []byte(`{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + `]}`)
}

func ifNoneExist(criteria string) string { return `,"ifNoneExist":"` + criteria + `"` }

// person is a Patient with an identifier.
func person(id, identifier string, more ...string) string {
	own := ""
	if id != "" {
		own = `"id":"` + id + `",`
	}
	return `{"resourceType":"Patient",` + own + `"identifier":[{"system":"urn:s","value":"` + identifier + `"}]` + strings.Join(more, "") + `}`
}

// observation is about a subject.
func observation(subject string, more ...string) string {
	return `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"` + subject + `"}` + strings.Join(more, "") + `}`
}

// reply is what tests read of a response.
type reply struct {
	Entry []struct {
		Resource json.RawMessage
		Response struct {
			Status, Location string
			Outcome          json.RawMessage
		}
	}
}

func (r reply) statuses() (all []string) {
	for _, e := range r.Entry {
		all = append(all, e.Response.Status[:3])
	}
	return all
}

func transact(t testing.TB, store *datastore.Store, bundle []byte, opts ...datastore.WriteOption) reply {
	t.Helper()
	text, err := store.Transact(ctx, bundle, opts...)
	require.NoError(t, err)
	_, invalid := store.Validate(ctx, text)
	require.NoError(t, invalid, "the response is valid: %s", text)
	var r reply
	require.NoError(t, json.Unmarshal(text, &r))
	return r
}

// read returns the JSON of a resource.
func read(t testing.TB, store *datastore.Store, ref string) string {
	t.Helper()
	typ, id, _ := strings.Cut(ref, "/")
	v, err := store.Read(ctx, datastore.Ref{Type: typ, ID: id})
	require.NoError(t, err, ref)
	return string(v.JSON)
}

func total(t testing.TB, store *datastore.Store, typ, query string) int {
	t.Helper()
	page, err := store.Search(ctx, typ, query)
	require.NoError(t, err)
	return page.Total
}

// refused wants a Bundle refused with nothing written.
func refused(t testing.TB, store *datastore.Store, bundle []byte, status int) error {
	t.Helper()
	before := store.Snapshot().Sequence()
	_, err := store.Transact(ctx, bundle)
	require.Error(t, err)
	require.Equal(t, status, datastore.Status(err), err.Error())
	require.Equal(t, before, store.Snapshot().Sequence(), "nothing was written")
	_, invalid := store.Validate(ctx, datastore.Outcome(err))
	require.NoError(t, invalid)
	return err
}
