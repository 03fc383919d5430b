package bulk_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/ingest/bulk"
	"github.com/stretchr/testify/require"
)

func TestHosts(t *testing.T) {
	for _, c := range []struct {
		hosts string
		url   string
		ok    bool
	}{
		{"data.example", "https://data.example/a", true},
		{"data.example", "https://DATA.example:443/a", true},
		{"data.example", "https://data.example./a", true},
		{"data.example:443", "https://data.example/a", true},
		{"data.example", "https://data.example:8443/a", false},
		{"data.example:8443", "https://data.example:8443/a", true},
		{"data.example:8443", "https://data.example/a", false},
		{"data.example", "http://data.example/a", false},
		{"data.example", "ftp://data.example/a", false},
		{"data.example", "file:///etc/passwd", false},
		{"data.example", "https://other.example/a", false},
		{"data.example", "https://a.data.example/a", false},
		{"data.example", "https://data.example.evil/a", false},
		{"data.example", "https://data.example@evil/a", false},
		{"data.example", "https://user:secret@data.example/a", false},
		{"*.data.example", "https://a.data.example/a", true},
		{"*.data.example", "https://a.b.data.example/a", true},
		{"*.data.example", "https://data.example/a", false},
		{"*.data.example", "https://evildata.example/a", false},
		{"*.data.example:1", "https://a.data.example:1/a", true},
		{"other.example data.example", "https://data.example/a", true},
	} {
		_, err := bulk.Read(background, strings.NewReader(`{"output":[{"url":"`+c.url+`"}]}`), "", &bulk.Options{Hosts: strings.Fields(c.hosts)})
		if c.ok {
			require.NoError(t, err, c)
			continue
		}
		require.ErrorIs(t, err, bulk.ErrForbidden, c)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestPublicAddresses(t *testing.T) {
	for text, public := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "172.32.0.1": true, "2606:4700::1111": true, "192.169.0.1": true,
		"0.0.0.0": false, "10.1.2.3": false, "100.64.0.1": false, "127.0.0.1": false, "127.9.9.9": false, "169.254.169.254": false,
		"172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "198.18.0.1": false, "224.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::127.0.0.1": false, "64:ff9b::7f00:1": false,
		"fc00::1": false, "fd00:ec2::254": false, "fe80::1": false, "fe80::1%eth0": false, "ff02::1": false, "2002:7f00:1::": false, "2001::1": false, "fec0::1": false,
	} {
		host := netip.AddrPortFrom(netip.MustParseAddr(text), 443).String()
		err := bulk.Control(nil, nil, host)
		require.Equal(t, public, err == nil, text)
		if !public {
			require.ErrorIs(t, err, bulk.ErrForbidden)
			require.NoError(t, bulk.Control([]string{host}, nil, host), "written as that address")
			require.Error(t, bulk.Control([]string{strings.TrimSuffix(host, "443") + "80"}, nil, host), "another port")
			require.Error(t, bulk.Control([]string{"data.example"}, nil, host))
			a := netip.MustParseAddr(text).Unmap().WithZone("")
			require.NoError(t, bulk.Control(nil, []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}, host))
		}
	}
}

// local returns a server's URL with a name in place of its address.
func local(s *server) (at, host string) {
	u, _ := url.Parse(s.URL)
	host = "localhost:" + u.Port()
	return "http://" + host, host
}

// A name that is allowed and leads to this machine is refused when it is dialed.
func TestNamesThatLeadToThisMachine(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{"/manifest": manifest("/a"), "/a": text("x")})
	at, host := local(s)
	opts := quick()
	opts.Hosts = []string{host}
	_, err := bulk.Open(background, at+"/manifest", opts)
	require.ErrorIs(t, err, bulk.ErrForbidden)
	require.Empty(t, s.requests)

	opts.Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	open(t, at+"/manifest", opts)
}

// No way leads from a manifest to this machine's own services.
func TestManifestThatPointsInside(t *testing.T) {
	inside := serve(t, map[string]http.HandlerFunc{"/secret": text("secret")})
	name, host := local(inside)
	for way, paths := range map[string]map[string]http.HandlerFunc{
		"a file":           {"/manifest": manifest(inside.URL + "/secret")},
		"a file by name":   {"/manifest": manifest(name + "/secret")},
		"a redirect":       {"/manifest": manifest("/a"), "/a": redirect(inside.URL + "/secret")},
		"a redirect's own": {"/manifest": manifest("/a"), "/a": redirect("/b"), "/b": redirect(name + "/secret")},
		"the manifest":     {"/manifest": redirect(inside.URL + "/secret")},
		"a loop":           {"/manifest": manifest("/a"), "/a": redirect("/a")},
		"a file: URL":      {"/manifest": manifest("/a"), "/a": redirect("file:///etc/passwd")},
		"a bad URL":        {"/manifest": manifest("/a"), "/a": redirect("http://%zz/secret")},
	} {
		t.Run(way, func(t *testing.T) {
			s := serve(t, paths)
			opts := quick()
			opts.Hosts = []string{strings.TrimPrefix(s.URL, "http://"), host} // a name that leads inside, as rebinding makes one
			x, err := bulk.Open(background, s.URL+"/manifest", opts)
			if err == nil {
				defer x.Close()
				_, err = x.Output().Open(first)
			}
			require.ErrorIs(t, err, bulk.ErrForbidden)
			require.NotContains(t, err.Error(), "secret")
			require.Empty(t, inside.requests)
		})
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(manifest()))
	defer s.Close()
	began := time.Now()
	_, err := bulk.Open(background, s.URL, &bulk.Options{Pause: time.Minute, MaxPause: time.Minute})
	require.ErrorContains(t, err, "not trusted")
	require.Less(t, time.Since(began), 30*time.Second, "it is not tried again")
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	x, err := bulk.Open(background, s.URL, &bulk.Options{TLS: &tls.Config{RootCAs: roots}})
	require.NoError(t, err)
	x.Close()
}
