package fhirjson

import (
	"cmp"
	"slices"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A run is the nodes of one property of an object that is being parsed.
type run struct {
	name       uint32 // offset of the name's quote
	start, end uint32 // nodes
	field      schema.FieldID
	twin       bool
}

// close ends an object of type t, which starts at open and whose runs start at base: it
// brings its children into the order of the tape and runs the checks that need the
// whole object.
func (p *parser) close(t schema.TypeID, open, base int, ordered bool) {
	runs := p.runs[base:]
	if !ordered {
		p.marks++
		p.arrange(open, runs)
	}
	need := int(p.rules.required[t])
	var element schema.FieldID
	for i := range runs {
		r := &p.rules.fields[runs[i].field]
		switch {
		case r.element != element:
			element = r.element
			if r.required {
				need--
			}
		case runs[i].field != runs[i-1].field:
			p.report(int(runs[i].name), issue.Structure, "two alternatives of "+runs[i].field.Field().Element+"[x]")
		}
	}
	if need > 0 {
		p.missing(t, open, runs)
	}
	p.runs = p.runs[:base]
}

// missing reports the required elements of t that have no run.
func (p *parser) missing(t schema.TypeID, open int, runs []run) {
	for f := t.Type().First; f < t.Type().End; f++ {
		r := &p.rules.fields[f]
		if !r.required || r.element != f {
			continue
		}
		if !slices.ContainsFunc(runs, func(r run) bool { return p.rules.fields[r.field].element == f }) {
			p.report(open, issue.Required, "required element "+f.Field().Element+" is missing in "+t.String())
		}
	}
}

// arrange sorts the runs of an object into field order, their nodes with them,
// and merges the underscore twins into their primitives. A run whose property was
// loosened has no nodes.
func (p *parser) arrange(open int, runs []run) {
	if len(runs) == 0 {
		return
	}
	first := runs[0].start
	slices.SortFunc(runs, func(a, b run) int {
		if c := cmp.Compare(a.field, b.field); c != 0 {
			return c
		}
		if a.twin != b.twin {
			if b.twin {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.start, b.start)
	})
	p.spare = append(p.spare[:0], p.nodes[first:]...)
	p.nodes = p.nodes[:first]
	for i := 0; i < len(runs); {
		values := runs[i]
		for i++; i < len(runs) && runs[i].field == values.field && runs[i].twin == values.twin; i++ {
			p.refuse(int(runs[i].name), issue.Structure, "name stands twice")
		}
		if i == len(runs) || runs[i].field != values.field {
			p.checkHoles(values, first)
			p.place(values.start, values.end, first)
			continue
		}
		twins := runs[i]
		for i++; i < len(runs) && runs[i].field == values.field; i++ {
			p.refuse(int(runs[i].name), issue.Structure, "name stands twice")
		}
		switch {
		case values.start == values.end:
			p.place(twins.start, twins.end, first)
		case twins.start == twins.end:
			p.place(values.start, values.end, first)
		case !p.sameLength(values, twins, first):
			p.report(int(twins.name), issue.Structure, "array is not as long as that of the values")
			p.loosenRun(open, twins)
			p.place(values.start, values.end, first)
		default:
			p.merge(values, twins, first)
		}
	}
}

// sameLength reports whether a primitive field and its twin have as many items.
func (p *parser) sameLength(values, twins run, first uint32) bool {
	n := values.end - values.start
	for i := twins.start; i < twins.end; i = p.spare[i-first].Next {
		n--
	}
	return n == 0
}

// place appends the nodes with the old numbers from to end. p.spare holds the old
// nodes, from number first on.
func (p *parser) place(from, end, first uint32) {
	at := len(p.nodes)
	p.nodes = append(p.nodes, p.spare[from-first:end-first]...)
	if shift := uint32(at) - from; shift != 0 {
		moved := p.nodes[at:]
		for i := range moved {
			moved[i].Next += shift
		}
	}
}

// checkHoles reports an array of primitives, or of their twins, with a null at an index
// at which the other array has nothing either.
func (p *parser) checkHoles(r run, first uint32) {
	if !p.rules.fields[r.field].class.primitive() {
		return
	}
	for i := r.start; i < r.end; i = p.spare[i-first].Next {
		if n := p.spare[i-first]; n.Kind == Null && n.Next == i+1 {
			p.report(int(r.name), issue.Structure, "null without a counterpart")
			return
		}
	}
}

// merge places the nodes of a primitive field, each with the children of its twin.
// There are as many twins as nodes.
func (p *parser) merge(values, twins run, first uint32) {
	w := twins.start
	for v := values.start; v < values.end; v++ {
		twin := p.spare[w-first]
		node := len(p.nodes)
		p.place(v, v+1, first)
		p.place(w+1, twin.Next, first)
		n := &p.nodes[node]
		n.Next = uint32(len(p.nodes))
		if n.Kind == Null {
			n.Start, n.End = twin.Start, twin.End
			if twin.Next == w+1 {
				p.report(int(twins.name), issue.Structure, "null without a counterpart")
			}
		}
		w = twin.Next
	}
}
