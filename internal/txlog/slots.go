package txlog

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// patientKeys are the keys of patients of an open log.
type patientKeys struct {
	slotCache

	mu   sync.Mutex // guards what follows; taken before the log's writer
	used int        // slots that were given
	of   map[string]uint32
}

// A slotCache keeps the ciphers of slots.
type slotCache struct {
	mu   sync.RWMutex
	keys map[slotKey]*seal.Key
}

type slotKey struct {
	key  seal.KeyID
	slot uint32
}

// slotCached is how many ciphers are kept, in about a kilobyte each.
const slotCached = 4096

func (c *slotCache) get(k slotKey) *seal.Key {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.keys[k]
}

func (c *slotCache) put(k slotKey, key *seal.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil || len(c.keys) >= slotCached {
		c.keys = map[slotKey]*seal.Key{}
	}
	c.keys[k] = key
}

// clear forgets all ciphers.
func (c *slotCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = nil
}

// partKey returns the key of the parts of a slot. It reports ErrErased, or an error of
// package seal.
func (l *Log) partKey(keys *seal.Keyset, id seal.KeyID, slot uint32) (*seal.Key, error) {
	key, err := keys.Key(id)
	if err != nil {
		return nil, sealError(err)
	}
	return l.slotKey(key, slot)
}

// slotKey returns the key of a slot under a data key, which is that of slot 0.
func (l *Log) slotKey(key *seal.Key, slot uint32) (*seal.Key, error) {
	if slot == 0 {
		return key, nil
	}
	at := slotKey{key.ID(), slot}
	if cached := l.patients.get(at); cached != nil {
		return cached, nil
	}
	t := l.slots.Load()
	if t == nil {
		return nil, corruptf("key slot %d is missing", slot)
	}
	secret, err := t.secret(slot)
	if err != nil {
		return nil, err
	}
	own, err := key.ForPatient(secret)
	if err != nil {
		return nil, sealError(err)
	}
	l.patients.put(at, own)
	if l.slots.Load() != t { // slots were erased meanwhile
		l.patients.clear()
		return l.slotKey(key, slot)
	}
	return own, nil
}

// Slot returns the key slot of a patient, whom any text names. A patient without one gets
// the next; its secret is durable when Slot returns. It reports what Append reports, and
// ErrFull where no slots are left.
func (l *Log) Slot(patient string) (uint32, error) {
	p := &l.patients
	p.mu.Lock()
	defer p.mu.Unlock()
	if slot, ok := p.of[patient]; ok {
		return slot, nil
	}
	if err := l.growSlots(p.used); err != nil {
		return 0, err
	}
	p.used++
	p.noteLocked(patient, uint32(p.used))
	return uint32(p.used), nil
}

// NoteSlot says whose a slot is, as who reads the log finds out. Of several slots of a
// patient the last that was noted is used.
func (l *Log) NoteSlot(patient string, slot uint32) {
	l.patients.mu.Lock()
	defer l.patients.mu.Unlock()
	l.patients.noteLocked(patient, slot)
}

func (p *patientKeys) noteLocked(patient string, slot uint32) {
	if p.of == nil {
		p.of = map[string]uint32{}
	}
	p.of[patient] = slot
}

// ForgetSlot makes the next Slot of a patient give another slot, and returns the one that
// it had, 0 for none.
func (l *Log) ForgetSlot(patient string) uint32 {
	l.patients.mu.Lock()
	defer l.patients.mu.Unlock()
	slot := l.patients.of[patient]
	delete(l.patients.of, patient)
	return slot
}

// Erased reports whether the secret of a slot was erased.
func (l *Log) Erased(slot uint32) bool {
	if t := l.slots.Load(); t != nil && slot != 0 {
		_, err := t.secret(slot)
		return errors.Is(err, ErrErased)
	}
	return false
}

// growSlots makes new secrets durable if all secrets are used: a quarter more, so that
// the file, which is written whole, is written seldom. The manifest names the file's generation before any of its secrets is given, so that a file
// that is lost or older is noticed.
func (l *Log) growSlots(used int) error {
	t := l.slots.Load()
	if t != nil && used < len(t.secrets) && t.generation == l.manifest.Load().patients {
		return nil
	}
	l.writer.Lock()
	defer l.writer.Unlock()
	if err := l.checkWriteLocked(context.Background()); err != nil {
		return err
	}
	if t = l.slots.Load(); t == nil || used >= len(t.secrets) {
		if err := l.addSlotsLocked(); err != nil {
			return err
		}
	}
	return l.nameSlotsLocked()
}

// addSlotsLocked replaces the file by one with more secrets.
func (l *Log) addSlotsLocked() error {
	next, err := l.nextSlotsLocked()
	if err != nil {
		return err
	}
	n := len(next.secrets)
	more := max(256, n/4)
	if int64(n+more)*seal.KeySize > patientsMost-patientsHead-seal.Overhead || n+more > maxSlot {
		return fmt.Errorf("%w: of key slots", ErrFull)
	}
	next.secrets = slices.Grow(slices.Clone(next.secrets), more)
	for range more {
		next.secrets = append(next.secrets, seal.NewPatientKey())
	}
	return l.replaceSlotsLocked(next)
}

// nextSlotsLocked returns a copy of the table, one generation on, sealed by a key of the
// keyset that seals nothing else.
func (l *Log) nextSlotsLocked() (*slotTable, error) {
	if t := l.slots.Load(); t != nil {
		next := *t
		next.generation++
		return &next, nil
	}
	keys, key, err := l.keys.Load().WithSideKey()
	if err != nil {
		return nil, err
	}
	if err := l.replaceKeysLocked(keys); err != nil {
		return nil, err
	}
	return &slotTable{generation: l.manifest.Load().patients + 1, key: key.ID()}, nil
}

// replaceSlotsLocked makes a table durable, then current.
func (l *Log) replaceSlotsLocked(t *slotTable) error {
	if t.generation == math.MaxUint32 {
		return fmt.Errorf("%w: of generations of patients' keys", ErrFull)
	}
	file, err := t.marshal(l.keys.Load(), l.header.lineage)
	if err != nil {
		return err
	}
	if err := l.checkFolderLocked(); err != nil {
		return err
	}
	renamed, err := replaceFile(l.folder, namePatients, file)
	if err != nil {
		if renamed {
			// Which of the two a crash brings back is unknown.
			l.failLocked(err)
		}
		return fmt.Errorf("txlog: write keys of patients: %w", err)
	}
	l.slots.Store(t)
	return nil
}

// EraseSlots destroys the secrets of slots: nobody can open their parts any more. The
// keys of patients are sealed anew under another key, the manifest names their
// generation, so that an older file is noticed, and the keyset loses the key of the
// file before. Slots that were erased before are passed over. It reports what Append
// reports; after an error it may be called again.
func (l *Log) EraseSlots(ctx context.Context, slots []uint32) error {
	l.rewriting.Lock() // keys that a rewriting uses are needed as well
	defer l.rewriting.Unlock()
	l.writer.Lock()
	defer l.writer.Unlock()
	if err := l.checkWriteLocked(ctx); err != nil {
		return err
	}
	old := l.slots.Load()
	if old == nil || len(slots) == 0 {
		return nil
	}
	// The commit that says so must outlast the keys, whatever the durability.
	if err := l.settleLocked(); err != nil {
		return err
	}
	return l.replaceSlotsKeyLocked(old, slots)
}

// resealSlotsLocked seals the keys of patients anew if the key that seals them is retired.
func (l *Log) resealSlotsLocked() error {
	if t := l.slots.Load(); t != nil && l.keys.Load().Retired(t.key) {
		return l.replaceSlotsKeyLocked(t, nil)
	}
	return nil
}

// replaceSlotsKeyLocked seals a table under another key, without the secrets of some
// slots.
func (l *Log) replaceSlotsKeyLocked(old *slotTable, slots []uint32) error {
	keys, key, err := l.keys.Load().WithSideKey()
	if err != nil {
		return err
	}
	if err := l.replaceKeysLocked(keys); err != nil {
		return err
	}
	next := &slotTable{generation: old.generation + 1, key: key.ID(), secrets: slices.Clone(old.secrets)}
	for _, slot := range slots {
		if slot > 0 && int64(slot) <= int64(len(next.secrets)) {
			next.secrets[slot-1] = seal.PatientKey{}
		}
	}
	if err := l.replaceSlotsLocked(next); err != nil {
		return err
	}
	l.patients.clear()
	return l.settleSlotsLocked()
}

// nameSlotsLocked makes the manifest name the generation of the keys of patients.
func (l *Log) nameSlotsLocked() error {
	st := l.state.Load()
	m := l.nextManifestLocked(st.segments)
	m.patients = l.slots.Load().generation
	return l.replaceManifestLocked(m, st, l.writer.engine.end)
}

// settleSlotsLocked makes the manifest name the generation of the keys of patients, and
// drops the keys of the keyset that sealed earlier ones.
func (l *Log) settleSlotsLocked() error {
	if err := l.nameSlotsLocked(); err != nil {
		return err
	}
	needed, current := l.neededKeys(l.state.Load()), l.keys.Load().Current().ID()
	return l.replaceKeysLocked(l.keys.Load().Keep(func(id seal.KeyID) bool { return needed[id] || id == current }))
}

// neededKeys returns the data keys that segments and the keys of patients need.
func (l *Log) neededKeys(st *state) map[seal.KeyID]bool {
	used := map[seal.KeyID]bool{}
	for _, s := range st.segments {
		for _, id := range s.entry.keys {
			used[id] = true
		}
	}
	for _, id := range st.open.keys {
		used[id] = true
	}
	if t := l.slots.Load(); t != nil {
		used[t.key] = true
	}
	if key, ok := l.keyOfCheckpoint(); ok {
		used[key] = true
	}
	return used
}

// slotKeys returns the keys of the slots of items. It reports ErrBadRecord for a slot that
// was erased, or that the log did not give.
func (l *Log) slotKeys(key *seal.Key, items []Item) (map[uint32]*seal.Key, error) {
	var slots map[uint32]*seal.Key
	last := uint32(0)
	for i := range items {
		slot := items[i].Slot
		if slot == last || slot == 0 {
			continue
		}
		if last = slot; slots == nil {
			slots = map[uint32]*seal.Key{}
		}
		if slots[slot] == nil {
			own, err := l.slotKey(key, slot)
			if err != nil {
				return nil, fmt.Errorf("%w: item %d: %w", ErrBadRecord, i, err)
			}
			slots[slot] = own
		}
	}
	return slots, nil
}

// EachSlot calls a function with every item that lies under a patient's key. It reports
// what Values reports, or the error of ctx.
func (l *Log) EachSlot(ctx context.Context, each func(n Number, slot uint32)) error {
	if l.closed.Load() {
		return ErrClosed
	}
	var buffer []byte
	st := l.state.Load()
	for _, s := range st.segments {
		t, err := s.load(st.keys)
		if err != nil {
			return err
		}
		for i := range t.records {
			if err := ctx.Err(); err != nil {
				return err
			}
			p := &t.records[i]
			size := int(p.items) * entrySize
			buffer = slices.Grow(buffer[:0], size)[:size]
			if t.strings != nil {
				copy(buffer, t.strings[i][p.entries:])
			} else if err := readFull(s.file, buffer, int64(p.offset)+int64(p.entries)); err != nil {
				return err
			}
			for item := range int(p.items) {
				slot := binary.LittleEndian.Uint32(buffer[item*entrySize:]) & maxSlot
				switch {
				case slot == 0:
				case p.info == nil:
					each(p.first+Number(item), slot)
				default:
					each(p.info.number(item), slot)
				}
			}
		}
	}
	return nil
}

// slotGeneration returns the generation of the keys of patients, 0 if there are none.
func (l *Log) slotGeneration() uint32 {
	if t := l.slots.Load(); t != nil {
		return t.generation
	}
	return 0
}

// SequenceOf returns the sequence of the commit that has an item. It reports what Values
// reports.
func (l *Log) SequenceOf(n Number) (uint64, error) {
	_, _, t, at, err := l.find(n)
	if err != nil {
		return 0, err
	}
	p := &t.records[at]
	item, _, ok := p.find(n)
	switch {
	case !ok:
		return 0, ErrNotFound
	case p.info == nil:
		return p.sequence, nil
	}
	return p.info.runs[p.info.runOf(item)].Sequence, nil
}
