package ingest

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"github.com/fhirlake/fhirlake/issue"
)

// chunkSize is the size from which a chunk is cut. It is one commit: large enough
// that syncing it is little beside preparing it, small enough that workers share
// the input evenly and, at 0.6 of the text, a log record stays below 1 MiB.
const chunkSize = 3 << 19

// chunkLines bounds the lines of a chunk. The report of a bad line is some hundred
// times as long as the shortest line.
const chunkLines = 1 << 12

// outcomeSize is about the size of the report of a bad line, in bytes.
const outcomeSize = 256

// A cutter cuts a file's text into chunks. It holds one chunk, or one line of up
// to limit bytes.
type cutter struct {
	text  io.Reader
	size  int    // from which a chunk is cut
	limit int    // longest line
	line  int64  // number of the next line, from 1
	rest  []byte // the start of the next line, read with the chunk before
	err   error  // what ended the text
}

// A cut is one result of a cutter: whole lines, or the fault of a line. Entries of a
// Bundle count as lines.
type cut struct {
	first    int64 // number of the first line
	lineEnds int64 // in data
	data     []byte
	bytes    int64 // of text that the cut stands for
	whole    bool  // data is one resource, and not lines
	fault    error // in place of data
	// broken says that the fault is not the line's: the text cannot be read on.
	broken bool

	line int64 // number of the first line in the report, 0 if it is first
	// Of entries of a Bundle: the Bundle, the index of the first entry in it, the end
	// of each entry in data, and the bytes of the text up to each end.
	bundle *bundleInfo
	index  int64
	marks  []int
	taken  []int64
}

// unreadable is the cut at which a text cannot be read on.
func unreadable(line, lost int64, err error) cut {
	return cut{first: line, bytes: lost, fault: err, broken: true}
}

// next returns the next cut and io.EOF after the last. It uses the memory of
// buffer for the data.
func (c *cutter) next(buffer []byte) (cut, error) {
	buffer = append(buffer[:0], c.rest...)
	c.rest = c.rest[:0]
	end := bytes.LastIndexByte(buffer, '\n') + 1 // of the last whole line
	for c.err == nil && (end == 0 || len(buffer) < c.size) {
		if end == 0 && len(buffer) > c.limit+len("\r\n") {
			return c.skip(buffer)
		}
		if len(buffer) == cap(buffer) {
			buffer = slices.Grow(buffer, max(c.size-len(buffer), len(buffer)/2, bytes.MinRead))
		}
		old := len(buffer)
		var n int
		n, c.err = c.text.Read(buffer[old:min(cap(buffer), old+c.size)])
		buffer = buffer[:old+n]
		if i := bytes.LastIndexByte(buffer[old:], '\n'); i >= 0 {
			end = old + i + 1
		}
	}
	if c.err == io.EOF {
		end = len(buffer) // the last line may lack its end
	}
	if end == 0 {
		return c.finish(int64(len(buffer)))
	}
	end, lines := firstLines(buffer[:end])
	c.rest = append(c.rest, buffer[end:]...)
	data := buffer[:end]
	first := c.line
	c.line += lines
	return cut{first: first, lineEnds: lines, data: data, bytes: int64(len(data))}, nil
}

// firstLines returns where the first chunkLines lines of a text end, and how many line
// ends they have.
func firstLines(text []byte) (end int, lines int64) {
	for end < len(text) && lines < chunkLines {
		n := bytes.IndexByte(text[end:], '\n') + 1
		if n == 0 {
			return len(text), lines // the last line may lack its end
		}
		end += n
		lines++
	}
	return end, lines
}

// finish reports what ended the text, once.
func (c *cutter) finish(lost int64) (cut, error) {
	if c.err == io.EOF {
		return cut{}, io.EOF
	}
	fault := c.err
	c.err = io.EOF
	return unreadable(c.line, lost, fault), nil
}

// skip reads over the rest of a line that is too long.
func (c *cutter) skip(buffer []byte) (cut, error) {
	size := int64(len(buffer))
	buffer = buffer[:min(cap(buffer), c.size)]
	for c.err == nil {
		var n int
		n, c.err = c.text.Read(buffer)
		if i := bytes.IndexByte(buffer[:n], '\n'); i >= 0 {
			size += int64(i + 1)
			c.rest = append(c.rest, buffer[i+1:n]...)
			break
		}
		size += int64(n)
	}
	c.line++
	return cut{first: c.line - 1, bytes: size, fault: invalid(issue.TooLong, fmt.Sprintf(
		"the line is longer than %d bytes, the size up to which this store takes a resource", c.limit))}, nil
}

// wholeCut is the one cut of a text that is one resource of up to limit bytes.
func wholeCut(text io.Reader, limit int) cut {
	data, err := io.ReadAll(io.LimitReader(text, int64(limit)+1))
	switch {
	case err != nil:
		return unreadable(1, int64(len(data)), err)
	case len(data) > limit:
		return cut{first: 1, bytes: int64(len(data)), fault: invalid(issue.TooLong, fmt.Sprintf(
			"the file is longer than %d bytes, the size up to which this store takes a resource", limit))}
	}
	return cut{first: 1, data: data, bytes: int64(len(data)), whole: true}
}
