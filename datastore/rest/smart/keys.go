package smart

import (
	"bytes"
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
	patience    = 5 * time.Second  // for an address to answer
	maxKeys     = 1 << 20          // bytes of a set
)

// ErrNoKeys says that the keys of the issuer could not be had, so that no token can be
// checked.
var ErrNoKeys = errors.New("smart: the issuer's keys could not be fetched")

// A keySource has the keys of an issuer. It is safe for many goroutines: one fetches a new
// set, others go on with the old one, and only who needs the new one waits for it.
type keySource struct {
	address string // "" where the set is fixed
	client  *http.Client
	now     func() time.Time

	mu       sync.Mutex
	set      *jose.JSONWebKeySet
	edition  int           // rises with each set that differs
	text     []byte        // of the set
	fetched  time.Time     // when the set came
	asked    time.Time     // when it was last asked for
	fetching chan struct{} // closed when the set that is being fetched is there; nil if none is
	failed   error         // why the last fetching failed, nil if it did not
}

// keys returns the set: a new one if that is wanted, as far as the address may be asked
// again. It reports ErrNoKeys or the error of ctx.
func (s *keySource) keys(ctx context.Context, wanted bool) (set *jose.JSONWebKeySet, edition int, err error) {
	for {
		s.mu.Lock()
		now := s.now()
		needed := wanted || s.set == nil
		stale := s.address != "" && (needed || now.Sub(s.fetched) > oldest)
		fetching := s.fetching
		switch {
		case stale && fetching == nil && (s.asked.IsZero() || now.Sub(s.asked) >= betweenAsks):
			s.asked, s.fetching = now, make(chan struct{})
			s.mu.Unlock()
			s.renew(ctx)
			wanted = false
			continue
		case fetching != nil && needed:
			s.mu.Unlock()
			select {
			case <-fetching:
			case <-ctx.Done():
				return nil, 0, ctx.Err()
			}
			wanted = false
			continue
		}
		set, edition, err = s.set, s.edition, s.failed
		s.mu.Unlock()
		if set == nil {
			return nil, 0, errors.Join(ErrNoKeys, err)
		}
		return set, edition, nil
	}
}

// renew fetches the set. It goes on when the caller's ctx ends, since others wait for it.
func (s *keySource) renew(ctx context.Context) {
	text, set, err := []byte(nil), (*jose.JSONWebKeySet)(nil), errors.New("smart: fetching the keys panicked")
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.failed = err; err == nil {
			if s.fetched = s.now(); !bytes.Equal(text, s.text) {
				s.edition++
			}
			s.set, s.text = set, text
		}
		close(s.fetching)
		s.fetching = nil
	}()
	text, set, err = s.fetch(context.WithoutCancel(ctx))
}

// fetch asks the address.
func (s *keySource) fetch(ctx context.Context) (text []byte, set *jose.JSONWebKeySet, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address, nil)
	if err != nil {
		return nil, nil, err
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("smart: jwks_uri answers %d", answer.StatusCode)
	}
	if text, err = io.ReadAll(io.LimitReader(answer.Body, maxKeys+1)); err != nil {
		return nil, nil, err
	}
	if len(text) > maxKeys {
		return nil, nil, errors.New("smart: the set of keys at jwks_uri is too long")
	}
	set, err = readKeys(text)
	return text, set, err
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
