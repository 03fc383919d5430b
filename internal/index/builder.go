package index

import "encoding/binary"

// Layout of an entry's first byte: kind in the low four bits, then flags.
const (
	tagKind      = 0x0f
	tagSameParam = 0x10 // the param of the entry before
	tagGroup     = 0x20 // a group other than 0 follows
	tagShort     = 0x40 // text: folded is exact; number: high is low; references: no edge
	tagDate      = 0xc0 // date, clock: the shape
)

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

// Payload returns the values. They are valid until the next call of another method.
func (b *Builder) Payload() []byte { return b.payload }

// Token adds a system and a code, both already in the case in which they are compared.
// An empty system means none; an empty code is a system alone.
func (b *Builder) Token(p Param, group uint32, system, code string) {
	b.begin(KindToken, 0, p, group)
	b.text(system)
	b.text(code)
}

// Text adds a string with its folded and its exact form, or a uri or canonical,
// whose two forms are equal.
func (b *Builder) Text(p Param, group uint32, folded, exact string) {
	b.begin(KindText, short(folded == exact), p, group)
	b.text(folded)
	if folded != exact {
		b.text(exact)
	}
}

// Date adds the range [from, to) in microseconds since the Unix epoch, UTC.
// math.MinInt64 and math.MaxInt64 are open ends.
func (b *Builder) Date(p Param, group uint32, from, to int64) {
	b.date(KindDate, p, group, from, to)
}

// Clock adds the range [from, to) of a clock of an unknown zone, as if it were UTC.
func (b *Builder) Clock(p Param, group uint32, from, to int64) {
	b.date(KindClock, p, group, from, to)
}

// Periods adds periods as one value, whose ends are their outer bounds.
func (b *Builder) Periods(p Param, group uint32, periods []Period) {
	b.begin(KindPeriods, 0, p, group)
	b.payload = binary.AppendUvarint(b.payload, uint64(len(periods)))
	for i := range periods {
		b.payload = appendPeriod(b.payload, &periods[i])
	}
}

// Number adds the closed range of two decimals. Equal decimals are a point; an empty
// text is an open end.
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
	b.target(typ, id)
}

// Mention adds a reference without an edge in the index; see [Entry.NoEdge].
func (b *Builder) Mention(p Param, group uint32, typ TypeID, id string) {
	b.begin(KindReference, tagShort, p, group)
	b.target(typ, id)
}

// Address adds an absolute reference that ends in a type and an id: what comes
// before them decides with a store's settings whether it leads to a resource there.
func (b *Builder) Address(p Param, group uint32, before string, typ TypeID, id string, noEdge bool) {
	b.begin(KindAddress, short(noEdge), p, group)
	b.text(before)
	b.target(typ, id)
}

// Canonical adds a reference by canonical URL, with noEdge as for Address.
func (b *Builder) Canonical(p Param, group uint32, text string, noEdge bool) {
	b.begin(KindCanonical, short(noEdge), p, group)
	b.text(text)
}

// Note adds a text that is no value.
func (b *Builder) Note(p Param, text string) {
	b.begin(KindNote, 0, p, 0)
	b.text(text)
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
	b.begin(kind, short(low == high), p, group)
	b.payload = appendDecimal(b.payload, low)
	if low != high {
		b.payload = appendDecimal(b.payload, high)
	}
}

func (b *Builder) date(kind Kind, p Param, group uint32, from, to int64) {
	shape := shapeOf(from, to)
	b.begin(kind, shape.tag(), p, group)
	b.payload = shape.append(b.payload, from, to)
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
		b.payload = binary.AppendVarint(b.payload, int64(p)-int64(b.last))
	}
	if group != 0 {
		b.payload = binary.AppendUvarint(b.payload, uint64(group))
	}
	b.last = p
	b.n++
}

func (b *Builder) target(typ TypeID, id string) {
	b.payload = binary.AppendUvarint(b.payload, uint64(typ))
	b.text(id)
}

func (b *Builder) text(s string) { b.payload = appendText(b.payload, s) }

// short returns the flag of a short form, if it is one.
func short(is bool) byte {
	if is {
		return tagShort
	}
	return 0
}
