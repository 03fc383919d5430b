package bulk_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/ingest/bulk"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var background = context.Background()

// A server serves the paths of a map, and remembers what was asked.
type server struct {
	*httptest.Server
	paths map[string]http.HandlerFunc

	mu       sync.Mutex
	requests []*http.Request
}

func serve(t *testing.T, paths map[string]http.HandlerFunc) *server {
	s := &server{paths: paths}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r)
		s.mu.Unlock()
		if f := s.paths[r.URL.Path]; f != nil {
			f(w, r)
		} else {
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// asked returns the requests for a path.
func (s *server) asked(path string) (all []*http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r.URL.Path == path {
			all = append(all, r)
		}
	}
	return all
}

// quick are options for servers of this process that fail at once.
func quick() *bulk.Options {
	return &bulk.Options{HTTP: true, Attempts: 5, Pause: time.Microsecond, MaxPause: time.Millisecond}
}

// open opens a manifest.
func open(t *testing.T, url string, opts *bulk.Options) *bulk.Export {
	t.Helper()
	x, err := bulk.Open(background, url, opts)
	require.NoError(t, err)
	t.Cleanup(x.Close)
	return x
}

// manifest serves a manifest with outputs of type Patient at some URLs.
func manifest(urls ...string) http.HandlerFunc {
	var files []string
	for _, u := range urls {
		files = append(files, fmt.Sprintf(`{"type":"Patient","url":%q}`, u))
	}
	return text(`{"transactionTime":"2026-01-02T03:04:05.678Z","request":"x","requiresAccessToken":false,"output":[` + strings.Join(files, ",") + `]}`)
}

// text serves a text.
func text(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, text) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

// lines returns n lines of patients.
func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"resourceType":"Patient","id":"p%d","name":[{"family":"Family %d"}]}`+"\n", i, i*i)
	}
	return b.String()
}

func compressed(text string) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	io.WriteString(z, text)
	z.Close()
	return out.String()
}
