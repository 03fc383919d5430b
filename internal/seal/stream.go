package seal

import (
	"bufio"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// StreamChunk is how many bytes of a sealed stream are sealed together. Each chunk
// takes TagSize bytes more.
const StreamChunk = 256 << 10

// A StreamWriter seals a stream chunk by chunk, so that a reader notices every
// byte that is changed, left out, repeated or moved, and a stream that ends
// early. It is used by one goroutine.
type StreamWriter struct {
	w     io.Writer
	aead  cipher.AEAD
	index uint64
	chunk []byte
	out   []byte
	err   error
}

// NewStreamWriter returns a writer of one stream under a key of its own: no
// other stream may have the same key. Close ends the stream.
func NewStreamWriter(w io.Writer, key [KeySize]byte) (*StreamWriter, error) {
	aead, err := newGCM(key[:])
	if err != nil {
		return nil, err
	}
	return &StreamWriter{w: w, aead: aead, chunk: make([]byte, 0, StreamChunk), out: make([]byte, 0, StreamChunk+TagSize)}, nil
}

// Write implements io.Writer. After an error it reports the same error again.
func (s *StreamWriter) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		if len(s.chunk) == StreamChunk {
			s.flush(false)
		}
		if s.err != nil {
			return n, s.err
		}
		k := copy(s.chunk[len(s.chunk):StreamChunk], p)
		s.chunk = s.chunk[:len(s.chunk)+k]
		p, n = p[k:], n+k
	}
	return n, nil
}

var errStreamEnded = errors.New("seal: the stream has ended")

// Close writes the last chunk. It does not close what the stream is written to.
func (s *StreamWriter) Close() error {
	s.flush(true)
	if s.err != nil {
		return s.err
	}
	s.err = errStreamEnded
	return nil
}

func (s *StreamWriter) flush(last bool) {
	if s.err != nil {
		return
	}
	nonce := streamNonce(s.index, last)
	s.out = s.aead.Seal(s.out[:0], nonce[:], s.chunk, nil)
	s.index++
	s.chunk = s.chunk[:0]
	n, err := s.w.Write(s.out)
	if err == nil && n != len(s.out) {
		err = io.ErrShortWrite
	}
	s.err = err
}

// streamNonce numbers a chunk. The last one of a stream has another nonce than it
// would have inside, so that a stream cannot be cut between two chunks.
func streamNonce(index uint64, last bool) (nonce [NonceSize]byte) {
	binary.LittleEndian.PutUint64(nonce[:], index)
	if last {
		nonce[NonceSize-1] = 1
	}
	return nonce
}

// A StreamReader opens what a StreamWriter sealed. It gives no byte of a chunk
// before the chunk is verified, and io.EOF only behind the last one. It is used by
// one goroutine.
type StreamReader struct {
	r     *bufio.Reader
	aead  cipher.AEAD
	index uint64
	in    []byte // a sealed chunk
	out   []byte // its plaintext
	plain []byte // of out, what is not read yet
	err   error
}

// NewStreamReader returns a reader of the stream that r gives up to its end.
func NewStreamReader(r io.Reader, key [KeySize]byte) (*StreamReader, error) {
	aead, err := newGCM(key[:])
	if err != nil {
		return nil, err
	}
	return &StreamReader{r: bufio.NewReaderSize(r, 64<<10), aead: aead, in: make([]byte, StreamChunk+TagSize), out: make([]byte, 0, StreamChunk)}, nil
}

// Read implements io.Reader. It reports ErrCorrupt for a stream that is damaged or
// cut, or what the reader below reports.
func (s *StreamReader) Read(p []byte) (int, error) {
	for len(s.plain) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.plain, s.err = s.next()
	}
	n := copy(p, s.plain)
	s.plain = s.plain[n:]
	return n, nil
}

// next opens the next chunk. With the last one the error is io.EOF.
func (s *StreamReader) next() ([]byte, error) {
	n, err := io.ReadFull(s.r, s.in)
	switch {
	case err == io.EOF || err == nil && n < TagSize:
		return nil, s.corruptf("is cut")
	case err != nil && err != io.ErrUnexpectedEOF:
		return nil, err
	}
	last := err == io.ErrUnexpectedEOF
	if !last {
		_, err := s.r.Peek(1)
		if last = err == io.EOF; err != nil && !last {
			return nil, err
		}
	}
	plain, ok := s.open(s.in[:n], last)
	switch {
	case ok && last:
		return plain, io.EOF
	case ok:
		s.index++
		return plain, nil
	case last:
		if _, inside := s.open(s.in[:n], false); inside {
			return nil, s.corruptf("is cut")
		}
		return nil, s.corruptf("is damaged or cut")
	}
	if _, ended := s.open(s.in[:n], true); ended {
		return nil, s.corruptf("goes on behind its end")
	}
	return nil, s.corruptf("is damaged")
}

// open decrypts a chunk. What it returns is good until the next one is opened.
func (s *StreamReader) open(sealed []byte, last bool) ([]byte, bool) {
	nonce := streamNonce(s.index, last)
	plain, err := s.aead.Open(s.out[:0], nonce[:], sealed, nil)
	return plain, err == nil
}

// corruptf says where the stream is damaged, by the bytes that are good.
func (s *StreamReader) corruptf(what string) error {
	return fmt.Errorf("%w: stream %s after %d bytes", ErrCorrupt, what, s.index*(StreamChunk+TagSize))
}
