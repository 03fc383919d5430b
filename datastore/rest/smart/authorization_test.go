package smart_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/datastore/rest/smart"
	"github.com/fhirlake/fhirlake/internal/storetest"
)

// A guarded handler takes tokens of one signer.
type guarded struct {
	*testing.T
	*signer
	handler http.Handler
}

func newGuarded(t *testing.T) *guarded {
	s := newSigner(t, "k", jose.ES256)
	config, err := smart.ParseConfig(fmt.Appendf(nil, `{"issuer":%q,"audience":%q,"jwks":%s,"token_endpoint":"https://issuer.example/token"}`, issuer, audience, set(s)))
	require.NoError(t, err)
	verifier := newVerifier(t, config)
	return &guarded{t, s, rest.NewHandler(storetest.Open(t, nil), &rest.Options{Authorization: verifier.Authorization()})}
}

func (g *guarded) do(header, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://server.example/fhir"+path, strings.NewReader(body))
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	return w
}

// as does a request with a token of some scopes, of patient p1.
func (g *guarded) as(scope, method, path, body string) *httptest.ResponseRecorder {
	return g.do("Bearer "+g.sign(g.T, map[string]any{"scope": scope}), method, path, body)
}

func TestBearers(t *testing.T) {
	g := newGuarded(t)
	good := g.sign(t, nil)
	for name, c := range map[string]struct{ header, challenge string }{
		"none":            {"", "Bearer"},
		"basic":           {"Basic " + good, "Bearer"},
		"bare":            {good, "Bearer"},
		"empty":           {"Bearer ", `Bearer error="invalid_token", error_description="the access token is not valid: it is no JSON Web Token with a signature that is taken"`},
		"no token":        {"Bearer x", `Bearer error="invalid_token", error_description="the access token is not valid: it is no JSON Web Token with a signature that is taken"`},
		"expired":         {"Bearer " + g.sign(t, map[string]any{"exp": start.Add(-time.Hour).Unix()}), `Bearer error="invalid_token", error_description="the access token is not valid: it has expired"`},
		"other audience":  {"Bearer " + g.sign(t, map[string]any{"aud": "x"}), `Bearer error="invalid_token", error_description="the access token is not valid: it is for another audience"`},
		"other signature": {"Bearer " + newSigner(t, "k", jose.ES256).sign(t, nil), `Bearer error="invalid_token", error_description="the access token is not valid: no key of the issuer has signed it"`},
	} {
		a := g.do(c.header, "GET", "/Patient", "")
		require.Equal(t, 401, a.Code, name)
		require.Equal(t, c.challenge, a.Header().Get("WWW-Authenticate"), name)
		require.Contains(t, a.Body.String(), `"code":"login"`, name)
		require.NotContains(t, a.Body.String(), good)
	}
	for _, header := range []string{"Bearer " + good, "bearer " + good, "BEARER  " + good} {
		require.Equal(t, 200, g.do(header, "GET", "/Patient", "").Code)
	}
	r := httptest.NewRequest("GET", "/fhir/Patient", nil)
	r.Header["Authorization"] = []string{"Bearer " + good, "Bearer " + good}
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	require.Equal(t, 401, w.Code, "two tokens are none")
	require.Equal(t, 401, g.do("", "GET", "/Patient?access_token="+good, "").Code, "nor is one in an address")
	require.JSONEq(t, `{"issuer":"`+issuer+`","token_endpoint":"https://issuer.example/token"}`, g.do("", "GET", "/.well-known/smart-configuration", "").Body.String())
}

// Scopes of both versions, alone and together, on what two patients have.
func TestScopesOfRequests(t *testing.T) {
	g := newGuarded(t)
	const everything = "system/*.cruds"
	observation := func(id, patient, category string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"text":"x"},"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"` + category + `"}]}],"subject":{"reference":"Patient/` + patient + `"}}`
	}
	for _, p := range []string{"p1", "p2"} {
		require.Equal(t, 201, g.as(everything, "PUT", "/Patient/"+p, `{"resourceType":"Patient","id":"`+p+`"}`).Code)
		for _, c := range []string{"laboratory", "vital-signs"} {
			a := g.as(everything, "PUT", "/Observation/"+c+"-"+p, observation(c+"-"+p, p, c))
			require.Equal(t, 201, a.Code, a.Body)
		}
	}
	require.Equal(t, 201, g.as(everything, "PUT", "/Practitioner/d", `{"resourceType":"Practitioner","id":"d"}`).Code)
	count := func(scope, typ string) string {
		a := g.as(scope, "GET", "/"+typ+"?_summary=count", "")
		if a.Code != 200 {
			require.Equal(t, 403, a.Code, "%s", a.Body)
			require.Equal(t, `Bearer error="insufficient_scope"`, a.Header().Get("WWW-Authenticate"))
			return "403"
		}
		var bundle struct{ Total int }
		require.NoError(t, json.Unmarshal(a.Body.Bytes(), &bundle))
		return fmt.Sprint(bundle.Total)
	}
	for scope, want := range map[string][3]string{ // of Patient, Observation, Practitioner
		"":                       {"403", "403", "403"},
		"openid fhirUser":        {"403", "403", "403"},
		"patient/*.read":         {"1", "2", "1"},
		"patient/*.rs":           {"1", "2", "1"},
		"patient/*.*":            {"1", "2", "1"},
		"patient/*.write":        {"403", "403", "403"},
		"patient/*.r":            {"403", "403", "403"},
		"patient/Observation.rs": {"403", "2", "403"},
		"user/Observation.rs":    {"403", "4", "403"},
		"user/*.read":            {"2", "4", "1"},
		"system/Patient.s":       {"2", "403", "403"},
		"patient/Patient.rs user/Practitioner.read":                                                                       {"1", "403", "1"},
		"patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory":           {"403", "1", "403"},
		"user/Observation.rs?category=laboratory":                                                                         {"403", "2", "403"},
		"patient/Observation.rs?category=laboratory patient/Observation.rs?category=vital-signs":                          {"403", "2", "403"},
		"patient/Observation.rs?category=vital-signs user/Observation.rs?category=laboratory":                             {"403", "3", "403"},
		"patient/Observation.rs?category=laboratory&status=preliminary":                                                   {"403", "0", "403"},
		"patient/Observation.rs?nonsense=1":                                                                               {"403", "403", "403"},
		"patient/Observation.rs?category=":                                                                                {"403", "403", "403"},
		"patient/Observation.rs?category":                                                                                 {"403", "403", "403"},
		"patient/Observation.sr patient/Observation.rx patient/observation.rs Patient/Observation.rs patient/Observation": {"403", "403", "403"},
		"user/Observation.rs?subject:Patient._id=p2":                                                                      {"403", "2", "403"},
	} {
		require.Equal(t, want, [3]string{count(scope, "Patient"), count(scope, "Observation"), count(scope, "Practitioner")}, scope)
	}
	none := g.do("Bearer "+g.sign(t, map[string]any{"scope": "patient/*.read", "patient": nil}), "GET", "/Patient", "")
	require.Equal(t, 403, none.Code, "scopes of no patient")

	lab := "patient/Observation.cruds?category=laboratory"
	for _, w := range []struct {
		scope, method, path, body string
		status                    int
	}{
		{lab, "PUT", "/Observation/laboratory-p1", observation("laboratory-p1", "p1", "laboratory"), 200},
		{lab, "PUT", "/Observation/laboratory-p1", observation("laboratory-p1", "p1", "vital-signs"), 403},
		{lab, "PUT", "/Observation/vital-signs-p1", observation("vital-signs-p1", "p1", "laboratory"), 403},
		{lab, "GET", "/Observation/vital-signs-p1", "", 404},
		{lab + " patient/Observation.rs", "GET", "/Observation/vital-signs-p1", "", 200},
		{lab + " patient/Observation.rs", "DELETE", "/Observation/vital-signs-p1", "", 403},
		{lab, "DELETE", "/Observation/vital-signs-p1", "", 404},
		{lab, "POST", "/Observation", observation("x", "p1", "laboratory"), 201},
		{lab, "POST", "/Observation", observation("x", "p2", "laboratory"), 403},
		{"patient/Observation.write", "POST", "/Observation", observation("x", "p1", "laboratory"), 201},
		{"patient/Observation.read", "POST", "/Observation", observation("x", "p1", "laboratory"), 403},
		{"patient/Observation.write", "GET", "/Observation/laboratory-p1", "", 403},
		{lab, "DELETE", "/Observation/laboratory-p1", "", 204},
	} {
		a := g.as(w.scope, w.method, w.path, w.body)
		require.Equal(t, w.status, a.Code, "%+v %s", w, a.Body)
	}
}

// A slow address of keys holds up nobody who can be judged by the keys at hand.
func TestSlowKeys(t *testing.T) {
	old, young := newSigner(t, "old", jose.ES256), newSigner(t, "young", jose.ES256)
	asked, answer := make(chan struct{}, 8), make(chan []byte)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case text := <-answer:
			_, _ = w.Write(text)
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	v := newVerifier(t, &smart.Config{Issuer: issuer, Audience: audience, JWKSURI: server.URL})
	var now atomic.Int64
	v.SetNow(func() time.Time { return start.Add(time.Duration(now.Load())) })
	verify := func(ctx context.Context, s *signer, subject string) chan error {
		done := make(chan error, 1)
		text := s.sign(t, map[string]any{"sub": subject, "exp": start.Add(48 * time.Hour).Unix()})
		go func() {
			_, err := v.Verify(ctx, text)
			done <- err
		}()
		return done
	}
	first := verify(t.Context(), old, "a")
	<-asked
	answer <- set(old)
	require.NoError(t, <-first)

	now.Add(int64(time.Hour)) // the set is old: one caller fetches
	second := verify(t.Context(), old, "b")
	<-asked
	require.NoError(t, <-verify(t.Context(), old, "a"), "who is known")
	require.NoError(t, <-verify(t.Context(), old, "c"), "who is new")
	waits := verify(t.Context(), young, "d")
	gone, cancel := context.WithCancel(t.Context())
	leaves := verify(gone, young, "e")
	cancel()
	require.ErrorIs(t, <-leaves, context.Canceled)
	answer <- set(young)
	require.ErrorIs(t, <-second, smart.ErrToken, "its key was taken away")
	require.NoError(t, <-waits)
	require.ErrorIs(t, <-verify(t.Context(), old, "a"), smart.ErrToken, "a remembered token does not outlive its key")
	require.NoError(t, <-verify(t.Context(), young, "d"))
	require.Empty(t, asked)

	now.Add(int64(time.Hour)) // an address that answers nonsense
	last := verify(t.Context(), young, "f")
	<-asked
	answer <- []byte(`{"keys":[]}`)
	require.NoError(t, <-last)
	require.NoError(t, <-verify(t.Context(), young, "g"))
	require.Empty(t, asked, "it is left in peace")
}

// Without keys nobody is let in, and nobody is told that a token is bad.
func TestNoKeys(t *testing.T) {
	s := newSigner(t, "k", jose.ES256)
	v := newVerifier(t, &smart.Config{Issuer: issuer, Audience: audience, JWKSURI: "http://127.0.0.1:1/"})
	store, err := datastore.Open(t.Context(), "mem:", nil)
	require.NoError(t, err)
	defer store.Close()
	g := &guarded{t, s, rest.NewHandler(store, &rest.Options{Authorization: v.Authorization()})}
	a := g.as("system/*.cruds", "GET", "/Patient", "")
	require.Equal(t, 503, a.Code)
	require.Equal(t, "10", a.Header().Get("Retry-After"))
	require.NotContains(t, a.Body.String(), "127.0.0.1")
	require.Equal(t, 200, g.do("", "GET", "/metadata", "").Code)
}
