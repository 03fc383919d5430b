package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/stretchr/testify/require"
)

// answerOf has a handler answer a request, and checks that a refusal is an OperationOutcome.
func answerOf(t *testing.T, h http.Handler, r *http.Request) *httptest.ResponseRecorder {
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
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, answerOf(t, h, many).Code)
	long := httptest.NewRequest("POST", "/fhir/Patient", strings.NewReader(ann))
	long.Header.Set("X-Long", strings.Repeat("x", 300<<10))
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, answerOf(t, h, long).Code)
	require.Equal(t, http.StatusRequestURITooLong, answerOf(t, h, httptest.NewRequest("GET", "/fhir/Patient?name="+strings.Repeat("x", 300<<10), nil)).Code)
	c.must(431, "GET", "/Patient", "", "X-Long: "+strings.Repeat("x", 300<<10))
	require.Zero(t, *c.must(200, "GET", "/Patient", "").bundle(t).Total)
	small := rest.NewHandler(c.store, &rest.Options{Limits: rest.Limits{HeaderBytes: 100}})
	require.Equal(t, http.StatusRequestURITooLong, answerOf(t, small, httptest.NewRequest("GET", "/fhir/Patient?name="+strings.Repeat("x", 100), nil)).Code)
	require.Equal(t, http.StatusOK, answerOf(t, small, httptest.NewRequest("GET", "/fhir/Patient", nil)).Code)
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
			w := answerOf(t, h, r)
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

// A held request is under way until it is released: its body does not come.
type held struct {
	release func()
	done    chan int
}

// hold begins a create, and returns once the handler reads its body.
func hold(t *testing.T, h http.Handler, remote string) held {
	t.Helper()
	body, sink := io.Pipe()
	reading := make(chan struct{})
	r := httptest.NewRequest("POST", "/fhir/Patient", nil)
	r.Body = io.NopCloser(io.MultiReader(&announcing{reading: reading}, body))
	r.ContentLength, r.RemoteAddr = int64(len(ann)), remote
	done := make(chan int, 1)
	go func() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		done <- w.Code
	}()
	<-reading
	return held{func() { _, _ = io.WriteString(sink, ann); _ = sink.Close() }, done}
}

// announcing has nothing, and tells when it is read.
type announcing struct{ reading chan struct{} }

func (a *announcing) Read([]byte) (int, error) { close(a.reading); return 0, io.EOF }

func TestLoad(t *testing.T) {
	c := newClient(t, nil)
	from := func(remote, path string) *http.Request {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = remote
		return r
	}
	h := rest.NewHandler(c.store, &rest.Options{Limits: rest.Limits{Load: 12, CallerLoad: 9, Wait: time.Nanosecond}})
	one := hold(t, h, "10.0.0.1:1") // 2
	w := answerOf(t, h, from("10.0.0.1:2", "/fhir/Patient"))
	require.Equal(t, http.StatusTooManyRequests, w.Code, "a search is too much for this caller")
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), "throttled")
	require.Equal(t, http.StatusNotFound, answerOf(t, h, from("10.0.0.1:3", "/fhir/Patient/x")).Code, "a read is not")
	two := hold(t, h, "10.0.0.2:1") // 4
	require.Equal(t, http.StatusOK, answerOf(t, h, from("10.0.0.3:1", "/fhir/Patient")).Code, "as much as there may be")
	three := hold(t, h, "10.0.0.2:1") // 6
	w = answerOf(t, h, from("10.0.0.3:1", "/fhir/Patient"))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotEmpty(t, w.Header().Get("Retry-After"))
	require.Equal(t, http.StatusNotFound, answerOf(t, h, from("10.0.0.3:1", "/fhir/Patient/x")).Code)
	one.release()
	require.Equal(t, http.StatusCreated, <-one.done)
	require.Equal(t, http.StatusOK, answerOf(t, h, from("10.0.0.3:1", "/fhir/Patient")).Code)
	two.release()
	require.Equal(t, http.StatusCreated, <-two.done)
	three.release()
	require.Equal(t, http.StatusCreated, <-three.done)
	h = rest.NewHandler(c.store, &rest.Options{Limits: rest.Limits{Load: 1}})
	require.Equal(t, http.StatusOK, answerOf(t, h, from("10.0.0.1:9", "/fhir/Patient")).Code, "what counts more than all has all")
}
