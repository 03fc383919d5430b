package rest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/stretchr/testify/require"
)

// dial sends a text to a server and returns the connection.
func dial(t *testing.T, server *httptest.Server, text string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	return conn, bufio.NewReader(conn)
}

// A body that does not come is answered with 408, and nothing is stored.
func TestSlowBodies(t *testing.T) {
	c := newClient(t, nil)
	server := httptest.NewServer(rest.NewHandler(c.store, &rest.Options{Limits: rest.Limits{Patience: 100 * time.Millisecond}}))
	t.Cleanup(server.Close)
	for name, head := range map[string]string{
		"nothing": "Content-Length: 100\r\n\r\n",
		"a part":  "Content-Length: 100\r\n\r\n{\"resourceType\"",
		"chunked": "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"res\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, answer := dial(t, server, "POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"+head)
			response, err := http.ReadResponse(answer, nil)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, http.StatusRequestTimeout, response.StatusCode, "%s", body)
			require.Contains(t, string(body), "OperationOutcome")
			_, err = answer.ReadByte()
			require.ErrorIs(t, err, io.EOF, "the connection ends")
		})
	}
	require.Zero(t, *c.must(200, "GET", "/Patient", "").bundle(t).Total)
}

// A body that its handler does not want does not keep a connection.
func TestUnwantedBodies(t *testing.T) {
	c := newClient(t, nil)
	server := httptest.NewServer(rest.NewHandler(c.store, &rest.Options{Limits: rest.Limits{Patience: 100 * time.Millisecond}}))
	t.Cleanup(server.Close)
	_, answer := dial(t, server, "POST /fhir/Nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
	_, err := io.ReadAll(answer)
	require.NoError(t, err)
}

// A request that takes longer than its client may is not cut off for that.
func TestPatienceIsForTheClientAlone(t *testing.T) {
	c := newClient(t, nil)
	ended := make(chan error, 1)
	server := httptest.NewServer(rest.NewHandler(c.store, &rest.Options{
		Limits: rest.Limits{Patience: 20 * time.Millisecond},
		Observers: []rest.Observer{func(ctx context.Context, r *http.Request) (context.Context, func(*rest.Access)) {
			return ctx, func(*rest.Access) {
				select {
				case <-time.After(60 * time.Millisecond):
				case <-r.Context().Done(): // the server took the deadline of the body for the end of the connection
				}
				ended <- r.Context().Err()
			}
		}},
	}))
	t.Cleanup(server.Close)
	response, err := http.Post(server.URL+"/fhir/Patient", "application/fhir+json", strings.NewReader(ann))
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, response.StatusCode)
	require.NoError(t, response.Body.Close())
	require.NoError(t, <-ended)
}

// A client that does not take its answer is cut off, and others are served.
func TestSlowReaders(t *testing.T) {
	c := newClient(t, nil)
	for i := range 40 {
		c.must(201, "PUT", fmt.Sprintf("/Basic/b%d", i), fmt.Sprintf(`{"resourceType":"Basic","id":"b%d","code":{"text":"%s"}}`, i, strings.Repeat("x", 500_000)))
	}
	over := make(chan *rest.Access, 10)
	server := httptest.NewUnstartedServer(rest.NewHandler(c.store, &rest.Options{
		Limits: rest.Limits{Patience: 100 * time.Millisecond}, Audit: func(_ context.Context, a *rest.Access) { over <- a },
	}))
	server.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		if tcp, ok := conn.(*net.TCPConn); ok && state == http.StateNew {
			_ = tcp.SetWriteBuffer(4096)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	conn, _ := dial(t, server, "GET /fhir/Basic?_count=40 HTTP/1.1\r\nHost: x\r\n\r\n")
	_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	a := <-over
	require.True(t, a.Aborted)
	require.Equal(t, http.StatusOK, a.Status)
	response, err := http.Get(server.URL + "/fhir/Basic/b1")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
}

// What is no whole request is refused, and nothing of it is stored.
func TestBrokenRequests(t *testing.T) {
	c := newClient(t, nil)
	server := httptest.NewServer(rest.NewHandler(c.store, nil))
	t.Cleanup(server.Close)
	post := "POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"
	for name, test := range map[string]struct {
		text   string
		status int
	}{
		"cut body":              {post + "Content-Length: 1000\r\n\r\n" + ann, 400},
		"cut chunk":             {post + "Transfer-Encoding: chunked\r\n\r\n50\r\n" + ann[:10], 400},
		"no last chunk":         {post + fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(ann), ann), 400},
		"malformed chunk":       {post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n" + ann, 400},
		"cut gzip":              {post + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00", 400},
		"no gzip":               {post + fmt.Sprintf("Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", len(ann), ann), 400},
		"strange coding":        {post + "Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}", 415},
		"text":                  {strings.Replace(post, "application/fhir+json", "text/plain", 1) + "Content-Length: 2\r\n\r\n{}", 415},
		"multipart":             {strings.Replace(post, "application/fhir+json", "multipart/form-data; boundary=x", 1) + "Content-Length: 2\r\n\r\n{}", 415},
		"nonsense for a type":   {strings.Replace(post, "application/fhir+json", ";;/;", 1) + "Content-Length: 2\r\n\r\n{}", 415},
		"UTF-16":                {strings.Replace(post, "application/fhir+json", "application/fhir+json; charset=utf-16", 1) + "Content-Length: 2\r\n\r\n{}", 415},
		"nothing":               {post + "Content-Length: 0\r\n\r\n", 400},
		"a strange method":      {"BREW /fhir/Patient HTTP/1.1\r\nHost: x\r\n\r\n", 405},
		"TRACE":                 {"TRACE /fhir/Patient HTTP/1.1\r\nHost: x\r\n\r\n", 405},
		"OPTIONS of no browser": {"OPTIONS /fhir/Patient HTTP/1.1\r\nHost: x\r\n\r\n", 405},
		"format of nonsense":    {"GET /fhir/Patient?_format=%00%ff HTTP/1.1\r\nHost: x\r\n\r\n", 406},
		"a query of nonsense":   {"GET /fhir/Patient?%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		"a forged page token":   {"GET /fhir/Patient?_page=AAAA HTTP/1.1\r\nHost: x\r\n\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			conn, answer := dial(t, server, test.text)
			require.NoError(t, conn.(*net.TCPConn).CloseWrite())
			response, err := http.ReadResponse(answer, nil)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, test.status, response.StatusCode, "%s", body)
			require.Contains(t, string(body), "OperationOutcome")
		})
	}
	require.Zero(t, c.store.Snapshot().Sequence(), "nothing was stored")
	c.must(201, "POST", "/Patient", ann)
}
