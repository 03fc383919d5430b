package rest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

func TestCORS(t *testing.T) {
	store := storetest.Open(t, nil)
	const app, other = "https://app.example.org", "https://other.example.org"
	behind := httptest.NewRequest("POST", "http://10.0.0.1/fhir/Patient", strings.NewReader(ann))
	behind.Header.Set("Origin", app)
	proxied := rest.NewHandler(store, &rest.Options{BaseURL: app + "/fhir"})
	require.Equal(t, http.StatusCreated, refusedOr(t, proxied, behind).Code, "the page of the server itself, behind a proxy")
	for name, test := range map[string]struct {
		allowed            []string
		method, origin     string
		headers            map[string]string
		status             int
		allowOrigin, vary  string
		expose, allowThese bool
	}{
		"no browser":                       {method: "GET", status: 200},
		"no browser, a write":              {method: "POST", status: 201},
		"the same page":                    {method: "POST", origin: "http://example.com", headers: map[string]string{"Sec-Fetch-Site": "same-origin"}, status: 201},
		"another page reads":               {method: "GET", origin: other, status: 200},
		"another page writes":              {method: "POST", origin: other, headers: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 403},
		"another page of old writes":       {method: "POST", origin: other, status: 403},
		"an unknown page writes":           {method: "POST", origin: "null", status: 403},
		"a page of another asks first":     {method: "OPTIONS", origin: other, headers: map[string]string{"Access-Control-Request-Method": "PUT"}, status: 403},
		"the app reads":                    {allowed: []string{app}, method: "GET", origin: app, status: 200, allowOrigin: app, vary: "Origin", expose: true},
		"the app writes":                   {allowed: []string{app}, method: "POST", origin: app, headers: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 201, allowOrigin: app, vary: "Origin", expose: true},
		"the app asks first":               {allowed: []string{app}, method: "OPTIONS", origin: app, headers: map[string]string{"Access-Control-Request-Method": "PUT"}, status: 204, allowOrigin: app, vary: "Origin", allowThese: true},
		"another reads beside the app":     {allowed: []string{app}, method: "GET", origin: other, status: 200, vary: "Origin"},
		"another writes beside the app":    {allowed: []string{app}, method: "POST", origin: other, status: 403, vary: "Origin"},
		"another asks beside the app":      {allowed: []string{app}, method: "OPTIONS", origin: other, headers: map[string]string{"Access-Control-Request-Method": "PUT"}, status: 403, vary: "Origin"},
		"no browser beside the app":        {allowed: []string{app}, method: "GET", status: 200, vary: "Origin"},
		"anybody reads":                    {allowed: []string{"*"}, method: "GET", origin: other, status: 200, allowOrigin: "*", expose: true},
		"anybody writes":                   {allowed: []string{"*"}, method: "POST", origin: other, headers: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 201, allowOrigin: "*", expose: true},
		"anybody asks first":               {allowed: []string{"*"}, method: "OPTIONS", origin: other, headers: map[string]string{"Access-Control-Request-Method": "DELETE"}, status: 204, allowOrigin: "*", allowThese: true},
		"the app is refused and reads why": {allowed: []string{app}, method: "PUT", origin: app, status: 400, allowOrigin: app, vary: "Origin", expose: true},
	} {
		t.Run(name, func(t *testing.T) {
			h := rest.NewHandler(store, &rest.Options{CORS: test.allowed})
			r := httptest.NewRequest(test.method, "http://example.com/fhir/Patient", strings.NewReader(ann))
			if test.origin != "" {
				r.Header.Set("Origin", test.origin)
			}
			for name, value := range test.headers {
				r.Header.Set(name, value)
			}
			before := store.Snapshot().Sequence()
			w := refusedOr(t, h, r)
			require.Equal(t, test.status, w.Code, w.Body)
			require.Equal(t, test.allowOrigin, w.Header().Get("Access-Control-Allow-Origin"))
			require.Equal(t, test.vary != "", strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "Origin"))
			require.Equal(t, test.expose, strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "ETag"))
			require.Equal(t, test.allowThese, strings.Contains(w.Header().Get("Access-Control-Allow-Methods"), "PATCH"))
			require.Equal(t, test.allowThese, strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Authorization"))
			require.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"), "tokens are sent by scripts, not by browsers")
			if test.status != http.StatusCreated {
				require.Equal(t, before, store.Snapshot().Sequence(), "nothing was stored")
			}
		})
	}
}
