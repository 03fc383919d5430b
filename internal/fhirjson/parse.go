package fhirjson

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// MaxDepth is the deepest nesting of objects and arrays that Parse takes. Every
// reader of a tape may recurse, so the limit bounds their stacks as well; the
// deepest of HL7's examples needs 21.
const MaxDepth = 256

// The limits of Parse where the options name none. Resources have about 30 bytes for
// each value, an array of digits has 2: so the limit of nodes bounds what one hostile
// request can allocate.
const (
	DefaultMaxBytes = 64 << 20
	DefaultMaxNodes = DefaultMaxBytes / bytesPerNode
)

// bytesPerNode is how many bytes a large source must have for each value.
const bytesPerNode = 16

// Parse reads src, which must be one resource, into doc and reuses doc's memory.
//
// The document refers to src, so src must not change while doc is in use. An error is
// an [*Error]; doc is then empty. Faults that the level accepts are in doc.Issues.
// Parse may be called by many goroutines at a time, each with a document of its own.
func Parse(src []byte, doc *Document, opts *Options) error {
	return ParseContext(context.Background(), src, doc, opts)
}

// ParseContext is Parse that ends soon after ctx does, with the error of ctx; doc is
// then empty.
func ParseContext(ctx context.Context, src []byte, doc *Document, opts *Options) error {
	if opts == nil {
		opts = &strict
	}
	limit := int64(DefaultMaxBytes)
	if opts.MaxBytes > 0 {
		limit = min(int64(opts.MaxBytes), math.MaxUint32)
	}
	doc.Source, doc.Nodes, doc.Issues, doc.loose, doc.flawed = src, doc.Nodes[:0], nil, doc.loose[:0], nil
	if int64(len(src)) > limit {
		return &Error{Issues: []issue.Issue{{
			Severity: issue.Fatal, Code: issue.TooLong, Offset: limit,
			Diagnostics: "resource is larger than the limit",
		}}}
	}
	p := parsers.Get().(*parser)
	p.src, p.opts, p.loose, p.ctx = src, opts, doc.loose, ctx
	if p.nodes = doc.Nodes; cap(p.nodes) == 0 {
		p.nodes = make([]Node, 0, min(len(src)/32+8, firstNodes))
	}
	if p.maxNodes = opts.MaxNodes; p.maxNodes == 0 {
		p.maxNodes = max(DefaultMaxNodes, int(limit/bytesPerNode))
	}
	p.full = min(firstNodes, p.maxNodes)
	p.document()
	if len(p.nodes) > p.maxNodes && !p.broken {
		p.tooMany(len(src))
	}
	doc.Nodes, doc.loose = p.nodes, p.loose
	if !p.broken && len(doc.Nodes) > 0 {
		p.settle(doc)
	}
	doc.flawed = p.flawed
	issues, refused, ended := p.issues(), p.refused, p.ended
	p.release()
	if ended != nil {
		doc.Nodes, doc.loose, doc.flawed = doc.Nodes[:0], doc.loose[:0], nil
		return ended
	}
	if refused {
		doc.Nodes, doc.loose, doc.flawed = doc.Nodes[:0], doc.loose[:0], nil
		return &Error{Issues: issues}
	}
	doc.Issues = issues
	return nil
}

// strict are the options that nil stands for.
var strict Options

// settle makes the checks that need the whole tape.
func (p *parser) settle(doc *Document) {
	slices.SortFunc(doc.loose, func(a, b loose) int {
		return cmp.Or(cmp.Compare(a.object, b.object), cmp.Compare(a.start, b.start))
	})
	if p.opts.Level == Minimal && len(doc.loose) > 0 {
		p.uniqueNames()
	}
	if p.opts.Level == StructureOnly {
		return
	}
	p.check(doc)
}

// uniqueNames looks for duplicate names in the whole source. The parser does not
// compare the names of loose properties, nor the names inside them.
func (p *parser) uniqueNames() {
	var fault *jsontext.SyntacticError
	err := jsontext.NewDecoder(bytes.NewBuffer(p.src)).SkipValue()
	if errors.As(err, &fault) && !p.refused {
		p.refuse(int(fault.ByteOffset), issue.Structure, "name stands twice")
	}
}

// A parser holds the state of one call of Parse, and what speeds up the next.
type parser struct {
	rules  *rules
	opts   *Options
	ctx    context.Context
	ended  error // of ctx
	src    []byte
	nodes  []Node
	loose  []loose
	runs   []run  // fields seen so far of the objects that are open
	spare  []Node // for arrange
	text   []byte // a string with its escapes resolved
	xhtml  narrative
	flawed []flawedText
	depth  int
	// full is the number of nodes at which there may be no room for more, or ctx is
	// looked at.
	full     int
	maxNodes int
	// marks counts the places at which source text is not canonical: white space,
	// fields out of order, needless escapes. A text is canonical if marks does not
	// change over it.
	marks uint32
	// holes is set when an array of primitives has a null.
	holes bool
	// misfit is set when the property that is being parsed has no place on the tape.
	misfit bool
	// late has the offset of the value of resourceType for objects, up to the offset
	// sought, in which it does not come first. One search serves the resources inside a
	// resource too; otherwise nested resources would be searched over and over.
	late    map[int]int
	sought  int
	seeking bool
	// next has the field that came last time after a field, or first in a type (offset
	// by the number of fields): a guess that is mostly right.
	next []schema.FieldID

	findings []finding // errors
	warnings []finding
	refused  bool // the level does not accept the source
	broken   bool // the only finding ends the parse

	scopes  []scope      // resources around the node that is being checked
	locals  []local      // references to contained resources
	ids     []local      // of the contained resources of the scopes
	entries []bundleItem // entries of the bundles around it

	elementIDs []elementID // of the elements
}

var parsers = sync.Pool{New: func() any {
	rs := loadRules()
	return &parser{rules: rs, next: make([]schema.FieldID, len(rs.fields)+len(rs.required))}
}}

// firstNodes is the most nodes that a new document has room for from the start: a
// resource of many megabytes is mostly one attachment.
const firstNodes = 1 << 12

// maxSpare is how much scratch memory, in elements, a pooled parser may keep.
const maxSpare = 1 << 15

// release returns p to the pool without what belongs to the document.
func (p *parser) release() {
	p.opts, p.src, p.nodes, p.loose, p.runs, p.findings, p.warnings, p.flawed = nil, nil, nil, nil, p.runs[:0], nil, nil, nil
	p.xhtml.text = nil
	p.ctx, p.ended = nil, nil
	p.sought, p.depth, p.marks, p.holes, p.misfit, p.refused, p.broken = 0, 0, 0, false, false, false, false
	clear(p.locals) // they refer to the source
	clear(p.entries)
	clear(p.ids)
	p.scopes, p.locals, p.ids, p.entries = p.scopes[:0], p.locals[:0], p.ids[:0], p.entries[:0]
	if cap(p.spare) > maxSpare || cap(p.text) > maxSpare || cap(p.runs) > maxSpare ||
		cap(p.elementIDs) > maxSpare || cap(p.locals) > maxSpare || cap(p.ids) > maxSpare || cap(p.entries) > maxSpare {
		p.spare, p.text, p.runs, p.locals, p.ids, p.entries, p.elementIDs = nil, nil, nil, nil, nil, nil, nil
	}
	if len(p.late) > maxSpare {
		p.late = nil
	}
	parsers.Put(p)
}

const (
	// nodesAtOnce is more than the nodes that are added between two checks of their
	// room: the primitives of an object.
	nodesAtOnce = 256
	// nodesPerLook is how many nodes are read or checked between two looks at the
	// context.
	nodesPerLook = 1 << 13
)

// proceed is called where the tape has p.full nodes, at the start of an object or of an
// item of an array. It looks at
// the context, makes room for nodes, and reports whether the parse goes on.
func (p *parser) proceed(pos int) bool {
	if p.ended = p.ctx.Err(); p.ended != nil {
		p.fail(pos, issue.Processing, "the parse was ended")
		return false
	}
	n := len(p.nodes)
	if n > p.maxNodes {
		p.tooMany(pos)
		return false
	}
	if n+nodesAtOnce > cap(p.nodes) {
		// The rest of the source is mostly as dense as the beginning: so the tape is
		// moved once or twice, and is not much larger than necessary.
		rest := int(int64(n) * int64(len(p.src)-pos) / int64(max(pos, 1)))
		p.nodes = slices.Grow(p.nodes, max(min(rest+rest/16+n/8+64, p.maxNodes-n), 2*nodesAtOnce))
	}
	p.full = min(cap(p.nodes)-nodesAtOnce+1, n+nodesPerLook, max(p.maxNodes, n+1))
	return true
}

// tooMany fails since there are more nodes than the limit.
func (p *parser) tooMany(pos int) {
	p.fail(pos, issue.TooLong, "resource has more values than the limit of "+strconv.Itoa(p.maxNodes))
}
