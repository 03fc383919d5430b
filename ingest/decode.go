package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// headerSize is how many bytes of a file tell its format.
const headerSize = 4

var (
	gzipMagic = []byte{0x1f, 0x8b}             // RFC 1952 §2.3.1
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd} // RFC 8878 §3.1.1
	utf8Mark  = []byte{0xef, 0xbb, 0xbf}
)

// maxWindow is the largest window of zstd data that is read: the largest of zstd's
// ordinary levels and of --long=27.
const maxWindow = 128 << 20

// A decoder reads the text of a file: decompressed, without a byte order mark.
type decoder struct {
	raw    meter
	text   *bufio.Reader
	format string // how the file is compressed, "" if it is not
	sum    limitedReader
	zstd   *zstd.Decoder

	buffers []*bufio.Reader
}

// newDecoder looks at the start of a file. read counts the bytes that the file
// itself gives; it gives none once the context has ended. A compressed file yields up to
// most bytes.
func newDecoder(ctx context.Context, file *opening, read *atomic.Int64, most int64) (*decoder, error) {
	d := &decoder{raw: meter{ctx: ctx, opening: file, read: read}}
	d.text = d.buffer(&d.raw)
	if err := d.decompress(most); err != nil {
		d.close()
		return nil, d.wrap(err)
	}
	// An error here comes again from Read.
	head, _ := d.text.Peek(headerSize)
	if bytes.HasPrefix(head, utf8Mark) {
		d.text.Discard(len(utf8Mark))
	} else if len(head) >= 2 && isUTF16(head) {
		d.close()
		return nil, invalid(issue.Structure, "the file is UTF-16 or UTF-32; JSON is exchanged as UTF-8 (RFC 8259 §8.1)")
	}
	return d, nil
}

// decompress puts a decompressor over a file that is compressed.
func (d *decoder) decompress(most int64) (err error) {
	var text io.Reader
	switch head, _ := d.text.Peek(headerSize); {
	case bytes.HasPrefix(head, gzipMagic):
		d.format = "gzip"
		text, err = gzip.NewReader(d.text)
	case bytes.Equal(head, zstdMagic) || isSkippable(head):
		d.format = "zstd"
		d.zstd, err = zstd.NewReader(d.text, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		text = d.zstd
	default:
		return nil
	}
	if err != nil {
		return err
	}
	d.sum = limitedReader{from: text, left: most}
	d.text = d.buffer(&d.sum)
	return nil
}

// decoderBuffers are the buffers of decoders: *bufio.Reader.
var decoderBuffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 64<<10) }}

// buffer returns a buffer over a reader, until the decoder is closed.
func (d *decoder) buffer(over io.Reader) *bufio.Reader {
	b := decoderBuffers.Get().(*bufio.Reader)
	b.Reset(over)
	d.buffers = append(d.buffers, b)
	return b
}

// isSkippable tells a skippable frame, with which zstd data may begin (RFC 8878 §3.1.2).
func isSkippable(head []byte) bool {
	return len(head) == headerSize && head[0]&0xf0 == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18
}

// close gives memory back. It does not close the file.
func (d *decoder) close() {
	if d.zstd != nil {
		d.zstd.Close()
	}
	for _, b := range d.buffers {
		b.Reset(nil)
		decoderBuffers.Put(b)
	}
	d.buffers = nil
}

// isUTF16 recognises UTF-16 and UTF-32 by their mark, or by a zero beside the first
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

// wrap tells a fault of a file's bytes from an error of reading them.
func (d *decoder) wrap(err error) error {
	switch {
	case d.sum.passed:
		return invalid(issue.TooLong, "the compressed file yields more than Options.MaxUnpacked allows")
	case errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return invalid(issue.TooCostly, fmt.Sprintf("the zstd data has a window of more than %d bytes", maxWindow))
	case d.format != "" && d.raw.err == nil:
		return invalid(issue.Structure, "the "+d.format+" data is damaged or cut short")
	}
	return fmt.Errorf("ingest: reading: %w", err)
}

// blockSize is how much is read of a file at a time, at most.
const blockSize = 256 << 10

// A meter counts the bytes that a file gives and remembers its failure. A file that hangs,
// as a pipe may, is left behind when the context ends.
type meter struct {
	*opening
	ctx   context.Context
	read  *atomic.Int64
	total int64
	err   error
	block []byte // the file's alone while it is read
}

// errShorter says that a file ends before the size with which it was listed.
var errShorter = errors.New("ingest: the file is shorter than it was when the import began: it was changed meanwhile")

// Read implements io.Reader.
func (m *meter) Read(p []byte) (n int, err error) {
	n, err = m.next(p)
	m.total += int64(n)
	m.read.Add(int64(n))
	if err == io.EOF && m.total < m.source.size {
		m.err = errShorter
		return n, m.err
	}
	return n, err
}

func (m *meter) next(p []byte) (n int, err error) {
	if m.err = m.ctx.Err(); m.err != nil {
		return 0, m.err
	}
	if len(m.head) > 0 {
		n = copy(p, m.head)
		m.head = m.head[n:]
		return n, nil
	}
	if m.file == nil {
		if !errors.Is(m.end, io.EOF) {
			m.err = m.end
		}
		return 0, m.end
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
		n, err := m.file.Read(block)
		answers <- answer{n, err}
		return nil
	}); m.err != nil {
		return 0, m.err
	}
	a := <-answers
	copy(p, block[:a.n])
	if a.err != nil && !errors.Is(a.err, io.EOF) {
		m.err = a.err
	}
	return a.n, a.err
}

// invalid returns an error about the input.
func invalid(code issue.Code, diagnostics string) error {
	return &datastore.Error{Class: datastore.ErrInvalid, Issues: []datastore.Issue{{
		Severity: issue.Fatal, Code: code, Offset: -1, Diagnostics: diagnostics,
	}}}
}
