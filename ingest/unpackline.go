package ingest

import (
	"bytes"
	"context"
)

// A lineUnpacker adds the lines of a source. It replaces a line that is a Bundle by the
// Bundle's entries. Lines and entries are numbered in one sequence; the report has the
// numbers of the lines.
type lineUnpacker struct {
	reader *reader
	of     chunk
	shift  int64 // by which the number of the next line is ahead of that in the file
}

// add adds the lines of a cut.
func (l *lineUnpacker) add(ctx context.Context, part cut) error {
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
		return l.reader.add(ctx, l.of, cut{
			first: first + l.shift, line: first, lineEnds: line - first, data: part.data[begin:end], bytes: int64(end - begin),
		})
	}
	for text := range bytes.Lines(part.data) {
		if mayBeBundle(text) {
			number := line + l.shift
			info, err := lookAt(ctx, splitterOf(text), l.reader.job.store.MaxResourceSize(), func(i int64) string {
				return madeID(l.reader.job.record.ID, l.of.source.name, number+i)
			})
			// The store refuses or keeps a line that is no JSON or is not taken apart.
			if isBundle, wrong := info.unpacks(); isBundle && wrong == nil && err == nil {
				if err := flush(); err != nil {
					return err
				}
				info.isLine = true
				u := unbundler{reader: l.reader, of: l.of, limit: l.reader.job.store.MaxResourceSize(), info: &info, number: number, line: line}
				if err := u.add(ctx, splitterOf(text)); err != nil {
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
