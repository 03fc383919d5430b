package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

const weight = `{"resourceType":"Observation","id":"w","status":"final","code":{"text":"weight"},"subject":{"reference":"Patient/bob"}}`

// TestAudit has the audit told of each access: what it was, which patients, what came of it.
func TestAudit(t *testing.T) {
	store := storetest.Open(t, &datastore.Options{NewID: storetest.IDs("n")})
	var told []*rest.Access
	h := rest.NewHandler(store, &rest.Options{Audit: func(_ context.Context, a *rest.Access) { told = append(told, a) }})
	steps := []struct {
		method, path, body string
		headers            map[string]string
		want               rest.Access
		entries            int
	}{
		{method: "PUT", path: "/Patient/bob", body: bob, want: rest.Access{Route: "/{type}/{id}", Interaction: "update", Type: "Patient", ResourceID: "bob", VersionID: "1", Status: 201, Patients: []string{"Patient/bob"}}},
		{method: "POST", path: "/Patient", body: ann, headers: map[string]string{"Prefer": "return=minimal"}, want: rest.Access{Route: "/{type}", Interaction: "create", Type: "Patient", ResourceID: "n1", VersionID: "1", Status: 201, Patients: []string{"Patient/n1"}}},
		{method: "PUT", path: "/Observation/w", body: weight, headers: map[string]string{"Prefer": "return=minimal"}, want: rest.Access{Route: "/{type}/{id}", Interaction: "update", Type: "Observation", ResourceID: "w", VersionID: "1", Status: 201, Patients: []string{"Patient/bob"}}},
		{method: "GET", path: "/Observation/w", want: rest.Access{Route: "/{type}/{id}", Interaction: "read", Type: "Observation", ResourceID: "w", Status: 200, Patients: []string{"Patient/bob"}}},
		{method: "GET", path: "/Observation/w?_format=xml", want: rest.Access{Route: "/{type}/{id}", Interaction: "read", Type: "Observation", ResourceID: "w", Query: "_format=xml", Status: 200, Patients: []string{"Patient/bob"}}},
		{method: "GET", path: "/Observation/w/_history/1", want: rest.Access{Route: "/{type}/{id}/_history/{version}", Interaction: "vread", Type: "Observation", ResourceID: "w", VersionID: "1", Status: 200, Patients: []string{"Patient/bob"}}},
		{method: "GET", path: "/Patient/nobody", want: rest.Access{Route: "/{type}/{id}", Interaction: "read", Type: "Patient", ResourceID: "nobody", Status: 404, Patients: []string{"Patient/nobody"}}},
		{method: "GET", path: "/Patient?family=bob,ann", want: rest.Access{Route: "/{type}", Interaction: "search-type", Type: "Patient", Query: "family=bob,ann", Status: 200, Patients: []string{"Patient/bob", "Patient/n1"}}},
		{method: "GET", path: "/Patient?family=bob&_summary=count", want: rest.Access{Route: "/{type}", Interaction: "search-type", Type: "Patient", Query: "family=bob&_summary=count", Status: 200}},
		{method: "POST", path: "/Observation/_search", body: "patient=bob", headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, want: rest.Access{Route: "/{type}/_search", Interaction: "search-type", Type: "Observation", Query: "patient=bob", Status: 200, Patients: []string{"Patient/bob"}}},
		{method: "GET", path: "/Patient/bob/Observation", want: rest.Access{Route: "/{compartment}/{id}/{type}", Interaction: "search-type", Type: "Observation", ResourceID: "bob", Status: 200, Patients: []string{"Patient/bob"}}},
		{method: "GET", path: "/_history", want: rest.Access{Route: "/_history", Interaction: "history-system", Status: 200, Patients: []string{"Patient/bob", "Patient/n1"}}},
		{method: "POST", path: "", body: bundleOf("transaction", `{"request":{"method":"GET","url":"Patient/n1"}}`, `{"resource":`+weight+`,"request":{"method":"PUT","url":"Observation/w"}}`),
			want: rest.Access{Route: "/", Interaction: "batch", Status: 200, Patients: []string{"Patient/bob", "Patient/n1"}}, entries: 2},
		{method: "POST", path: "", body: bundleOf("transaction", `{"request":{"method":"GET","url":"Patient/n7"}}`),
			want: rest.Access{Route: "/", Interaction: "batch", Status: 404, Patients: []string{"Patient/n7"}}, entries: 1},
		{method: "DELETE", path: "/Observation/w", want: rest.Access{Route: "/{type}/{id}", Interaction: "delete", Type: "Observation", ResourceID: "w", Status: 204, Patients: []string{"Patient/bob"}}},
		{method: "PUT", path: "/Observation?patient=bob", body: `{}`, want: rest.Access{Route: "/{type}", Interaction: "update", Type: "Observation", Query: "patient=bob", Status: 400}},
		{method: "GET", path: "/Patient/bob/$everything", want: rest.Access{Route: "/{type}/{id}/$everything", Interaction: "operation", Operation: "$everything", Type: "Patient", ResourceID: "bob", Status: 200, Patients: []string{"Patient/bob"}}},
		{method: "GET", path: "/Patient/bob/_history/1/$meta", want: rest.Access{Route: "/{type}/{id}/_history/{version}/$meta", Interaction: "operation", Operation: "$meta", Type: "Patient", ResourceID: "bob", VersionID: "1", Status: 200, Patients: []string{"Patient/bob"}}},
		{method: "GET", path: "/$stats", want: rest.Access{Status: 404}},
		{method: "GET", path: "/metadata", want: rest.Access{Route: "/metadata", Interaction: "capabilities", Status: 200}},
		{method: "GET", path: "/Nothing/1", want: rest.Access{Status: 404}},
		{method: "BREW", path: "/Patient/bob", want: rest.Access{Status: 405, Patients: []string{"Patient/bob"}}},
	}
	for _, step := range steps {
		t.Run(step.method+" "+step.path, func(t *testing.T) {
			told = nil
			r := httptest.NewRequest(step.method, "/fhir"+step.path, strings.NewReader(step.body))
			for name, value := range step.headers {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Len(t, told, 1)
			a := told[0]
			require.Equal(t, step.want.Status, w.Code, w.Body)
			require.NotEmpty(t, a.ID)
			require.Equal(t, a.ID, w.Header().Get("X-Request-Id"))
			require.Equal(t, int64(w.Body.Len()), a.Bytes)
			require.Positive(t, a.Duration)
			require.NotEmpty(t, a.Remote)
			require.Len(t, a.Entries, step.entries)
			if step.method != "BREW" {
				require.Equal(t, step.method, a.Method)
			}
			got := rest.Access{Route: a.Route, Interaction: a.Interaction, Operation: a.Operation, Type: a.Type, ResourceID: a.ResourceID, VersionID: a.VersionID, Query: a.Query, Status: a.Status, Patients: a.Patients}
			require.Equal(t, step.want, got)
		})
	}
}

// The audit and the log are told of callers, also of those who are refused.
func TestAuditOfCallers(t *testing.T) {
	store := storetest.Open(t, nil)
	var told *rest.Access
	h := rest.NewHandler(store, &rest.Options{
		Audit:         func(_ context.Context, a *rest.Access) { told = a },
		Authorization: callers(map[string]*access.Rights{"bob": {Caller: "bob", Grants: ofPatient("bob", "rs")}}),
	})
	ask := func(method, path, body, header string) {
		r := httptest.NewRequest(method, "/fhir"+path, strings.NewReader(body))
		if name, value, ok := strings.Cut(header, ": "); ok {
			r.Header.Set(name, value)
		}
		refusedOr(t, h, r)
	}
	ask("GET", "/Patient/bob", "", as("bob"))
	require.Equal(t, "bob 404 read", fmt.Sprint(told.Caller, " ", told.Status, " ", told.Interaction))
	ask("PUT", "/Patient/bob", bob, as("bob"))
	require.Equal(t, "bob 403 update", fmt.Sprint(told.Caller, " ", told.Status, " ", told.Interaction))
	ask("GET", "/Patient/ann", "", "")
	require.Equal(t, " 401 read", fmt.Sprint(told.Caller, " ", told.Status, " ", told.Interaction))
	require.Equal(t, []string{"Patient/ann"}, told.Patients)
}

// A patient is named by references of any form, and once.
func TestAuditOfReferences(t *testing.T) {
	store := storetest.Open(t, nil)
	var told *rest.Access
	h := rest.NewHandler(store, &rest.Options{Audit: func(_ context.Context, a *rest.Access) { told = a }})
	text := `{"resourceType":"List","id":"l","contained":[{"resourceType":"Patient","id":"inner"}],"status":"current","mode":"working",` +
		`"subject":{"reference":"#inner"},"entry":[{"item":{"reference":"Patient/a"}},{"item":{"reference":"http://example.com/fhir/Patient/b"}},` +
		`{"item":{"reference":"http://else.org/r4/Patient/c/_history/3"}},{"item":{"reference":"Patient/a/_history/1"}},{"item":{"reference":"Practitioner/d"}},` +
		`{"item":{"reference":"http://example.com/MyPatient/e","display":"Patient/f \"reference\":\"Patient/g"}}]}`
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", "http://example.com/fhir/List/l", strings.NewReader(text)))
	require.Equal(t, http.StatusCreated, told.Status)
	require.Equal(t, []string{"Patient/a", "Patient/b", "http://else.org/r4/Patient/c"}, told.Patients)
}

// AuditEvents are resources like others, in the compartments of their patients.
func TestAuditEvents(t *testing.T) {
	store := storetest.Open(t, nil)
	var log bytes.Buffer
	h := rest.NewHandler(store, &rest.Options{Audit: rest.AuditEvents(store, slog.New(slog.NewTextHandler(&log, nil)))})
	do := func(method, path, body string) int {
		r := httptest.NewRequest(method, "/fhir"+path, strings.NewReader(body))
		r.RemoteAddr = "192.0.2.7:80"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	count := func(query string) int {
		page, err := store.Search(context.Background(), "AuditEvent", query)
		require.NoError(t, err)
		return page.Total
	}
	require.Equal(t, 201, do("PUT", "/Patient/bob", bob))
	require.Equal(t, 201, do("PUT", "/Observation/w", weight))
	require.Equal(t, 200, do("GET", "/Observation?patient=bob", ""))
	require.Equal(t, 404, do("GET", "/Observation/none", ""))
	require.Equal(t, 400, do("GET", "/Observation?nonsense=%01", ""))
	require.Equal(t, 200, do("POST", "", bundleOf("batch", `{"request":{"method":"GET","url":"Patient/bob"}}`, `{"request":{"method":"DELETE","url":"Observation/w"}}`)))
	require.Equal(t, 404, do("GET", "/Patient/"+strings.Repeat("x", 100), ""))
	require.Equal(t, 404, do("GET", "/Patient/a%22%7D", ""))
	require.Empty(t, log.String())
	require.Equal(t, 8, count(""))
	require.Equal(t, 4, count("patient=bob"))
	require.Equal(t, 2, count("action=C"))
	require.Equal(t, 1, count("subtype=http://hl7.org/fhir/restful-interaction|search-type&outcome=0"))
	require.Equal(t, 1, count("entity=Observation/none&outcome=4"))
	require.Equal(t, 8, count("address=192.0.2.7"))
	all, err := store.Search(context.Background(), "AuditEvent", "")
	require.NoError(t, err)
	for _, event := range all.Matches {
		requireValid(t, event.JSON)
		require.NotContains(t, string(event.JSON), "validation-issue")
	}
	v, err := store.Search(context.Background(), "AuditEvent", "subtype=search-type&outcome=0")
	require.NoError(t, err)
	require.Contains(t, string(v.Matches[0].JSON), `"query":"cGF0aWVudD1ib2I="`)

	require.NoError(t, store.Close())
	require.Equal(t, 503, do("GET", "/Patient/bob", ""))
	require.Contains(t, log.String(), "AuditEvent")
	require.NotContains(t, log.String(), "bob")
}

// The log of accesses has neither ids nor queries.
func TestAccessLog(t *testing.T) {
	store := storetest.Open(t, &datastore.Options{NewID: storetest.IDs("secret")})
	var log bytes.Buffer
	h := rest.NewHandler(store, &rest.Options{Observers: []rest.Observer{rest.AccessLog(slog.New(slog.NewJSONHandler(&log, nil)))}})
	for _, of := range [][3]string{
		{"PUT", "/fhir/Patient/secret", `{"resourceType":"Patient","id":"secret","name":[{"family":"secret"}]}`},
		{"POST", "/fhir/Patient", `{"resourceType":"Patient","name":[{"family":"secret"}]}`},
		{"GET", "/fhir/Patient/secret?_format=secret", ""}, {"GET", "/fhir/Patient?name=secret", ""}, {"GET", "/fhir/secret/secret", ""},
		{"SECRET", "/fhir/Patient/secret", ""}, {"GET", "/fhir/Patient/secret/_history/secret", ""}, {"GET", "/fhir/Patient/secret/$secret", ""},
		{"GET", "/fhir/Patient/secret/$everything", ""}, {"GET", "/fhir/Patient/secret/_history/secret/$meta", ""}, {"POST", "/fhir/Patient/secret/$erase", ""},
		{"PUT", "/fhir/Patient?identifier=secret", `{"resourceType":"Patient"}`}, {"POST", "/fhir/Patient/_search", "name=secret"},
	} {
		log.Reset()
		r := httptest.NewRequest(of[0], of[1], strings.NewReader(of[2]))
		r.Header.Set("X-Request-Id", "a secret\nlevel=ERROR")
		r.Header.Set("User-Agent", "secret")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.NotContains(t, strings.ToLower(log.String()), "secret")
		var line map[string]any
		require.NoError(t, json.Unmarshal(log.Bytes(), &line), "one line")
		require.EqualValues(t, w.Code, line["status"])
		require.EqualValues(t, w.Body.Len(), line["bytes"])
		for _, name := range []string{"time", "method", "route", "interaction", "type", "duration", "caller", "request"} {
			require.Contains(t, line, name)
		}
	}
	log.Reset()
	r := httptest.NewRequest("GET", "/fhir/Patient/x", nil)
	r.Header.Set("X-Request-Id", "trace-1.a_B")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Contains(t, log.String(), `"request":"trace-1.a_B"`)
	require.Equal(t, "trace-1.a_B", w.Header().Get("X-Request-Id"))
}

// Who observes cannot end the program, nor a request.
func TestObserversThatFail(t *testing.T) {
	store := storetest.Open(t, nil)
	var log bytes.Buffer
	ended := 0
	h := rest.NewHandler(store, &rest.Options{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Audit:  func(context.Context, *rest.Access) { panic("secret") },
		Observers: []rest.Observer{
			func(context.Context, *http.Request) (context.Context, func(*rest.Access)) { panic("secret") },
			func(ctx context.Context, _ *http.Request) (context.Context, func(*rest.Access)) {
				return ctx, func(*rest.Access) { panic(http.ErrAbortHandler) }
			},
			func(context.Context, *http.Request) (context.Context, func(*rest.Access)) {
				return nil, func(a *rest.Access) { ended++; a.Status = 1; require.Nil(t, a.Patients) }
			},
			func(ctx context.Context, _ *http.Request) (context.Context, func(*rest.Access)) { return ctx, nil },
			func(ctx context.Context, _ *http.Request) (context.Context, func(*rest.Access)) {
				return ctx, func(a *rest.Access) { ended++; require.NotEqual(t, 1, a.Status) }
			},
		},
	})
	require.Equal(t, http.StatusCreated, refusedOr(t, h, httptest.NewRequest("POST", "/fhir/Patient", strings.NewReader(ann))).Code)
	require.Equal(t, 2, ended)
	require.Equal(t, 3, strings.Count(log.String(), "panicked"))
	require.NotContains(t, log.String(), "secret")
	// A panic of a request is told as what it was.
	require.Equal(t, http.StatusInternalServerError, refusedOr(t, h, httptest.NewRequest("POST", "/fhir/Patient", panicking{})).Code)
	require.Equal(t, 4, ended)
}

// What observers are told is right for answers that end half way.
func TestAccessesThatAreCutOff(t *testing.T) {
	c := newClient(t, nil)
	for i := range 50 {
		c.must(201, "PUT", fmt.Sprintf("/Basic/b%d", i), note(i))
	}
	var told *rest.Access
	h := rest.NewHandler(c.store, &rest.Options{Audit: func(ctx context.Context, a *rest.Access) {
		require.NoError(t, ctx.Err(), "who audits may go on")
		told = a
	}})
	w := &failing{ResponseRecorder: *httptest.NewRecorder(), left: 5000}
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { h.ServeHTTP(w, httptest.NewRequest("GET", "/fhir/Basic?_count=50", nil)) })
	require.True(t, told.Aborted)
	require.Equal(t, http.StatusOK, told.Status)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/fhir/Basic", nil).WithContext(ctx))
	require.True(t, told.Aborted)
	broken := httptest.NewRequest("POST", "/fhir/Patient", io.MultiReader(strings.NewReader(ann), breaking{}))
	h.ServeHTTP(httptest.NewRecorder(), broken)
	require.Equal(t, http.StatusBadRequest, told.Status)
	require.False(t, told.Aborted)
}

type breaking struct{}

func (breaking) Read([]byte) (int, error) { return 0, errors.New("gone") }
