package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/klauspost/compress/gzip"
)

// headerSize is how many bytes of a file tell what it is.
const headerSize = 4

var (
	gzipMagic = []byte{0x1f, 0x8b} // RFC 1952 §2.3.1
	utf8Mark  = []byte{0xef, 0xbb, 0xbf}
)

// A decoder reads the text of a file: decompressed, without a byte order mark.
type decoder struct {
	raw     meter
	text    *bufio.Reader
	decoded bool // the file is compressed
}

// newDecoder looks at the start of a file. read counts the bytes that the file
// itself gives; it gives none once the context has ended.
func newDecoder(ctx context.Context, file io.Reader, read *atomic.Int64) (*decoder, error) {
	d := &decoder{raw: meter{ctx: ctx, reader: file, read: read}}
	d.text = bufio.NewReaderSize(&d.raw, 64<<10)
	if head, _ := d.text.Peek(len(gzipMagic)); bytes.Equal(head, gzipMagic) {
		d.decoded = true
		z, err := gzip.NewReader(d.text)
		if err != nil {
			return nil, d.wrap(err)
		}
		d.text = bufio.NewReaderSize(z, 64<<10)
	}
	// An error here comes again from Read.
	head, _ := d.text.Peek(headerSize)
	if bytes.HasPrefix(head, utf8Mark) {
		d.text.Discard(len(utf8Mark))
	} else if len(head) >= 2 && isUTF16(head) {
		return nil, invalid(issue.Structure, "the file is UTF-16 or UTF-32; JSON is exchanged as UTF-8 (RFC 8259 §8.1)")
	}
	return d, nil
}

// isUTF16 tells UTF-16 and UTF-32 by their mark, or by a zero beside the first
// character, which is ASCII in any JSON.
func isUTF16(head []byte) bool {
	return head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff || head[0] == 0 || head[1] == 0
}

// Read implements io.Reader.
func (d *decoder) Read(p []byte) (int, error) {
	n, err := d.text.Read(p)
	if err != nil && err != io.EOF {
		err = d.wrap(err)
	}
	return n, err
}

// wrap tells what is wrong with a file's bytes from what is wrong with reading
// them.
func (d *decoder) wrap(err error) error {
	if d.decoded && d.raw.err == nil {
		return invalid(issue.Structure, "the gzip data is damaged or cut short")
	}
	return fmt.Errorf("ingest: reading: %w", err)
}

// blockSize is how much is read of a file at a time, at most.
const blockSize = 256 << 10

// A meter counts the bytes that a reader gives and remembers its failure. A reader that
// hangs, as that of a pipe may, is left behind when the context ends.
type meter struct {
	ctx    context.Context
	reader io.Reader
	read   *atomic.Int64
	err    error
	block  []byte // the reader's alone while it is read
}

func (m *meter) Read(p []byte) (n int, err error) {
	if m.err = m.ctx.Err(); m.err != nil {
		return 0, m.err
	}
	if m.block == nil {
		m.block = make([]byte, blockSize)
	}
	block := m.block[:min(len(p), blockSize)]
	type answer struct {
		n   int
		err error
	}
	answers := make(chan answer, 1)
	if m.err = jobs.Await(m.ctx, func() error {
		n, err := m.reader.Read(block)
		answers <- answer{n, err}
		return nil
	}); m.err != nil {
		return 0, m.err
	}
	a := <-answers
	m.read.Add(int64(copy(p, block[:a.n])))
	if a.err != nil && !errors.Is(a.err, io.EOF) {
		m.err = a.err
	}
	return a.n, a.err
}

// invalid returns an error about input that is none of the store's making.
func invalid(code issue.Code, diagnostics string) error {
	return &datastore.Error{Class: datastore.ErrInvalid, Issues: []datastore.Issue{{
		Severity: issue.Fatal, Code: code, Offset: -1, Diagnostics: diagnostics,
	}}}
}
