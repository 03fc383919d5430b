package smart

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// ErrToken says that a token is not one of the issuer's for this server, now.
var ErrToken = errors.New("smart: the access token is not valid")

// leeway is how far clocks may differ.
const leeway = time.Minute

// maxRemembered is how many verified tokens a verifier remembers.
const maxRemembered = 10_000

// maxToken is how many bytes a token may have.
const maxToken = 64 << 10

// algorithms are the signatures that are taken.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384}

// A Token is what a verified token says. It is shared and must not be changed.
type Token struct {
	Subject string // claim sub: the caller
	Patient string // claim patient: the id of the patient that patient/ scopes speak of, "" for none
	Client  string // claim client_id or azp, "" for none
	Scopes  Scopes
	Rights  *access.Rights // what the scopes mean
	Expiry  time.Time
}

// A Verifier checks tokens. It is safe for many goroutines.
type Verifier struct {
	config Config
	keys   keySource
	now    func() time.Time

	mu         sync.Mutex
	remembered map[[sha256.Size]byte]remembered
}

// A remembered is a token that was verified by an edition of the keys.
type remembered struct {
	*Token
	edition int
}

// NewVerifier returns a verifier of a configuration. The client, nil for one without
// redirections, fetches the keys.
func NewVerifier(config *Config, client *http.Client) (*Verifier, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if client == nil {
		client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	v := &Verifier{config: *config, now: time.Now, remembered: map[[sha256.Size]byte]remembered{}}
	v.keys = keySource{address: config.JWKSURI, client: client, now: func() time.Time { return v.now() }}
	if len(config.Keys) > 0 {
		set, err := readKeys(config.Keys)
		if err != nil {
			return nil, err
		}
		v.keys.set = set
	}
	return v, nil
}

// Verify checks a token, without the word Bearer. It reports ErrToken with what is wrong,
// ErrNoKeys, or the error of ctx. No error holds anything of the token.
func (v *Verifier) Verify(ctx context.Context, token string) (*Token, error) {
	if len(token) > maxToken {
		return nil, fmt.Errorf("%w: it is too long", ErrToken)
	}
	sum := sha256.Sum256([]byte(token))
	now := v.now()
	v.mu.Lock()
	known := v.remembered[sum]
	v.mu.Unlock()
	if known.Token != nil && now.Before(known.Expiry.Add(leeway)) {
		// A token does not outlive the key that has signed it.
		if _, edition, err := v.keys.keys(ctx, false); err == nil && edition == known.edition {
			return known.Token, nil
		}
	}
	verified, edition, err := v.check(ctx, token, now)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	v.remember(sum, verified, edition, now)
	return verified, nil
}

// remember keeps a token until it expires, or the keys are others.
func (v *Verifier) remember(sum [sha256.Size]byte, token *Token, edition int, now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.remembered) >= maxRemembered {
		for other, t := range v.remembered {
			if now.After(t.Expiry) || t.edition != edition {
				delete(v.remembered, other)
			}
		}
	}
	if len(v.remembered) >= maxRemembered {
		clear(v.remembered)
	}
	v.remembered[sum] = remembered{token, edition}
}

// claims are what is read of a token, beside what every token has.
type claims struct {
	Scope    string `json:"scope"`
	Patient  string `json:"patient"`
	ClientID string `json:"client_id"`
	Party    string `json:"azp"`
}

// check checks a token.
func (v *Verifier) check(ctx context.Context, text string, now time.Time) (*Token, int, error) {
	signed, err := jwt.ParseSigned(text, algorithms)
	if err != nil || len(signed.Headers) != 1 {
		return nil, 0, fmt.Errorf("%w: it is no JSON Web Token with a signature that is taken", ErrToken)
	}
	header := signed.Headers[0]
	var registered jwt.Claims
	var own claims
	edition, err := v.open(ctx, signed, header, &registered, &own)
	if err != nil {
		return nil, 0, err
	}
	switch {
	case registered.Issuer != v.config.Issuer:
		return nil, 0, fmt.Errorf("%w: it is of another issuer", ErrToken)
	case !slices.Contains(registered.Audience, v.config.Audience):
		return nil, 0, fmt.Errorf("%w: it is for another audience", ErrToken)
	case registered.Expiry == nil:
		return nil, 0, fmt.Errorf("%w: it says no time at which it expires", ErrToken)
	case !now.Before(registered.Expiry.Time().Add(leeway)):
		return nil, 0, fmt.Errorf("%w: it has expired", ErrToken)
	case registered.NotBefore != nil && now.Add(leeway).Before(registered.NotBefore.Time()):
		return nil, 0, fmt.Errorf("%w: it is not valid yet", ErrToken)
	case own.Patient != "" && !fhirjson.ValidID(own.Patient):
		return nil, 0, fmt.Errorf("%w: its patient is no id", ErrToken)
	}
	t := &Token{Subject: registered.Subject, Patient: own.Patient, Client: own.ClientID, Scopes: ParseScopes(own.Scope), Expiry: registered.Expiry.Time()}
	if t.Client == "" {
		t.Client = own.Party
	}
	t.Rights = t.Scopes.Rights(t.Subject, t.Patient)
	return t, edition, nil
}

// open checks the signature of a token with the keys that may have made it, and reads its
// claims. It returns the edition of the keys.
func (v *Verifier) open(ctx context.Context, signed *jwt.JSONWebToken, header jose.Header, into ...any) (int, error) {
	for _, again := range []bool{false, true} {
		set, edition, err := v.keys.keys(ctx, again)
		if err != nil {
			return 0, err
		}
		candidates := set.Keys
		if header.KeyID != "" {
			candidates = set.Key(header.KeyID)
		}
		for _, key := range candidates {
			if fits(&key, header.Algorithm) && signed.Claims(key.Key, into...) == nil {
				return edition, nil
			}
		}
		if header.KeyID == "" || len(candidates) > 0 {
			break
		}
	}
	return 0, fmt.Errorf("%w: no key of the issuer has signed it", ErrToken)
}

// fits reports whether a key may make signatures of an algorithm.
func fits(key *jose.JSONWebKey, algorithm string) bool {
	if key.Algorithm != "" && key.Algorithm != algorithm {
		return false
	}
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		return algorithm[0] == 'R' && k.N.BitLen() >= 2048
	case *ecdsa.PublicKey:
		return algorithm == "ES256" && k.Curve.Params().BitSize == 256 || algorithm == "ES384" && k.Curve.Params().BitSize == 384
	}
	return false
}
