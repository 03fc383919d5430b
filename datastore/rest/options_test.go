package rest_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// An option that cannot be done as it says is refused by every answer and told at once,
// never left aside.
func TestWrongOptions(t *testing.T) {
	store := storetest.Open(t, nil)
	for name, options := range map[string]rest.Options{
		"MaxBodySize":          {MaxBodySize: -1},
		"ConditionalDelete":    {ConditionalDelete: 7},
		"BaseURL":              {BaseURL: "example.org/fhir"},
		"CORS":                 {CORS: []string{"https://example.org/path"}},
		"Authorization":        {Authorization: &rest.Authorization{}},
		"Operations":           {Operations: []rest.Operation{{Name: "none", System: true}}},
		"observer":             {Observers: []rest.Observer{nil}},
		"Limits.HeaderBytes":   {Limits: rest.Limits{HeaderBytes: -1}},
		"Limits.Patience":      {Limits: rest.Limits{Patience: -1}},
		"Limits.Load":          {Limits: rest.Limits{Load: -1}},
		"Limits.CallerLoad":    {Limits: rest.Limits{CallerLoad: 2, Load: 1}},
		"Limits.CallerLoad -1": {Limits: rest.Limits{CallerLoad: -1}},
		"Limits.Wait":          {Limits: rest.Limits{Wait: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			options.Logger = slog.New(slog.NewTextHandler(&log, nil))
			require.Error(t, options.Check())
			h := rest.NewHandler(store, &options)
			option, _, _ := strings.Cut(name, " ")
			require.Contains(t, log.String(), option)
			for _, r := range []*http.Request{
				httptest.NewRequest("GET", "/fhir/metadata", nil), httptest.NewRequest("POST", "/fhir/Patient", strings.NewReader(ann)),
				httptest.NewRequest("GET", "/nothing", nil), httptest.NewRequest("GET", "/fhir/Patient?_format=xml", nil),
			} {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				require.Equal(t, http.StatusInternalServerError, w.Code)
				require.Contains(t, w.Body.String(), "OperationOutcome")
				require.Contains(t, w.Body.String(), option)
			}
		})
	}
	require.NoError(t, (*rest.Options)(nil).Check())
	require.NoError(t, (&rest.Options{CORS: []string{"*", "http://localhost:3000"}, Limits: rest.Limits{Load: 5, CallerLoad: 5}}).Check())
	w := httptest.NewRecorder()
	rest.NewHandler(store, &rest.Options{MaxBodySize: -1, ConditionalDelete: 9}).ServeHTTP(w, httptest.NewRequest("GET", "/fhir/metadata", nil))
	requireValid(t, w.Body.Bytes())
	require.Contains(t, w.Body.String(), "MaxBodySize")
	require.Contains(t, w.Body.String(), "ConditionalDelete", "all faults at once")
}
