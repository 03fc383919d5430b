package main_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// certify writes a certificate for 127.0.0.1 that signs itself, and its key.
func certify(t *testing.T, folder, name string) (certificate, key string, pair tls.Certificate) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(1000 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	text, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	certificate, key = filepath.Join(folder, name+".crt"), filepath.Join(folder, name+".key")
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}), 0o600))
	return certificate, key, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}
}

// ask asks a server and returns status and body.
func ask(t *testing.T, client *http.Client, method, url, body string, headers ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	response, err := client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text), response.Header
}

func testTLS(t *testing.T, program string) {
	folder := t.TempDir()
	certificate, key, _ := certify(t, folder, "server")
	clientCA, _, client := certify(t, folder, "client")
	text, err := os.ReadFile(certificate)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	with := func(certificates ...tls.Certificate) *http.Client {
		return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: certificates}}}
	}
	p := start(t, program, "-tls-cert", certificate, "-tls-key", key)
	require.Regexp(t, `^https://127\.0\.0\.1:[1-9][0-9]*/fhir$`, p.base)
	status, body, _ := ask(t, with(), "POST", p.base+"/Patient", `{"resourceType":"Patient"}`)
	require.Equal(t, 201, status, body)
	p.stop()

	p = start(t, program, "-tls-cert", certificate, "-tls-key", key, "-client-ca", clientCA, "-access-log")
	status, _, _ = ask(t, with(client), "GET", p.base+"/metadata", "")
	require.Equal(t, 200, status)
	_, err = with().Get(p.base + "/metadata")
	require.Error(t, err)
	p.end()
	require.Contains(t, p.stderr.String(), `"caller":"CN=client"`)
}

func testSocket(t *testing.T, program string) {
	path := filepath.Join(t.TempDir(), "s")
	p := start(t, program, "-socket", path)
	require.Equal(t, "unix:"+path, p.base)
	info, err := os.Lstat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	status, body, header := ask(t, client, "POST", "http://localhost/fhir/Patient", `{"resourceType":"Patient"}`)
	require.Equal(t, 201, status, body)
	require.Contains(t, header.Get("Location"), "http://localhost/fhir/Patient/")
	status, _, _ = ask(t, client, "GET", "http://localhost/ready", "")
	require.Equal(t, 200, status)
	p.stop()
	require.NoFileExists(t, path)
}

func testPassphrase(t *testing.T, program string) {
	folder := t.TempDir()
	secret := filepath.Join(folder, "passphrase")
	args := []string{"-store", filepath.Join(folder, "store"), "-passphrase-file", secret}
	write := func(text string) { require.NoError(t, os.WriteFile(secret, []byte(text), 0o600)) }
	write("correct horse battery staple\r\n")
	p := start(t, program, args...)
	status, _ := p.do("PUT", "/Patient/c", `{"resourceType":"Patient","id":"c"}`)
	require.Equal(t, 201, status)
	p.stop()
	write("correct horse battery staple")
	p = start(t, program, args...)
	status, _ = p.do("GET", "/Patient/c", "")
	require.Equal(t, 200, status)
	p.stop()
	write("correct horse battery staple\n\n")
	status, _, stderr := finish(t, program, args...)
	require.Equal(t, 1, status, "one line end is not part of it; the other is")
	require.Contains(t, stderr, "key")
}

// finish runs the server where it ends by itself.
func finish(t *testing.T, program string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	command := exec.Command(program, args...)
	var out, err bytes.Buffer
	command.Stdout, command.Stderr = &out, &err
	failed := command.Run()
	var exit *exec.ExitError
	if failed != nil {
		require.True(t, errors.As(failed, &exit), "%v", failed)
	}
	return command.ProcessState.ExitCode(), out.String(), err.String()
}

func testArguments(t *testing.T, program string) {
	for _, args := range [][]string{
		{"-socket", "x", "-addr", "127.0.0.1:0"}, {"-tls-cert", "x"}, {"-tls-key", "x"}, {"-client-ca", "x"}, {"-key-file", "x", "-passphrase-file", "x"},
		{"-cors", "no origin"}, {"-validation", "lax"}, {"-durability", "x"}, {"-nonsense"}, {"a", "b"}, {"-synthetic", "-1"},
	} {
		status, stdout, stderr := finish(t, program, args...)
		require.Equal(t, 2, status, "%v: %s", args, stderr)
		require.NotEmpty(t, stderr)
		require.Empty(t, stdout)
	}
	folder := t.TempDir()
	for _, args := range [][]string{
		{"-store", folder}, {"-addr", "127.0.0.1:0", "-tls-cert", "/none", "-tls-key", "/none"}, {"-addr", "nowhere"}, {"-store", folder, "-passphrase-file", "/none"}, {"-addr", "127.0.0.1:0", "-pprof", "nowhere"},
	} {
		status, _, stderr := finish(t, program, args...)
		require.Equal(t, 1, status, "%v: %s", args, stderr)
		require.NotEmpty(t, stderr)
	}
}

func testOperations(t *testing.T, program string) {
	p := start(t, program, "-access-log", "-cors", "https://app.example.org", "-cors", "https://b.example.org", "-pprof", "127.0.0.1:0")
	require.Len(t, p.said, 1)
	profiles := p.said[0][strings.Index(p.said[0], "http://"):]
	status, body, _ := ask(t, http.DefaultClient, "GET", profiles, "")
	require.Equal(t, 200, status)
	require.Contains(t, body, "heap")
	root := strings.TrimSuffix(p.base, "/fhir")
	for _, path := range []string{"/health", "/ready"} {
		status, _, _ = ask(t, http.DefaultClient, "GET", root+path, "")
		require.Equal(t, 200, status)
	}
	status, _, header := ask(t, http.DefaultClient, "OPTIONS", p.base+"/Patient", "", "Origin: https://b.example.org", "Access-Control-Request-Method: POST")
	require.Equal(t, 204, status)
	require.Equal(t, "https://b.example.org", header.Get("Access-Control-Allow-Origin"))
	status, _, _ = ask(t, http.DefaultClient, "GET", root+"/debug/pprof/", "")
	require.Equal(t, 404, status, "profiles have an address of their own")
	status, _ = p.do("PUT", "/Patient/secret", `{"resourceType":"Patient","id":"secret"}`)
	require.Equal(t, 201, status)
	status, _ = p.do("GET", "/Patient?_id=secret", "")
	require.Equal(t, 200, status)
	status, body = p.do("GET", "/%2e%2e/Patient/secret", "")
	require.Equal(t, 400, status)
	require.Contains(t, body, "OperationOutcome")
	p.end()
	require.NotContains(t, p.stderr.String(), "secret")
	lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")[1:] // without the warning that all may do anything
	require.Len(t, lines, 4, "%s", lines)                                  // OPTIONS, PUT, GET, GET
	var line struct {
		Time                              time.Time
		Method, Interaction, Type, Caller string
		Status, Bytes                     int
		Duration                          float64
	}
	require.NoError(t, json.Unmarshal([]byte(lines[2]), &line))
	require.Equal(t, []any{"GET", "search-type", "Patient", 200}, []any{line.Method, line.Interaction, line.Type, line.Status})
	require.Positive(t, line.Bytes)
	require.Positive(t, line.Duration)
	require.False(t, line.Time.IsZero())
}

// testEnding ends the server amid writes and beside clients that neither send nor take: it
// ends soon, and what was acknowledged is there.
func testEnding(t *testing.T, program string) {
	folder := t.TempDir()
	args := []string{"-store", filepath.Join(folder, "store"), "-key-file", filepath.Join(folder, "key")}
	p := start(t, program, args...)
	address := strings.TrimSuffix(strings.TrimPrefix(p.base, "http://"), "/fhir")
	for _, text := range []string{"", "POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", "GET /fhir/metadata HTTP/1.1\r\nHost: x\r\n\r\n"} {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer conn.Close()
		_, err = io.WriteString(conn, text)
		require.NoError(t, err)
	}
	acknowledged := make(chan string, 100_000)
	var writers sync.WaitGroup
	enough := make(chan struct{})
	var once sync.Once
	for w := range 4 {
		writers.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("w%d-%d", w, i)
				r, _ := http.NewRequest("PUT", p.base+"/Patient/"+id, strings.NewReader(`{"resourceType":"Patient","id":"`+id+`"}`))
				response, err := http.DefaultClient.Do(r)
				if err != nil {
					return
				}
				_ = response.Body.Close()
				if response.StatusCode == http.StatusCreated {
					acknowledged <- id
				}
				if len(acknowledged) > 200 {
					once.Do(func() { close(enough) })
				}
			}
		})
	}
	<-enough
	began := time.Now()
	require.NoError(t, p.command.Process.Signal(syscall.SIGTERM))
	_, err := io.Copy(io.Discard, p.stdout)
	require.NoError(t, err)
	require.NoError(t, p.command.Wait(), "%s", p.stderr.String())
	require.Less(t, time.Since(began), 10*time.Second)
	writers.Wait()
	close(acknowledged)
	p = start(t, program, args...)
	for id := range acknowledged {
		status, _ := p.do("GET", "/Patient/"+id, "")
		require.Equal(t, 200, status, id)
	}
	p.stop()
}
