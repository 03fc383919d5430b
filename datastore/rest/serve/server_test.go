package serve_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore/rest/serve"
	"github.com/stretchr/testify/require"
)

// hello answers 200.
var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })

// listen listens, and closes when the test ends.
func listen(t *testing.T, address string, opts *serve.Options) *serve.Server {
	t.Helper()
	s, err := serve.Listen(address, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// get asks a server, with a connection of its own.
func get(t *testing.T, client *http.Client, url string) (status int, body string, header http.Header) {
	t.Helper()
	response, err := client.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text), response.Header
}

// once is a client that keeps no connection.
var once = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func TestProbes(t *testing.T) {
	s := listen(t, "127.0.0.1:0", nil)
	status, body, _ := get(t, once, s.URL()+"/health")
	require.Equal(t, 200, status, body)
	for _, path := range []string{"/ready", "/fhir/Patient", "/"} {
		status, body, header := get(t, once, s.URL()+path)
		require.Equal(t, 503, status)
		require.NotEmpty(t, header.Get("Retry-After"))
		if path != "/ready" {
			require.Contains(t, body, "OperationOutcome")
		}
	}
	var broken error
	s.Mount("/fhir", hello, func() error { return broken })
	for path, want := range map[string]int{
		"/ready": 200, "/health": 200, "/fhir": 200, "/fhir/Patient": 200, "/fhir/a//b/../c": 200, "/.well-known/smart-configuration": 200,
		"/": 404, "/fhirx": 404, "/ready/": 404, "/other": 404, "//fhir/x": 404,
	} {
		status, body, header := get(t, once, s.URL()+path)
		require.Equal(t, want, status, path)
		switch {
		case want == 404:
			require.Contains(t, body, "OperationOutcome")
		case path == "/fhir/a//b/../c":
			require.Equal(t, path, body, "nothing is redirected, nor cleaned")
		case path == "/ready":
			require.Equal(t, "no-store", header.Get("Cache-Control"))
		}
	}
	broken = errors.New("a secret place")
	status, body, _ = get(t, once, s.URL()+"/ready")
	require.Equal(t, 503, status)
	require.NotContains(t, body, "secret")
	response, err := once.Post(s.URL()+"/health", "", nil)
	require.NoError(t, err)
	require.Equal(t, 405, response.StatusCode)
	require.NoError(t, response.Body.Close())
}

// What was begun ends before the server does; then handlers are told to stop.
func TestShutdown(t *testing.T) {
	s := listen(t, "127.0.0.1:0", &serve.Options{Grace: time.Minute})
	begun, finish := make(chan struct{}), make(chan struct{})
	s.Mount("", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-finish
		_, _ = io.WriteString(w, "done")
	}), nil)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	answered := make(chan string, 1)
	go func() {
		response, err := once.Get(s.URL() + "/x")
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		answered <- string(text)
	}()
	<-begun
	cancel()
	for { // nobody new is accepted
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
		if err != nil {
			break
		}
		_ = conn.Close()
		runtime.Gosched()
	}
	close(finish)
	require.Equal(t, "done", <-answered)
	require.NoError(t, <-ran)
	require.NoError(t, s.Close())
}

func TestShutdownCutsOff(t *testing.T) {
	s := listen(t, "127.0.0.1:0", &serve.Options{Grace: time.Millisecond})
	begun, ended := make(chan struct{}), make(chan error, 1)
	s.Mount("", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		ended <- r.Context().Err()
	}), nil)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-begun
		cancel()
	}()
	go func() {
		if response, err := once.Get(s.URL() + "/x"); err == nil {
			_ = response.Body.Close()
		}
	}()
	require.NoError(t, s.Run(ctx))
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestSocket(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("sockets have no modes on Windows")
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "s")
	s := listen(t, "unix:"+path, nil)
	s.Mount("/fhir", hello, nil)
	require.Equal(t, "unix:"+path, s.URL())
	info, err := os.Lstat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	status, body, _ := get(t, client, "http://any/fhir/x")
	require.Equal(t, 200, status)
	require.Equal(t, "/fhir/x", body)

	_, err = serve.Listen("unix:"+path, nil)
	require.ErrorContains(t, err, "another process")
	require.NoError(t, s.Close())
	require.NoFileExists(t, path)

	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"}) // as by kill -9
	require.NoError(t, err)
	left.SetUnlinkOnClose(false)
	require.NoError(t, left.Close())
	require.FileExists(t, filepath.Join(folder, "s"))
	s = listen(t, "unix:"+path, nil)
	require.NoError(t, s.Close())

	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))
	_, err = serve.Listen("unix:"+path, nil)
	require.ErrorContains(t, err, "no socket")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "precious", string(text))
}

func TestWrongOptions(t *testing.T) {
	for name, options := range map[string]serve.Options{
		"certificate": {Certificate: "x"}, "key": {Key: "x"}, "client CA": {ClientCA: "x"},
		"Grace": {Grace: -1}, "HeaderTimeout": {HeaderTimeout: -1}, "IdleTimeout": {IdleTimeout: -1}, "HeaderBytes": {HeaderBytes: -1},
	} {
		_, err := serve.Listen("127.0.0.1:0", &options)
		require.ErrorContains(t, err, name)
	}
	_, err := serve.Listen("127.0.0.1:0", &serve.Options{Certificate: "/none", Key: "/none"})
	require.Error(t, err)
	taken := httptest.NewServer(hello)
	defer taken.Close()
	_, err = serve.Listen(strings.TrimPrefix(taken.URL, "http://"), nil)
	require.Error(t, err)
}

// A client that sends its headers slowly, or too many, does not stay.
func TestHeaders(t *testing.T) {
	s := listen(t, "127.0.0.1:0", &serve.Options{HeaderTimeout: 50 * time.Millisecond, HeaderBytes: 1 << 10})
	s.Mount("", hello, nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(), "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /x HTTP/1.1\r\nHo")
	require.NoError(t, err)
	_, err = io.ReadAll(conn)
	require.NoError(t, err, "it ends")
	r, err := http.NewRequest("GET", s.URL()+"/x", nil)
	require.NoError(t, err)
	r.Header.Set("X-Long", strings.Repeat("x", 100<<10))
	response, err := once.Do(r)
	if err == nil { // the server may end the connection before the headers are all sent
		require.Equal(t, 431, response.StatusCode)
		require.NoError(t, response.Body.Close())
	}
	status, _, _ := get(t, once, s.URL()+"/x")
	require.Equal(t, 200, status)
}
