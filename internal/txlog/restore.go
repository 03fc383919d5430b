package txlog

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"math"
	"path"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// nameRestoring is there while a store is restored: a folder that has it and no header
// holds nothing that anybody was told of.
const nameRestoring = "restoring" + tempSuffix

var errRestoring = fmt.Errorf("%w: restoring a store into it was interrupted, or is under way; restore again", ErrForeign)

// RestoreOptions say what Restore restores.
type RestoreOptions struct {
	VerifyOptions
	// Until is the last commit to restore, or UntilTime the time of the last, in
	// microseconds since the Unix epoch. Where both are nil all is restored.
	Until     *uint64
	UntilTime *int64
}

// Restore makes a store of the pieces of a backup: of a full one and the increments that
// follow it. The folder must be empty, or one in which restoring was interrupted. The
// store is another one, of the same lineage: it has an id and keys of its own, and the
// data keys of the items that it has. Its records are durable when Restore returns; until
// then the folder holds no store, and after an error it is empty again, but for
// ErrRestored.
//
// An item that the store did not have any more when the newest piece was made is left
// out, unless an earlier state is asked for.
//
// It reports ErrPiece, ErrNotEmpty, what VerifyPiece reports for a piece and what Open
// reports.
func Restore(ctx context.Context, path string, opts *Options, o RestoreOptions, pieces ...io.Reader) (*Log, error) {
	options, err := opts.withDefaults(path)
	if err != nil {
		return nil, err
	}
	if o.Wrapper == nil {
		o.Wrapper = options.Wrapper
	}
	if len(pieces) == 0 {
		return nil, fmt.Errorf("%w: there is none", ErrPiece)
	}
	opened, err := openPieces(ctx, pieces, o.VerifyOptions)
	if err != nil {
		return nil, err
	}
	r := &restorer{pieces: opened, until: math.MaxUint64, untilTime: math.MaxInt64}
	if o.Until != nil {
		r.until = *o.Until
	}
	if o.UntilTime != nil {
		r.untilTime = *o.UntilTime
	}
	if err := r.checkPieces(); err != nil {
		return nil, err
	}
	if err := r.prepare(ctx, options); err != nil {
		return nil, err
	}
	if err := r.restore(); err != nil {
		return nil, err
	}
	l, err := Open(ctx, path, &options)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRestored, err)
	}
	return l, nil
}

// A restorer makes a store of pieces.
type restorer struct {
	rewriter  // writes the segments of a log that nobody else has
	pieces    []*pieceReader
	until     uint64
	untilTime int64

	have    uint64 // the last commit of the pieces so far
	last    Last   // where the restored log ends so far
	selects bool   // only items whose number is in live come back
	live    numberSet
	erased  numberSet // none of these comes back
}

func (r *restorer) newest() *pieceReader { return r.pieces[len(r.pieces)-1] }

// checkPieces holds the pieces against one another: each continues the history that the
// pieces before it tell.
func (r *restorer) checkPieces() error {
	for i, p := range r.pieces {
		h := p.head
		refuse := func(format string, args ...any) error {
			return pieceError(i, p, fmt.Errorf("%w: %s", ErrPiece, fmt.Sprintf(format, args...)))
		}
		if i == 0 {
			if h.since != 0 {
				return refuse("it is an increment after commit %d, and no full backup comes before it", h.since)
			}
			continue
		}
		before := r.pieces[i-1].head
		have := before.last.Sequence
		switch {
		case h.lineage != before.lineage:
			return refuse("it is of another store")
		case h.last.Sequence < have:
			return refuse("the piece before it ends with commit %d: they are out of order", have)
		case h.since > have:
			return refuse("the piece before it ends with commit %d: one is missing or out of order", have)
		case h.history(have) != before.history(have):
			return refuse("it does not continue the piece before it: its store had another history up to commit %d", have)
		}
		for number, content := range before.dictionaries {
			if string(h.dictionaries[number]) != string(content) {
				return refuse("its dictionary %d is another", number)
			}
		}
	}
	if end := r.newest().head.last.Sequence; r.until != math.MaxUint64 && r.until > end {
		return fmt.Errorf("%w: they end with commit %d, before %d", ErrPiece, end, r.until)
	}
	return nil
}

// prepare enters the folder and makes the keys of the new store. The wrapper is asked
// first: a key that is refused leaves nothing behind.
func (r *restorer) prepare(ctx context.Context, options Options) error {
	head := r.newest().head
	l := &Log{options: options, term: head.term}
	l.header = &storeHeader{lineage: head.lineage, created: options.Now().UnixMicro()}
	rand.Read(l.header.store[:])
	rand.Read(l.header.salt[:])
	keys, err := seal.NewKeyset(ctx, options.Wrapper)
	if err != nil {
		return err
	}
	for i, p := range r.pieces {
		if keys, err = keys.WithDataKeys(p.head.keys); err != nil {
			return pieceError(i, p, sealError(err))
		}
	}
	if keys, err = keys.WithNewKey(); err != nil {
		return err
	}
	if slots := r.newest().slots; len(slots) > 0 {
		var key *seal.Key
		if keys, key, err = keys.WithSideKey(); err != nil {
			return err
		}
		l.slots.Store(&slotTable{generation: 1, key: key.ID(), secrets: slots})
	}
	l.keys.Store(keys)
	l.writer.nextName = 1
	r.rewriter = rewriter{ctx: ctx, log: l, keys: keys, alone: true}
	r.syncs.SetLimit(2)
	r.last = Last{Next: 1}
	return r.enter()
}

// enter locks the folder, if it is empty, and marks it.
func (r *restorer) enter() (err error) {
	l := r.log
	folder, err := l.options.FS.Mount(true)
	if err != nil {
		return openError(err)
	}
	l.folder = withKillPoints(folder)
	defer func() {
		if err != nil {
			l.release()
		}
	}()
	if err := checkEmpty(l.folder); err != nil {
		return err
	}
	if l.writer.head, err = l.folder.Open(nameHead, openCreate); err != nil {
		return openError(err)
	}
	if err := l.folder.Lock(l.writer.head); err != nil {
		return err
	}
	// Between looking and locking another may have made a store.
	if err := checkEmpty(l.folder); err != nil {
		return err
	}
	if err := l.folder.Check(nameHead, l.writer.head); err != nil {
		return err
	}
	if err := writeSynced(l.folder, nameRestoring, nil); err != nil {
		return openError(err)
	}
	if err := l.folder.SyncDir("."); err != nil {
		return openError(err)
	}
	return r.clear(false)
}

// checkEmpty reports ErrNotEmpty for a folder with anything of anybody's, but for what
// an interrupted restoring left.
func checkEmpty(folder Folder) error {
	found, err := list(folder)
	if err != nil {
		return err
	}
	if found.has(nameHeader) {
		return fmt.Errorf("%w: there is a store in it", ErrNotEmpty)
	}
	if found.has(nameRestoring) {
		return nil
	}
	for _, e := range found.top {
		if e.Name != nameHead || e.Size > 0 {
			return fmt.Errorf("%w: it has %q", ErrNotEmpty, e.Name)
		}
	}
	return nil
}

// clear removes what was restored so far. The header goes first, since without it the
// folder is no store, and with all the mark goes as well, once everything else is gone.
func (r *restorer) clear(all bool) error {
	folder := r.log.folder
	found, err := list(folder)
	if err != nil {
		return err
	}
	remove := func(in string, entries []Entry, wanted func(Entry) bool) {
		for _, e := range entries {
			if err != nil || !wanted(e) {
				continue
			}
			// A folder may hold names of others, which are passed over.
			if err = folder.Remove(path.Join(in, e.Name)); e.Mode.IsDir() && !all {
				err = nil
			}
		}
		if err == nil && len(entries) > 0 {
			err = folder.SyncDir(in)
		}
	}
	isHeader := func(e Entry) bool { return e.Name == nameHeader }
	isMark := func(e Entry) bool { return e.Name == nameRestoring || e.Name == nameHead }
	every := func(Entry) bool { return true }
	remove(".", found.top, isHeader)
	remove(nameLog, found.segments, every)
	remove(nameDictionaries, found.dictionaries, every)
	remove(".", found.top, func(e Entry) bool { return !isHeader(e) && !isMark(e) })
	if all {
		remove(".", found.top, isMark)
	}
	if err != nil {
		return openError(err)
	}
	return nil
}

// restore writes the store and lets go of it.
func (r *restorer) restore() (err error) {
	l := r.log
	defer func() {
		err = cmp.Or(err, r.syncs.Wait())
		for _, o := range r.outputs {
			o.file.Close()
		}
		if err != nil {
			// What cannot be removed is removed by the next try.
			_ = r.clear(true)
		}
		if closed := l.release(); err == nil {
			err = closed
		}
	}()
	if err := l.folder.Mkdir(nameLog); err != nil {
		return openError(err)
	}
	keyset, err := l.keys.Load().Marshal()
	if err != nil {
		return err
	}
	if _, err := replaceFile(l.folder, nameKeyset, keyset); err != nil {
		return openError(err)
	}
	if t := l.slots.Load(); t != nil {
		file, err := t.marshal(l.keys.Load(), l.header.lineage)
		if err != nil {
			return err
		}
		if _, err := replaceFile(l.folder, namePatients, file); err != nil {
			return openError(err)
		}
	}
	r.erased = r.newest().head.erased
	if r.until >= r.newest().head.last.Sequence && r.untilTime == math.MaxInt64 {
		r.selects, r.live = true, r.newest().head.numbers
	}
	for i, p := range r.pieces {
		if err := r.piece(p); err != nil {
			return pieceError(i, p, err)
		}
	}
	if err := r.finish(); err != nil {
		return err
	}
	return r.complete()
}

// piece adds what a piece has beyond the pieces before it.
func (r *restorer) piece(p *pieceReader) error {
	err := p.each(r.ctx, func(info *recordInfo, sealed []byte) error {
		return r.record(&Record{log: r.log, keys: r.log.keys.Load(), info: info, place: info.place(), sealed: sealed})
	})
	if err != nil {
		return err
	}
	r.have = p.head.last.Sequence
	if r.have <= r.until && p.head.last.Time <= r.untilTime {
		r.last = p.head.last // its last commits may have left no record
	}
	return nil
}

// record adds the items of a record that are wanted.
func (r *restorer) record(record *Record) error {
	whole, some := true, false
	for i := range record.info.runs {
		run := &record.info.runs[i]
		wanted := r.wants(&run.Run)
		if wanted {
			r.last = Last{Sequence: run.Sequence, Next: run.First + Number(run.Count), Time: run.Time}
			some = some || !r.selects || r.live.hasAny(run.First, run.First+Number(run.Count))
		}
		whole = whole && wanted && (!r.selects || r.live.hasAll(run.First, run.First+Number(run.Count))) &&
			!r.erased.hasAny(run.First, run.First+Number(run.Count))
	}
	if !some {
		return nil
	}
	r.change = nil
	if !whole {
		r.change = func(n Number, _ Kind, _, _ func() ([]byte, error)) (Changed, error) {
			item, ok := record.info.itemOf(n)
			run := &record.info.runs[record.info.runOf(item)]
			return Changed{Drop: !ok || !r.wants(&run.Run) || r.selects && !r.live.has(n) || r.erased.has(n)}, nil
		}
	}
	return r.add(record)
}

// wants reports whether a commit is to be restored: one that is not there yet, and not
// behind what was asked for.
func (r *restorer) wants(run *Run) bool {
	return run.Sequence > r.have && run.Sequence <= r.until && run.Time <= r.untilTime
}

// complete writes the small files. The header comes last and makes the folder a store.
func (r *restorer) complete() error {
	l, keys := r.log, r.log.keys.Load()
	open := segmentEntry{
		name: l.takeNameLocked(), firstSequence: r.last.Sequence + 1, firstNumber: r.last.Next, before: r.last.Time,
	}
	rand.Read(open.id[:])
	if err := writeSynced(l.folder, segmentName(open.name), nil); err != nil {
		return openError(err)
	}
	if err := l.folder.SyncDir(nameLog); err != nil {
		return openError(err)
	}
	newest := r.newest().head
	m := &manifest{generation: newest.generation, patients: l.slotGeneration(), horizon: min(newest.horizon, r.last.Sequence), nextName: l.writer.nextName}
	for _, t := range newest.terms {
		if t.first <= r.last.Sequence {
			m.terms = append(m.terms, t)
		}
	}
	for number, content := range newest.dictionaries {
		if err := l.writeDictionary(number, content); err != nil {
			return openError(err)
		}
		m.dictionaries = append(m.dictionaries, dictionaryEntry{number: number, size: uint32(len(content)), tag: dictionaryTag(keys, number, content)})
	}
	for _, o := range r.outputs {
		m.segments = append(m.segments, o.summary.entry)
	}
	m.segments = append(m.segments, open)
	if err := m.check(); err != nil {
		return err
	}
	file := m.marshal(keys)
	if _, err := replaceFile(l.folder, nameManifest, file); err != nil {
		return openError(err)
	}
	start := head{
		generation: m.generation, sequence: r.last.Sequence, next: r.last.Next, term: uint32(newest.term),
		manifest: refTo(manifestTag(file)), record: refTo(open.id),
	}
	if err := writeWhole(l.writer.head, newHeadFile(start, keys)); err != nil {
		return openError(err)
	}
	if _, err := replaceFile(l.folder, nameHeader, l.header.marshal(keys)); err != nil {
		return openError(err)
	}
	if err := l.folder.Remove(nameRestoring); err != nil {
		return openError(err)
	}
	return l.folder.SyncDir(".")
}
