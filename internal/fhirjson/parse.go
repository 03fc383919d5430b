package fhirjson

import (
	"math"
	"sync"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// MaxDepth is the deepest nesting of objects and arrays that Parse takes. Every
// reader of a tape may recurse, so the limit bounds their stacks as well; the
// deepest of HL7's examples needs 21.
const MaxDepth = 256

// DefaultMaxBytes is the size that Parse takes where the options name none. A
// tape may need ten times the memory of its source in the worst case (an array of
// digits), so this also bounds what one hostile request can allocate.
const DefaultMaxBytes = 64 << 20

// Options say how strict Parse is. Nil is the same as the zero value.
type Options struct {
	// MaxBytes is the largest source accepted; 0 is DefaultMaxBytes. Above 4 GiB
	// it counts as 4 GiB, since offsets are 32 bits.
	MaxBytes int
}

// Parse reads src, which must be one resource, into doc and reuses doc's memory.
//
// The document refers to src, so src must not change while doc is in use. An
// error is an [*Error]; doc is then empty. Parse may be called by many
// goroutines at a time, each with a document of its own.
func Parse(src []byte, doc *Document, opts *Options) error {
	limit := int64(DefaultMaxBytes)
	if opts != nil && opts.MaxBytes > 0 {
		limit = min(int64(opts.MaxBytes), math.MaxUint32)
	}
	doc.Source, doc.Nodes = src, doc.Nodes[:0]
	if int64(len(src)) > limit {
		return &Error{Issues: []issue.Issue{{
			Severity: issue.Fatal, Code: issue.TooLong, Offset: limit,
			Diagnostics: "resource is larger than the limit",
		}}}
	}
	p := parsers.Get().(*parser)
	p.src = src
	if p.nodes = doc.Nodes; cap(p.nodes) == 0 {
		p.nodes = make([]Node, 0, len(src)/32+8)
	}
	p.document()
	doc.Nodes = p.nodes
	err := p.err()
	p.release()
	if err != nil {
		doc.Nodes = doc.Nodes[:0]
		return err
	}
	return nil
}

// A parser holds the state of one call of Parse, and what speeds up the next.
type parser struct {
	rules *rules
	src   []byte
	nodes []Node
	runs  []run  // fields seen so far of the objects that are open
	spare []Node // for arrange
	text  []byte // a string with its escapes resolved
	tags  []span // open tags of XHTML
	depth int
	// marks counts what keeps source text from being canonical: white space,
	// fields out of order, escapes that need not be. Text over which it stands
	// still is canonical.
	marks uint32
	// holes is set when an array of primitives has a null.
	holes bool
	// next is what came last time after a field, or first in a type (offset by
	// the number of fields): a guess that is mostly right.
	next []schema.FieldID

	findings []finding
	broken   bool // the last finding ends the parse
}

var parsers = sync.Pool{New: func() any {
	rs := loadRules()
	return &parser{rules: rs, next: make([]schema.FieldID, len(rs.fields)+len(rs.required))}
}}

// maxSpare is how much scratch memory, in elements, a pooled parser may keep.
const maxSpare = 1 << 15

// release returns p to the pool without what belongs to the document.
func (p *parser) release() {
	p.src, p.nodes, p.runs, p.findings = nil, nil, p.runs[:0], nil
	p.depth, p.marks, p.holes, p.broken = 0, 0, false, false
	if cap(p.spare) > maxSpare || cap(p.text) > maxSpare || cap(p.runs) > maxSpare {
		p.spare, p.text, p.runs = nil, nil, nil
	}
	parsers.Put(p)
}
