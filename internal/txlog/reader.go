package txlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// readAttempts is how often opening for reading begins anew if the files do not fit one
// another: a writer may replace them while they are read.
const readAttempts = 20

// openForReading opens a store as it is.
func openForReading(ctx context.Context, options Options) (*Log, error) {
	for attempt := 1; ; attempt++ {
		l, err := openOnce(ctx, options)
		if err == nil {
			return l, nil
		}
		retry := errors.Is(err, ErrCorrupt) || errors.Is(err, fs.ErrNotExist)
		if !retry || errors.Is(err, ErrNoStore) || attempt == readAttempts {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// openOnce tries to open a store for reading.
func openOnce(ctx context.Context, options Options) (_ *Log, err error) {
	l := &Log{options: options}
	l.writer.failed = fmt.Errorf("%w: it was opened for reading", ErrReadOnly)
	if l.folder, err = mountStore(options.FS); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			l.release()
		}
	}()
	h, err := l.load(ctx)
	if err != nil {
		return nil, err
	}
	r, err := l.recover(ctx, h)
	if err != nil {
		return nil, err
	}
	if err := l.keepDurable(ctx, r); err != nil {
		return nil, err
	}
	// The open segment is read from its file, up to where it was.
	st := l.state.Load()
	open := &segment{entry: r.summary.entry, file: r.segment.file, open: true}
	open.table.Store(&table{records: r.summary.records})
	st.segments[len(st.segments)-1] = open
	return l, l.checkAtLeast()
}

// mountStore mounts a folder that must have a store.
func mountStore(fsys FS) (Folder, error) {
	folder, err := fsys.Mount(false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrNoStore, err)
	}
	if err != nil {
		return nil, openError(err)
	}
	found, err := list(folder)
	if err == nil && !found.has(nameHeader) {
		err = ErrNoStore
	}
	if err != nil {
		folder.Close()
		return nil, err
	}
	return folder, nil
}

// keepDurable leaves out the last record if head does not vouch for it: its writer may
// still be syncing it. The records before it were synced before it was begun.
func (l *Log) keepDurable(ctx context.Context, r *recovery) error {
	records := r.summary.records
	if len(records) == 0 || r.summary.entry.size <= r.from {
		return nil
	}
	end := int64(0)
	if len(records) > 1 {
		end = records[len(records)-2].end()
	}
	r.chain = r.segment.chain(l.keys.Load())
	r.summary = newSummary(r.segment.entry)
	if err := r.chain.walk(ctx, &scanner{file: r.segment.file, size: end}, r.visit); err != nil {
		return err
	}
	r.summary.entry.last = r.chain.previous
	l.publish(r)
	return nil
}
