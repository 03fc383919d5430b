package index

// An Item is one resource version of a log record.
type Item struct {
	// Type and ID say which resource. The id has 1 to [MaxIDLen] bytes.
	Type TypeID
	ID   string
	// Version is the version number, or 0 for the one after the resource's
	// newest. A log that has lost older versions gives it.
	Version uint64
	// Deleted marks a deletion, which has no values.
	Deleted bool
	// Hole is an ordinal that stands for nothing, because its item was purged
	// or erased. The other fields are ignored.
	Hole bool
	// Values are what Prepare made; nil is none. Apply only reads them.
	Values *Prepared
}

// MaxIDLen is the length of the longest id in bytes. FHIR R4 §2.24.0.1 allows 64.
const MaxIDLen = 254

// Apply adds the record of a sequence and publishes it: views taken afterwards
// see it whole, and those taken before not at all. Item i has the ordinal
// first + i. Ordinals between the record before and first become holes.
// Sequences rise, with gaps allowed; times, microseconds since the Unix epoch,
// never fall.
//
// It reports [ErrOrder], [ErrFull] or [ErrItem], and has then changed nothing.
func (x *Index) Apply(seq uint64, timeMicros int64, first Ordinal, items []Item) error { return nil }
