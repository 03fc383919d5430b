package datastore_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// entry is one entry of a bundle in a test.
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

// reply is what a test reads of a response bundle.
type reply struct {
	Type  string
	Entry []struct {
		Resource json.RawMessage
		Response struct {
			Status, Location, Etag string
			Outcome                json.RawMessage
		}
	}
}

func transact(t *testing.T, store *datastore.Store, bundle []byte) reply {
	t.Helper()
	text, err := store.Transact(ctx, bundle)
	require.NoError(t, err)
	_, invalid := store.Validate(ctx, text)
	require.NoError(t, invalid, "the response is valid: %s", text)
	var r reply
	require.NoError(t, json.Unmarshal(text, &r))
	return r
}

func statuses(r reply) (all []string) {
	for _, e := range r.Entry {
		all = append(all, e.Response.Status)
	}
	return all
}

func TestTransactionRewritesLinks(t *testing.T) {
	store := open(t, nil)
	r := transact(t, store, bundleOf("transaction",
		entry("POST", "Observation", "urn:uuid:0b", `{"resourceType":"Observation","status":"final","code":{"text":"x"},
			"subject":{"reference":"urn:uuid:0a"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a href=\"urn:uuid:0a\">who</a></div>"},
			"extension":[{"url":"http://example.org/link","valueUri":"urn:uuid:0a"},{"url":"http://example.org/other","valueUri":"urn:uuid:0c"}]}`),
		entry("POST", "Patient", "urn:uuid:0a", `{"resourceType":"Patient","managingOrganization":{"reference":"urn:uuid:0d"}}`),
		entry("PUT", "Organization/org", "urn:uuid:0d", `{"resourceType":"Organization","id":"org","name":"Org"}`),
	))
	require.Equal(t, "transaction-response", r.Type)
	require.Equal(t, []string{"201 Created", "201 Created", "201 Created"}, statuses(r))
	require.Equal(t, "Observation/id-1/_history/1", r.Entry[0].Response.Location)
	require.Equal(t, `W/"1"`, r.Entry[0].Response.Etag)
	v, err := store.Read(ctx, datastore.Ref{Type: "Observation", ID: "id-1"})
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), `"subject":{"reference":"Patient/id-2"}`)
	require.Contains(t, string(v.JSON), `<a href=\"Patient/id-2\">`)
	require.Contains(t, string(v.JSON), `"valueUri":"Patient/id-2"`)
	require.Contains(t, string(v.JSON), `"valueUri":"urn:uuid:0c"`)
	v, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "id-2"})
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), `"reference":"Organization/org"`)
	require.EqualValues(t, 1, store.Snapshot().Sequence(), "one record")
}

func TestTransactionIsAllOrNothing(t *testing.T) {
	store := open(t, nil)
	_, err := store.Update(ctx, patient("there", "There"))
	require.NoError(t, err)
	good := entry("POST", "Patient", "", `{"resourceType":"Patient"}`)
	for name, test := range map[string]struct {
		bad     string
		class   error
		pointer string
	}{
		"invalid resource": {entry("POST", "Patient", "", `{"resourceType":"Patient","gender":"x"}`), datastore.ErrInvalid, "/entry/1/resource/gender"},
		"unknown type":     {entry("POST", "Patiens", "", `{"resourceType":"Patient"}`), datastore.ErrInvalid, "/entry/1/request/url"},
		"other type":       {entry("POST", "Observation", "", `{"resourceType":"Patient"}`), datastore.ErrInvalid, "/entry/1/resource"},
		"other id":         {entry("PUT", "Patient/a", "", string(patient("b", "B"))), datastore.ErrInvalid, "/entry/1/resource"},
		"stale version":    {entry("PUT", "Patient/there", "", string(patient("there", "B")), `,"ifMatch":"W/\"7\""`), datastore.ErrPreconditionFailed, ""},
		"no resource":      {entry("POST", "Patient", "", ""), datastore.ErrInvalid, "/entry/1/resource"},
		"no request":       {`{"resource":{"resourceType":"Patient"}}`, datastore.ErrInvalid, "/entry/1"},
		"patch":            {entry("PATCH", "Patient/there", "", `{"resourceType":"Patient"}`), datastore.ErrInvalid, "/entry/1/resource"},
		"no target":        {entry("PUT", "Observation/o", "", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?identifier=none"}}`), datastore.ErrPreconditionFailed, "/entry/1/resource/subject/reference"},
	} {
		t.Run(name, func(t *testing.T) {
			before := store.Snapshot().Sequence()
			_, err := store.Transact(ctx, bundleOf("transaction", good, test.bad))
			require.ErrorIs(t, err, test.class)
			if test.pointer != "" {
				require.Equal(t, test.pointer, datastore.Issues(err)[0].Pointer)
			}
			require.Equal(t, before, store.Snapshot().Sequence(), "nothing was written")
		})
	}
}

func TestTransactionOfTheSameResourceTwice(t *testing.T) {
	store := open(t, nil)
	put := entry("PUT", "Patient/a", "", string(patient("a", "A")))
	_, err := store.Transact(ctx, bundleOf("transaction", put, put))
	require.ErrorIs(t, err, datastore.ErrInvalid)
	r := transact(t, store, bundleOf("batch", put, put))
	require.Equal(t, []string{"201 Created", "200 OK"}, statuses(r))
}

func TestTransactionMethods(t *testing.T) {
	store := open(t, nil)
	_, err := store.Update(ctx, []byte(`{"resourceType":"Patient","id":"old","identifier":[{"system":"s","value":"1"}]}`))
	require.NoError(t, err)
	r := transact(t, store, bundleOf("transaction",
		entry("GET", "Patient?family=new", "", ""),
		entry("GET", "Patient/new", "", ""),
		entry("PUT", "Patient/new", "", string(patient("new", "New"))),
		entry("DELETE", "Patient/never", "", ""),
		entry("DELETE", "Patient/old", "", ""),
		entry("POST", "Patient", "urn:uuid:1", `{"resourceType":"Patient","identifier":[{"system":"s","value":"2"}]}`, `,"ifNoneExist":"identifier=s|2"`),
	))
	require.Equal(t, []string{"200 OK", "200 OK", "201 Created", "204 No Content", "204 No Content", "201 Created"}, statuses(r))
	require.Contains(t, string(r.Entry[0].Resource), `"total":1`, "a GET sees what was written")
	require.Contains(t, string(r.Entry[1].Resource), "New")

	r = transact(t, store, bundleOf("transaction",
		entry("POST", "Patient", "urn:uuid:1", `{"resourceType":"Patient","identifier":[{"system":"s","value":"2"}]}`, `,"ifNoneExist":"identifier=s|2"`),
		entry("PUT", "Patient?identifier=s|2", "", `{"resourceType":"Patient","identifier":[{"system":"s","value":"2"}],"active":true}`),
		entry("POST", "Observation", "", `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:1"},"performer":[{"reference":"Patient?identifier=s|2"}]}`),
	))
	require.Equal(t, []string{"200 OK", "200 OK", "201 Created"}, statuses(r))
	page, err := store.Search(ctx, "Observation", "subject=Patient/id-1&performer=Patient/id-1")
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
}

// What an earlier entry creates is there for a later one with the same condition.
func TestTransactionCreatesOnceUnderOneCondition(t *testing.T) {
	store := open(t, nil)
	organization := func(fullURL string) string {
		return entry("POST", "Organization", fullURL, `{"resourceType":"Organization","identifier":[{"system":"s","value":"1"}]}`, `,"ifNoneExist":"identifier=s|1"`)
	}
	r := transact(t, store, bundleOf("transaction", organization("urn:uuid:a"), organization("urn:uuid:b"),
		entry("POST", "Patient", "", `{"resourceType":"Patient","managingOrganization":{"reference":"urn:uuid:b"}}`)))
	require.Equal(t, []string{"201 Created", "200 OK", "201 Created"}, statuses(r))
	require.Equal(t, r.Entry[0].Response.Location, r.Entry[1].Response.Location)
	for resource, query := range map[string]string{"Organization": "_count=0", "Patient": "organization=Organization/id-1&_count=0"} {
		page, err := store.Search(ctx, resource, query)
		require.NoError(t, err)
		require.Equal(t, 1, page.Total)
	}
}

func TestBatchEntriesStandAlone(t *testing.T) {
	store := open(t, nil)
	r := transact(t, store, bundleOf("batch",
		entry("POST", "Patient", "", `{"resourceType":"Patient","gender":"x"}`),
		entry("POST", "Patient", "", `{"resourceType":"Patient"}`),
		entry("GET", "Patient/none", "", ""),
		entry("DELETE", "Patient/none", "", ""),
		entry("GET", "Patient?_count=0", "", ""),
		entry("GET", "Patient?nmae=x", "", ""),
		entry("PATCH", "Patient/x", "", `{"resourceType":"Binary","contentType":"a/b"}`),
	))
	require.Equal(t, []string{"400 Bad Request", "201 Created", "404 Not Found", "204 No Content", "200 OK", "400 Bad Request", "400 Bad Request"}, statuses(r))
	require.Contains(t, string(r.Entry[0].Response.Outcome), "gender")
}

func TestMalformedBundles(t *testing.T) {
	store := open(t, nil)
	for name, text := range map[string]string{
		"not JSON":        `{"resourceType":"Bundle"`,
		"a patient":       `{"resourceType":"Patient"}`,
		"a document":      `{"resourceType":"Bundle","type":"document"}`,
		"no type":         `{"resourceType":"Bundle"}`,
		"unknown element": `{"resourceType":"Bundle","type":"batch","entries":[]}`,
		"unknown request": `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient","verb":"x"}}]}`,
		"entry no object": `{"resourceType":"Bundle","type":"batch","entry":[7]}`,
		"duplicate names": `{"resourceType":"Bundle","type":"batch","type":"batch"}`,
		"trailing":        `{"resourceType":"Bundle","type":"batch"}x`,
		"empty":           ``,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := store.Transact(ctx, []byte(text))
			require.ErrorIs(t, err, datastore.ErrInvalid)
			_, invalid := store.Validate(ctx, datastore.Outcome(err))
			require.NoError(t, invalid)
		})
	}
	text, err := store.Transact(ctx, []byte(`{"resourceType":"Bundle","type":"transaction"}`))
	require.NoError(t, err)
	require.Equal(t, `{"resourceType":"Bundle","type":"transaction-response"}`, string(text))
}

func TestIfNoneExist(t *testing.T) {
	store := open(t, nil)
	resource := []byte(`{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"1"}]}`)
	v, err := store.Create(ctx, resource, datastore.IfNoneExist("identifier=urn:x|1"))
	require.NoError(t, err)
	require.True(t, v.Created)
	again, err := store.Create(ctx, resource, datastore.IfNoneExist("identifier=urn:x|1"))
	require.NoError(t, err)
	require.False(t, again.Created)
	require.Equal(t, v.Ref, again.Ref)
	_, err = store.Create(ctx, resource)
	require.NoError(t, err)
	_, err = store.Create(ctx, resource, datastore.IfNoneExist("identifier=urn:x|1"))
	require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
	_, err = store.Create(ctx, resource, datastore.IfNoneExist("identifire=1"))
	require.ErrorIs(t, err, datastore.ErrInvalid)
}

// Many goroutines create the same thing if there is none: one does.
func TestIfNoneExistRaces(t *testing.T) {
	store := storetest.Open(t, nil)
	for round := range 20 {
		created := make(chan string, 16)
		var all sync.WaitGroup
		for range cap(created) {
			all.Go(func() {
				resource := fmt.Appendf(nil, `{"resourceType":"Patient","identifier":[{"system":"urn:x","value":"%d"}]}`, round)
				v, err := store.Create(ctx, resource, datastore.IfNoneExist(fmt.Sprintf("identifier=urn:x|%d", round)))
				require.NoError(t, err)
				if v.Created {
					created <- v.ID
				}
			})
		}
		all.Wait()
		require.Len(t, created, 1)
	}
	page, err := store.Search(ctx, "Patient", "_count=0")
	require.NoError(t, err)
	require.Equal(t, 20, page.Total)
}

// Many goroutines count up one resource with IfMatch: no count is lost.
func TestIfMatchRaces(t *testing.T) {
	store := storetest.Open(t, nil)
	_, err := store.Update(ctx, []byte(`{"resourceType":"Basic","id":"n","code":{"text":"0"}}`))
	require.NoError(t, err)
	var all sync.WaitGroup
	const workers, each = 8, 25
	for range workers {
		all.Go(func() {
			for done := 0; done < each; {
				v, err := store.Read(ctx, datastore.Ref{Type: "Basic", ID: "n"})
				require.NoError(t, err)
				_, err = store.Update(ctx, v.JSON, datastore.IfMatch(v.VersionID))
				if err == nil {
					done++
				} else {
					require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
				}
			}
		})
	}
	all.Wait()
	v, err := store.Read(ctx, datastore.Ref{Type: "Basic", ID: "n"})
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(1+workers*each), v.VersionID)
}

func TestWriteIsAtomic(t *testing.T) {
	store := open(t, nil)
	written, err := store.Write(ctx, func(tx *datastore.Transaction) error {
		ref, err := tx.Create(ctx, []byte(`{"resourceType":"Patient"}`))
		if err != nil {
			return err
		}
		require.Equal(t, "id-1", ref.ID)
		for range 2 {
			if _, err := tx.Update(ctx, patient("p", "P")); err != nil {
				return err
			}
		}
		return tx.Delete(datastore.Ref{Type: "Patient", ID: "p"})
	})
	require.NoError(t, err)
	require.Len(t, written, 4)
	require.Equal(t, "3", written[3].VersionID)
	require.EqualValues(t, 1, store.Snapshot().Sequence())

	_, err = store.Write(ctx, func(tx *datastore.Transaction) error {
		if _, err := tx.Update(ctx, patient("q", "Q")); err != nil {
			return err
		}
		return tx.Delete(datastore.Ref{Type: "Patient", ID: "none"})
	})
	require.ErrorIs(t, err, datastore.ErrNotFound)
	_, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "q"})
	require.ErrorIs(t, err, datastore.ErrNotFound)

	_, err = store.Write(ctx, func(tx *datastore.Transaction) error {
		_, err := tx.Update(ctx, []byte(`{`))
		return err
	})
	require.ErrorIs(t, err, datastore.ErrInvalid)
	written, err = store.Write(ctx, func(*datastore.Transaction) error { return nil })
	require.NoError(t, err)
	require.Empty(t, written)
	tx := store.Begin()
	_, err = tx.Commit(ctx)
	require.NoError(t, err)
	_, err = tx.Commit(ctx)
	require.ErrorIs(t, err, datastore.ErrInvalid)
}
