package browse_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/fhirlake/fhirlake/nlp/clinical"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// browser is the Accept of browsers.
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

// base is the address of the API in requests of tests.
const base = "http://example.com/fhir"

// A site is a store with its handler.
type site struct {
	t       testing.TB
	store   *datastore.Store
	handler http.Handler
}

// newSite makes a store with a fixed clock, an annotator, and a few resources.
func newSite(t testing.TB, level datastore.Level, resources ...string) *site {
	t.Helper()
	notes, err := clinical.Annotator(nil, nil)
	require.NoError(t, err)
	store := storetest.Open(t, &datastore.Options{
		NewID: storetest.IDs("n"), Now: storetest.Clock(time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)), Annotator: notes, BaseURL: base, Validation: level,
	})
	s := &site{t, store, rest.NewHandler(store, nil)}
	for _, r := range resources {
		s.put(r)
	}
	return s
}

// put stores a resource under its own id.
func (s *site) put(resource string) {
	s.t.Helper()
	_, err := s.store.Update(context.Background(), []byte(resource))
	require.NoError(s.t, err, resource[:min(len(resource), 300)])
}

// do has the handler answer a request. Headers are "Name: value".
func (s *site) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, base+path, strings.NewReader(body))
	r.Header.Set("Accept", browser)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

// page returns a page that was checked.
func (s *site) page(path string) string {
	s.t.Helper()
	w := s.do("GET", path, "")
	require.Equal(s.t, http.StatusOK, w.Code, path)
	return s.check(w)
}

// check checks the headers and the HTML of a page.
func (s *site) check(w *httptest.ResponseRecorder) string {
	s.t.Helper()
	h := w.Header()
	require.Equal(s.t, "text/html; charset=utf-8", h.Get("Content-Type"))
	require.Equal(s.t, "nosniff", h.Get("X-Content-Type-Options"))
	require.Equal(s.t, "no-referrer", h.Get("Referrer-Policy"))
	require.Contains(s.t, h.Values("Vary"), "Accept")
	requirePage(s.t, w.Body.String(), h.Get("Content-Security-Policy"))
	return w.Body.String()
}

// story is a small store: a patient with two encounters, values, notes, three versions and
// a deletion.
func story(t testing.TB) *site {
	s := newSite(t, 0,
		`{"resourceType":"Organization","id":"clinic","name":"Clinic <North> & Son"}`,
		`{"resourceType":"Patient","id":"ann","name":[{"family":"Ann","given":["Mary"]}],"birthDate":"1980-02-03"}`,
		`{"resourceType":"Patient","id":"ann","active":true,"meta":{"profile":["http://example.org/StructureDefinition/p|1"]},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Mary <b>Ann</b></p><table><tr><td>1 &lt; 2</td></tr></table></div>"},"name":[{"family":"Ann","given":["Mary","Jo"]}],"gender":"female","birthDate":"1980-02-03","managingOrganization":{"reference":"Organization/clinic"}}`,
		`{"resourceType":"Patient","id":"ann","active":true,"name":[{"family":"Smith","given":["Mary"]}],"gender":"female","birthDate":"1980-02-03","deceasedBoolean":false,"managingOrganization":{"reference":"Organization/clinic","display":"the clinic"}}`,
		`{"resourceType":"Patient","id":"bob","active":false,"name":[{"text":"Bob"}]}`,
		`{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB","display":"ambulatory"},"subject":{"reference":"Patient/ann"},"period":{"start":"2020-03-04T09:00:00Z","end":"2020-03-04T09:30:00Z"}}`,
		`{"resourceType":"Encounter","id":"e2","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/ann"},"period":{"start":"2022-03-04T09:00:00Z"}}`,
		`{"resourceType":"Condition","id":"c1","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"resolved"}]},"code":{"text":"Flu"},"subject":{"reference":"Patient/ann"},"onsetDateTime":"2020-03-01","abatementDateTime":"2020-03-20"}`,
		`{"resourceType":"Procedure","id":"p1","status":"completed","code":{"text":"Suture"},"subject":{"reference":"Patient/ann"},"performedDateTime":"2021"}`,
		`{"resourceType":"MedicationRequest","id":"m1","status":"active","intent":"order","medicationCodeableConcept":{"text":"Aspirin"},"subject":{"reference":"Patient/ann"},"authoredOn":"2022-03-04","dosageInstruction":[{"text":"1 tablet a day"}]}`,
		`{"resourceType":"DocumentReference","id":"d1","status":"current","subject":{"reference":"Patient/ann"},"date":"2022-03-04T10:00:00Z","content":[{"attachment":{"contentType":"text/plain","title":"Note 𝒜","data":"8J2SnCBQYXRpZW50IGRlbmllcyBjb3VnaC4gSGFzIGRpYWJldGVzIDwmIGh5cGVydGVuc2lvbi4="}}]}`,
	)
	for i, value := range []string{"5.1", "5.60", "9.4"} {
		day := "2021-0" + string(rune('1'+i)) + "-01"
		s.put(`{"resourceType":"Observation","id":"k` + value[:1] + string(rune('a'+i)) + `","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"4548-4","display":"HbA1c"}]},"subject":{"reference":"Patient/ann"},"effectiveDateTime":"` + day + `","valueQuantity":{"value":` + value + `,"unit":"%"},"referenceRange":[{"low":{"value":4},"high":{"value":6}}]}`)
		s.put(`{"resourceType":"Observation","id":"bp` + string(rune('a'+i)) + `","status":"final","category":[{"coding":[{"code":"vital-signs"}]}],"code":{"text":"Blood pressure"},"subject":{"reference":"Patient/ann"},"effectiveDateTime":"` + day + `","component":[{"code":{"text":"Systolic"},"valueQuantity":{"value":12` + value[:1] + `,"unit":"mmHg"}},{"code":{"text":"Diastolic"},"valueQuantity":{"value":8` + value[:1] + `,"unit":"mmHg"}}]}`)
	}
	require.NoError(t, s.store.Delete(context.Background(), datastore.Ref{Type: "Patient", ID: "bob"}))
	return s
}
