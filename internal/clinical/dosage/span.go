package dosage

// A Kind is the kind of a span.
type Kind uint8

// The kinds of spans.
const (
	Strength Kind = iota
	Dosage
	Form
	Route
	Frequency
	Duration
	Rate
)

// String returns the kind's name in Amazon Comprehend Medical.
func (k Kind) String() string {
	return [...]string{"STRENGTH", "DOSAGE", "FORM", "ROUTE_OR_MODE", "FREQUENCY", "DURATION", "RATE"}[k]
}

// A Span is a run of tokens about one property of a medication.
type Span struct {
	Kind        Kind
	First, Last int // tokens [First, Last)
}

// A Drug is the name of a medication in a note.
type Drug struct {
	First, Last int // tokens [First, Last)
}

// An Attribute is a Span tied to a medication.
type Attribute struct {
	Span
	Drug int // index of the medication
}
