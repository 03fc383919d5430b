package txlog

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// BackupOptions say what Backup writes.
type BackupOptions struct {
	// Since leaves out the commits up to a sequence, which earlier pieces have.
	Since uint64
	// Keys is where the keys go instead of into the piece.
	Keys io.Writer
	// Secrets are the store's backup secrets, oldest first. The last one seals the piece,
	// and all of them go with its keys, so that the keys open earlier pieces as well. By
	// default the piece has a secret of its own.
	Secrets []seal.BackupSecret
	// Erased are numbers of items that must not come back from earlier pieces, whatever
	// state is restored.
	Erased []Number
}

// A BackupInfo says what a piece of a backup has.
type BackupInfo struct {
	Lineage, Store [16]byte
	Since          uint64    // sequence of the last commit before the piece
	Head           Pin       // of the last commit in it
	Time           time.Time // of that commit
	Taken          time.Time // when the piece was made
	Commits, Items int       // behind Since
	Bytes          int64     // of the piece
}

// count adds a record.
func (b *BackupInfo) count(info *recordInfo) {
	before := b.Since
	for i := range info.runs {
		run := &info.runs[i]
		if run.Sequence <= b.Since {
			continue
		}
		if run.Sequence != before {
			b.Commits++
		}
		before = run.Sequence
		b.Items += run.Count
	}
}

// Backup writes a piece: the commits behind Since that are durable when it begins.
// Restore makes a store of a piece with Since 0 and of the pieces that follow it. Records
// move as they are sealed; each is verified as it is read. Appends, Rewrite and reads go
// on meanwhile.
//
// It reports ErrNotFound for a Since beyond the last commit, the error of a writer, or
// what reading reports: then the piece is not whole, and no reader takes it for one.
func (l *Log) Backup(ctx context.Context, w io.Writer, o BackupOptions) (BackupInfo, error) {
	b, err := l.startBackup(o)
	if err != nil {
		return BackupInfo{}, err
	}
	counted := &countingWriter{w: w}
	if len(o.Secrets) == 0 {
		o.Secrets = []seal.BackupSecret{seal.NewBackupSecret()}
	}
	if err := b.write(ctx, counted, o); err != nil {
		return BackupInfo{}, fmt.Errorf("txlog: backup: %w", err)
	}
	b.info.Bytes = counted.n
	return b.info, nil
}

// A backup is a piece that is being written: the log as it was when it began.
type backup struct {
	log      *Log
	state    *state
	manifest *manifest
	keys     *seal.Keyset
	slots    []seal.PatientKey
	since    uint64
	taken    int64
	out      io.Writer
	info     BackupInfo
}

// startBackup takes hold of the durable log.
func (l *Log) startBackup(o BackupOptions) (*backup, error) {
	if l.closed.Load() {
		return nil, ErrClosed
	}
	// The writer is held up so that state, manifest and keys fit one another.
	l.writer.Lock()
	b := &backup{log: l, state: l.state.Load(), manifest: l.manifest.Load(), keys: l.keys.Load(), since: o.Since}
	if t := l.slots.Load(); t != nil {
		b.slots = t.secrets
	}
	l.writer.Unlock()
	last := b.state.last
	if o.Since > last.Sequence {
		return nil, fmt.Errorf("%w: the log ends with commit %d, before %d", ErrNotFound, last.Sequence, o.Since)
	}
	b.taken = l.options.Now().UnixMicro()
	b.info = BackupInfo{
		Lineage: l.header.lineage, Store: l.header.store, Since: o.Since,
		Head: Pin{Sequence: last.Sequence, Tag: b.manifest.termTag(l.header.lineage, last.Sequence), Generation: b.manifest.generation},
		Time: time.UnixMicro(last.Time).UTC(), Taken: time.UnixMicro(b.taken).UTC(),
	}
	return b, nil
}

func (b *backup) write(ctx context.Context, w io.Writer, o BackupOptions) error {
	f, err := newFront(pieceMagic, b.keys, o.Secrets, b.slots)
	if err != nil {
		return err
	}
	if o.Keys != nil {
		f.wrapped, f.box = nil, nil
		apart, err := newFront(keysMagic, b.keys, o.Secrets, b.slots)
		if err != nil {
			return err
		}
		if err := writeAll(o.Keys, apart.marshal()); err != nil {
			return err
		}
	}
	head, err := b.head()
	if err != nil {
		return err
	}
	head.erased = numberSetOf(o.Erased)
	if err := writeAll(w, f.marshal()); err != nil {
		return err
	}
	key, err := o.Secrets[len(o.Secrets)-1].StreamKey(f.salt[:])
	if err != nil {
		return err
	}
	stream, err := seal.NewStreamWriter(w, key)
	if err != nil {
		return err
	}
	b.out = stream
	if err := b.lengthAnd(head.marshal()); err != nil {
		return err
	}
	for _, s := range b.state.segments {
		if err := b.segment(ctx, s); err != nil {
			return err
		}
	}
	if err := b.lengthAnd(nil); err != nil {
		return err
	}
	return stream.Close()
}

// lengthAnd writes bytes behind their length. No record has none, so none is the end.
func (b *backup) lengthAnd(p []byte) error {
	var length [4]byte
	binary.LittleEndian.PutUint32(length[:], uint32(len(p)))
	if _, err := b.out.Write(length[:]); err != nil {
		return err
	}
	_, err := b.out.Write(p)
	return err
}

func (b *backup) head() (*pieceHead, error) {
	l, m, last := b.log, b.manifest, b.state.last
	h := &pieceHead{
		lineage: l.header.lineage, store: l.header.store, created: l.header.created, taken: b.taken,
		since: b.since, last: last, generation: m.generation, horizon: m.horizon, term: l.term, dictionaries: l.Dictionaries(),
	}
	for _, t := range m.terms {
		if t.first <= last.Sequence {
			h.terms = append(h.terms, t)
		}
	}
	needed := map[seal.KeyID]bool{}
	for _, s := range b.state.segments {
		entry := b.entry(s)
		if err := b.numbers(h, s, entry); err != nil {
			return nil, err
		}
		if entry.lastSequence > b.since {
			for _, id := range entry.keys {
				needed[id] = true
			}
		}
	}
	h.keys = b.keys.AppendDataKeys(nil, func(id seal.KeyID) bool { return needed[id] })
	return h, nil
}

// entry returns what is known of a segment, the open one included.
func (b *backup) entry(s *segment) *segmentEntry {
	if s == b.state.segments[len(b.state.segments)-1] {
		return &b.state.open
	}
	return &s.entry
}

// numbers adds the numbers of a segment's items. Only of one with gaps the records must
// be looked at.
func (b *backup) numbers(h *pieceHead, s *segment, e *segmentEntry) error {
	if e.records == 0 {
		return nil
	}
	if e.lastNumber-e.firstNumber+1 == Number(e.items) {
		h.numbers.add(e.firstNumber, e.lastNumber+1)
		return nil
	}
	t, err := s.load(b.keys)
	if err != nil {
		return err
	}
	for i := range t.records {
		switch p := &t.records[i]; {
		case p.sequence > e.lastSequence: // appended since the backup began
			return nil
		case p.info == nil:
			h.numbers.add(p.first, p.first+Number(p.items))
		default:
			for _, run := range p.info.runs {
				h.numbers.add(run.First, run.First+Number(run.Count))
			}
		}
	}
	return nil
}

// segment writes the records of a segment that have commits behind since.
func (b *backup) segment(ctx context.Context, s *segment) error {
	e := b.entry(s)
	if e.records == 0 || e.lastSequence <= b.since {
		return nil
	}
	if t := s.table.Load(); t != nil && t.strings != nil {
		return b.memory(ctx, t)
	}
	c, sum := s.chain(b.keys), newSummary(s.entry)
	var failed error
	err := c.walk(ctx, &scanner{file: s.file, size: e.size}, func(info *recordInfo, f frame, offset int64) bool {
		sum.add(info, offset, len(f.value))
		failed = b.record(ctx, info, f.value)
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	if err == nil && !s.open {
		_, err = s.publish(c, sum)
	}
	return err
}

// memory writes the records of the open segment, which were verified when they were
// read, or written since.
func (b *backup) memory(ctx context.Context, t *table) error {
	for _, text := range t.strings {
		sealed := stringBytes(text)
		info, ok := decodeRecord(sealed)
		if !ok {
			return corruptf("record in memory does not decode")
		}
		if info.firstRun().Sequence > b.state.last.Sequence {
			return nil
		}
		if err := b.record(ctx, &info, sealed); err != nil {
			return err
		}
	}
	return nil
}

func (b *backup) record(ctx context.Context, info *recordInfo, sealed []byte) error {
	if b.log.closed.Load() {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if info.lastRun().Sequence <= b.since {
		return nil
	}
	b.info.count(info)
	return b.lengthAnd(sealed)
}

// A countingWriter counts what goes through.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func writeAll(w io.Writer, p []byte) error {
	n, err := w.Write(p)
	if err == nil && n != len(p) {
		err = io.ErrShortWrite
	}
	return err
}

// KeyID identifies the key that the caller's wrapper encrypts for the store. Backups that
// are made after it changed should have another secret.
func (l *Log) KeyID() (seal.BackupID, error) { return l.keys.Load().BackupID() }
