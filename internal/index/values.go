package index

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
	// KindWords is words; each word is looked up alone.
	KindWords
	// The kinds from here on are unsettled: the meaning of such a value depends on the
	// settings of a store, and a [Settle] function turns it into values of the kinds
	// above.

	// KindClock is a range of time by the clock of an unknown zone.
	KindClock
	// KindPeriods is several periods, at least one end without a zone.
	KindPeriods
	// KindAddress is an absolute reference that ends in a type and an id.
	KindAddress
	// KindCanonical is a reference by canonical URL.
	KindCanonical
	// KindNote is a text about the values, and no value.
	KindNote
)

// lastKind is the last of the kinds.
const lastKind = KindNote

// Settled reports whether values of the kind mean the same under all settings.
func (k Kind) Settled() bool { return k <= KindWords }

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

	// Of texts: the folded and the exact form; of texts of references, canonicals
	// and notes: the same text in both; of words: all of them in both, with one
	// space between. Of addresses: what comes before the type.
	Folded, Exact string

	// Of dates: microseconds since the Unix epoch, UTC, half-open [From, To).
	// math.MinInt64 and math.MaxInt64 are open ends. Of clocks: the same, as if
	// the clock were one of UTC.
	From, To int64
	// Of periods.
	Periods []Period

	// Of numbers and quantities: decimal text, equal for a point, empty for an
	// open end.
	Low, High string

	// Of references to resources of this store, and of addresses.
	Type TypeID
	ID   string
	// NoEdge says that the index keeps no edge of the reference, which is found by its
	// term alone.
	NoEdge bool
}

// A Moment is a range of time [From, To) of some precision: a day, a second. A moment
// of no length stands for no moment.
type Moment struct {
	From, To int64 // microseconds since the Unix epoch
	// Clock says that they are of a clock of an unknown zone, read as if it were UTC.
	Clock bool
}

// None reports whether there is no moment.
func (m Moment) None() bool { return m.From == m.To }

// A Period is from one moment to another. One of the two may be none, which is an open
// end.
type Period struct{ Start, End Moment }
