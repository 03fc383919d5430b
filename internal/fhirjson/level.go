package fhirjson

import (
	"cmp"
	"slices"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Level says which of R4's rules a resource must keep to be accepted. At each level
// Parse reports all faults that the level looks for, up to a cap, not the first alone.
type Level uint8

const (
	// Strict checks everything: the checks of StructureOnly, and required bindings, the
	// shape and the targets of references, contained resources, extensions, bundles.
	// Invariants that R4 writes in FHIRPath are package fhirpath's.
	Strict Level = iota
	// StructureOnly checks JSON, names of elements, kinds, cardinality and the
	// formats of primitives, and no more.
	StructureOnly
	// Minimal checks as Strict does and refuses almost nothing. A resource must be JSON
	// without duplicate names, have a resourceType, and keep the limits; an id and a
	// meta must have the right structure, since a store writes into them. All other
	// faults become issues of the document, and properties that do not fit the tape are
	// loose.
	Minimal
)

// Options say how strict Parse is. Nil is the same as the zero value.
type Options struct {
	// MaxBytes is the largest source accepted; 0 is DefaultMaxBytes. Above 4 GiB
	// it counts as 4 GiB, since offsets are 32 bits.
	MaxBytes int

	// MaxNodes is how many values a source may have, objects among them: a tape takes 20
	// bytes for each, however short its text is. 0 is DefaultMaxNodes, or one for 16
	// bytes of MaxBytes if that is more.
	MaxNodes int

	// Level says which rules a resource must keep; the zero value is Strict.
	Level Level

	// AnyNarrative accepts any XHTML. Only [Document.BrokenRule] tells its faults.
	AnyNarrative bool

	// KnownModifier reports whether the program understands the modifier extension of a
	// URL. An unknown one is a warning, since a store may keep a resource on which it
	// must not act (FHIR R4 §2.4.1). Nil knows none.
	KnownModifier func(url string) bool
}

// A loose property has no place on the tape: its name is unknown, or its value is of
// another kind than the element's. It is kept as text.
type loose struct {
	object     uint32 // offset of the object that has it
	start, end uint32 // from the name's quote to after the value
}

// Loose reports whether the document has properties that are not on the tape. Only
// [Minimal] accepts such a source.
func (d *Document) Loose() bool { return len(d.loose) > 0 }

// looseOf returns the loose properties of the object that starts at the offset.
func (d *Document) looseOf(object uint32) []loose {
	byObject := func(l loose, object uint32) int { return cmp.Compare(l.object, object) }
	first, _ := slices.BinarySearchFunc(d.loose, object, byObject)
	end := first
	for end < len(d.loose) && d.loose[end].object == object {
		end++
	}
	return d.loose[first:end]
}

// loosen takes the property of the object at open, whose name is at the offset
// name and whose nodes begin at first, off the tape.
func (p *parser) loosen(open, name, end, first int, t schema.TypeID, f schema.FieldID) {
	p.nodes = p.nodes[:first]
	for n := len(p.loose); n > 0 && p.loose[n-1].start > uint32(name); n-- {
		p.loose = p.loose[:n-1]
	}
	p.loose = append(p.loose, loose{uint32(open), uint32(name), uint32(end)})
	p.marks++
	p.misfit = false
	root := p.depth == 1 && f != 0 && (f.Field().Name == "id" || f.Field().Name == "meta")
	if root || p.depth == 2 && t == schema.TypeMeta {
		p.refused = true
	}
}

// loosenRun is loosen for a run that arrange is about to leave out.
func (p *parser) loosenRun(open int, r run) {
	end, _ := p.str(int(r.name) + 1)
	end = p.skip(p.space(p.space(end+1) + 1))
	p.loose = append(p.loose, loose{uint32(open), r.name, uint32(end)})
	p.marks++
}
