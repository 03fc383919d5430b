package rest

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/fhirlake/fhirlake/issue"
)

// requestID is the header by which a request is found in the logs of all that it passes.
const requestID = "X-Request-Id"

// guarded returns a handler with what concerns every request before it: its size, its
// origin, its client's patience, and who is told of it.
func (h *handler) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connection := http.NewResponseController(w)
		writer := &patientWriter{w, patience{connection: connection, writes: true, allowed: h.options.Limits.Patience}}
		defer writer.leave()
		w = writer
		id := r.Header.Get(requestID)
		if !isRequestID(id) {
			id = ""
		}
		told := h.options.Audit != nil || h.options.Observers != nil
		if told && id == "" {
			id = rand.Text()
		}
		if id != "" {
			w.Header().Set(requestID, id)
		}
		if told {
			counted := &countedWriter{ResponseWriter: w}
			var end func(aborted bool)
			r, end = h.observe(r, counted, id)
			defer func() {
				v := recover()
				end(v != nil)
				if v != nil {
					panic(v)
				}
			}()
			w = counted
		}
		if r.Body != nil && r.Body != http.NoBody {
			body := &patientBody{ReadCloser: r.Body, patience: patience{connection: connection, allowed: h.options.Limits.Patience}}
			r.Body = body
			defer body.leave()
		}
		defer h.survive(w, r)
		switch answered, err := h.cors.allow(w, r); {
		case err != nil:
			h.refuse(w, r, err)
		case answered:
		default:
			if err := h.checkHeader(r); err != nil {
				h.refuse(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		}
	})
}

// checkHeader refuses a request whose path, query and headers are too long.
func (h *handler) checkHeader(r *http.Request) error {
	size := len(r.URL.Path) + len(r.URL.RawQuery)
	if size > h.options.Limits.HeaderBytes {
		return refuse(http.StatusRequestURITooLong, issue.TooLong, "the address is too long: search by POST to _search")
	}
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + 32
		}
	}
	if size > h.options.Limits.HeaderBytes {
		return refuse(http.StatusRequestHeaderFieldsTooLarge, issue.TooLong, "the headers are too long")
	}
	return nil
}

// checkPath refuses a path that leads elsewhere than it says.
func checkPath(u *url.URL) error {
	if strings.Contains(strings.ToLower(u.RawPath), "%2f") {
		return refuse(http.StatusBadRequest, issue.Invalid, "the path has an escaped slash")
	}
	if strings.Contains(u.Path, "//") {
		return refuse(http.StatusNotFound, issue.NotFound, "there is nothing at this path: a step of it is empty")
	}
	for step := range strings.SplitSeq(u.Path, "/") {
		if step == "." || step == ".." || strings.ContainsFunc(step, isControl) {
			return refuse(http.StatusBadRequest, issue.Invalid, "the path has a step . or .. or a control character")
		}
	}
	return nil
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f }

// refuse answers with an error before there is an exchange.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	x := &exchange{handler: h, w: w, r: r, form: form{mediaType: fhirJSON}}
	_ = x.shape(r.URL.RawQuery) // in JSON if nothing else can be had
	x.fail(err)
}

// survive turns a panic outside of an exchange into an answer.
func (h *handler) survive(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v != http.ErrAbortHandler {
		h.options.Logger.ErrorContext(r.Context(), "rest: panic", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
	}
	if begun, ok := w.(*countedWriter); v == http.ErrAbortHandler || ok && begun.status != 0 {
		panic(http.ErrAbortHandler)
	}
	h.refuse(w, r, errInternal)
}

// isRequestID reports whether a client's name of a request may stand in logs.
func isRequestID(id string) bool {
	return id != "" && len(id) <= 64 && !strings.ContainsFunc(id, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.'
	})
}

// A countedWriter counts what is answered.
type countedWriter struct {
	http.ResponseWriter
	status int // 0 before the answer has begun
	bytes  int64
}

// WriteHeader implements [http.ResponseWriter].
func (w *countedWriter) WriteHeader(status int) {
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [io.Writer].
func (w *countedWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Flush implements [http.Flusher].
func (w *countedWriter) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

// Unwrap serves [http.ResponseController].
func (w *countedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
