package fhirjson

import (
	"cmp"
	"slices"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// Kind is the JSON kind of a node's value.
type Kind uint8

// The kinds.
const (
	Null   Kind = iota // a primitive without a value: its children hold id and extensions
	Object             // an element with elements of its own, or a resource
	String
	Number
	True
	False
)

// A Node is one element of a [Document]: an object or a primitive value.
type Node struct {
	Start uint32 // offset of the value in Source; for a String, of its first byte after the quote
	End   uint32 // offset after the value; for a String, of its closing quote; for Null, Start
	Next  uint32 // index of the first node after this one's subtree
	Field schema.FieldID
	Type  schema.TypeID // the type of the value; of a resource, its own
	Kind  Kind
	// Escaped is set on a String whose source text has backslashes.
	Escaped bool
	// Canonical is set on an Object or String whose source text is canonical as it
	// stands, so that the writer copies it.
	Canonical bool
}

// An Index numbers a node of a document. The root is node 0.
type Index uint32

// A Document is one resource as a tape over its JSON. Reading it is safe for
// many goroutines; nothing in it may be changed but by Parse, which reuses its
// memory. Nodes refer to Source, which must stay as it was.
type Document struct {
	Source []byte
	Nodes  []Node
	// Issues are the faults that Parse found and the level accepts: warnings, and at
	// Minimal most errors.
	Issues []issue.Issue

	loose  []loose      // by object, then by place
	flawed []flawedText // in the order of the source
}

// Type returns the resource type.
func (d *Document) Type() schema.TypeID { return d.Nodes[0].Type }

// ID returns the resource's id, nil where it has none.
func (d *Document) ID() []byte {
	if len(d.Nodes) > 1 && d.Nodes[1].Field == d.Type().Type().First {
		return d.Text(1, nil)
	}
	return nil
}

// First returns the first child of n, and whether there is one.
func (d *Document) First(n Index) (Index, bool) {
	return n + 1, uint32(n)+1 < d.Nodes[n].Next
}

// Children calls yield with each child of n in order, until yield returns false.
// It is an iter.Seq: for c := range doc.Children(n).
func (d *Document) Children(n Index) func(yield func(Index) bool) {
	return func(yield func(Index) bool) {
		for i, end := uint32(n)+1, d.Nodes[n].Next; i < end; i = d.Nodes[i].Next {
			if !yield(Index(i)) {
				return
			}
		}
	}
}

// Child returns the first child of n in field f, and whether there is one. The
// items of an array are the nodes that follow it while their Field is f.
func (d *Document) Child(n Index, f schema.FieldID) (Index, bool) {
	for i, end := uint32(n)+1, d.Nodes[n].Next; i < end; i = d.Nodes[i].Next {
		switch g := d.Nodes[i].Field; {
		case g == f:
			return Index(i), true
		case g > f:
			return 0, false // children ascend by field
		}
	}
	return 0, false
}

// Raw returns the source text of n's value: without quotes for a String, whose
// escapes stand as written. The slice is part of Source.
func (d *Document) Raw(n Index) []byte {
	node := &d.Nodes[n]
	return d.Source[node.Start:node.End]
}

// Text returns the value of a String node with its escapes resolved, or the
// source text of a number, true or false. It is part of Source where there is no
// escape; otherwise it is appended to dst[:0].
func (d *Document) Text(n Index, dst []byte) []byte {
	if node := &d.Nodes[n]; !node.Escaped {
		return d.Source[node.Start:node.End]
	}
	return appendUnescaped(dst[:0], d.Raw(n))
}

// offset returns where the value of n starts in the source, its quote included.
func (d *Document) offset(n Index) int {
	if node := &d.Nodes[n]; node.Kind == String {
		return int(node.Start) - 1
	}
	return int(d.Nodes[n].Start)
}

// HasValue reports whether n is a primitive with a value.
func (d *Document) HasValue(n Index) bool { return d.Nodes[n].Kind >= String }

// A flawedText is a narrative that breaks a rule, by the offset of its start.
type flawedText struct {
	start uint32
	empty bool // txt-2 is broken, and not txt-1
}

// The rules of narratives (FHIR R4, Narrative). What is no XHTML breaks the first.
const (
	RuleNarrative        = "txt-1"
	RuleNarrativeContent = "txt-2"
)

// BrokenRule returns the name of the rule of narratives that the XHTML of n breaks, ""
// for none.
func (d *Document) BrokenRule(n Index) string {
	node := &d.Nodes[n]
	if node.Type != schema.TypeXhtml || node.Kind != String || node.End == node.Start {
		return RuleNarrative
	}
	i, flawed := slices.BinarySearchFunc(d.flawed, node.Start, func(f flawedText, start uint32) int { return cmp.Compare(f.start, start) })
	switch {
	case !flawed:
		return ""
	case d.flawed[i].empty:
		return RuleNarrativeContent
	}
	return RuleNarrative
}
