package engine

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// Names of the named states of erasures: the key of the hashes of ids, and one state for
// each erasure, which begins under way and ends done.
const (
	erasedKey    = "erasure/key"
	erasedPrefix = "erasure/of/"
)

// ErrErased is returned for a resource that was erased with its patient. It is an
// ErrGone.
var ErrErased = fmt.Errorf("%w: it was erased", ErrGone)

// An erasedHash stands for the type and id of a resource that was erased.
type erasedHash [16]byte

// erased knows what was erased, by hashes.
type erased struct {
	mu     sync.RWMutex
	key    []byte // of the hashes; nil if nothing was ever erased
	hashes map[erasedHash]bool

	numbers []txlog.Number // of all erased versions, which no backup may bring back

	underWay []*erasure // that are durable and stopped before their end; guarded by the right to rewrite
}

// has reports whether a resource was erased.
func (e *erased) has(t schema.TypeID, id string) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return len(e.hashes) > 0 && e.hashes[hashOfErased(e.key, t, id)]
}

func (e *erased) add(hashes []erasedHash, numbers []txlog.Number) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.numbers = append(e.numbers, numbers...)
	if e.hashes == nil {
		e.hashes = map[erasedHash]bool{}
	}
	for _, h := range hashes {
		e.hashes[h] = true
	}
}

// all returns the numbers of all erased versions, rising.
func (e *erased) all() []txlog.Number {
	e.mu.RLock()
	defer e.mu.RUnlock()
	numbers := slices.Clone(e.numbers)
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

func hashOfErased(key []byte, t schema.TypeID, id string) (h erasedHash) {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(t.String() + "/" + id))
	copy(h[:], mac.Sum(nil))
	return h
}

// WasErased reports whether a resource was erased.
func (e *Engine) WasErased(t schema.TypeID, id string) bool { return e.erased.has(t, id) }

// erasureKey returns the key of the hashes, and the state that keeps it where it is new.
func (e *Engine) erasureKey(ctx context.Context) (key []byte, states []State, err error) {
	if key, err = e.State(ctx, erasedKey); err != nil || len(key) > 0 {
		return key, nil, err
	}
	key = make([]byte, 16)
	rand.Read(key)
	return key, []State{{Name: erasedKey, Value: key}}, nil
}

// loadErased reads what was erased. Of an erasure that was interrupted nobody sees
// anything from here on.
func (e *Engine) loadErased(ctx context.Context) (err error) {
	if err := e.restoreHorizon(); err != nil {
		return err
	}
	names := e.StateNames(erasedPrefix)
	if len(names) == 0 {
		return nil
	}
	if e.erased.key, err = e.State(ctx, erasedKey); err != nil {
		return err
	}
	for _, name := range names {
		value, err := e.State(ctx, name)
		if err != nil {
			return err
		}
		x, err := unmarshalErasure(name, value)
		if err != nil {
			return err
		}
		e.erased.add(x.hashes, x.numbers)
		if !x.done {
			x.versions = e.versionsOf(x)
			e.erased.underWay = append(e.erased.underWay, x)
			e.index.Purge(x.versions)
		}
	}
	return nil
}

// An erasure is one run of Erase as the store keeps it.
type erasure struct {
	name    string // of its state
	done    bool
	hashes  []erasedHash   // of the resources that are gone
	slots   []uint32       // of the patient
	numbers []txlog.Number // of the versions, rising; once it is done, with its deletions

	versions *roaring.Bitmap // with the deletions that the erasure wrote; not stored
	patient  string          // not stored: empty if an earlier process began it
	others   []Version       // that name the patient and stay; not stored
}

const erasureFormat = 1

// value returns the state of an erasure (docs/format/erasure.md).
func (x *erasure) value() []byte {
	done := byte(0)
	if x.done {
		done = 1
	}
	b := []byte{erasureFormat, done}
	b = binary.AppendUvarint(b, uint64(len(x.hashes)))
	for _, h := range x.hashes {
		b = append(b, h[:]...)
	}
	b = binary.AppendUvarint(b, uint64(len(x.slots)))
	for _, s := range x.slots {
		b = binary.AppendUvarint(b, uint64(s))
	}
	b = binary.AppendUvarint(b, uint64(len(x.numbers)))
	before := txlog.Number(0)
	for _, n := range x.numbers {
		b = binary.AppendUvarint(b, uint64(n-before))
		before = n
	}
	return b
}

var errErasure = fmt.Errorf("%w: state of an erasure", ErrCorrupt)

// unmarshalErasure reads the state of an erasure.
func unmarshalErasure(name string, b []byte) (*erasure, error) {
	if len(b) < 2 {
		return nil, errErasure
	}
	if b[0] != erasureFormat {
		return nil, txlog.Unsupported("erasure", uint64(b[0]), erasureFormat)
	}
	if b[1] > 1 {
		return nil, txlog.Unsupported(fmt.Sprintf("erasure at stage %d", b[1]), erasureFormat, erasureFormat)
	}
	x := &erasure{name: name, done: b[1] == 1}
	b = b[2:]
	count := func(least int) (int, bool) {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size)/uint64(least) {
			return 0, false
		}
		b = b[size:]
		return int(n), true
	}
	n, ok := count(len(erasedHash{}))
	if !ok {
		return nil, errErasure
	}
	for range n {
		x.hashes, b = append(x.hashes, erasedHash(b[:16])), b[16:]
	}
	number := func(most uint64) (v uint64, ok bool) {
		v, size := binary.Uvarint(b)
		if size <= 0 || v > most {
			return 0, false
		}
		b = b[size:]
		return v, true
	}
	if n, ok = count(1); !ok {
		return nil, errErasure
	}
	for range n {
		s, ok := number(1<<32 - 1)
		if !ok {
			return nil, errErasure
		}
		x.slots = append(x.slots, uint32(s))
	}
	if n, ok = count(1); !ok {
		return nil, errErasure
	}
	last := uint64(0)
	for range n {
		d, ok := number(1<<63 - 1 - last)
		if !ok {
			return nil, errErasure
		}
		last += d
		x.numbers = append(x.numbers, txlog.Number(last))
	}
	if len(b) > 0 {
		return nil, errErasure
	}
	return x, nil
}

// restoreHorizon tells an index that a checkpoint gave which histories are not complete.
func (e *Engine) restoreHorizon() error {
	for _, name := range append(e.StateNames(erasedPrefix), horizonState) {
		n, ok := e.states.get(name)
		if !ok {
			continue
		}
		sequence, err := e.log.SequenceOf(n)
		if err != nil {
			return logError(err)
		}
		e.index.Forget(sequence)
	}
	return nil
}

// marksHorizon reports whether the commit of a named state is one of the index, because
// histories of states before it are not complete any more.
func marksHorizon(name string) bool {
	return name == horizonState || strings.HasPrefix(name, erasedPrefix)
}

// sortedHashes returns the hashes of resources in an order that tells nothing.
func sortedHashes(key []byte, of map[key]bool) []erasedHash {
	hashes := make([]erasedHash, 0, len(of))
	for k := range of {
		hashes = append(hashes, hashOfErased(key, k.typ, k.id))
	}
	slices.SortFunc(hashes, func(a, b erasedHash) int { return slices.Compare(a[:], b[:]) })
	return hashes
}
