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
	connection *http.ResponseController
	writes     bool
	allowed    time.Duration // without what the bytes earn
	waited     time.Duration
	bytes      int64
	pending    bool // a deadline is set
	none       bool // the connection has no deadlines
}

// set sets a deadline of the connection.
func (p *patience) set(deadline time.Time) error {
	if p.writes {
		return p.connection.SetWriteDeadline(deadline)
	}
	return p.connection.SetReadDeadline(deadline)
}

// begin sets the deadline for some bytes, and returns the time.
func (p *patience) begin() (began time.Time) {
	if p.none {
		return began
	}
	began = time.Now()
	left := p.allowed + time.Duration(p.bytes)*time.Second/patientRate - p.waited
	p.none = errors.Is(p.set(began.Add(left)), http.ErrNotSupported)
	p.pending = !p.none
	return began
}

// end counts some bytes.
func (p *patience) end(began time.Time, n int) {
	if !p.none {
		p.waited += time.Since(began)
		p.bytes += int64(n)
	}
}

// A patientBody is the body of a request.
type patientBody struct {
	io.ReadCloser
	patience
	over bool // it has been read to its end
}

// Read implements [io.Reader]. At the end it lifts the deadline: a server that watches for
// the end of the connection would take it for that.
func (b *patientBody) Read(p []byte) (int, error) {
	began := b.begin()
	n, err := b.ReadCloser.Read(p)
	b.end(began, n)
	if err == io.EOF && !b.over {
		b.over = true
		if b.pending {
			_ = b.set(time.Time{})
		}
	}
	return n, err
}

// leave gives the server a while to read what the handler did not want of the body.
func (b *patientBody) leave() {
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
		piece := p[n:]
		if len(piece) > patientPiece && !w.none {
			piece = piece[:patientPiece]
		}
		began := w.begin()
		k, err := w.ResponseWriter.Write(piece)
		w.end(began, k)
		if n += k; err != nil || n >= len(p) {
			return n, err
		}
	}
}

// Flush implements [http.Flusher].
func (w *patientWriter) Flush() {
	began := w.begin()
	_ = w.connection.Flush()
	w.end(began, 0)
}

// leave gives the server a while to write what it holds back of the answer.
func (w *patientWriter) leave() {
	if w.pending {
		_ = w.set(time.Now().Add(w.allowed))
	}
}

// Unwrap serves [http.ResponseController].
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
