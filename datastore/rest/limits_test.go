package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/stretchr/testify/require"
)

// refusedOr has a handler answer a request, and checks that a refusal is an OperationOutcome.
func refusedOr(t *testing.T, h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code >= 400 && r.Method != http.MethodHead {
		require.Contains(t, w.Body.String(), "OperationOutcome")
		requireValid(t, w.Body.Bytes())
	}
	return w
}

func TestLongHeaders(t *testing.T) {
	c := newClient(t, nil)
	h := rest.NewHandler(c.store, nil)
	many := httptest.NewRequest("GET", "/fhir/Patient", nil)
	for i := range 100_000 {
		many.Header.Set(fmt.Sprintf("X-%d", i), "y")
	}
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, refusedOr(t, h, many).Code)
	long := httptest.NewRequest("POST", "/fhir/Patient", strings.NewReader(ann))
	long.Header.Set("X-Long", strings.Repeat("x", 300<<10))
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, refusedOr(t, h, long).Code)
	require.Equal(t, http.StatusRequestURITooLong, refusedOr(t, h, httptest.NewRequest("GET", "/fhir/Patient?name="+strings.Repeat("x", 300<<10), nil)).Code)
	c.must(431, "GET", "/Patient", "", "X-Long: "+strings.Repeat("x", 300<<10))
	require.Zero(t, *c.must(200, "GET", "/Patient", "").bundle(t).Total)
	small := rest.NewHandler(c.store, &rest.Options{Limits: rest.Limits{HeaderBytes: 100}})
	require.Equal(t, http.StatusRequestURITooLong, refusedOr(t, small, httptest.NewRequest("GET", "/fhir/Patient?name="+strings.Repeat("x", 100), nil)).Code)
	require.Equal(t, http.StatusOK, refusedOr(t, small, httptest.NewRequest("GET", "/fhir/Patient", nil)).Code)
}

// A path means what it says, or nothing.
func TestPathTricks(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/bob", bob)
	before := c.store.Snapshot().Sequence()
	h := rest.NewHandler(c.store, nil)
	for path, status := range map[string]int{
		"/fhir/Patient/../Patient/bob":             400,
		"/fhir/%2e%2e/fhir/Patient/bob":            400,
		"/fhir/Patient/%2e%2e/Patient/bob":         400,
		"/fhir/Patient/%2E/bob":                    400,
		"/fhir/./Patient/bob":                      400,
		"/fhir/Patient/bob%00":                     400,
		"/fhir/Patient/bob%0a":                     400,
		"/fhir/Patient/bob%7f":                     400,
		"/fhir/Patient%2fbob":                      400,
		"/fhir/Patient/bob%2F_history":             400,
		"/fhir//Patient/bob":                       404,
		"/fhir/Patient//bob":                       404,
		"//fhir/Patient/bob":                       404,
		"/fhir/Patient/bob//":                      404,
		"/fhir/Patient/bob%3f":                     404,
		"/fhir/Patient/b%6fb":                      200,
		"/fhir/patient/bob":                        404,
		"/FHIR/Patient/bob":                        404,
		"/fhir/Patient/" + strings.Repeat("a", 65): 404,
		"/fhir/Patient/%ff%fe":                     404,
		"/fhir/Patient/bob;x=1":                    404,
		"/fhir/Patient/bob\\..\\":                  404,
	} {
		for _, method := range []string{"GET", "PUT", "DELETE", "HEAD"} {
			if status == 200 && method != "GET" {
				continue
			}
			r := httptest.NewRequest(method, "http://example.com/", strings.NewReader(bob))
			u, err := url.ParseRequestURI("http://example.com" + path)
			if err != nil { // a server refuses it before
				continue
			}
			r.URL = u
			w := refusedOr(t, h, r)
			if method == "GET" || status == 400 {
				require.Equal(t, status, w.Code, "%s %s: %s", method, path, w.Body)
			}
		}
	}
	require.Equal(t, before, c.store.Snapshot().Sequence(), "nothing was stored")
}

func TestEntriesOfBundlesAreBounded(t *testing.T) {
	c := serve(t, datastore.Options{MaxBundleEntries: 3})
	entry := `{"resource":` + ann + `,"request":{"method":"POST","url":"Patient"}}`
	for _, kind := range []string{"batch", "transaction"} {
		c.must(200, "POST", "", bundleOf(kind, entry, entry, entry))
		before := c.store.Snapshot().Sequence()
		a := c.must(413, "POST", "", bundleOf(kind, entry, entry, entry, entry))
		require.Contains(t, a.body, "too-long")
		require.Equal(t, before, c.store.Snapshot().Sequence())
	}
}

// A held request is under way until it is released: its client does not take the answer.
type held struct {
	httptest.ResponseRecorder
	writing, release chan struct{}
	once             sync.Once
	done             chan struct{}
}

// Write implements [io.Writer].
func (h *held) Write(p []byte) (int, error) {
	h.once.Do(func() { close(h.writing) })
	<-h.release
	return h.ResponseRecorder.Write(p)
}

// hold begins a search, which counts 8, and returns once the handler answers.
func hold(h http.Handler, remote string) *held {
	w := &held{*httptest.NewRecorder(), make(chan struct{}), make(chan struct{}), sync.Once{}, make(chan struct{})}
	r := httptest.NewRequest("GET", "/fhir/Patient", nil)
	r.RemoteAddr = remote
	go func() {
		h.ServeHTTP(w, r)
		close(w.done)
	}()
	<-w.writing
	return w
}

// end lets a held request end.
func (h *held) end(t *testing.T) {
	close(h.release)
	<-h.done
	require.Equal(t, http.StatusOK, h.Code)
}

func TestLoad(t *testing.T) {
	c := newClient(t, nil)
	ask := func(h http.Handler, remote, method, path, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.RemoteAddr = remote
		return refusedOr(t, h, r)
	}
	h := rest.NewHandler(c.store, &rest.Options{Limits: rest.Limits{Load: 17, CallerLoad: 9, Wait: time.Nanosecond}})
	one := hold(h, "10.0.0.1:1")
	w := ask(h, "10.0.0.1:2", "GET", "/fhir/Patient", "")
	require.Equal(t, http.StatusTooManyRequests, w.Code, "another search is too much for this caller")
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), "throttled")
	require.Equal(t, http.StatusTooManyRequests, ask(h, "10.0.0.1:2", "POST", "/fhir/Patient", ann).Code)
	require.Equal(t, http.StatusNotFound, ask(h, "10.0.0.1:3", "GET", "/fhir/Patient/x", "").Code, "a read is not")
	two := hold(h, "10.0.0.2:1")
	for _, of := range [][3]string{{"GET", "/fhir/Patient", ""}, {"POST", "/fhir/Patient", ann}, {"POST", "/fhir", bundleOf("batch")}} {
		w = ask(h, "10.0.0.3:1", of[0], of[1], of[2])
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.NotEmpty(t, w.Header().Get("Retry-After"))
	}
	require.Equal(t, http.StatusNotFound, ask(h, "10.0.0.3:1", "GET", "/fhir/Patient/x", "").Code)
	one.end(t)
	require.Equal(t, http.StatusCreated, ask(h, "10.0.0.3:1", "POST", "/fhir/Patient", ann).Code)
	require.Equal(t, http.StatusOK, ask(h, "10.0.0.1:9", "GET", "/fhir/Patient", "").Code)
	two.end(t)
	h = rest.NewHandler(c.store, &rest.Options{Limits: rest.Limits{Load: 1}})
	for range 3 {
		require.Equal(t, http.StatusOK, ask(h, "10.0.0.1:9", "POST", "/fhir", `{"resourceType":"Bundle","type":"batch"}`).Code, "what counts more than all has all, and leaves it")
	}
	require.Equal(t, 1, *c.must(200, "GET", "/Patient", "").bundle(t).Total)
}

// A client that sends slowly holds nothing of the load.
func TestSlowBodiesHoldNothing(t *testing.T) {
	c := newClient(t, nil)
	h := rest.NewHandler(c.store, &rest.Options{Limits: rest.Limits{Load: 1, Wait: time.Nanosecond}})
	body, sink := io.Pipe()
	reading, done := make(chan struct{}), make(chan int)
	r := httptest.NewRequest("POST", "/fhir/Patient", io.MultiReader(&announcing{reading}, body))
	go func() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		done <- w.Code
	}()
	<-reading
	require.Equal(t, http.StatusOK, refusedOr(t, h, httptest.NewRequest("GET", "/fhir/Patient", nil)).Code)
	_, err := io.WriteString(sink, ann)
	require.NoError(t, err)
	require.NoError(t, sink.Close())
	require.Equal(t, http.StatusCreated, <-done)
}

// announcing has nothing, and tells when it is read.
type announcing struct{ reading chan struct{} }

// Read implements [io.Reader].
func (a *announcing) Read([]byte) (int, error) { close(a.reading); return 0, io.EOF }
