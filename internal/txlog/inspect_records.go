package txlog

import (
	"context"
	"iter"
	"time"
)

// A RecordInfo describes a record without its content.
type RecordInfo struct {
	Segment                     uint64
	FirstSequence, LastSequence uint64
	From, To                    time.Time
	Commits, Items, Bytes       int
	Term                        uint64
	ID                          [16]byte
}

func describeRecord(segment uint64, info *recordInfo, size int) RecordInfo {
	first, last := info.firstRun(), info.lastRun()
	r := RecordInfo{
		Segment: segment, FirstSequence: first.Sequence, LastSequence: last.Sequence,
		From: time.UnixMicro(first.Time).UTC(), To: time.UnixMicro(last.Time).UTC(),
		Items: int(info.items), Bytes: size, Term: info.term, ID: info.id,
	}
	for i := range info.runs {
		if i == 0 || info.runs[i].Sequence != info.runs[i-1].Sequence {
			r.Commits++
		}
	}
	return r
}

// InspectRecords describes the records that have commits from a sequence on, up to the
// one that head vouches for, without lock and beside a writer. At a damaged record the
// iteration ends with ErrCorrupt. If tags cannot be checked, without Options.Wrapper or
// with a wrong one, it ends with the reason.
func InspectRecords(ctx context.Context, path string, opts *Options, from uint64) iter.Seq2[RecordInfo, error] {
	return func(yield func(RecordInfo, error) bool) {
		in, err := startInspection(ctx, path, opts)
		if err != nil {
			yield(RecordInfo{}, err)
			return
		}
		defer in.end()
		beyond, stopped, last := false, false, uint64(0)
		for _, segment := range in.segments {
			f, err := in.read(ctx, segment, func(info *recordInfo, f frame, _ int64) bool {
				beyond = in.head != nil && info.firstRun().Sequence > in.head.sequence
				if !beyond && info.lastRun().Sequence >= from {
					stopped = !yield(describeRecord(segment.entry.name, info, len(f.value)), nil)
				}
				return !beyond && !stopped
			})
			if stopped {
				return
			}
			if err == nil {
				err, last = f.damage, max(last, f.summary.entry.lastSequence)
			}
			if err != nil {
				yield(RecordInfo{}, err)
				return
			}
			if beyond {
				break
			}
		}
		if err := in.short(last); err != nil && !yield(RecordInfo{}, err) {
			return
		}
		if in.unchecked != nil {
			yield(RecordInfo{}, in.unchecked)
		}
	}
}
