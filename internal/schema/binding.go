package schema

// BindingID numbers a [Binding]. 0 is no binding.
type BindingID uint16

// Strength says how binding a value set is.
type Strength uint8

// The strengths, weakest first.
const (
	StrengthNone Strength = iota
	StrengthExample
	StrengthPreferred
	StrengthExtensible
	StrengthRequired
)

// A Binding ties an element to a value set. A value set that several elements
// use at one strength is one row.
type Binding struct {
	ValueSet string // canonical URL without version
	Strength Strength
	// Codes are the codes of a required value set that can be enumerated, sorted
	// by code, then system. It is nil for weaker bindings and for the four that
	// R4 leaves open: mimetypes, currencies, ucum-units and LL379-9.
	Codes []Code
}

// A Code is one code of a value set.
type Code struct {
	Code   string
	System string
	Enum   int32 // number of the value in the google/fhir enum, 0 where there is none
}

// Binding returns the binding's row. The zero BindingID has an empty row.
func (b BindingID) Binding() *Binding { return &Bindings[b] }

// Find returns the first row of the binding with the given code, or nil.
func (b *Binding) Find(code string) *Code {
	if i := b.search(code); i < len(b.Codes) && b.Codes[i].Code == code {
		return &b.Codes[i]
	}
	return nil
}

// Has reports whether the binding has the given code of the given system.
func (b *Binding) Has(system, code string) bool {
	for i := b.search(code); i < len(b.Codes) && b.Codes[i].Code == code; i++ {
		if b.Codes[i].System == system {
			return true
		}
	}
	return false
}

// search returns the index of the first row whose code is not less than code.
func (b *Binding) search(code string) int {
	lo, hi := 0, len(b.Codes)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if b.Codes[mid].Code < code {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
