package index

// An Ordinal numbers a stored version of a resource, in log order. The first is
// [FirstOrdinal]; 0 is no ordinal. The largest is [MaxOrdinal].
type Ordinal uint32

const (
	// FirstOrdinal is the ordinal of the first item of a log.
	FirstOrdinal Ordinal = 1
	// MaxOrdinal leaves the top bit free: a slot of the term table tells by it
	// an ordinal from the number of a posting.
	MaxOrdinal Ordinal = 1<<31 - 1
)

// A Param numbers a search parameter: the pair of a resource type and a
// parameter, a parameter of all types, or a component of a composite. It is
// package schema's ParamID.
type Param uint16

// A TypeID numbers a resource type. It is package schema's TypeID.
type TypeID uint16

// An Entity numbers a (type, id) pair within one [Index]; 0 is none. Numbers are given
// in the order in which pairs are first seen and never change, but differ between two
// runs over different logs: they must not be stored.
type Entity uint32
