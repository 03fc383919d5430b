package smart_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore/rest/smart"
)

const (
	issuer   = "https://issuer.example"
	audience = "https://server.example/fhir"
)

var start = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// A signer makes tokens.
type signer struct {
	key       crypto.Signer
	id        string
	algorithm jose.SignatureAlgorithm
}

func newSigner(t testing.TB, id string, algorithm jose.SignatureAlgorithm) *signer {
	var key crypto.Signer
	var err error
	switch algorithm {
	case jose.ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.ES384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	require.NoError(t, err)
	return &signer{key, id, algorithm}
}

func set(signers ...*signer) []byte {
	var keys jose.JSONWebKeySet
	for _, s := range signers {
		keys.Keys = append(keys.Keys, jose.JSONWebKey{Key: s.key.Public(), KeyID: s.id, Use: "sig"})
	}
	text, err := json.Marshal(keys)
	if err != nil {
		panic(err)
	}
	return text
}

// sign makes a token of the usual claims and the given ones. A nil claim is left out.
func (s *signer) sign(t testing.TB, claims map[string]any) string {
	all := map[string]any{"iss": issuer, "aud": audience, "exp": start.Add(time.Hour).Unix(), "sub": "me", "scope": "patient/*.rs openid", "patient": "p1"}
	for name, value := range claims {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	options := &jose.SignerOptions{}
	if s.id != "" {
		options = options.WithHeader("kid", s.id)
	}
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: s.algorithm, Key: s.key}, options)
	require.NoError(t, err)
	text, err := jwt.Signed(made).Claims(all).Serialize()
	require.NoError(t, err)
	return text
}

func newVerifier(t testing.TB, c *smart.Config) *smart.Verifier {
	v, err := smart.NewVerifier(c, nil)
	require.NoError(t, err)
	v.SetNow(func() time.Time { return start })
	return v
}

func TestTokens(t *testing.T) {
	var signers []*signer
	for i, algorithm := range []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384} {
		signers = append(signers, newSigner(t, string(rune('a'+i)), algorithm))
	}
	v := newVerifier(t, &smart.Config{Issuer: issuer, Audience: audience, Keys: set(signers...)})
	for _, s := range signers {
		token, err := v.Verify(context.Background(), s.sign(t, nil))
		require.NoError(t, err, s.algorithm)
		require.Equal(t, "me", token.Subject)
		require.Equal(t, "p1", token.Patient)
		require.Equal(t, smart.Scopes{{Level: smart.Patient, Type: "*", Permissions: "rs"}}, token.Scopes)
		nameless := *s
		nameless.id = ""
		_, err = v.Verify(context.Background(), nameless.sign(t, nil))
		require.NoError(t, err, "without kid: %s", s.algorithm)
	}
	s := signers[3]
	for name, claims := range map[string]map[string]any{
		"several audiences": {"aud": []string{"x", audience}},
		"just expired":      {"exp": start.Add(-59 * time.Second).Unix()},
		"almost valid":      {"nbf": start.Add(59 * time.Second).Unix()},
		"no scope":          {"scope": nil},
		"no patient":        {"patient": nil},
	} {
		_, err := v.Verify(context.Background(), s.sign(t, claims))
		require.NoError(t, err, name)
	}
	for name, claims := range map[string]map[string]any{
		"other issuer":     {"iss": "https://other.example"},
		"no issuer":        {"iss": nil},
		"other audience":   {"aud": "https://other.example"},
		"no audience":      {"aud": nil},
		"no expiry":        {"exp": nil},
		"expired":          {"exp": start.Add(-61 * time.Second).Unix()},
		"not valid yet":    {"nbf": start.Add(61 * time.Second).Unix()},
		"patient is no id": {"patient": "Patient/p1"},
		"expiry no number": {"exp": "tomorrow"},
	} {
		_, err := v.Verify(context.Background(), s.sign(t, claims))
		require.ErrorIs(t, err, smart.ErrToken, name)
	}
}

func TestForgedTokens(t *testing.T) {
	good, other := newSigner(t, "k", jose.RS256), newSigner(t, "k", jose.RS256)
	v := newVerifier(t, &smart.Config{Issuer: issuer, Audience: audience, Keys: set(good)})
	token := good.sign(t, nil)
	parts := strings.Split(token, ".")
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	secret, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(set(good))}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	require.NoError(t, err)
	symmetric, err := jwt.Signed(secret).Claims(map[string]any{"iss": issuer, "aud": audience, "exp": start.Add(time.Hour).Unix()}).Serialize()
	require.NoError(t, err)
	wrongKind := newSigner(t, "k", jose.ES256)
	for name, forged := range map[string]string{
		"nothing":             "",
		"no token":            "abc",
		"three parts":         "a.b.c",
		"alg none":            part(`{"alg":"none"}`) + "." + parts[1] + ".",
		"alg none in capital": part(`{"alg":"NONE"}`) + "." + parts[1] + ".",
		"symmetric":           symmetric,
		"other key":           other.sign(t, nil),
		"key of another kind": wrongKind.sign(t, nil),
		"other claims":        parts[0] + "." + part(`{"iss":"`+issuer+`","aud":"`+audience+`","exp":99999999999}`) + "." + parts[2],
		"no signature":        parts[0] + "." + parts[1] + ".",
		"unknown key":         (&signer{good.key, "unknown", jose.RS256}).sign(t, nil),
		"long":                strings.Repeat("a", 1<<20),
		"critical":            part(`{"alg":"RS256","kid":"k","crit":["x"],"x":1}`) + "." + parts[1] + "." + parts[2],
	} {
		_, err := v.Verify(context.Background(), forged)
		require.ErrorIs(t, err, smart.ErrToken, name)
	}
}

// Tokens are remembered until they expire.
func TestTokensAreRemembered(t *testing.T) {
	s := newSigner(t, "k", jose.ES256)
	v := newVerifier(t, &smart.Config{Issuer: issuer, Audience: audience, Keys: set(s)})
	text := s.sign(t, nil)
	first, err := v.Verify(context.Background(), text)
	require.NoError(t, err)
	again, err := v.Verify(context.Background(), text)
	require.NoError(t, err)
	require.Same(t, first, again)
	v.SetNow(func() time.Time { return start.Add(time.Hour + time.Minute) })
	_, err = v.Verify(context.Background(), text)
	require.ErrorIs(t, err, smart.ErrToken)
}

// Keys at an address are fetched when they are needed, and not more often.
func TestKeysAreFetched(t *testing.T) {
	old, young := newSigner(t, "old", jose.ES256), newSigner(t, "young", jose.ES256)
	var asked atomic.Int32
	var answer atomic.Pointer[[]byte]
	keys := set(old)
	answer.Store(&keys)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if text := answer.Load(); text != nil {
			_, _ = w.Write(*text)
		} else {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	v := newVerifier(t, &smart.Config{Issuer: issuer, Audience: audience, JWKSURI: server.URL})
	now := start
	v.SetNow(func() time.Time { return now })
	verify := func(s *signer, claims map[string]any) error {
		_, err := v.Verify(context.Background(), s.sign(t, claims))
		return err
	}
	require.NoError(t, verify(old, nil))
	require.EqualValues(t, 1, asked.Load())
	require.NoError(t, verify(old, map[string]any{"sub": "other"}))
	require.EqualValues(t, 1, asked.Load())

	keys = set(old, young)
	require.ErrorIs(t, verify(young, nil), smart.ErrToken) // asked too recently
	require.EqualValues(t, 1, asked.Load())
	now = now.Add(10 * time.Second)
	require.NoError(t, verify(young, nil))
	require.EqualValues(t, 2, asked.Load())

	answer.Store(nil) // the last set stands while the address fails
	now = now.Add(16 * time.Minute)
	require.NoError(t, verify(old, map[string]any{"sub": "third"}))
	require.EqualValues(t, 3, asked.Load())

	left := set(young) // a key that was taken away
	answer.Store(&left)
	now = now.Add(10 * time.Second)
	require.ErrorIs(t, verify(old, map[string]any{"sub": "fourth"}), smart.ErrToken)

	never := newVerifier(t, &smart.Config{Issuer: issuer, Audience: audience, JWKSURI: "http://127.0.0.1:1/"})
	_, err := never.Verify(context.Background(), old.sign(t, nil))
	require.ErrorIs(t, err, smart.ErrNoKeys)
}

func TestConfig(t *testing.T) {
	public := string(set(newSigner(t, "k", jose.ES256)))
	c, err := smart.ParseConfig([]byte(`{"issuer":"i","audience":"a","jwks":` + public + `,"token_endpoint":"https://x/token"}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"issuer":"i","token_endpoint":"https://x/token"}`, string(c.Metadata))
	private, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: newSigner(t, "k", jose.ES256).key, KeyID: "k"}}})
	require.NoError(t, err)
	for name, text := range map[string]string{
		"no object":     `[]`,
		"no issuer":     `{"audience":"a","jwks":` + public + `}`,
		"no audience":   `{"issuer":"i","jwks":` + public + `}`,
		"no keys":       `{"issuer":"i","audience":"a"}`,
		"both":          `{"issuer":"i","audience":"a","jwks":` + public + `,"jwks_uri":"https://x"}`,
		"plain address": `{"issuer":"i","audience":"a","jwks_uri":"http://issuer.example/keys"}`,
		"no address":    `{"issuer":"i","audience":"a","jwks_uri":"file:///etc/keys"}`,
		"empty set":     `{"issuer":"i","audience":"a","jwks":{"keys":[]}}`,
		"private keys":  `{"issuer":"i","audience":"a","jwks":` + string(private) + `}`,
		"secret keys":   `{"issuer":"i","audience":"a","jwks":{"keys":[{"kty":"oct","k":"AAAA"}]}}`,
	} {
		c, err := smart.ParseConfig([]byte(text))
		if err == nil {
			_, err = smart.NewVerifier(c, nil)
		}
		require.Error(t, err, name)
	}
}

func TestScopes(t *testing.T) {
	for text, want := range map[string]smart.Scopes{
		"patient/Observation.read": {{Level: smart.Patient, Type: "Observation", Permissions: "rs"}},
		"user/*.write":             {{Level: smart.User, Type: "*", Permissions: "cud"}},
		"system/*.*":               {{Level: smart.System, Type: "*", Permissions: "cruds"}},
		"patient/Observation.rs?category=laboratory&code=http://x|1": {{Level: smart.Patient, Type: "Observation", Permissions: "rs", Query: "category=laboratory&code=http://x|1"}},
		"user/Patient.cruds": {{Level: smart.User, Type: "Patient", Permissions: "cruds"}},
		"openid  launch/patient\toffline_access user/Patient.r": {{Level: smart.User, Type: "Patient", Permissions: "r"}},
		"user/Patient.sr":          nil,
		"user/Patient.rr":          nil,
		"user/Patient.":            nil,
		"user/Patient.x":           nil,
		"user/Patient":             nil,
		"user/Patent.r":            nil,
		"user/Resource.r":          nil,
		"admin/Patient.r":          nil,
		"user.Patient/r":           nil,
		"user/Patient.read?name=x": nil,
		"user/Patient.rs?":         nil,
		"user/Patient.rs?_include=Patient:organization": nil,
		"user/Patient.rs?%zz":                           nil,
		"user/*.rs?_security=x":                         {{Level: smart.User, Type: "*", Permissions: "rs", Query: "_security=x"}},
		"":                                              nil,
	} {
		require.Equal(t, want, smart.ParseScopes(text), text)
	}
	s := smart.ParseScopes("patient/Observation.rs?status=final user/Observation.c patient/*.r")
	all := []access.Grant{{Type: "Observation", Permissions: "rs", Query: "status=final", Patient: "p"}, {Type: "Observation", Permissions: "c"}, {Type: "*", Permissions: "r", Patient: "p"}}
	require.Equal(t, &access.Rights{Caller: "me", Grants: all}, s.Rights("me", "p"))
	require.Equal(t, &access.Rights{Grants: all[1:2]}, s.Rights("", ""), "nobody's patient is nothing")
	for text, admin := range map[string]bool{"system/*.cruds": true, "system/*.*": true, "system/*.crud": false, "system/Patient.cruds": false, "user/*.cruds": false, "patient/*.cruds": false, "system/*.cruds?_security=x": false} {
		require.Equal(t, admin, smart.ParseScopes(text).Rights("", "p").Admin, text)
	}
}

func BenchmarkVerify(b *testing.B) {
	s := newSigner(b, "k", jose.ES256)
	v := newVerifier(b, &smart.Config{Issuer: issuer, Audience: audience, Keys: set(s)})
	text := s.sign(b, nil)
	for b.Loop() {
		if _, err := v.Verify(context.Background(), text); err != nil {
			b.Fatal(err)
		}
	}
}
