package serve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/issue"
)

// A Server answers requests from Listen on. It is safe for use by many goroutines.
type Server struct {
	options  Options
	listener net.Listener
	server   *http.Server
	secure   bool
	mounted  atomic.Pointer[mounted] // nil before Mount
	ending   atomic.Bool
	failed   chan error // of accepting, once
	stop     context.CancelFunc
	end      sync.Once
	endErr   error
}

// A mounted handler answers requests below a path.
type mounted struct {
	path    string
	handler http.Handler
	check   func() error // may be nil
}

// Listen begins to answer at an address: HOST:PORT, where port 0 takes a free one, or
// unix:PATH for a socket that its owner alone may use (0600). opts may be nil. A socket that
// a process has left is replaced.
func Listen(address string, opts *Options) (*Server, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, failed: make(chan error, 1), secure: o.Certificate != ""}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.server = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: o.HeaderTimeout,
		IdleTimeout:       o.IdleTimeout,
		MaxHeaderBytes:    o.HeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn),
	}
	if s.secure {
		if s.server.TLSConfig, err = newFiles(&o).config(); err != nil {
			stop()
			return nil, err
		}
	}
	if s.listener, err = listen(address); err != nil {
		stop()
		return nil, err
	}
	go func() {
		if s.secure {
			s.failed <- s.server.ServeTLS(s.listener, "", "")
		} else {
			s.failed <- s.server.Serve(s.listener)
		}
	}()
	return s, nil
}

// listen opens the listener of an address.
func listen(address string) (net.Listener, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return listenUnix(path)
	}
	return net.Listen("tcp", address)
}

// URL returns the address at which the server is reached, without a slash at its end:
// https://127.0.0.1:8443, or unix:PATH.
func (s *Server) URL() string {
	at := s.listener.Addr()
	switch {
	case at.Network() == "unix":
		return "unix:" + at.String()
	case s.secure:
		return "https://" + at.String()
	}
	return "http://" + at.String()
}

// Mount has a handler answer below a path, and below /.well-known; before, the answer to
// all but probes is 503. check says whether the server is ready; nil says that it is. The
// path has no slash at its end; "" is all.
func (s *Server) Mount(path string, handler http.Handler, check func() error) {
	s.mounted.Store(&mounted{path, handler, check})
}

// Run waits until ctx ends, or accepting fails, and then ends the server: nothing new is
// accepted, requests under way may end within Options.Grace, and then are cut off. It
// returns the error of accepting. Afterwards no handler runs that heeds the context of its
// request.
func (s *Server) Run(ctx context.Context) error {
	select {
	case err := <-s.failed:
		s.failed <- http.ErrServerClosed
		return errors.Join(err, s.close(context.Background()))
	case <-ctx.Done():
	}
	return s.Close()
}

// Close ends the server as Run does. Closing again does nothing.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.options.Grace)
	defer cancel()
	return s.close(ctx)
}

func (s *Server) close(ctx context.Context) error {
	s.end.Do(func() {
		s.ending.Store(true)
		if err := s.server.Shutdown(ctx); err != nil {
			s.stop()
			if err := s.server.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				s.endErr = err
			}
		}
		s.stop()
		if err := <-s.failed; !errors.Is(err, http.ErrServerClosed) {
			s.endErr = errors.Join(s.endErr, err)
		}
	})
	return s.endErr
}

// ServeHTTP implements [http.Handler]. It looks at the path as it came: nothing is
// redirected.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := s.mounted.Load()
	switch path := r.URL.Path; {
	case path == "/health":
		probe(w, r, true)
	case path == "/ready":
		probe(w, r, m != nil && !s.ending.Load() && (m.check == nil || m.check() == nil))
	case m == nil:
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, issue.Transient, "the server is starting: try again soon")
	case m.covers(path):
		m.handler.ServeHTTP(w, r)
	default:
		refuse(w, http.StatusNotFound, issue.NotFound, "there is nothing at this path")
	}
}

// covers reports whether a path is the handler's.
func (m *mounted) covers(path string) bool {
	rest, ok := strings.CutPrefix(path, m.path)
	return ok && (rest == "" || rest[0] == '/' || m.path == "") || strings.HasPrefix(path, "/.well-known/")
}

// probe answers a supervisor.
func probe(w http.ResponseWriter, r *http.Request, well bool) {
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, issue.NotSupported, "a probe is a GET")
	case well:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"ok"}` + "\n"))
	default:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "5")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"status":"unavailable"}` + "\n"))
	}
}

// refuse answers with an OperationOutcome.
func refuse(w http.ResponseWriter, status int, code issue.Code, text string) {
	w.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(issue.AppendOutcome(nil, issue.Issue{Severity: issue.Error, Code: code, Offset: -1, Diagnostics: text}))
}
