package rest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/fhirlake/fhirlake/datastore"
)

// Client returns a client whose requests are answered by a handler over the store, without
// a socket: for tests, and for code that is written against HTTP. The path decides, such
// as http://localhost/fhir/Patient/1; any scheme and host will do. Answers come as they
// are written. The client is safe for many goroutines and starts one for each request,
// which ends when the answer is read, closed or canceled.
func Client(store *datastore.Store) *http.Client {
	return &http.Client{Transport: inProcess{NewHandler(store, nil)}}
}

// inProcess has requests answered by a handler.
type inProcess struct{ handler http.Handler }

// errAborted is the error for the reader of an answer that ended half way.
var errAborted = errors.New("rest: the answer was cut off")

// RoundTrip implements [http.RoundTripper].
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	served := r.Clone(ctx)
	if served.Body == nil {
		served.Body = http.NoBody
	}
	if served.Host == "" {
		served.Host = r.URL.Host
	}
	served.RequestURI = r.URL.RequestURI()
	served.RemoteAddr = "127.0.0.1:0"
	body, sink := io.Pipe()
	stop := context.AfterFunc(ctx, func() { _ = sink.CloseWithError(context.Cause(ctx)) })
	a := &pipedAnswer{header: http.Header{}, sink: sink, begun: make(chan struct{}), head: r.Method == http.MethodHead}
	go func() {
		defer func() {
			err := io.EOF
			if recover() != nil { // the handler has told the log what it was
				err = cmp.Or(r.Context().Err(), errAborted)
			}
			a.WriteHeader(http.StatusOK)
			_ = served.Body.Close()
			_ = sink.CloseWithError(err)
			stop()
			cancel()
		}()
		t.handler.ServeHTTP(a, served)
	}()
	select {
	case <-a.begun:
	case <-ctx.Done():
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		<-a.begun
	}
	length := int64(-1)
	if n, err := strconv.ParseInt(a.sent.Get("Content-Length"), 10, 64); err == nil {
		length = n
	}
	return &http.Response{
		Status: strconv.Itoa(a.status) + " " + http.StatusText(a.status), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.sent, Body: body, ContentLength: length, Request: r,
	}, nil
}

// A pipedAnswer is an answer that is read while it is written.
type pipedAnswer struct {
	header http.Header
	sink   *io.PipeWriter
	once   sync.Once
	begun  chan struct{} // closed when status and sent are there
	status int
	sent   http.Header
	head   bool // there is no body, whatever the handler writes
}

// Header implements [http.ResponseWriter].
func (a *pipedAnswer) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *pipedAnswer) WriteHeader(status int) {
	a.once.Do(func() {
		a.status, a.sent = status, a.header.Clone()
		close(a.begun)
	})
}

// Write implements [http.ResponseWriter].
func (a *pipedAnswer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.head {
		return len(p), nil
	}
	return a.sink.Write(p)
}
