package index

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"

	"github.com/dchest/siphash"
)

// A Term is the keyed hash of one exact value of one parameter: the first 96
// bits of SipHash-2-4-128. It decides alone; see the package comment.
type Term struct {
	hi uint64
	lo uint32
}

// The forms of terms. A form is hashed with the value, so that a code is never
// taken for a system.
const (
	formToken byte = 1 + iota
	formCode
	formSystem
	formReference
	formReferenceText
	formExact
	formPresent
	formType
	formFolded // its payload is the number of a text, not a posting
	formUnit   // not in the table: the key of a unit
)

// Terms computes terms under a store's hash key. It is immutable.
type Terms struct{ k0, k1 uint64 }

func newTerms(key [16]byte) Terms {
	return Terms{binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])}
}

// Token is the term of a system and a code. An empty system is “no system”.
func (t Terms) Token(p Param, system, code string) Term {
	return t.hash(uint16(p), formToken, system, code)
}

// Code is the term of a code under any system.
func (t Terms) Code(p Param, code string) Term { return t.hash(uint16(p), formCode, "", code) }

// System is the term of any code of a system.
func (t Terms) System(p Param, system string) Term { return t.hash(uint16(p), formSystem, "", system) }

// Reference is the term of a reference to a resource of this store.
func (t Terms) Reference(p Param, typ TypeID, id string) Term {
	var buf [termStack]byte
	return t.sum(appendReferenceTerm(buf[:0], p, typ, id))
}

// ReferenceText is the term of any other reference.
func (t Terms) ReferenceText(p Param, text string) Term {
	return t.hash(uint16(p), formReferenceText, "", text)
}

// Exact is the term of a string, uri or canonical in its exact form.
func (t Terms) Exact(p Param, text string) Term { return t.hash(uint16(p), formExact, "", text) }

// Present is the term of any value of a parameter.
func (t Terms) Present(p Param) Term { return t.hash(uint16(p), formPresent, "", "") }

// Type is the term of a resource type.
func (t Terms) Type(typ TypeID) Term { return t.hash(uint16(typ), formType, "", "") }

// termStack is the size of hash input that needs no allocation.
const termStack = 256

func (t Terms) hash(number uint16, form byte, first, second string) Term {
	var buf [termStack]byte
	return t.sum(appendTerm(buf[:0], number, form, first, second))
}

func (t Terms) sum(input []byte) Term {
	a, b := siphash.Hash128(t.k0, t.k1, input)
	return Term{a, uint32(b)}
}

// appendTerm writes the hash input: number, form, the first part's length, and
// both parts. The length keeps ("ab","c") and ("a","bc") apart.
func appendTerm(dst []byte, number uint16, form byte, first, second string) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, number)
	dst = append(dst, form)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(first)))
	dst = append(dst, first...)
	return append(dst, second...)
}

func appendReferenceTerm(dst []byte, p Param, typ TypeID, id string) []byte {
	dst = appendTerm(dst, uint16(p), formReference, "", "")
	dst = binary.LittleEndian.AppendUint16(dst, uint16(typ))
	return append(dst, id...)
}

func appendUnitKey(dst []byte, e *Entry) []byte {
	dst = appendTerm(dst, 0, formUnit, e.System, "")
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(e.Code)))
	dst = append(dst, e.Code...)
	return append(dst, e.Unit...)
}

// A termMemo remembers the terms of what was hashed last: most values of a
// resource (status, category, systems, presence) were also values of the one
// before, and a comparison is several times faster than SipHash of 60 bytes.
type termMemo struct {
	seed    maphash.Seed
	input   []byte
	entries [memoSize]memoEntry
}

const memoSize = 1024

type memoEntry struct {
	input []byte
	term  Term
}

func newTermMemo() *termMemo { return &termMemo{seed: maphash.MakeSeed()} }

// sum returns the term of m.input.
func (m *termMemo) sum(t Terms) Term {
	e := &m.entries[maphash.Bytes(m.seed, m.input)%memoSize]
	if len(e.input) == 0 || !bytes.Equal(e.input, m.input) {
		e.term = t.sum(m.input)
		e.input = e.input[:0]
		// Long ones seldom come again, and would make the memo large.
		if len(m.input) <= termStack {
			e.input = append(e.input, m.input...)
		}
	}
	return e.term
}
