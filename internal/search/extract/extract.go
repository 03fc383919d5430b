package extract

import (
	"strings"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// Extract adds to b the values of a resource.
func (x *Extractor) Extract(plan *param.TypePlan, doc *fhirjson.Document, b *index.Builder) {
	x.doc, x.b = doc, b
	x.scratch, x.groups = x.scratch[:0], 0
	x.versionsInside(plan)
	x.resource(0, plan)
	x.fullText()
	x.mentions()
	x.contained(plan)
	x.doc, x.b = nil, nil
}

// ExtractPlaces adds to b a resource's values of custom parameters.
func (x *Extractor) ExtractPlaces(places []*param.Place, doc *fhirjson.Document, b *index.Builder) {
	x.doc, x.b = doc, b
	x.scratch, x.groups = x.scratch[:0], 0
	for _, p := range places {
		x.evaluate(0, p)
	}
	x.doc, x.b = nil, nil
}

// An Extractor is the state of one extraction and its scratch memory.
type Extractor struct {
	*param.Registry
	doc       *fhirjson.Document
	b         *index.Builder
	groups    uint32                   // elements of composites so far
	shift     index.Param              // from a stream to where its values go, other than 0 in a contained resource
	inner     map[string]schema.TypeID // of the contained resources, by id; filled when it is asked for
	scratch   []byte                   // texts that are not in the source as such, until the extraction ends
	sensitive map[string]bool          // schema.CaseSensitive, remembered
	evaluator fhirpath.Evaluator       // of custom parameters
	found     []fhirjson.Index         // by them
	reader    param.WordReader
	distinct  param.WordSet
	mentioner param.Mentioner
	seen      map[mentioned]struct{} // by mentions
}

// NewExtractor returns an extractor for the parameters of a registry.
func NewExtractor(r *param.Registry) *Extractor {
	return &Extractor{
		Registry: r, scratch: make([]byte, 0, 1<<10), sensitive: map[string]bool{},
		inner: map[string]schema.TypeID{}, reader: param.NewWordReader(), mentioner: param.NewMentioner(r), seen: map[mentioned]struct{}{}, evaluator: fhirpath.Evaluator{MaxVisits: param.CustomVisits},
	}
}

// resource extracts the values of the resource at a node.
func (x *Extractor) resource(at fhirjson.Index, plan *param.TypePlan) {
	x.walk(at, plan.Root, 0)
	for i := range plan.Exists {
		x.existence(at, &plan.Exists[i])
	}
	for _, p := range plan.Places {
		x.evaluate(at, p)
	}
}

// walk extracts the values of the tape's node at and of the nodes below, by the trie's
// node n.
func (x *Extractor) walk(at fhirjson.Index, n *param.Node, group uint32) {
	for i := range n.Leaves {
		l := n.Leaves[i]
		l.Param += x.shift
		x.leaf(at, &l, group)
	}
	if n.Edges == nil {
		return
	}
	nodes := x.doc.Nodes
	var field schema.FieldID
	number := 0
	for c, end := uint32(at)+1, nodes[at].Next; c < end; c = nodes[c].Next {
		i := int(nodes[c].Field) - int(n.First)
		if uint(i) >= uint(len(n.Edges)) || n.Edges[i] == nil {
			continue
		}
		e := n.Edges[i]
		below := group
		if e.Counted {
			if nodes[c].Field != field {
				field, number = nodes[c].Field, 0
			}
			number++
			if e.Numbered {
				x.groups++
				below = x.groups
			}
		}
		for j := range e.Branches {
			if branch := &e.Branches[j]; x.passes(fhirjson.Index(c), &branch.Filter, number) {
				x.walk(fhirjson.Index(c), branch.Node, below)
				break
			}
		}
	}
}

// passes reports whether an item, the number-th of its field from 1, passes a filter.
func (x *Extractor) passes(at fhirjson.Index, f *param.Filter, number int) bool {
	switch f.Kind {
	case param.FilterEquals:
		child, ok := x.doc.Child(at, f.Field)
		return ok && x.text(child) == f.Text
	case param.FilterFirst:
		return number == 1
	case param.FilterResolves:
		return x.referredType(at) == f.Type
	case param.FilterExtension:
		return x.hasExtension(at, f.Text)
	}
	return true
}

// referredType returns the type that the text of a Reference or canonical names.
func (x *Extractor) referredType(at fhirjson.Index) schema.TypeID {
	if x.doc.Nodes[at].Kind == fhirjson.String {
		return x.TypeOfReference(x.text(at))
	}
	if child, ok := x.doc.Child(at, x.Fields.ReferenceText); ok {
		s := x.text(child)
		if strings.HasPrefix(s, "#") {
			return x.localType(s[1:])
		}
		if t := x.TypeOfReference(s); t != 0 {
			return t
		}
	}
	if child, ok := x.doc.Child(at, x.Fields.ReferenceType); ok {
		return x.Names[x.text(child)]
	}
	return 0
}

func (x *Extractor) hasExtension(at fhirjson.Index, url string) bool {
	field := schema.Lookup(x.doc.Nodes[at].Type, "extension")
	for c := range x.doc.Children(at) {
		if x.doc.Nodes[c].Field != field {
			continue
		}
		if child, ok := x.doc.Child(c, x.Fields.ExtensionURL); ok && x.text(child) == url {
			return true
		}
	}
	return false
}

// existence adds whether an element exists and is not false. Of one without a value, which
// has extensions alone, nobody knows.
func (x *Extractor) existence(at fhirjson.Index, e *param.Existence) {
	value, found := "false", 0
	for _, field := range e.Fields {
		child, ok := x.doc.Child(at, field)
		if !ok {
			continue
		}
		found++
		switch kind := x.doc.Nodes[child].Kind; {
		case found > 1: // only a lenient store keeps two alternatives of a choice
			value = "true"
		case kind == fhirjson.Null:
			value = ""
		case kind != fhirjson.False:
			value = "true"
		}
	}
	if value == "" {
		return
	}
	x.b.Token(e.Stream.ID+x.shift, 0, "", param.CaseMark+value)
}

// text returns the value of a primitive. It is valid until the extraction ends.
func (x *Extractor) text(at fhirjson.Index) string {
	node := &x.doc.Nodes[at]
	if !node.Escaped {
		return param.AsText(x.doc.Source[node.Start:node.End])
	}
	free := x.scratch[len(x.scratch):]
	text := x.doc.Text(at, free)
	if len(text) <= cap(free) {
		x.scratch = x.scratch[:len(x.scratch)+len(text)]
	}
	return param.AsText(text)
}

// child returns the value of a primitive child, "" if there is none.
func (x *Extractor) child(at fhirjson.Index, field schema.FieldID) string {
	if c, ok := x.doc.Child(at, field); ok && x.doc.HasValue(c) {
		return x.text(c)
	}
	return ""
}

// folded returns Fold(s), valid until the extraction ends.
func (x *Extractor) folded(s string) string {
	start := len(x.scratch)
	x.scratch = param.AppendFolded(x.scratch, s)
	return param.AsText(x.scratch[start:])
}

// code returns foldCode(s), valid until the extraction ends.
func (x *Extractor) code(s string, sensitive bool) string {
	start := len(x.scratch)
	if sensitive {
		x.scratch = append(append(x.scratch, param.CaseMark...), s...)
		return param.AsText(x.scratch[start:])
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
			return param.AsText(lower)
		}
	}
	return s
}

// maxRemembered bounds the systems that an extractor remembers.
const maxRemembered = 256

func (x *Extractor) caseSensitive(system string) bool {
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
