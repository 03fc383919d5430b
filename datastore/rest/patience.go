package rest

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// patientRate is how many bytes a client must send or take in a second, once it has used
// up the patience of the handler.
const patientRate = 8 << 10

// patientPiece is how many bytes of an answer are written at a time.
const patientPiece = 16 << 10

// A patience bounds how long one request waits for its client: in reading its body, or in
// writing its answer.
type patience struct {
	allowed time.Duration // without what the bytes earn
	waited  time.Duration
	bytes   int64
	set     func(time.Time) error // a deadline of the connection
	pending bool                  // a deadline is set
	none    bool                  // the connection has no deadlines
}

// during has f read or write some bytes.
func (p *patience) during(f func() (int, error)) (int, error) {
	if p.none {
		return f()
	}
	began := time.Now()
	left := p.allowed + time.Duration(p.bytes)*time.Second/patientRate - p.waited
	if errors.Is(p.set(began.Add(left)), http.ErrNotSupported) {
		p.none = true
		return f()
	}
	p.pending = true
	n, err := f()
	p.waited += time.Since(began)
	p.bytes += int64(n)
	return n, err
}

// A patientBody is the body of a request.
type patientBody struct {
	io.ReadCloser
	patience
	over bool // it has been read to its end
}

// Read implements [io.Reader].
func (b *patientBody) Read(p []byte) (int, error) {
	n, err := b.during(func() (int, error) { return b.ReadCloser.Read(p) })
	if err == io.EOF && !b.over {
		b.over = true
		b.forgive()
	}
	return n, err
}

// forgive lifts the deadline: a server that watches for the end of the connection would
// take it for that.
func (b *patientBody) forgive() {
	if b.pending {
		_ = b.set(time.Time{})
	}
}

// end leaves the server a while to read what the handler did not want of the body.
func (b *patientBody) end() {
	if !b.over && !b.none {
		_ = b.set(time.Now().Add(b.allowed))
	}
}

// A patientWriter is the answer to a request.
type patientWriter struct {
	http.ResponseWriter
	patience
}

// Write implements [io.Writer].
func (w *patientWriter) Write(p []byte) (int, error) {
	n := 0
	for {
		piece := p[n:min(n+patientPiece, len(p))]
		k, err := w.during(func() (int, error) { return w.ResponseWriter.Write(piece) })
		if n += k; err != nil || n >= len(p) {
			return n, err
		}
	}
}

// Flush implements [http.Flusher].
func (w *patientWriter) Flush() {
	_, _ = w.during(func() (int, error) { return 0, http.NewResponseController(w.ResponseWriter).Flush() })
}

// end leaves the server a while to write what it holds back of the answer.
func (w *patientWriter) end() {
	if w.pending {
		_ = w.set(time.Now().Add(w.allowed))
	}
}

// Unwrap serves [http.ResponseController].
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
