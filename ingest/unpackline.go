package ingest

import (
	"bytes"
	"context"
)

// A lineUnpacker sends the lines of a source, and of those that are Bundles the entries.
// Lines and entries have one sequence of numbers; the report has those of the lines.
type lineUnpacker struct {
	reader *reader
	of     chunk
	shift  int64 // by which the number of the next line is ahead of that in the file
}

// unpackLines adds the lines of a source, and of those that are Bundles the entries.
func (r *reader) unpackLines(ctx context.Context, of chunk, text *decoder) error {
	c := cutter{text: text, size: chunkSize, limit: r.job.store.MaxResourceSize(), line: 1}
	lines := lineUnpacker{reader: r, of: of}
	var buffer []byte
	for {
		part, err := c.next(buffer)
		if err != nil {
			return nil // it is io.EOF
		}
		if err := lines.send(ctx, part); err != nil {
			return err
		}
		if buffer = part.data; cap(buffer) > 2*chunkSize {
			buffer = nil // a very long line keeps no memory
		}
	}
}

// send sends the lines of a cut.
func (l *lineUnpacker) send(ctx context.Context, part cut) error {
	if part.fault != nil {
		part.line = part.first
		part.first += l.shift
		return l.reader.add(ctx, l.of, part)
	}
	begin, first, line := 0, part.first, part.first // of the lines that are no Bundles
	end := 0
	flush := func() error {
		if begin == end {
			return nil
		}
		data := append(l.reader.batch.room(), part.data[begin:end]...)
		return l.reader.add(ctx, l.of, cut{
			first: first + l.shift, line: first, lineEnds: line - first, data: data, bytes: int64(len(data)),
		})
	}
	for text := range bytes.Lines(part.data) {
		if mayBeBundle(text) {
			number := line + l.shift
			info, err := lookAt(ctx, splitterOf(text), l.reader.job.store.MaxResourceSize(), func(i int64) string {
				return madeID(l.reader.job.record.ID, l.of.source.name, number+i)
			})
			// What is no JSON, and what is not taken apart, is left for the store to refuse or keep.
			if isBundle, wrong := info.unpacks(); isBundle && wrong == nil && err == nil {
				if err := flush(); err != nil {
					return err
				}
				info.isLine = true
				u := unbundler{reader: l.reader, of: l.of, limit: l.reader.job.store.MaxResourceSize(), info: &info, number: number, line: line}
				if err := u.send(ctx, splitterOf(text)); err != nil {
					return err
				}
				end += len(text)
				begin, first, line = end, line+1, line+1
				l.shift += max(info.entries, 1) - 1
				continue
			}
		}
		end += len(text)
		line++
	}
	return flush()
}
