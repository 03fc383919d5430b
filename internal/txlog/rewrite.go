package txlog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A Change says what Rewrite does with an item. values and body return the item's
// plaintext parts; a part is decrypted when its function is called.
type Change func(n Number, kind Kind, values, body func() ([]byte, error)) (Changed, error)

// Changed is what becomes of an item. The zero Changed moves both parts as they
// are sealed.
type Changed struct {
	Drop   bool   // leave the item out
	Values []byte // sealed anew where not nil
	Body   []byte // likewise
}

// mergedRecord bounds the records that Rewrite makes of several. After each record
// Rewrite lets appends go first.
const mergedRecord = 256 << 10

// Rewrite replaces neighbouring closed segments by one new segment, or by several if
// one would pass the segment size. change is asked for each item; a nil change moves
// all items. While a rotation is under way, an item under a retired key is sealed anew.
// Items keep their numbers, and commits their sequences, times and
// annotations; a commit without items is dropped. Appends and reads go on meanwhile,
// and readers of the old segments finish.
//
// When Rewrite returns nil the new segments are durable and the old ones are
// gone. It reports the error of change, ErrNotFound for names that are not
// neighbouring closed segments, ErrTooLarge for a record that would pass
// MaxRecord, otherwise what Append and reading report. After an error the old
// segments stay, unless it is ErrOutcomeUnknown.
func (l *Log) Rewrite(ctx context.Context, names []uint64, change Change) error {
	l.rewriting.Lock()
	defer l.rewriting.Unlock()
	if err := l.checkWrite(ctx); err != nil {
		return err
	}
	sources, err := l.sources(names)
	if err != nil {
		return err
	}
	r := &rewriter{ctx: ctx, log: l, change: change, before: sources[0].entry.before}
	for _, s := range sources {
		if err = r.source(s); err != nil {
			break
		}
	}
	if err == nil {
		err = r.finish()
	}
	if err != nil {
		r.discard()
		return err
	}
	return l.swap(ctx, sources, r)
}

// checkWrite is checkWriteLocked for callers without the lock.
func (l *Log) checkWrite(ctx context.Context) error {
	l.writer.Lock()
	defer l.writer.Unlock()
	return l.checkWriteLocked(ctx)
}

// sources finds neighbouring closed segments by their names.
func (l *Log) sources(names []uint64) ([]*segment, error) {
	segments := l.state.Load().segments
	at := slices.IndexFunc(segments, func(s *segment) bool { return len(names) > 0 && s.entry.name == names[0] })
	if at < 0 || at+len(names) >= len(segments) {
		return nil, fmt.Errorf("%w: %v are no closed segments", ErrNotFound, names)
	}
	sources := segments[at : at+len(names)]
	for i, s := range sources {
		if s.entry.name != names[i] {
			return nil, fmt.Errorf("%w: %v are no neighbouring segments", ErrNotFound, names)
		}
	}
	return sources, nil
}

// A rewriter makes new segments out of old ones.
type rewriter struct {
	ctx    context.Context
	log    *Log
	keys   *seal.Keyset // of the source that is read
	change Change

	record  *recordBuilder // being gathered; nil before the first item
	before  int64          // time of the last commit before the segment that is written
	outputs []*output
	horizon uint64 // sequence of the newest commit that lost a version
	way     way
	alone   bool           // nobody appends or reads beside it
	syncs   errgroup.Group // of full outputs, where it is alone
}

// An output is a new segment, under its temporary name.
type output struct {
	file    File
	summary *summary
	end     int64
	tag     seal.Tag
}

// source adds the items of a segment that change keeps.
func (r *rewriter) source(s *segment) error {
	b := newSummary(s.entry)
	r.keys = r.log.keys.Load()
	c := s.chain(r.keys)
	var failed error
	err := c.walk(r.ctx, &scanner{file: s.file, size: s.entry.size}, func(info *recordInfo, f frame, offset int64) bool {
		b.add(info, offset, len(f.value))
		if r.log.closed.Load() {
			failed = ErrClosed
		} else {
			failed = r.add(&Record{log: r.log, keys: r.keys, info: info, place: info.place(), sealed: f.value})
		}
		return failed == nil
	})
	if err := errors.Join(failed, err); err != nil {
		return err
	}
	_, err = s.publish(c, b)
	return err
}

// add gathers the items of a record. They join the items gathered before if all fit
// into one record.
func (r *rewriter) add(source *Record) error {
	limit := min(mergedRecord, r.log.options.SegmentSize)
	if r.record != nil && int64(r.record.size+source.Size()) > limit {
		if err := r.flush(); err != nil {
			return err
		}
	}
	if r.record == nil {
		r.record = newRecordBuilder(r.log.reserve)
	}
	r.record.begin(source)
	for i := range source.Len() {
		if err := r.item(source, i); err != nil {
			return err
		}
	}
	return nil
}

// item gathers one item, and seals its changed parts anew.
func (r *rewriter) item(source *Record, i int) error {
	var changed Changed
	var err error
	if r.log.Erased(source.Slot(i)) {
		changed.Drop = true // nobody can open it
	} else if r.change != nil {
		changed, err = r.change(source.Number(i), source.Kind(i),
			func() ([]byte, error) { return source.Values(i, nil) },
			func() ([]byte, error) { return source.Body(i, nil) })
	}
	switch {
	case err != nil:
		return err
	case changed.Drop:
		if source.Kind(i) == Version {
			r.horizon = max(r.horizon, source.info.runs[source.info.runOf(i)].Sequence)
		}
		return nil
	case changed.Values == nil && changed.Body == nil:
		return r.record.move(source, i)
	}
	if changed.Values == nil {
		if changed.Values, err = source.Values(i, nil); err != nil {
			return err
		}
	}
	if changed.Body == nil {
		if changed.Body, err = source.Body(i, nil); err != nil {
			return err
		}
	}
	return r.record.seal(source, i, changed)
}

// flush writes the gathered record to the current output, or to a new one if that is
// full.
func (r *rewriter) flush() error {
	record := r.record
	r.record = nil
	if record == nil || len(record.items) == 0 {
		return nil
	}
	if record.size > MaxRecord {
		return fmt.Errorf("%w: over %d bytes", ErrTooLarge, MaxRecord)
	}
	key, err := r.log.reserve(1)
	if err != nil {
		return err
	}
	var o *output
	if n := len(r.outputs); n > 0 && r.outputs[n-1].end+frameSize(record.size) <= r.log.options.SegmentSize {
		o = r.outputs[n-1]
	} else if o, err = r.begin(record.runs[0].Run); err != nil {
		return err
	}
	info, f := record.build(key, o.tag, r.log.term)
	if _, err := o.file.WriteAt(f.bytes, o.end); err != nil {
		return fmt.Errorf("txlog: rewrite: %w", err)
	}
	o.summary.add(info, o.end+int64(f.head), len(f.record()))
	o.end += int64(len(f.bytes))
	o.tag = recordTag(f.record())
	o.summary.entry.last = o.tag
	r.before = info.lastRun().Time
	return r.giveWay(o)
}

// begin makes the file of a new segment.
func (r *rewriter) begin(first Run) (*output, error) {
	l := r.log
	l.writer.Lock()
	e := segmentEntry{name: l.takeNameLocked(), firstSequence: first.Sequence, firstNumber: first.First, before: r.before}
	l.writer.Unlock()
	rand.Read(e.id[:])
	file, err := l.folder.Open(segmentName(e.name)+tempSuffix, openCreate)
	if err != nil {
		return nil, fmt.Errorf("txlog: rewrite: %w", err)
	}
	o := &output{file: file, summary: newSummary(e), tag: e.id}
	r.outputs = append(r.outputs, o)
	if n := len(r.outputs); r.alone && n > 1 {
		full := r.outputs[n-2].file
		r.syncs.Go(full.Sync)
	}
	if err := file.Truncate(0); err != nil {
		return nil, fmt.Errorf("txlog: rewrite: %w", err)
	}
	return o, nil
}

// finish writes the last record and makes all outputs durable.
func (r *rewriter) finish() error {
	if err := r.flush(); err != nil {
		return err
	}
	rest := r.outputs
	if r.alone && len(rest) > 0 {
		if err := r.syncs.Wait(); err != nil {
			return fmt.Errorf("txlog: rewrite: %w", err)
		}
		rest = rest[len(rest)-1:]
	}
	for _, o := range rest {
		if err := o.file.Sync(); err != nil {
			return fmt.Errorf("txlog: rewrite: %w", err)
		}
	}
	if err := r.log.folder.SyncDir(nameLog); err != nil {
		return fmt.Errorf("txlog: rewrite: %w", err)
	}
	return nil
}

// discard removes the outputs. The next opening removes files that cannot be removed
// now.
func (r *rewriter) discard() {
	for _, o := range r.outputs {
		o.file.Close()
		r.log.folder.Remove(segmentName(o.summary.entry.name) + tempSuffix)
	}
}

// swap puts new segments in the place of old ones: first in the manifest, then
// in the folder.
func (l *Log) swap(ctx context.Context, sources []*segment, r *rewriter) error {
	if err := l.swapManifest(ctx, sources, r); err != nil {
		if !errors.Is(err, ErrOutcomeUnknown) {
			r.discard()
		}
		return err
	}
	l.settle(sources, r.outputs)
	return nil
}

func (l *Log) swapManifest(ctx context.Context, sources []*segment, r *rewriter) error {
	w := &l.writer
	w.Lock()
	defer w.Unlock()
	if err := l.checkWriteLocked(ctx); err != nil {
		return err
	}
	st := l.state.Load()
	at := slices.Index(st.segments, sources[0])
	next := *st
	next.keys = l.keys.Load()
	next.segments = slices.Clone(st.segments[:at])
	for _, o := range r.outputs {
		s := &segment{entry: o.summary.entry, file: o.file}
		s.table.Store(&table{records: slices.Clip(o.summary.records)})
		next.segments = append(next.segments, s)
	}
	next.segments = append(next.segments, st.segments[at+len(sources):]...)
	m := l.nextManifestLocked(next.segments)
	m.horizon = max(m.horizon, r.horizon)
	if err := l.replaceManifestLocked(m, &next, w.engine.end); err != nil {
		if w.failed != nil {
			return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
		}
		return err
	}
	l.state.Store(&next)
	return nil
}

// settle gives new segments their names and removes old ones. The manifest counts
// already: the next opening repeats what fails here.
func (l *Log) settle(sources []*segment, outputs []*output) {
	l.dropStaleCheckpoint()
	warn := func(err error) {
		if err != nil {
			l.options.Logger.Warn("files of rewritten segments are left to the next opening", "error", err)
		}
	}
	for _, o := range outputs {
		name := segmentName(o.summary.entry.name)
		if err := l.folder.Rename(name+tempSuffix, name); err != nil {
			warn(err)
			return
		}
	}
	if err := l.folder.SyncDir(nameLog); err != nil {
		warn(err)
		return
	}
	for _, s := range sources {
		err := l.folder.Remove(segmentName(s.entry.name))
		if errors.Is(err, fs.ErrNotExist) {
			err = l.folder.Remove(segmentName(s.entry.name) + tempSuffix)
		}
		warn(err)
	}
}

// reserve counts seals that are made outside of Append.
func (l *Log) reserve(n uint64) (*seal.Key, error) {
	if key := l.keys.Load().Current(); key.Reserve(n, l.options.SealsPerKey) == nil {
		return key, nil
	}
	l.writer.Lock()
	defer l.writer.Unlock()
	if err := l.checkWriteLocked(context.Background()); err != nil {
		return nil, err
	}
	return l.reserveLocked(n)
}
