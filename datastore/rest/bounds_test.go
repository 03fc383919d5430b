package rest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

// serve returns a client of a store with options.
func serve(t *testing.T, opts datastore.Options) *client {
	t.Helper()
	store := storetest.Open(t, &opts)
	server := httptest.NewServer(rest.NewHandler(store, nil))
	t.Cleanup(server.Close)
	return &client{t: t, store: store, base: server.URL + "/fhir"}
}

// note is a resource of about 1 kB.
func note(i int) string {
	return fmt.Sprintf(`{"resourceType":"Basic","id":"b%d","code":{"text":"%s"}}`, i, strings.Repeat("x", 1000))
}

// The answers of a Bundle are bounded in bytes: a page is cut and its next link leads
// on, a read is refused, and what a transaction cannot answer is not done.
func TestAnswersOfBundlesAreBounded(t *testing.T) {
	const room = 20_000
	c := serve(t, datastore.Options{MaxBundleAnswer: room})
	var puts, gets, reads []string
	for i := range 50 {
		puts = append(puts, fmt.Sprintf(`{"resource":%s,"request":{"method":"PUT","url":"Basic/b%d"}}`, note(i), i))
		gets = append(gets, `{"request":{"method":"GET","url":"Basic?_count=30&_sort=_id"}}`)
		reads = append(reads, fmt.Sprintf(`{"request":{"method":"GET","url":"Basic/b%d"}}`, i))
	}
	c.must(200, "POST", "", bundleOf("transaction", puts...))
	a := c.must(200, "POST", "", bundleOf("batch", gets...))
	require.Less(t, len(a.body), room+50*2000)
	b := a.bundle(t)
	for _, i := range []int{0, 49} {
		require.Equal(t, "200 OK", b.Entry[i].Response.Status)
		page := b.Entry[i].Resource
		seen := map[any]bool{}
		var next string
		for {
			entries, _ := page["entry"].([]any)
			for _, e := range entries {
				id := e.(map[string]any)["resource"].(map[string]any)["id"]
				require.False(t, seen[id])
				seen[id] = true
			}
			next = ""
			for _, l := range page["link"].([]any) {
				if l.(map[string]any)["relation"] == "next" {
					next = strings.TrimPrefix(l.(map[string]any)["url"].(string), c.base)
				}
			}
			if next == "" {
				break
			}
			got := c.must(200, "GET", next, "").bundle(t)
			page = map[string]any{"link": []any{}}
			for _, l := range got.Link {
				page["link"] = append(page["link"].([]any), map[string]any{"relation": l.Relation, "url": l.URL})
			}
			var list []any
			for _, e := range got.Entry {
				list = append(list, map[string]any{"resource": e.Resource})
			}
			page["entry"] = list
		}
		require.Len(t, seen, 50, "the links of entry %d lead to everything", i)
	}
	all := strings.Join(statuses(c.must(200, "POST", "", bundleOf("batch", reads...)).bundle(t)), " ")
	require.Contains(t, all, "200 OK")
	require.Contains(t, all, "403 Forbidden")
	before := c.store.Snapshot().Sequence()
	a = c.must(403, "POST", "", bundleOf("transaction", append(reads, puts[0])...))
	require.Contains(t, a.body, "too-costly")
	require.Equal(t, before, c.store.Snapshot().Sequence())
}

// A write that finds a resource which is there answers with it, as long as there is room.
func TestRepresentationsAreBounded(t *testing.T) {
	const room = 20_000
	c := serve(t, datastore.Options{MaxBundleAnswer: room})
	c.must(201, "PUT", "/Basic/b1", note(1))
	var found, alike []string
	for range 100 {
		found = append(found, `{"resource":`+note(2)+`,"request":{"method":"POST","url":"Basic","ifNoneExist":"_id=b1"}}`)
		alike = append(alike, `{"resource":`+note(3)+`,"request":{"method":"POST","url":"Basic","ifNoneExist":"identifier=none"}}`)
	}
	for _, bundle := range []string{bundleOf("batch", found...), bundleOf("transaction", found...), bundleOf("transaction", alike...)} {
		a := c.must(200, "POST", "", bundle, "Prefer: return=representation")
		require.Less(t, len(a.body), 2*room+100*700)
		require.Contains(t, a.body, "read it by itself")
		b := a.bundle(t)
		require.NotNil(t, b.Entry[1].Resource)
		require.Nil(t, b.Entry[99].Resource)
	}
	// What the entries bring is answered in any case.
	var puts []string
	for i := range 100 {
		puts = append(puts, fmt.Sprintf(`{"resource":%s,"request":{"method":"PUT","url":"Basic/b%d"}}`, note(i), i))
	}
	for _, e := range c.must(200, "POST", "", bundleOf("batch", puts...), "Prefer: return=representation").bundle(t).Entry {
		require.NotNil(t, e.Resource)
	}
}

// The searches of a Bundle share a limit of work, and its conditions another.
func TestWorkOfBundlesIsBounded(t *testing.T) {
	c := serve(t, datastore.Options{MaxSearchCost: 3000})
	var puts, gets, refers []string
	for i := range 100 {
		puts = append(puts, fmt.Sprintf(`{"resource":{"resourceType":"Patient","id":"p%d","name":[{"family":"F%d"}]},"request":{"method":"PUT","url":"Patient/p%d"}}`, i, i, i))
		gets = append(gets, `{"request":{"method":"GET","url":"Patient?name:contains=f&_count=0"}}`)
		refers = append(refers, fmt.Sprintf(`{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?name:contains=f%d"}},"request":{"method":"POST","url":"Observation"}}`, i+10_000))
	}
	c.must(200, "POST", "", bundleOf("transaction", puts...))
	all := statuses(c.must(200, "POST", "", bundleOf("batch", gets...)).bundle(t))
	require.Equal(t, "200 OK", all[0])
	require.Equal(t, "403 Forbidden", all[99])
	c.must(403, "POST", "", bundleOf("transaction", gets...))
	one := c.do("POST", "", bundleOf("transaction", refers[0]))
	require.Equal(t, 412, one.status)
	all = statuses(c.must(200, "POST", "", bundleOf("batch", refers...)).bundle(t))
	require.Equal(t, "412 Precondition Failed", all[0])
	require.Equal(t, "403 Forbidden", all[99])
}

// What is streamed is what a page has, for machines and for people.
func TestStreamsAreWhatPagesAre(t *testing.T) {
	c := newClient(t, nil)
	for i := range 30 {
		c.must(201, "PUT", fmt.Sprintf("/Basic/b%d", i), note(i))
	}
	c.must(201, "PUT", "/Patient/q", `{"resourceType":"Patient","id":"q","name":[{"family":"a \"quoted\\\" {[,:]} text","given":["\\"]}]}`)
	for _, path := range []string{"/Basic?_count=7", "/Basic?_count=0", "/Patient", "/Patient/q", "/_history?_count=3", "/Patient?_elements=name", "/metadata", "/Patient?name=nobody"} {
		t.Run(path, func(t *testing.T) {
			c.t = t
			plain := c.must(200, "GET", path, "")
			if typ, query, ok := strings.Cut(strings.TrimPrefix(path, "/"), "?"); ok && typ != "_history" {
				page, err := c.store.Search(context.Background(), typ, query)
				require.NoError(t, err)
				require.Equal(t, string(page.Bundle(c.base)), plain.body)
			}
			joint := "?"
			if strings.Contains(path, "?") {
				joint = "&"
			}
			pretty := c.must(200, "GET", path+joint+"_pretty=true", "").body
			plainBody := plain.body
			if strings.Contains(pretty, "_pretty=true") { // its links are others
				v := jsontext.Value(pretty)
				require.NoError(t, v.Compact())
				plainBody = string(v)
			}
			want, err := jsontext.AppendFormat(nil, []byte(plainBody), jsontext.PreserveRawStrings(true), jsontext.WithIndent("  "))
			require.NoError(t, err)
			require.Equal(t, string(want)+"\n", pretty)
		})
	}
}

// failing takes some bytes and then no more.
type failing struct {
	httptest.ResponseRecorder
	left, written int
}

func (f *failing) Write(p []byte) (int, error) {
	f.written += len(p)
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("gone")
	}
	return len(p), nil
}

// An answer ends soon after the client has gone, and half of one does not look like a
// whole one.
func TestStreamsEndWithTheClient(t *testing.T) {
	c := newClient(t, nil)
	for i := range 100 {
		c.must(201, "PUT", fmt.Sprintf("/Basic/b%d", i), note(i))
	}
	var log bytes.Buffer
	for _, path := range []string{"/fhir/Basic?_count=100", "/fhir/Basic/_history?_count=100", "/fhir/Basic?_count=100&_pretty=true"} {
		w := &failing{ResponseRecorder: *httptest.NewRecorder(), left: 5000}
		r := httptest.NewRequest("GET", path, nil)
		require.PanicsWithValue(t, http.ErrAbortHandler, func() { rest.NewHandler(c.store, nil).ServeHTTP(w, r) })
		require.Less(t, w.written, 10_000)
		require.Empty(t, log.String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopping := &stopper{Writer: io.Discard, cancel: cancel}
	require.ErrorIs(t, c.store.SearchTo(ctx, stopping, "", "Basic", "_count=100"), context.Canceled)
	require.Less(t, stopping.n, 5)
}

// stopper cancels once something was written.
type stopper struct {
	io.Writer
	cancel func()
	n      int
}

func (s *stopper) Write(p []byte) (int, error) {
	s.n++
	s.cancel()
	return s.Writer.Write(p)
}

// A body is as long as it says, and no longer than the limit.
func TestLengthsOfBodies(t *testing.T) {
	c := newClient(t, nil)
	h := rest.NewHandler(c.store, &rest.Options{MaxBodySize: 3 << 20})
	binary := func(n int) string {
		return `{"resourceType":"Binary","contentType":"text/plain","data":"` + strings.Repeat("AAAA", n/4) + `"}`
	}
	for name, test := range map[string]struct {
		body   io.Reader
		length int64
		status int
	}{
		"small":             {strings.NewReader(binary(100)), int64(len(binary(100))), 201},
		"large":             {strings.NewReader(binary(2 << 20)), int64(len(binary(2 << 20))), 201},
		"of unknown length": {strings.NewReader(binary(2 << 20)), -1, 201},
		"too large":         {strings.NewReader(binary(4 << 20)), int64(len(binary(4 << 20))), 413},
		"too large, unsaid": {strings.NewReader(binary(4 << 20)), -1, 413},
		"shorter than said": {strings.NewReader(binary(100)), 2000, 400},
		"ends in the midst": {strings.NewReader(binary(2 << 20)), 3 << 20, 400},
		"empty":             {strings.NewReader(""), 0, 400},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/fhir/Binary", test.body)
			r.Header.Set("Content-Type", "application/fhir+json")
			r.ContentLength = test.length
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, test.status, w.Code, w.Body.String())
		})
	}
}

// A body of many tiny values is refused before it takes many times its size.
func TestValuesOfBodiesAreBounded(t *testing.T) {
	many := `{"resourceType":"Patient","id":"p","name":[{"given":["a"` + strings.Repeat(`,"a"`, 2000) + `]}]}`
	c := serve(t, datastore.Options{MaxValues: 1000})
	for _, level := range []string{"strict", "structure-only", "minimal"} {
		c.must(413, "PUT", "/Patient/p", many, "X-Amzn-Healthlake-Fhir-Validation-Level: "+level)
	}
	b := c.must(200, "POST", "", bundleOf("batch", `{"resource":`+many+`,"request":{"method":"PUT","url":"Patient/p"}}`)).bundle(t)
	require.Equal(t, []string{"413 Request Entity Too Large"}, statuses(b))
	c.must(413, "POST", "", bundleOf("transaction", `{"resource":`+many+`,"request":{"method":"PUT","url":"Patient/p"}}`))
	serve(t, datastore.Options{}).must(201, "PUT", "/Patient/p", many)
	if testing.Short() {
		return
	}
	many = `{"resourceType":"Patient","id":"p","name":[{"given":["a"` + strings.Repeat(`,"a"`, 10_000_000) + `]}]}`
	serve(t, datastore.Options{}).must(413, "PUT", "/Patient/p", many)
}

// A write whose client has gone ends while it is parsed.
func TestWritesEndWithTheClient(t *testing.T) {
	c := newClient(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	body := `{"resourceType":"Patient","id":"p","name":[{"given":["a"` + strings.Repeat(`,"a"`, 1_000_000) + `]}]}`
	r := httptest.NewRequest("PUT", "/fhir/Patient/p", &cancelling{Reader: strings.NewReader(body), cancel: cancel}).WithContext(ctx)
	r.Header.Set("Content-Type", "application/fhir+json")
	w := httptest.NewRecorder()
	rest.NewHandler(c.store, nil).ServeHTTP(w, r)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	c.must(404, "GET", "/Patient/p", "")
}

// cancelling cancels when it was read to its end.
type cancelling struct {
	io.Reader
	cancel func()
}

func (c *cancelling) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err == io.EOF {
		c.cancel()
	}
	return n, err
}
