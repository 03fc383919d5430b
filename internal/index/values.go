package index

import (
	"encoding/binary"
	"math"
)

// A Kind is the kind of a search value.
type Kind uint8

// The kinds of values.
const (
	// KindToken is a system and a code.
	KindToken Kind = 1 + iota
	// KindText is a string, uri or canonical.
	KindText
	// KindDate is a range of time.
	KindDate
	// KindNumber is a decimal or a range of decimals.
	KindNumber
	// KindQuantity is a number with a unit.
	KindQuantity
	// KindReference is a reference to a resource of this store.
	KindReference
	// KindReferenceText is any other reference: absolute, urn, canonical, or
	// contained (“#id”).
	KindReferenceText
	// KindWords is words, each of which is looked up alone.
	KindWords
)

// An Entry is one value of a payload. Which fields are set depends on Kind.
type Entry struct {
	Kind  Kind
	Param Param
	// Group numbers the element within a composite parameter; otherwise 0.
	Group uint32

	// Of tokens and quantities.
	System, Code string
	// Of quantities: the unit's text.
	Unit string

	// Of texts: the folded and the exact form; of texts of references: the same
	// text in both; of words: all of them in both, with one space between.
	Folded, Exact string

	// Of dates: microseconds since the Unix epoch, UTC, half-open [From, To).
	// math.MinInt64 and math.MaxInt64 are open ends.
	From, To int64

	// Of numbers and quantities: decimal text, equal for a point, empty for an
	// open end.
	Low, High string

	// Of references to resources of this store.
	Type TypeID
	ID   string
}

// Layout of an entry's first byte: kind in the low four bits, then flags.
const (
	tagKind      = 0x0f
	tagSameParam = 0x10 // the param of the entry before
	tagGroup     = 0x20 // a group other than 0 follows
	tagShort     = 0x40 // text: folded is exact; number: high is low; date: whole seconds
	tagOpen      = 0x80 // date: a byte with open ends follows
)

const (
	openFrom = 1 << iota
	openTo
)

const microsPerSecond = 1_000_000

// A Builder collects the search values of one version and encodes them as a
// payload. The zero Builder is ready; [Builder.Reset] makes it ready again
// and keeps its memory. Strings passed in are copied before the call returns.
//
// Values are best added parameter by parameter: repeated params are short.
// A Builder must not be used by several goroutines at once.
type Builder struct {
	payload []byte
	last    Param
	n       int
}

// Reset forgets all values.
func (b *Builder) Reset() {
	b.payload = b.payload[:0]
	b.last = 0
	b.n = 0
}

// Len returns the number of values added since the last Reset.
func (b *Builder) Len() int { return b.n }

// Payload returns the values. It is good until the next call of another method.
func (b *Builder) Payload() []byte { return b.payload }

// Token adds a system and a code, both already in the case in which they are to
// be compared. An empty system means none; an empty code is a system alone.
func (b *Builder) Token(p Param, group uint32, system, code string) {
	b.begin(KindToken, 0, p, group)
	b.text(system)
	b.text(code)
}

// Text adds a string with its folded and its exact form, or a uri or canonical,
// whose two forms are equal.
func (b *Builder) Text(p Param, group uint32, folded, exact string) {
	if folded == exact {
		b.begin(KindText, tagShort, p, group)
		b.text(exact)
		return
	}
	b.begin(KindText, 0, p, group)
	b.text(folded)
	b.text(exact)
}

// Date adds the range [from, to) in microseconds since the Unix epoch, UTC.
// math.MinInt64 and math.MaxInt64 are open ends.
func (b *Builder) Date(p Param, group uint32, from, to int64) {
	var flags, open byte
	if from == math.MinInt64 {
		open |= openFrom
	}
	if to == math.MaxInt64 {
		open |= openTo
	}
	if open != 0 {
		flags |= tagOpen
	}
	unit := int64(1)
	if (open&openFrom != 0 || from%microsPerSecond == 0) && (open&openTo != 0 || to%microsPerSecond == 0) {
		flags |= tagShort
		unit = microsPerSecond
	}
	b.begin(KindDate, flags, p, group)
	if open != 0 {
		b.payload = append(b.payload, open)
	}
	base := int64(0)
	if open&openFrom == 0 {
		base = from / unit
		b.payload = binary.AppendVarint(b.payload, base)
	}
	if open&openTo == 0 {
		b.payload = binary.AppendVarint(b.payload, to/unit-base)
	}
}

// Number adds the closed range of two decimals; equal ones are a point, an
// empty one is an open end.
func (b *Builder) Number(p Param, group uint32, low, high string) {
	b.number(KindNumber, p, group, low, high)
}

// Quantity adds the closed range of two decimals with a unit, as Number and
// Token do.
func (b *Builder) Quantity(p Param, group uint32, low, high, system, code, unit string) {
	b.number(KindQuantity, p, group, low, high)
	b.text(system)
	b.text(code)
	b.text(unit)
}

// Reference adds a reference to a resource of this store, which need not exist.
// An id has at most [MaxIDLen] bytes.
func (b *Builder) Reference(p Param, group uint32, typ TypeID, id string) {
	b.begin(KindReference, 0, p, group)
	b.payload = binary.AppendUvarint(b.payload, uint64(typ))
	b.text(id)
}

// ReferenceText adds a reference to anything else, by its text: an absolute
// URL, a urn, a canonical, or a contained resource (“#id”).
func (b *Builder) ReferenceText(p Param, group uint32, text string) {
	b.begin(KindReferenceText, 0, p, group)
	b.text(text)
}

// Words adds words, with one space between, as one value. Each is found by
// [Terms.Word], and by that alone: no dictionary and no column has it, so that it
// costs the index little.
func (b *Builder) Words(p Param, group uint32, words string) {
	b.begin(KindWords, 0, p, group)
	b.text(words)
}

func (b *Builder) number(kind Kind, p Param, group uint32, low, high string) {
	if low == high {
		b.begin(kind, tagShort, p, group)
		b.text(low)
		return
	}
	b.begin(kind, 0, p, group)
	b.text(low)
	b.text(high)
}

func (b *Builder) begin(kind Kind, flags byte, p Param, group uint32) {
	if b.n > 0 && p == b.last {
		flags |= tagSameParam
	}
	if group != 0 {
		flags |= tagGroup
	}
	b.payload = append(b.payload, byte(kind)|flags)
	if flags&tagSameParam == 0 {
		b.payload = binary.AppendUvarint(b.payload, uint64(p))
	}
	if group != 0 {
		b.payload = binary.AppendUvarint(b.payload, uint64(group))
	}
	b.last = p
	b.n++
}

func (b *Builder) text(s string) {
	b.payload = binary.AppendUvarint(b.payload, uint64(len(s)))
	b.payload = append(b.payload, s...)
}
