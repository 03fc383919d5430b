package index

import (
	"encoding/binary"
	"hash/maphash"
	"unsafe"

	"github.com/dchest/siphash"
)

// A Term asks for one exact value of one parameter. Equal terms ask for the same value.
type Term struct {
	hash   termHash
	lookup lookup
	number uint16 // the param of a code or of presence, or the type
	code   digest // of lookupCode
}

// A lookup is the way to the ordinals of a term.
type lookup uint8

const (
	lookupHash    lookup = iota // in the table
	lookupCode                  // a code under any system: a question to each system of its param
	lookupPresent               // any value of a param, whose posting lies with the param
	lookupType                  // a type, whose posting lies with the type
)

// A termHash is the 96 bits by which the ordinals of a value are found. They decide
// alone; see the package comment.
type termHash struct {
	hi uint64
	lo uint32
}

// A digest is the SipHash-2-4-128 of a text or of the key of an entity. It is
// computed once for a text, whatever the parameters and the forms in which the
// text is a value.
type digest struct{ hi, lo uint64 }

// mixer spreads numbers over 64 bits. It is 2^64 divided by the golden ratio, and odd,
// so that multiplying by it loses no bit.
const mixer = 0x9e3779b97f4a7c15

// then returns the digest of a sequence: the input of d, and then the input of e.
func (d digest) then(e digest) digest {
	return digest{d.hi*mixer + e.hi, d.lo*mixer + e.lo}
}

// hash returns the hash of a form of a param or type. Two hashes of one digest
// always differ, as number and form do.
func (d digest) hash(number uint16, form byte) termHash {
	return termHash{d.hi ^ (uint64(number)<<8|uint64(form))*mixer, uint32(d.lo)}
}

// The forms of terms. A form is part of the hash, so that a code is never taken
// for a system.
const (
	formToken byte = 1 + iota
	formCode
	formSystem
	formReference
	formReferenceText
	formExact
	formFolded // in the table of texts
	formWord
)

// Terms computes terms under a store's hash key. It is immutable.
type Terms struct {
	texts, entities hashKey
}

// A hashKey is the key of digests of one sort of input.
type hashKey struct{ k0, k1 uint64 }

func newTerms(key [16]byte) Terms {
	k := hashKey{binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])}
	texts, entities := k.text("texts"), k.text("entities")
	return Terms{
		texts:    hashKey{texts.hi, texts.lo},
		entities: hashKey{entities.hi, entities.lo},
	}
}

func (k hashKey) text(s string) digest {
	hi, lo := siphash.Hash128(k.k0, k.k1, unsafe.Slice(unsafe.StringData(s), len(s)))
	return digest{hi, lo}
}

// entity is the digest of a type and an id as it lies in an entityKey.
func (k hashKey) entity(typ TypeID, key []byte) digest {
	var buf [2 + 1 + MaxIDLen]byte
	binary.LittleEndian.PutUint16(buf[:], uint16(typ))
	hi, lo := siphash.Hash128(k.k0, k.k1, buf[:2+copy(buf[2:], key)])
	return digest{hi, lo}
}

// unit is the digest of a unit of quantities.
func (t Terms) unit(system, code, unit string) digest {
	return t.texts.text(system).then(t.texts.text(code)).then(t.texts.text(unit))
}

// Token is the term of a system and a code. An empty system is “no system”.
func (t Terms) Token(p Param, system, code string) Term {
	return t.term(t.texts.text(system).then(t.texts.text(code)), p, formToken)
}

// Code is the term of a code under any system.
func (t Terms) Code(p Param, code string) Term {
	d := t.texts.text(code)
	return Term{hash: d.hash(uint16(p), formCode), lookup: lookupCode, number: uint16(p), code: d}
}

// System is the term of any code of a system.
func (t Terms) System(p Param, system string) Term {
	return t.term(t.texts.text(system), p, formSystem)
}

// Reference is the term of a reference to a resource of this store.
func (t Terms) Reference(p Param, typ TypeID, id string) Term {
	if len(id) > MaxIDLen {
		// No stored reference has so long an id: the term may be any that nothing has.
		return t.term(t.texts.text(id), p, formReference)
	}
	var key entityKey
	key.set(id)
	return t.term(t.entities.entity(typ, key.bytes()), p, formReference)
}

// ReferenceText is the term of any other reference.
func (t Terms) ReferenceText(p Param, text string) Term {
	return t.term(t.texts.text(text), p, formReferenceText)
}

// Exact is the term of a string, uri or canonical in its exact form.
func (t Terms) Exact(p Param, text string) Term { return t.term(t.texts.text(text), p, formExact) }

// Word is the term of one word.
func (t Terms) Word(p Param, word string) Term { return t.term(t.texts.text(word), p, formWord) }

// Present is the term of any value of a parameter.
func (t Terms) Present(p Param) Term { return Term{lookup: lookupPresent, number: uint16(p)} }

// Type is the term of a resource type.
func (t Terms) Type(typ TypeID) Term { return Term{lookup: lookupType, number: uint16(typ)} }

func (t Terms) term(d digest, p Param, form byte) Term { return Term{hash: d.hash(uint16(p), form)} }

// A textMemo remembers the digests of recent texts: most texts of a resource (status,
// category, systems) were also in the resource before, and a comparison is several
// times faster than SipHash.
type textMemo struct {
	seed    maphash.Seed
	entries [memoSize]memoEntry
}

const (
	memoSize = 1024
	// memoText is the length of the longest text that is remembered. Longer texts
	// seldom come again, and would make the memo large.
	memoText = 256
)

type memoEntry struct {
	text   []byte
	digest digest
}

func newTextMemo() *textMemo { return &textMemo{seed: maphash.MakeSeed()} }

// digest returns the digest of a text under k, which is the same at each call.
func (m *textMemo) digest(k hashKey, text string) digest {
	e := &m.entries[maphash.String(m.seed, text)%memoSize]
	if len(e.text) == 0 || string(e.text) != text {
		d := k.text(text)
		if len(text) > memoText {
			return d
		}
		e.digest = d
		e.text = append(e.text[:0], text...)
	}
	return e.digest
}
