package search

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Limits of an expansion.
const (
	maxCodes     = 200_000 // of one value set or code system
	maxValueSets = 64      // that one leads to
	costOfCode   = 20      // to look up a code
)

// A terminologyNode is a match with :in, :not-in, :above or :below on tokens, by the
// value sets and code systems of the view (FHIR R4 §3.1.1.4.10).
type terminologyNode struct{ matched }

func (n *terminologyNode) estimate() int { return n.all() }

func (n *terminologyNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	codes, err := n.ev.codes(n.match)
	if err != nil {
		return nil, err
	}
	if err := n.ev.charge(costOfCode * len(codes.codes) * len(n.param.streams)); err != nil {
		return nil, err
	}
	plainly := &match{typ: n.match.typ, param: n.param, values: codes.values()}
	if n.modifier == modNotIn {
		plainly.modifier = modNot
	}
	return n.ev.compile(n.typ, plainly, "").evaluate(within)
}

func (n *terminologyNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if n.modifier == modNotIn {
		return n.among(within)
	}
	return n.matched.candidates(within)
}

// decide looks codes up in the case in which the streams have them.
func (n *terminologyNode) decide(about subject) (decision, error) {
	codes, err := n.ev.codes(n.match)
	if err != nil {
		return nil, err
	}
	stored := newCodeSet()
	stored.whole = codes.whole
	for c := range codes.codes {
		if c.system != "" {
			stored.add(c.system, foldCode(c.code, schema.CaseSensitive(c.system)))
			continue
		}
		stored.add("", foldCode(c.code, true))
		stored.add("", foldCode(c.code, false))
	}
	p := n.ev.paramOf(about, n.param)
	p.aside = nil
	held := n.ev.any(about, n.typ, p, costOfCode, func(_ *stream, e *index.Entry) bool { return stored.has(coding{e.System, e.Code}) })
	if n.modifier == modNotIn {
		return opposite(about, n.typ, held), nil
	}
	return held, nil
}

func (n *terminologyNode) explain() (string, Way) { return n.name(), ByTerminology }

// codes returns the codes that :in, :not-in, :above or :below is about. The result may
// be shared and must not be changed.
func (ev *evaluation) codes(m *match) (*codeSet, error) {
	codes := newCodeSet()
	for i := range m.values {
		v := &m.values[i]
		x := expansion{evaluation: ev, name: m.name()}
		var found *codeSet
		var err error
		if m.modifier.ranked() {
			found, err = x.ranked(v, m.modifier == modAbove)
		} else {
			found, err = x.cachedValueSet(v.text)
		}
		if err != nil {
			return nil, err
		}
		if len(m.values) == 1 {
			return found, nil
		}
		if err := ev.charge(costOfCode * len(found.codes)); err != nil {
			return nil, err
		}
		codes.addAll(found)
	}
	return codes, nil
}

// An expansion works out the codes of a value set.
type expansion struct {
	*evaluation
	name  string   // of the condition, for errors
	open  []string // the value sets that are being expanded, against circles
	sets  int
	names []resolvedName // that were looked up
}

func (x *expansion) fail(code issue.Code, reason string) error {
	return &QueryError{Part: x.name, Code: code, Reason: reason}
}

// ranked returns a code and those above or below it.
func (x *expansion) ranked(v *value, above bool) (*codeSet, error) {
	tree, err := x.codeSystem(v.system)
	if err != nil {
		return nil, err
	}
	set := newCodeSet()
	if code, ok := tree.sameCode(v.system, v.code); ok {
		edges := tree.children
		if above {
			edges = tree.parents
		}
		closure(set, v.system, code, edges)
	}
	return set, nil
}

// codeSystem returns the codes of a system and their hierarchy.
func (x *expansion) codeSystem(system string) (*codeTree, error) {
	o, err := x.find("CodeSystem", system)
	if err != nil {
		return nil, err
	}
	if tree := x.expansions.tree(o); tree != nil {
		return tree, nil
	}
	doc, err := x.document(o)
	if err != nil {
		return nil, err
	}
	tree, err := x.treeOf(doc)
	if err != nil {
		return nil, err
	}
	x.expansions.addTree(o, tree)
	return tree, x.charge(costOfCode * len(tree.codes))
}

// treeOf reads the codes of a CodeSystem and their hierarchy: by nesting, and by the
// properties parent, child and subsumedBy.
func (x *expansion) treeOf(doc *fhirjson.Document) (*codeTree, error) {
	if meaning := member(doc, 0, "hierarchyMeaning"); meaning != "" && meaning != "is-a" {
		return nil, x.fail(issue.NotSupported, "needs a CodeSystem whose hierarchy means is-a")
	}
	tree := &codeTree{map[string]struct{}{}, map[string][]string{}, map[string][]string{}}
	type nested struct {
		node   fhirjson.Index
		parent string
	}
	var stack []nested
	for n := range members(doc, 0, "concept") {
		stack = append(stack, nested{n, ""})
	}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		code := member(doc, at.node, "code")
		tree.codes[code] = struct{}{}
		if len(tree.codes) > maxCodes {
			return nil, x.fail(issue.TooCostly, "needs a CodeSystem with too many codes")
		}
		if at.parent != "" {
			tree.link(at.parent, code)
		}
		for p := range members(doc, at.node, "property") {
			switch other := member(doc, p, "valueCode"); member(doc, p, "code") {
			case "parent", "subsumedBy":
				tree.link(other, code)
			case "child":
				tree.link(code, other)
			}
		}
		for n := range members(doc, at.node, "concept") {
			stack = append(stack, nested{n, code})
		}
	}
	return tree, nil
}

// valueSet returns the codes of a value set: those of its expansion where it has
// one, otherwise those that its definition composes (FHIR R4 §4.9.5).
func (x *expansion) valueSet(uri string) (*codeSet, error) {
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
	doc, err := x.document(o)
	if err != nil {
		return nil, err
	}
	set := newCodeSet()
	if n, ok := doc.Child(0, schema.Lookup(doc.Type(), "expansion")); ok {
		expanded(set, doc, n)
		return set, x.charge(costOfCode * len(set.codes))
	}
	compose, ok := doc.Child(0, schema.Lookup(doc.Type(), "compose"))
	if !ok {
		return nil, x.fail(issue.NotSupported, "needs a ValueSet with a definition or an expansion")
	}
	for n := range members(doc, compose, "include") {
		part, err := x.component(doc, n)
		if err != nil {
			return nil, err
		}
		set.addAll(part)
	}
	for n := range members(doc, compose, "exclude") {
		part, err := x.component(doc, n)
		if err != nil {
			return nil, err
		}
		if err := x.remove(set, part); err != nil {
			return nil, err
		}
	}
	if len(set.codes) > maxCodes {
		return nil, x.fail(issue.TooCostly, "needs a ValueSet with too many codes")
	}
	return set, nil
}

// expanded adds the codes of an expansion, or of what one contains.
func expanded(set *codeSet, doc *fhirjson.Document, n fhirjson.Index) {
	for c := range members(doc, n, "contains") {
		if code := member(doc, c, "code"); code != "" && member(doc, c, "abstract") != "true" {
			set.add(member(doc, c, "system"), code)
		}
		expanded(set, doc, c)
	}
}

// component returns the codes of one include or exclude: of a system, that are in
// every value set that it names.
func (x *expansion) component(doc *fhirjson.Document, n fhirjson.Index) (*codeSet, error) {
	var set *codeSet
	if system := member(doc, n, "system"); system != "" {
		var err error
		if set, err = x.ofSystem(doc, n, system); err != nil {
			return nil, err
		}
	}
	for at := range members(doc, n, "valueSet") {
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

// ofSystem returns the codes of a system that are listed, or that all filters
// hold for, or all.
func (x *expansion) ofSystem(doc *fhirjson.Document, n fhirjson.Index, system string) (*codeSet, error) {
	set, listed := newCodeSet(), false
	for c := range members(doc, n, "concept") {
		set.add(system, member(doc, c, "code"))
		listed = true
	}
	if listed {
		return set, nil
	}
	set.whole[system] = struct{}{}
	for f := range members(doc, n, "filter") {
		held, err := x.filtered(system, member(doc, f, "property"), member(doc, f, "op"), member(doc, f, "value"))
		if err != nil {
			return nil, err
		}
		set = set.and(held)
	}
	return set, nil
}

// filtered returns the codes for which a filter on the hierarchy holds.
func (x *expansion) filtered(system, property, op, code string) (*codeSet, error) {
	if property != "concept" && property != "code" && property != "parent" {
		return nil, x.fail(issue.NotSupported, "needs a ValueSet with a filter other than on the hierarchy")
	}
	tree, err := x.codeSystem(system)
	if err != nil {
		return nil, err
	}
	set := newCodeSet()
	switch op {
	case "is-a":
		closure(set, system, code, tree.children)
	case "descendent-of":
		closure(set, system, code, tree.children)
		delete(set.codes, coding{system, code})
	case "generalizes":
		closure(set, system, code, tree.parents)
	case "is-not-a":
		below := newCodeSet()
		closure(below, system, code, tree.children)
		for c := range tree.codes {
			if !below.has(coding{system, c}) {
				set.add(system, c)
			}
		}
	case "in", "=":
		for one := range strings.SplitSeq(code, ",") {
			if property == "parent" {
				for _, child := range tree.children[one] {
					set.add(system, child)
				}
			} else {
				set.add(system, one)
			}
		}
	default:
		return nil, x.fail(issue.NotSupported, "needs a ValueSet with a filter other than on the hierarchy")
	}
	for c := range set.codes { // a code that the system does not have is none
		if _, ok := tree.codes[c.code]; !ok {
			delete(set.codes, c)
		}
	}
	return set, x.charge(costOfCode * (len(tree.codes) + len(set.codes)))
}

// remove takes codes out of a set. A system of which all codes are in it, and some
// leave, is spelt out.
func (x *expansion) remove(set, part *codeSet) error {
	for system := range part.whole {
		delete(set.whole, system)
	}
	for c := range part.codes {
		if _, whole := set.whole[c.system]; !whole {
			continue
		}
		tree, err := x.codeSystem(c.system)
		if err != nil {
			return err
		}
		delete(set.whole, c.system)
		for code := range tree.codes {
			set.add(c.system, code)
		}
	}
	for c := range set.codes {
		if part.has(c) {
			delete(set.codes, c)
		}
	}
	return nil
}

// member returns the value of a primitive child, "" if there is none.
func member(doc *fhirjson.Document, n fhirjson.Index, name string) string {
	c, ok := doc.Child(n, schema.Lookup(doc.Nodes[n].Type, name))
	if !ok || !doc.HasValue(c) {
		return ""
	}
	return string(doc.Text(c, nil))
}

// members iterates over the children of one name.
func members(doc *fhirjson.Document, n fhirjson.Index, name string) func(yield func(fhirjson.Index) bool) {
	return func(yield func(fhirjson.Index) bool) {
		field := schema.Lookup(doc.Nodes[n].Type, name)
		for c := range doc.Children(n) {
			if doc.Nodes[c].Field == field && !yield(c) {
				return
			}
		}
	}
}
