package txlog

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"

	"github.com/fhirlake/fhirlake/internal/killpoint"
	"github.com/fhirlake/fhirlake/internal/seal"
)

// CheckpointInfo describes the checkpoint that a store has.
type CheckpointInfo struct {
	Sequence uint64 // of the last commit that it knows
	Bytes    int64  // of the file
}

// Checkpoint describes the checkpoint from which the log could be continued, the zero
// CheckpointInfo where there is none. It reads nothing.
func (l *Log) Checkpoint() CheckpointInfo {
	if h := l.checkpoint.Load(); h != nil {
		return CheckpointInfo{h.last.Sequence, h.size}
	}
	return CheckpointInfo{}
}

// A CheckpointWriter writes a checkpoint beside appends. It belongs to one goroutine,
// which ends it by Finish or Discard.
type CheckpointWriter struct {
	log     *Log
	header  checkpointHeader
	key     *seal.Key
	file    File // nil before the first part
	end     int64
	entries []byte // of the directory
	sealed  []byte
	nonce   [seal.NonceSize]byte
}

// maxCheckpointPart bounds the parts, which are read whole.
const maxCheckpointPart = 1 << 30

// checkpointSync is how much is written between two syncs, so that none takes long.
const checkpointSync = 16 << 20

// BeginCheckpoint begins a checkpoint of the log as it is now, without touching a disk. It
// is called while nobody appends, by a caller who knows all commits of the log. It
// returns nil for a log in memory, and for one that takes no writes.
func (l *Log) BeginCheckpoint() *CheckpointWriter {
	if l.options.inMemory || l.options.ReadOnly {
		return nil
	}
	st, m := l.state.Load(), l.manifest.Load()
	w := &CheckpointWriter{log: l, header: checkpointHeader{
		store: l.header.store, lineage: l.header.lineage, last: st.last, term: m.termTag(l.header.lineage, st.last.Sequence),
		segments: uint32(len(st.segments)), digest: l.digest(st),
	}}
	rand.Read(w.header.id[:])
	return w
}

// Sequence returns the last commit that the checkpoint knows.
func (w *CheckpointWriter) Sequence() uint64 { return w.header.last.Sequence }

// Bytes returns how much was written so far.
func (w *CheckpointWriter) Bytes() int64 { return w.end }

// Add seals a part and writes it. The part is not kept. It reports what Append reports.
func (w *CheckpointWriter) Add(part []byte) error {
	if len(part) > maxCheckpointPart {
		return fmt.Errorf("%w: part of a checkpoint of %d bytes", ErrTooLarge, len(part))
	}
	if err := w.open(); err != nil {
		return err
	}
	w.entries = binary.LittleEndian.AppendUint64(w.entries, uint64(w.end))
	w.entries = binary.LittleEndian.AppendUint32(w.entries, uint32(len(part)+seal.Overhead))
	err := w.seal(part, uint64(w.header.parts))
	w.header.parts++
	return err
}

// open makes the file.
func (w *CheckpointWriter) open() error {
	if w.file != nil {
		return nil
	}
	if err := w.log.checkWrite(context.Background()); err != nil {
		return err
	}
	f, err := w.log.folder.Open(nameCheckpoint+tempSuffix, openCreate)
	if err == nil {
		w.file, w.end = f, checkpointHead
		err = f.Truncate(0)
	}
	if err != nil {
		return fmt.Errorf("txlog: checkpoint: %w", err)
	}
	// One key seals the whole checkpoint. It is of this opening, so it was counted.
	if w.key, err = w.log.reserve(1); err != nil {
		return err
	}
	w.header.key = w.key.ID()
	return nil
}

// seal writes a part at the end of the file.
func (w *CheckpointWriter) seal(part []byte, number uint64) error {
	if w.log.closed.Load() {
		return ErrClosed
	}
	if err := w.key.Reserve(1, 0); err != nil {
		return err
	}
	rand.Read(w.nonce[:])
	w.sealed = w.key.SealPart(w.sealed[:0], part, &w.nonce, w.header.partID(number))
	if _, err := w.file.WriteAt(w.sealed, w.end); err != nil {
		return fmt.Errorf("txlog: checkpoint: %w", err)
	}
	before := w.end
	w.end += int64(len(w.sealed))
	if before/checkpointSync != w.end/checkpointSync {
		if err := w.file.Sync(); err != nil {
			return fmt.Errorf("txlog: checkpoint: %w", err)
		}
	}
	return nil
}

func (h *checkpointHeader) partID(number uint64) seal.PartID {
	return seal.PartID{Lineage: h.id, Number: number, Kind: seal.Checkpoint}
}

// Finish puts the checkpoint in the place of the one before. It reports ErrNotFound for
// one that is out of date already, because segments were rewritten meanwhile; otherwise
// what Append reports.
func (w *CheckpointWriter) Finish() error {
	if err := w.finish(); err != nil {
		w.Discard()
		return err
	}
	w.file = nil
	return nil
}

func (w *CheckpointWriter) finish() error {
	if err := w.open(); err != nil {
		return err
	}
	w.header.directory = w.end
	if err := w.seal(w.entries, directoryNumber); err != nil {
		return err
	}
	w.header.size = w.end
	l := w.log
	if _, err := w.file.WriteAt(w.header.marshal(l.keys.Load()), 0); err != nil {
		return fmt.Errorf("txlog: checkpoint: %w", err)
	}
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("txlog: checkpoint: %w", err)
	}
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("txlog: checkpoint: %w", err)
	}
	if err := l.placeCheckpoint(&w.header); err != nil {
		return err
	}
	killpoint.Here("after.checkpoint")
	// A name that a crash takes away costs time, and nothing else.
	if err := l.folder.SyncDir("."); err != nil {
		l.options.Logger.Warn("the name of a checkpoint could not be synced", "error", err)
	}
	return nil
}

// placeCheckpoint gives a written checkpoint its name, while no segment is replaced.
func (l *Log) placeCheckpoint(h *checkpointHeader) error {
	l.writer.Lock()
	defer l.writer.Unlock()
	if err := l.checkWriteLocked(context.Background()); err != nil {
		return err
	}
	if err := l.fitsCheckpoint(h); err != nil {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if err := l.folder.Rename(nameCheckpoint+tempSuffix, nameCheckpoint); err != nil {
		return fmt.Errorf("txlog: checkpoint: %w", err)
	}
	l.checkpoint.Store(h)
	return nil
}

// Discard gives the checkpoint up. The one before stays.
func (w *CheckpointWriter) Discard() {
	if w.file == nil {
		return
	}
	w.file.Close()
	w.file = nil
	// What cannot be removed goes at the next opening.
	w.log.folder.Remove(nameCheckpoint + tempSuffix)
}

// DropCheckpoint removes the checkpoint, so that nothing of it is left in the folder.
// Without one the log is read from its beginning.
func (l *Log) DropCheckpoint() error {
	l.checkpoint.Store(nil)
	if l.options.inMemory {
		return nil
	}
	if err := l.checkWrite(context.Background()); err != nil {
		return err
	}
	if err := l.folder.Remove(nameCheckpoint); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("txlog: drop checkpoint: %w", err)
	}
	if err := l.folder.SyncDir("."); err != nil {
		return fmt.Errorf("txlog: drop checkpoint: %w", err)
	}
	return nil
}

// dropStaleCheckpoint removes a checkpoint of segments that were replaced.
func (l *Log) dropStaleCheckpoint() {
	if h := l.checkpoint.Load(); h == nil || l.fitsCheckpoint(h) == nil {
		return
	}
	if err := l.DropCheckpoint(); err != nil {
		l.options.Logger.Warn("a checkpoint that is out of date could not be removed", "error", err)
	}
}

// A CheckpointReader reads the parts of a checkpoint. Part is safe for many goroutines.
type CheckpointReader struct {
	header  *checkpointHeader
	file    File
	key     *seal.Key
	entries []byte
}

// OpenCheckpoint opens the checkpoint of the log. It reports fs.ErrNotExist where there
// is none, and ErrCorrupt, ErrUnsupported or an error of the disk for one that cannot be
// used: then the log is read from its beginning, and nothing is lost.
func (l *Log) OpenCheckpoint() (*CheckpointReader, error) {
	h, f, err := l.readCheckpoint()
	if err != nil {
		return nil, err
	}
	r := &CheckpointReader{header: h, file: f}
	if r.key, err = l.keys.Load().Key(h.key); err == nil {
		b := make([]byte, h.directorySize())
		if err = readFull(f, b, h.directory); err == nil {
			r.entries, err = r.key.OpenPart(b[:0], b, h.partID(directoryNumber))
		}
	}
	if err != nil {
		f.Close()
		return nil, sealError(err)
	}
	l.checkpoint.Store(h)
	return r, nil
}

// Last says where the log ended when the checkpoint was begun.
func (r *CheckpointReader) Last() Last { return r.header.last }

// Size returns the bytes of the file.
func (r *CheckpointReader) Size() int64 { return r.header.size }

// Parts returns how many parts there are.
func (r *CheckpointReader) Parts() int { return int(r.header.parts) }

// Part returns a part, in the memory of buf if that is enough. It reports ErrCorrupt, or
// an error of the disk.
func (r *CheckpointReader) Part(i int, buf []byte) ([]byte, error) {
	entry := r.entries[i*checkpointEntry:]
	offset, size := int64(binary.LittleEndian.Uint64(entry)), int(binary.LittleEndian.Uint32(entry[8:]))
	if size > maxCheckpointPart+seal.Overhead || offset < checkpointHead || offset+int64(size) > r.header.directory {
		return nil, corruptf("part %d of a checkpoint is out of its bounds", i)
	}
	if cap(buf) < size {
		buf = make([]byte, size+size/8)
	}
	sealed := buf[:size]
	if err := readFull(r.file, sealed, offset); err != nil {
		return nil, err
	}
	out, err := r.key.OpenPart(sealed[:0], sealed, r.header.partID(uint64(i)))
	if err != nil {
		return nil, sealError(err)
	}
	return out, nil
}

// Close releases the file.
func (r *CheckpointReader) Close() error { return r.file.Close() }
