package txlog

import (
	"context"
	"errors"
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

// InspectRecords describes the records that have commits from a sequence on, up
// to the one that head vouches for, without lock and beside a writer. Where a record
// is damaged the iteration ends with ErrCorrupt. Where tags could not be checked,
// as without Options.Wrapper, or with a wrong one, it ends with the reason.
func InspectRecords(ctx context.Context, path string, opts *Options, from uint64) iter.Seq2[RecordInfo, error] {
	return func(yield func(RecordInfo, error) bool) {
		for attempt := 1; ; attempt++ {
			l := recordWalk{from: from, yield: yield}
			err := l.run(ctx, path, opts)
			from = l.from
			if l.stopped || err == nil {
				return
			}
			if l.moved && errors.Is(err, ErrCorrupt) && attempt < inspectAttempts {
				continue // a writer has replaced what was read
			}
			yield(RecordInfo{}, err)
			return
		}
	}
}

// A recordWalk is one attempt of InspectRecords.
type recordWalk struct {
	from    uint64 // the sequence after the last record that was yielded
	yield   func(RecordInfo, error) bool
	stopped bool // yield wants no more
	moved   bool // a writer has changed the store meanwhile
}

func (w *recordWalk) run(ctx context.Context, path string, opts *Options) error {
	in, err := startInspection(ctx, path, opts)
	if err != nil {
		return err
	}
	defer in.folder.Close()
	for _, e := range in.entries() {
		beyond := false
		f, err := in.read(ctx, e, func(info *recordInfo, f frame, _ int64) bool {
			first, last := info.firstRun().Sequence, info.lastRun().Sequence
			if beyond = in.head != nil && first > in.head.sequence; beyond {
				return false
			}
			if last >= w.from {
				w.from = last + 1
				w.stopped = !w.yield(describeRecord(e.name, info, len(f.value)), nil)
			}
			return !w.stopped
		})
		if w.stopped || beyond && err == nil {
			break
		}
		if err == nil {
			err = f.damage
		}
		if err != nil {
			w.moved = in.moved()
			return err
		}
	}
	return in.unchecked
}
