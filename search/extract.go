package search

import (
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/fhirlake/fhirlake/fhirpath"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Extract adds to b the values of every search parameter of the resource: those
// of all parameters that FHIR R4 defines for its type, the components of
// composites and the values that :text and :identifier look at included, and its
// words. The resource's id and the time of its update are no values: the index knows
// them. The values of contained resources follow, under numbers of their own; their
// words are the resource's. A malformed date or number, which only a lenient store
// keeps, has no values.
//
// It is safe for several goroutines with a Builder each.
func (e *Engine) Extract(doc *fhirjson.Document, b *index.Builder) error {
	plan := e.registry.types[doc.Type()]
	if plan == nil {
		return &TypeError{Type: doc.Type()}
	}
	x := e.extractors.Get().(*extractor)
	x.doc, x.b = doc, b
	x.scratch, x.groups = x.scratch[:0], 0
	x.versionsInside(plan)
	x.resource(0, plan)
	x.fullText()
	x.contained(plan)
	x.doc, x.b = nil, nil
	e.extractors.Put(x)
	return nil
}

// An extractor is the state of one extraction and its scratch memory.
type extractor struct {
	*registry
	doc       *fhirjson.Document
	b         *index.Builder
	groups    uint32                   // elements of composites so far
	shift     index.Param              // from a stream to where its values go, other than 0 in a contained resource
	inner     map[string]schema.TypeID // of the contained resources, by id; filled when it is asked for
	scratch   []byte                   // texts that are not in the source as such, until the extraction ends
	sensitive map[string]bool          // schema.CaseSensitive, remembered
	evaluator fhirpath.Evaluator       // of custom parameters
	found     []fhirjson.Index         // by them
	reader    wordReader
	distinct  wordSet
}

func (e *Engine) newExtractor() any {
	return &extractor{
		registry: e.registry, scratch: make([]byte, 0, 1<<10), sensitive: map[string]bool{},
		inner: map[string]schema.TypeID{}, reader: newWordReader(), evaluator: fhirpath.Evaluator{MaxVisits: customVisits},
	}
}

// resource extracts the values of the resource at a node.
func (x *extractor) resource(at fhirjson.Index, plan *typePlan) {
	x.walk(at, plan.root, 0)
	for i := range plan.exists {
		x.existence(at, &plan.exists[i])
	}
}

// walk extracts what the trie says from the tape's node at and what is below.
func (x *extractor) walk(at fhirjson.Index, n *node, group uint32) {
	for i := range n.leaves {
		l := n.leaves[i]
		l.param += x.shift
		x.leaf(at, &l, group)
	}
	if n.edges == nil {
		return
	}
	nodes := x.doc.Nodes
	var field schema.FieldID
	number := 0
	for c, end := uint32(at)+1, nodes[at].Next; c < end; c = nodes[c].Next {
		i := int(nodes[c].Field) - int(n.first)
		if uint(i) >= uint(len(n.edges)) || n.edges[i] == nil {
			continue
		}
		e := n.edges[i]
		below := group
		if e.counted {
			if nodes[c].Field != field {
				field, number = nodes[c].Field, 0
			}
			number++
			if e.numbered {
				x.groups++
				below = x.groups
			}
		}
		for j := range e.branches {
			if branch := &e.branches[j]; x.passes(fhirjson.Index(c), &branch.filter, number) {
				x.walk(fhirjson.Index(c), branch.node, below)
				break
			}
		}
	}
}

// passes reports whether an item, the number-th of its field from 1, passes a filter.
func (x *extractor) passes(at fhirjson.Index, f *filter, number int) bool {
	switch f.kind {
	case filterEquals:
		child, ok := x.doc.Child(at, f.field)
		return ok && x.text(child) == f.text
	case filterFirst:
		return number == 1
	case filterResolves:
		return x.referredType(at) == f.typ
	case filterExtension:
		return x.hasExtension(at, f.text)
	}
	return true
}

// referredType returns the type of the resource that a Reference or canonical
// refers to, as far as it says so itself.
func (x *extractor) referredType(at fhirjson.Index) schema.TypeID {
	if x.doc.Nodes[at].Kind == fhirjson.String {
		return x.typeOfReference(x.text(at))
	}
	if child, ok := x.doc.Child(at, x.fields.referenceText); ok {
		s := x.text(child)
		if strings.HasPrefix(s, "#") {
			return x.localType(s[1:])
		}
		if t := x.typeOfReference(s); t != 0 {
			return t
		}
	}
	if child, ok := x.doc.Child(at, x.fields.referenceType); ok {
		return x.names[x.text(child)]
	}
	return 0
}

func (x *extractor) hasExtension(at fhirjson.Index, url string) bool {
	field := schema.Lookup(x.doc.Nodes[at].Type, "extension")
	for c := range x.doc.Children(at) {
		if x.doc.Nodes[c].Field != field {
			continue
		}
		if child, ok := x.doc.Child(c, x.fields.extensionURL); ok && x.text(child) == url {
			return true
		}
	}
	return false
}

// existence adds whether an element exists and is not false.
func (x *extractor) existence(at fhirjson.Index, e *existence) {
	value := "false"
	for _, field := range e.fields {
		if child, ok := x.doc.Child(at, field); ok && x.doc.Nodes[child].Kind != fhirjson.False {
			value = "true"
		}
	}
	x.b.Token(e.stream.id+x.shift, 0, "", caseMark+value)
}

// text returns the value of a primitive. It is valid until the extraction ends.
func (x *extractor) text(at fhirjson.Index) string {
	node := &x.doc.Nodes[at]
	if !node.Escaped {
		return view(x.doc.Source[node.Start:node.End])
	}
	free := x.scratch[len(x.scratch):]
	text := x.doc.Text(at, free)
	if len(text) <= cap(free) {
		x.scratch = x.scratch[:len(x.scratch)+len(text)]
	}
	return view(text)
}

// child returns the value of a primitive child, "" if there is none.
func (x *extractor) child(at fhirjson.Index, field schema.FieldID) string {
	if c, ok := x.doc.Child(at, field); ok && x.doc.HasValue(c) {
		return x.text(c)
	}
	return ""
}

// folded returns Fold(s), valid until the extraction ends.
func (x *extractor) folded(s string) string {
	start := len(x.scratch)
	x.scratch = appendFolded(x.scratch, s)
	return view(x.scratch[start:])
}

// code returns foldCode(s), valid until the extraction ends.
func (x *extractor) code(s string, sensitive bool) string {
	start := len(x.scratch)
	if sensitive {
		x.scratch = append(append(x.scratch, caseMark...), s...)
		return view(x.scratch[start:])
	}
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf {
			return strings.ToLower(s)
		} else if c >= 'A' && c <= 'Z' {
			x.scratch = append(x.scratch, s...)
			lower := x.scratch[start:]
			for j := i; j < len(lower); j++ {
				if c := lower[j]; c >= 'A' && c <= 'Z' {
					lower[j] = c + 'a' - 'A'
				} else if c >= utf8.RuneSelf {
					return strings.ToLower(s)
				}
			}
			return view(lower)
		}
	}
	return s
}

// maxRemembered bounds the systems that an extractor remembers.
const maxRemembered = 256

func (x *extractor) caseSensitive(system string) bool {
	if system == "" {
		return false
	}
	sensitive, known := x.sensitive[system]
	if !known {
		sensitive = schema.CaseSensitive(system)
		if len(x.sensitive) < maxRemembered {
			x.sensitive[strings.Clone(system)] = sensitive
		}
	}
	return sensitive
}

// view returns b as a string without a copy. b must not change while the string
// is in use; Builder copies what it is given.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
