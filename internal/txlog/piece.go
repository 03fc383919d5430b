package txlog

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A piece is one backup: a full one, or an increment. It has a front in the clear,
// which says how to get its key, and behind it a sealed stream of a head and of
// records.
const (
	pieceMagic   = "FLBACKUP"
	keysMagic    = "FLBKKEYS"
	pieceVersion = 1

	// frontFixed: magic, version, lengths of the wrapped key and of the box, 0, salt,
	// id of the secret.
	frontFixed = 8 + 4 + 4 + 4 + 4 + 16 + 8
	maxWrapped = 64 << 10
	maxBox     = 1 << 30

	// pieceFixed: lineage, store, created, taken, since, sequence, next number,
	// time, generation, term, horizon, and the lengths of terms, data keys,
	// dictionaries, numbers and erased numbers.
	pieceFixed   = 16 + 16 + 9*8 + 5*4
	pieceTerm    = manifestTerm
	pieceMaxHead = 1 << 30
)

// A front is what comes before the sealed stream of a piece. A file of keys is a
// front of its own.
type front struct {
	magic   string
	salt    [16]byte // names the stream's key; zero in a file of keys
	secret  seal.BackupID
	wrapped []byte // the wrapped key of the keyset; empty where the keys lie apart
	box     []byte // the store's backup secrets, sealed under that key; likewise
}

// newFront returns a front with all backup secrets of a store and the keys of patients. The last one is the
// piece's.
func newFront(magic string, keys *seal.Keyset, secrets []seal.BackupSecret, slots []seal.PatientKey) (f front, err error) {
	f = front{magic: magic, wrapped: keys.WrappedKey()}
	if magic == pieceMagic {
		rand.Read(f.salt[:])
	}
	if f.secret, err = secrets[len(secrets)-1].ID(); err != nil {
		return f, err
	}
	text := binary.LittleEndian.AppendUint32(nil, uint32(len(secrets)))
	for i := range secrets {
		text = append(text, secrets[i][:]...)
	}
	for i := range slots {
		text = append(text, slots[i][:]...)
	}
	f.box, err = keys.SealBox(text, f.bound())
	return f, err
}

// bound returns what a box is bound to.
func (f *front) bound() []byte {
	b := append([]byte(f.magic), f.salt[:]...)
	return append(b, f.secret[:]...)
}

func (f *front) marshal() []byte {
	b := append([]byte(nil), f.magic...)
	b = binary.LittleEndian.AppendUint32(b, pieceVersion)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.wrapped)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.box)))
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = append(b, f.salt[:]...)
	b = append(b, f.secret[:]...)
	b = append(b, f.wrapped...)
	b = append(b, f.box...)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// frontSize returns how long a front is, from its first frontFixed bytes.
func frontSize(b []byte, magic string) (int, error) {
	if string(b[:8]) != magic {
		return 0, fmt.Errorf("%w: it does not begin as one", ErrPiece)
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != pieceVersion {
		return 0, Unsupported("backup", uint64(v), pieceVersion)
	}
	n, box := binary.LittleEndian.Uint32(b[12:]), binary.LittleEndian.Uint32(b[16:])
	if n > maxWrapped || box > maxBox || binary.LittleEndian.Uint32(b[20:]) != 0 {
		return 0, corruptf("its front is not one")
	}
	return frontFixed + int(n) + int(box) + sha256.Size, nil
}

// unmarshalFront reads a front of the length that frontSize told.
func unmarshalFront(b []byte) (f front, err error) {
	body, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(want[:], sum) {
		return f, corruptf("the checksum of its front does not match")
	}
	f.magic = string(body[:8])
	copy(f.salt[:], body[24:])
	copy(f.secret[:], body[40:])
	wrapped := int(binary.LittleEndian.Uint32(body[12:]))
	f.wrapped, f.box = body[frontFixed:frontFixed+wrapped], body[frontFixed+wrapped:]
	return f, nil
}

// A pieceHead says what a piece has. It is sealed.
type pieceHead struct {
	lineage, store [16]byte
	created        int64 // of the store
	taken          int64 // when the backup was made
	since          uint64
	last           Last
	generation     uint64 // of the manifest
	horizon        uint64 // likewise
	term           uint64
	terms          []termEntry
	keys           []byte // data keys that the records need
	dictionaries   map[uint32][]byte
	numbers        numberSet // of all items that the store had, those before the piece included
	erased         numberSet // of items that must not come back
}

// history returns the id of the term that wrote a sequence, as Log.termTag does.
func (h *pieceHead) history(sequence uint64) [16]byte {
	return termTag(h.terms, h.lineage, sequence)
}

func (h *pieceHead) marshal() []byte {
	var dictionaries []byte
	for _, number := range slices.Sorted(maps.Keys(h.dictionaries)) {
		content := h.dictionaries[number]
		dictionaries = binary.LittleEndian.AppendUint32(dictionaries, number)
		dictionaries = binary.LittleEndian.AppendUint32(dictionaries, uint32(len(content)))
		dictionaries = append(dictionaries, content...)
	}
	numbers, erased := h.numbers.append(nil), h.erased.append(nil)
	b := append([]byte(nil), h.lineage[:]...)
	b = append(b, h.store[:]...)
	for _, n := range []uint64{
		uint64(h.created), uint64(h.taken), h.since, h.last.Sequence, uint64(h.last.Next), uint64(h.last.Time), h.generation, h.term, h.horizon,
	} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	for _, n := range []int{len(h.terms) * pieceTerm, len(h.keys), len(dictionaries), len(numbers), len(erased)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	for _, t := range h.terms {
		b = binary.LittleEndian.AppendUint64(b, t.term)
		b = binary.LittleEndian.AppendUint64(b, t.first)
		b = append(b, t.id[:]...)
	}
	b = append(b, h.keys...)
	b = append(b, dictionaries...)
	b = append(b, numbers...)
	return append(b, erased...)
}

// unmarshalPieceHead reads the head of a piece. The head keeps b.
func unmarshalPieceHead(b []byte) (*pieceHead, error) {
	if len(b) < pieceFixed {
		return nil, corruptf("a head of %d bytes", len(b))
	}
	h := new(pieceHead)
	copy(h.lineage[:], b)
	copy(h.store[:], b[16:])
	var n [9]uint64
	for i := range n {
		n[i] = binary.LittleEndian.Uint64(b[32+8*i:])
	}
	h.created, h.taken, h.since = int64(n[0]), int64(n[1]), n[2]
	h.last = Last{Sequence: n[3], Next: Number(n[4]), Time: int64(n[5])}
	h.generation, h.term, h.horizon = n[6], n[7], n[8]
	var parts [5][]byte
	rest := b[pieceFixed:]
	for i := range parts {
		size := uint64(binary.LittleEndian.Uint32(b[104+4*i:]))
		if size > uint64(len(rest)) {
			return nil, corruptf("its head ends early")
		}
		parts[i], rest = rest[:size], rest[size:]
	}
	h.keys = parts[1]
	ok := len(rest) == 0 && len(h.keys)%seal.DataKeySize == 0 && h.decodeTerms(parts[0]) && h.decodeDictionaries(parts[2])
	if ok {
		h.numbers, ok = decodeNumberSet(parts[3])
	}
	if ok {
		h.erased, ok = decodeNumberSet(parts[4])
	}
	if !ok || !h.sound() {
		return nil, corruptf("its head is not one")
	}
	return h, nil
}

// sound holds the numbers of a head against one another.
func (h *pieceHead) sound() bool {
	n := len(h.numbers)
	return h.since <= h.last.Sequence && h.last.Sequence <= maxSequence && h.last.Next > 0 && h.last.Next <= maxNumber &&
		h.generation > 0 && h.generation <= maxSequence && h.term <= maxTerm && h.horizon <= h.last.Sequence && (n == 0 || h.numbers[n-1].end <= h.last.Next)
}

func (h *pieceHead) decodeTerms(b []byte) bool {
	for ; len(b) >= pieceTerm; b = b[pieceTerm:] {
		t := termEntry{term: binary.LittleEndian.Uint64(b), first: binary.LittleEndian.Uint64(b[8:])}
		copy(t.id[:], b[16:])
		if k := len(h.terms); t.first == 0 || k > 0 && (h.terms[k-1].first >= t.first || h.terms[k-1].term >= t.term) || t.term > h.term {
			return false
		}
		h.terms = append(h.terms, t)
	}
	return len(b) == 0
}

func (h *pieceHead) decodeDictionaries(b []byte) bool {
	h.dictionaries = map[uint32][]byte{}
	for len(b) >= 8 {
		number, size := binary.LittleEndian.Uint32(b), uint64(binary.LittleEndian.Uint32(b[4:]))
		if b = b[8:]; number == 0 || size == 0 || size > MaxDictionary || size > uint64(len(b)) || h.dictionaries[number] != nil {
			return false
		}
		h.dictionaries[number], b = b[:size], b[size:]
	}
	return len(b) == 0
}
