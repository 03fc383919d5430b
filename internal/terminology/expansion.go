package terminology

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// CostOfCode is the cost of looking up a code, in units of looking at one ordinal of a
// posting.
const CostOfCode = 20

// Limits of an expansion.
const (
	maxCodes     = 200_000 // of one value set or code system
	maxValueSets = 64      // that one leads to
)

// A Source finds value sets and code systems, as of one state.
type Source interface {
	// Find returns the newest resource of a type that a canonical or a reference names,
	// 0 if there is none.
	Find(typ, uri string) (index.Ordinal, error)
	// Document reads a version. The result is the caller's.
	Document(o index.Ordinal) (*fhirjson.Document, error)
	// Charge counts work, and returns an error if it is too much.
	Charge(work int) error
}

// An Expansion works out the codes of value sets and of hierarchies. It is for one
// goroutine.
type Expansion struct {
	Source
	Cache *Cache
	open  []string // the value sets that are being expanded, against circles
	sets  int
	names []resolvedName // that were looked up
}

// An Error says why there are no codes.
type Error struct {
	Code   issue.Code
	Reason string // free of values
}

// Error says what is missing, on one line.
func (e *Error) Error() string { return "terminology: " + e.Reason }

func (x *Expansion) fail(code issue.Code, reason string) error { return &Error{code, reason} }

// find is Find for a resource that the expansion needs. It remembers the name.
func (x *Expansion) find(typ, uri string) (index.Ordinal, error) {
	o, err := x.Find(typ, uri)
	switch {
	case err != nil:
		return 0, err
	case o == 0:
		return 0, x.fail(issue.NotSupported, "needs a "+typ+" that is not in the store")
	}
	if name := (resolvedName{typ, uri, o}); !slices.Contains(x.names, name) {
		x.names = append(x.names, name)
	}
	return o, nil
}

// Ranked returns a code and the codes above or below it. The result may be shared and
// must not be changed, like the result of ValueSet.
func (x *Expansion) Ranked(system, code string, above bool) (*CodeSet, error) {
	tree, err := x.codeSystem(system)
	if err != nil {
		return nil, err
	}
	set := NewCodeSet()
	if code, ok := tree.sameCode(system, code); ok {
		edges := tree.children
		if above {
			edges = tree.parents
		}
		closure(set, system, code, edges)
	}
	return set, nil
}

// codeSystem returns the codes of a system and their hierarchy.
func (x *Expansion) codeSystem(system string) (*codeTree, error) {
	o, err := x.find("CodeSystem", system)
	if err != nil {
		return nil, err
	}
	if tree := x.Cache.tree(o); tree != nil {
		return tree, nil
	}
	doc, err := x.Document(o)
	if err != nil {
		return nil, err
	}
	tree, err := x.treeOf(doc)
	if err != nil {
		return nil, err
	}
	x.Cache.addTree(o, tree)
	return tree, x.Charge(CostOfCode * len(tree.codes))
}

// treeOf reads the codes of a CodeSystem and their hierarchy: by nesting, and by the
// properties parent, child and subsumedBy.
func (x *Expansion) treeOf(doc *fhirjson.Document) (*codeTree, error) {
	if meaning := doc.Member(0, "hierarchyMeaning"); meaning != "" && meaning != "is-a" {
		return nil, x.fail(issue.NotSupported, "needs a CodeSystem whose hierarchy means is-a")
	}
	tree := &codeTree{map[string]struct{}{}, map[string][]string{}, map[string][]string{}}
	type nested struct {
		node   fhirjson.Index
		parent string
	}
	var stack []nested
	for n := range doc.Members(0, "concept") {
		stack = append(stack, nested{n, ""})
	}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		code := doc.Member(at.node, "code")
		tree.codes[code] = struct{}{}
		if len(tree.codes) > maxCodes {
			return nil, x.fail(issue.TooCostly, "needs a CodeSystem with too many codes")
		}
		if at.parent != "" {
			tree.link(at.parent, code)
		}
		for p := range doc.Members(at.node, "property") {
			switch other := doc.Member(p, "valueCode"); doc.Member(p, "code") {
			case "parent", "subsumedBy":
				tree.link(other, code)
			case "child":
				tree.link(code, other)
			}
		}
		for n := range doc.Members(at.node, "concept") {
			stack = append(stack, nested{n, code})
		}
	}
	return tree, nil
}

// valueSet returns the codes of a value set: the codes of its expansion if it has one,
// and otherwise the codes that its definition composes (FHIR R4 §4.9.5).
func (x *Expansion) valueSet(uri string) (*CodeSet, error) {
	if slices.Contains(x.open, uri) {
		return nil, x.fail(issue.BusinessRule, "needs a ValueSet that includes itself")
	}
	if x.sets++; x.sets > maxValueSets {
		return nil, x.fail(issue.TooCostly, "needs a ValueSet that includes too many others")
	}
	x.open = append(x.open, uri)
	defer func() { x.open = x.open[:len(x.open)-1] }()
	o, err := x.find("ValueSet", uri)
	if err != nil {
		return nil, err
	}
	doc, err := x.Document(o)
	if err != nil {
		return nil, err
	}
	set := NewCodeSet()
	if n, ok := doc.Child(0, schema.Lookup(doc.Type(), "expansion")); ok {
		expanded(set, doc, n)
		return set, x.Charge(CostOfCode * len(set.Codes))
	}
	compose, ok := doc.Child(0, schema.Lookup(doc.Type(), "compose"))
	if !ok {
		return nil, x.fail(issue.NotSupported, "needs a ValueSet with a definition or an expansion")
	}
	for n := range doc.Members(compose, "include") {
		part, err := x.component(doc, n)
		if err != nil {
			return nil, err
		}
		set.AddAll(part)
	}
	for n := range doc.Members(compose, "exclude") {
		part, err := x.component(doc, n)
		if err != nil {
			return nil, err
		}
		if err := x.remove(set, part); err != nil {
			return nil, err
		}
	}
	if len(set.Codes) > maxCodes {
		return nil, x.fail(issue.TooCostly, "needs a ValueSet with too many codes")
	}
	return set, nil
}

// expanded adds the codes of an expansion, or of a contains element and all inside it.
func expanded(set *CodeSet, doc *fhirjson.Document, n fhirjson.Index) {
	for c := range doc.Members(n, "contains") {
		if code := doc.Member(c, "code"); code != "" && doc.Member(c, "abstract") != "true" {
			set.Add(doc.Member(c, "system"), code)
		}
		expanded(set, doc, c)
	}
}

// component returns the codes of one include or exclude: the codes of its system that
// are in every value set that it names.
func (x *Expansion) component(doc *fhirjson.Document, n fhirjson.Index) (*CodeSet, error) {
	var set *CodeSet
	if system := doc.Member(n, "system"); system != "" {
		var err error
		if set, err = x.ofSystem(doc, n, system); err != nil {
			return nil, err
		}
	}
	for at := range doc.Members(n, "valueSet") {
		other, err := x.valueSet(string(doc.Text(at, nil)))
		if err != nil {
			return nil, err
		}
		if set == nil {
			set = other
		} else {
			set = set.and(other)
		}
	}
	if set == nil {
		return nil, x.fail(issue.NotSupported, "needs a ValueSet that names its systems")
	}
	return set, nil
}

// ofSystem returns the listed codes of a system, or the codes that pass all filters, or
// all codes.
func (x *Expansion) ofSystem(doc *fhirjson.Document, n fhirjson.Index, system string) (*CodeSet, error) {
	set, listed := NewCodeSet(), false
	for c := range doc.Members(n, "concept") {
		set.Add(system, doc.Member(c, "code"))
		listed = true
	}
	if listed {
		return set, nil
	}
	set.Whole[system] = struct{}{}
	for f := range doc.Members(n, "filter") {
		held, err := x.filtered(system, doc.Member(f, "property"), doc.Member(f, "op"), doc.Member(f, "value"))
		if err != nil {
			return nil, err
		}
		set = set.and(held)
	}
	return set, nil
}

// filtered returns the codes for which a filter on the hierarchy holds.
func (x *Expansion) filtered(system, property, op, code string) (*CodeSet, error) {
	if property != "concept" && property != "code" && property != "parent" {
		return nil, x.fail(issue.NotSupported, "needs a ValueSet with a filter other than on the hierarchy")
	}
	tree, err := x.codeSystem(system)
	if err != nil {
		return nil, err
	}
	set := NewCodeSet()
	switch op {
	case "is-a":
		closure(set, system, code, tree.children)
	case "descendent-of":
		closure(set, system, code, tree.children)
		delete(set.Codes, Coding{system, code})
	case "generalizes":
		closure(set, system, code, tree.parents)
	case "is-not-a":
		below := NewCodeSet()
		closure(below, system, code, tree.children)
		for c := range tree.codes {
			if !below.Has(Coding{system, c}) {
				set.Add(system, c)
			}
		}
	case "in", "=":
		for one := range strings.SplitSeq(code, ",") {
			if property == "parent" {
				for _, child := range tree.children[one] {
					set.Add(system, child)
				}
			} else {
				set.Add(system, one)
			}
		}
	default:
		return nil, x.fail(issue.NotSupported, "needs a ValueSet with a filter other than on the hierarchy")
	}
	for c := range set.Codes { // a code that the system does not have is none
		if _, ok := tree.codes[c.Code]; !ok {
			delete(set.Codes, c)
		}
	}
	return set, x.Charge(CostOfCode * (len(tree.codes) + len(set.Codes)))
}

// remove takes codes out of a set. If it takes some codes of a whole system, the other
// codes become single codes.
func (x *Expansion) remove(set, part *CodeSet) error {
	for system := range part.Whole {
		delete(set.Whole, system)
	}
	for c := range part.Codes {
		if _, whole := set.Whole[c.System]; !whole {
			continue
		}
		tree, err := x.codeSystem(c.System)
		if err != nil {
			return err
		}
		delete(set.Whole, c.System)
		for code := range tree.codes {
			set.Add(c.System, code)
		}
	}
	for c := range set.Codes {
		if part.Has(c) {
			delete(set.Codes, c)
		}
	}
	return nil
}
