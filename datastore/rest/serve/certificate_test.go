package serve_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore/rest/serve"
	"github.com/stretchr/testify/require"
)

// A signer is a certificate with its key.
type signer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// issue makes a certificate, signed by another or by itself.
func issue(t *testing.T, name string, by *signer) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour),
		IsCA: by == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
	}
	if by == nil {
		by = &signer{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, &key.PublicKey, by.key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &signer{certificate, key}
}

func (s *signer) certificatePEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Raw})
}

func (s *signer) keyPEM(t *testing.T) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// put writes a file in place of another, as tools that renew certificates do.
func put(t *testing.T, name string, text []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(name+".new", text, 0o600))
	require.NoError(t, os.Rename(name+".new", name))
}

// pair writes a certificate and its key to a folder.
func pair(t *testing.T, folder string, s *signer) (certificate, key string) {
	certificate, key = filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")
	put(t, certificate, s.certificatePEM())
	put(t, key, s.keyPEM(t))
	return certificate, key
}

// trusting returns a client that trusts a CA, and keeps no connection.
func trusting(ca *signer, change func(*tls.Config)) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(ca.certificate)
	config := &tls.Config{RootCAs: pool}
	if change != nil {
		change(config)
	}
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: config, ForceAttemptHTTP2: true}}
}

// A log is a buffer that several goroutines may use.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestTLS(t *testing.T) {
	ca := issue(t, "ca", nil)
	certificate, key := pair(t, t.TempDir(), issue(t, "one", ca))
	s := listen(t, "127.0.0.1:0", &serve.Options{Certificate: certificate, Key: key})
	s.Mount("/fhir", hello, nil)
	require.True(t, strings.HasPrefix(s.URL(), "https://127.0.0.1:"))
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		response, err := trusting(ca, func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version }).Get(s.URL() + "/fhir/x")
		require.NoError(t, err)
		require.Equal(t, version, response.TLS.Version)
		require.Equal(t, "HTTP/2.0", response.Proto)
		require.NoError(t, response.Body.Close())
	}
	for name, change := range map[string]func(*tls.Config){
		"an old version": func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 },
		"a cipher without a tag": func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
		},
		"a cipher that keeps no secret": func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
		},
	} {
		_, err := trusting(ca, change).Get(s.URL() + "/fhir/x")
		require.Error(t, err, name)
	}
	response, err := once.Get("http" + strings.TrimPrefix(s.URL(), "https") + "/fhir/x")
	require.NoError(t, err)
	require.Equal(t, 400, response.StatusCode, "HTTP without TLS")
	require.NoError(t, response.Body.Close())
}

// A changed certificate counts at the next connection; a bad one leaves the last in force.
func TestCertificatesAreReadAgain(t *testing.T) {
	ca := issue(t, "ca", nil)
	folder := t.TempDir()
	certificate, key := pair(t, folder, issue(t, "one", ca))
	var log logged
	s := listen(t, "127.0.0.1:0", &serve.Options{Certificate: certificate, Key: key, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	s.Mount("", hello, nil)
	served := func() string {
		response, err := trusting(ca, nil).Get(s.URL() + "/x")
		require.NoError(t, err)
		defer response.Body.Close()
		return response.TLS.PeerCertificates[0].Subject.CommonName
	}
	require.Equal(t, "one", served())
	two := issue(t, "two", ca)
	put(t, certificate, two.certificatePEM())
	require.Equal(t, "one", served(), "the key does not fit yet")
	require.Contains(t, log.String(), "stays in force")
	put(t, key, two.keyPEM(t))
	require.Equal(t, "two", served())
	put(t, certificate, []byte("nonsense"))
	require.Equal(t, "two", served())
	require.NoError(t, os.Remove(certificate))
	require.Equal(t, "two", served())
	pair(t, folder, issue(t, "three", ca))
	require.Equal(t, "three", served())
}

func TestMutualTLS(t *testing.T) {
	ca, other, newer := issue(t, "ca", nil), issue(t, "other", nil), issue(t, "newer", nil)
	folder := t.TempDir()
	certificate, key := pair(t, folder, issue(t, "one", ca))
	clientCA := filepath.Join(folder, "ca.crt")
	put(t, clientCA, ca.certificatePEM())
	s := listen(t, "127.0.0.1:0", &serve.Options{Certificate: certificate, Key: key, ClientCA: clientCA})
	s.Mount("", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}), nil)
	as := func(by *signer) error {
		response, err := trusting(ca, func(c *tls.Config) {
			c.ClientSessionCache = tls.NewLRUClientSessionCache(4)
			if by != nil {
				who := issue(t, "ann", by)
				c.Certificates = []tls.Certificate{{Certificate: [][]byte{who.certificate.Raw}, PrivateKey: who.key}}
			}
		}).Get(s.URL() + "/x")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, "ann", string(text))
		return nil
	}
	require.NoError(t, as(ca))
	require.Error(t, as(nil), "no certificate")
	require.Error(t, as(other), "of another CA")
	put(t, clientCA, newer.certificatePEM())
	require.NoError(t, as(newer))
	require.Error(t, as(ca), "the CA is another now")
	_, err := serve.Listen("127.0.0.1:0", &serve.Options{Certificate: certificate, Key: key, ClientCA: key})
	require.ErrorContains(t, err, "no certificate")
}
