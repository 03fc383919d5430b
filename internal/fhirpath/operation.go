package fhirpath

import (
	"bytes"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// An operation is a compiled node of an expression. It is immutable.
type operation interface {
	// eval puts the items it yields on the stack. The focus is $this.
	eval(v *Evaluator, focus item) error
	Pos() int
}

type (
	// constant yields a literal; with ok unset, nothing.
	constant struct {
		position
		value item
		ok    bool
	}
	// focusOperation yields $this.
	focusOperation struct{ position }
	// typedFocus yields $this if it is of a type: Patient.name.
	typedFocus struct {
		position
		target schema.TypeID
	}
	// contextNode yields %context.
	contextNode struct{ position }
	// enclosingResource yields %resource.
	enclosingResource struct{ position }
	// path yields the nodes to which the steps lead.
	path struct {
		position
		input operation
		steps []step
	}
	// ofType keeps the items of a type.
	ofType struct {
		position
		input  operation
		target typeTarget
	}
	// where keeps the items for which the criteria are true.
	where struct {
		position
		input, criteria operation
	}
	// whereText is where(element = 'text'): it keeps the nodes whose one child by
	// the step has the text.
	whereText struct {
		position
		input operation
		step  step
		text  []byte
	}
	// at yields one item by its number.
	at struct {
		position
		input, index operation
	}
	// union yields the distinct items of all its inputs.
	union struct {
		position
		inputs []operation
	}
)

func (o *constant) eval(v *Evaluator, _ item) error {
	if o.ok {
		v.push(o.value)
	}
	return nil
}

func (o *focusOperation) eval(v *Evaluator, focus item) error {
	if focus.sort != sortNothing {
		v.push(focus)
	}
	return nil
}

func (o *typedFocus) eval(v *Evaluator, focus item) error {
	if focus.sort == sortNode {
		if t := v.node(focus).Type; t == o.target || t.Is(o.target) {
			v.push(focus)
		}
	}
	return nil
}

func (o *contextNode) eval(v *Evaluator, _ item) error {
	if len(v.doc.Nodes) == 0 {
		return nil
	}
	v.push(nodeItem(v.context))
	return nil
}

func (o *enclosingResource) eval(v *Evaluator, _ item) error {
	if len(v.doc.Nodes) == 0 {
		return nil
	}
	innermost := fhirjson.Index(0)
	for n, more := innermost, true; more; n, more = v.resourceTowards(v.doc, n, v.context) {
		innermost = n
	}
	v.push(nodeItem(innermost))
	return nil
}

// resourceTowards returns the next resource on the way from a node down to n, and
// whether there is one. n is that resource or lies in it.
func (v *Evaluator) resourceTowards(doc *fhirjson.Document, from, n fhirjson.Index) (fhirjson.Index, bool) {
	for from != n {
		child := uint32(from) + 1
		for doc.Nodes[child].Next <= uint32(n) {
			child = doc.Nodes[child].Next
			v.left--
		}
		from = fhirjson.Index(child)
		if doc.Nodes[child].Type.Type().Kind == schema.KindResource {
			return from, true
		}
	}
	return 0, false
}

func (o *path) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	for _, s := range o.steps {
		end := len(v.stack)
		if end == base {
			return nil
		}
		visits := 0
		for i := base; i < end; i++ {
			if it := v.stack[i]; it.sort == sortNode {
				visits += v.pushChildren(it, s)
			}
			if visits > visitsAtOnce {
				if err := v.visit(visits, o.Pos()); err != nil {
					return err
				}
				visits = 0
			}
		}
		n := copy(v.stack[base:], v.stack[end:])
		v.stack = v.stack[:base+n]
		if err := v.visit(visits, o.Pos()); err != nil {
			return err
		}
	}
	return nil
}

// pushChildren puts the children of a step on the stack and returns how many nodes it
// looked at.
func (v *Evaluator) pushChildren(parent item, s step) int {
	n, nodes := parent.ref, v.nodes(parent)
	first, end := s.fields(nodes[n].Type)
	visits := 1
	for i, last := n+1, nodes[n].Next; i < last; i = nodes[i].Next {
		f := nodes[i].Field
		if f >= end {
			break // children ascend by field
		}
		if f >= first {
			v.push(item{ref: i, doc: parent.doc})
		}
		visits++
	}
	return visits
}

func (o *ofType) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	return v.filter(base, o.Pos(), func(it item) (bool, error) {
		if it.sort == sortNode {
			return o.target.keeps(v.node(it).Type), nil
		}
		return o.target.values>>it.sort&1 != 0, nil
	})
}

func (o *where) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	return v.filter(base, o.Pos(), func(it item) (bool, error) {
		t, err := v.condition(o.criteria, it)
		return t == yes, err
	})
}

func (o *whereText) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	kept, visits := base, 0
	for _, it := range v.stack[base:] {
		if it.sort != sortNode {
			continue
		}
		end := len(v.stack)
		if visits += v.pushChildren(it, o.step); visits > visitsAtOnce {
			if err := v.visit(visits, o.Pos()); err != nil {
				return err
			}
			visits = 0
		}
		found := v.stack[end:]
		v.stack = v.stack[:end]
		if len(found) == 1 && v.classOf(found[0]) == classString && bytes.Equal(v.text(found[0], &v.buffers[0]), o.text) {
			v.stack[kept] = it
			kept++
		}
	}
	v.stack = v.stack[:kept]
	return v.visit(visits, o.Pos())
}

// filter keeps the items above base for which keep returns true. keep may use the
// stack, but must leave it as it was.
func (v *Evaluator) filter(base, pos int, keep func(item) (bool, error)) error {
	end, kept := len(v.stack), base
	if err := v.visit(end-base, pos); err != nil {
		return err
	}
	outer := v.index
	for i := base; i < end; i++ {
		it := v.stack[i]
		v.index = i - base
		ok, err := keep(it)
		if err != nil {
			return err
		}
		if ok {
			v.stack[kept] = it
			kept++
		}
	}
	v.index = outer
	v.stack = v.stack[:kept]
	return nil
}

func (o *at) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	if err := o.index.eval(v, focus); err != nil {
		return err
	}
	index, ok, err := v.popInteger(base, o.index.Pos())
	if err != nil || !ok {
		return err
	}
	if err := o.input.eval(v, focus); err != nil {
		return err
	}
	if items := v.stack[base:]; index >= 0 && index < int64(len(items)) {
		v.replace(base, items[index], true)
	} else {
		v.replace(base, item{}, false)
	}
	return v.visit(costOfOperator, o.Pos())
}

// popInteger takes the items above base off the stack, as an integer.
func (v *Evaluator) popInteger(base, pos int) (value int64, ok bool, err error) {
	items := v.stack[base:]
	v.stack = v.stack[:base]
	if len(items) == 0 {
		return 0, false, nil
	}
	if len(items) == 1 && v.classOf(items[0]) == classNumber {
		if n, ok := v.integerOf(items[0]); ok {
			return n, true, nil
		}
	}
	return 0, false, v.fail(ErrEvaluation, pos, "needs one integer")
}

func (o *union) eval(v *Evaluator, focus item) error {
	base := len(v.stack)
	for _, input := range o.inputs {
		if err := input.eval(v, focus); err != nil {
			return err
		}
	}
	return v.distinct(base, o.Pos())
}
