package ingest

import (
	"bytes"
	"context"
)

// A lineUnpacker sends the lines of a source, and of those that are Bundles the entries.
// Lines and entries have one sequence of numbers; the report has those of the lines.
type lineUnpacker struct {
	pipeline *pipeline
	of       chunk
	shift    int64 // by which the number of the next line is ahead of that in the file
}

// send sends the lines of a cut.
func (l *lineUnpacker) send(ctx context.Context, part cut) error {
	if part.fault != nil {
		part.line = part.first
		part.first += l.shift
		return l.pipeline.send(ctx, l.of, part)
	}
	defer l.pipeline.release(part.data)
	begin, first, line := 0, part.first, part.first // of the lines that are no Bundles
	end := 0
	flush := func() error {
		if begin == end {
			return nil
		}
		data := append(l.pipeline.buffer()[:0], part.data[begin:end]...)
		return l.pipeline.send(ctx, l.of, cut{
			first: first + l.shift, line: first, lineEnds: line - first, data: data, bytes: int64(len(data)),
		})
	}
	for text := range bytes.Lines(part.data) {
		if mayBeBundle(text) {
			number := line + l.shift
			info, err := lookAt(ctx, splitterOf(text), l.pipeline.job.store.MaxResourceSize(), func(i int64) string {
				return madeID(l.pipeline.job.record.ID, l.of.source.name, number+i)
			})
			// What is no JSON, and what is not taken apart, is left for the store to refuse or keep.
			if isBundle, wrong := info.unpacks(); isBundle && wrong == nil && err == nil {
				if err := flush(); err != nil {
					return err
				}
				info.isLine = true
				u := unbundler{pipeline: l.pipeline, of: l.of, limit: l.pipeline.job.store.MaxResourceSize(), info: &info, number: number, line: line}
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
