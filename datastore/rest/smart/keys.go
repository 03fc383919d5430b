package smart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	oldest      = 15 * time.Minute // how old a set of keys from an address may be
	betweenAsks = 10 * time.Second // that an address is left in peace
	maxKeys     = 1 << 20          // bytes of a set
)

// ErrNoKeys says that the keys of the issuer could not be had, so that no token can be
// checked.
var ErrNoKeys = errors.New("smart: the issuer's keys could not be fetched")

// A keySource has the keys of an issuer. It is safe for many goroutines: one fetches,
// and others wait for it.
type keySource struct {
	address string // "" where the set is fixed
	client  *http.Client
	now     func() time.Time

	mu      sync.Mutex
	set     *jose.JSONWebKeySet
	edition int       // rises with each set
	fetched time.Time // when the set came
	asked   time.Time // when it was last asked for
}

// keys returns the set, a new one if wanted, as far as the address may be asked again.
func (s *keySource) keys(ctx context.Context, wanted bool) (set *jose.JSONWebKeySet, edition int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	wanted = wanted || s.set == nil || now.Sub(s.fetched) > oldest
	if s.address != "" && wanted && (s.asked.IsZero() || now.Sub(s.asked) >= betweenAsks) {
		s.asked = now
		if fresh, failed := s.fetch(ctx); failed == nil {
			s.set, s.fetched = fresh, now
			s.edition++
		} else {
			err = failed
			if ctx.Err() != nil { // this caller's end says nothing of the address
				s.asked = time.Time{}
			}
		}
	}
	if s.set == nil {
		return nil, 0, errors.Join(ErrNoKeys, err)
	}
	return s.set, s.edition, nil
}

// fetch asks the address.
func (s *keySource) fetch(ctx context.Context) (*jose.JSONWebKeySet, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("smart: jwks_uri answers %d", answer.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxKeys+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxKeys {
		return nil, errors.New("smart: the set of keys at jwks_uri is too long")
	}
	return readKeys(text)
}

// readKeys reads a set, and leaves out keys that check no signature, or that it must not
// have: secret and private ones.
func readKeys(text []byte) (*jose.JSONWebKeySet, error) {
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, errors.New("smart: the set of keys is no JSON Web Key Set")
	}
	set := &jose.JSONWebKeySet{}
	for _, one := range raw.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(one, &key) == nil && key.Valid() && key.IsPublic() && (key.Use == "" || key.Use == "sig") {
			set.Keys = append(set.Keys, key)
		}
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("smart: the set of keys has no public key for signatures")
	}
	return set, nil
}
