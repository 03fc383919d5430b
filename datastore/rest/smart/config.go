package smart

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
)

// A Config says whose tokens are taken.
type Config struct {
	Issuer   string // claim iss
	Audience string // one of claim aud
	// Keys is a JSON Web Key Set; nil where JWKSURI says where it is.
	Keys    []byte
	JWKSURI string
	// Metadata is what /.well-known/smart-configuration shows: the JSON object that
	// the configuration was read from, without keys.
	Metadata []byte
}

// ParseConfig reads a configuration:
//
//	{"issuer": …, "audience": …, "jwks": {…} or "jwks_uri": …}
//
// and whatever else /.well-known/smart-configuration has to show.
func ParseConfig(text []byte) (*Config, error) {
	var all map[string]json.RawMessage
	var known struct {
		Issuer   string          `json:"issuer"`
		Audience string          `json:"audience"`
		Keys     json.RawMessage `json:"jwks"`
		JWKSURI  string          `json:"jwks_uri"`
	}
	if err := errors.Join(json.Unmarshal(text, &all), json.Unmarshal(text, &known)); err != nil {
		return nil, errors.New("smart: the configuration is not a JSON object with issuer, audience, and jwks or jwks_uri")
	}
	c := &Config{Issuer: known.Issuer, Audience: known.Audience, Keys: known.Keys, JWKSURI: known.JWKSURI}
	if err := c.check(); err != nil {
		return nil, err
	}
	delete(all, "jwks")
	delete(all, "audience")
	metadata, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("smart: the configuration: %w", err)
	}
	c.Metadata = metadata
	return c, nil
}

// check refuses a configuration with which no token, or any, could be taken.
func (c *Config) check() error {
	switch {
	case c.Issuer == "":
		return errors.New("smart: the configuration has no issuer")
	case c.Audience == "":
		return errors.New("smart: the configuration has no audience")
	case (len(c.Keys) == 0) == (c.JWKSURI == ""):
		return errors.New("smart: the configuration has either jwks or jwks_uri")
	case c.JWKSURI != "" && !trusted(c.JWKSURI):
		return errors.New("smart: jwks_uri is an https address, or an http address on this machine")
	}
	return nil
}

// trusted reports whether what an address answers comes from there.
func trusted(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}
