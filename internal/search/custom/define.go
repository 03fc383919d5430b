package custom

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
)

// Define replaces the parameters by parameters of the given definitions. A parameter that
// means the same as before stays as it is, a new one begins to be indexed, and one without
// a definition is dropped. Define returns the issues of each definition, as
// [param.CheckDefinitions] does: a definition with issues is not used.
//
// It is the writer's.
func (p *Parameters) Define(definitions []*param.Definition) [][]issue.Issue {
	issues, types := param.Resolve(definitions)
	before := &p.current.Load().Customs
	kept := map[*param.Custom]bool{}
	var inUse, indexing []*param.Custom
	var fresh []int
	for i, d := range definitions {
		same := func(c *param.Custom) bool { return d.Same(c.Definition) && slices.Equal(types[i], c.Types) }
		if issues[i] != nil {
			continue
		}
		if at := slices.IndexFunc(before.InUse, same); at >= 0 {
			inUse = append(inUse, before.InUse[at])
			kept[before.InUse[at]] = true
		} else if at := slices.IndexFunc(before.Indexing, same); at >= 0 {
			indexing = append(indexing, before.Indexing[at])
			kept[before.Indexing[at]] = true
		} else {
			fresh = append(fresh, i)
		}
	}
	numbers := numbering{taken: map[index.Param]bool{}}
	var gone []index.Param
	for _, c := range slices.Concat(before.InUse, before.Indexing) {
		if !kept[c] {
			gone = append(gone, c.Params...)
			continue
		}
		for _, n := range c.Params {
			numbers.taken[n] = true
		}
	}
	adopted, fresh, of := p.takeOver(fresh, definitions, types)
	indexing, gone = append(indexing, adopted...), append(gone, of...)
	for _, c := range adopted {
		for _, n := range c.Params {
			numbers.taken[n] = true
		}
	}
	for _, i := range fresh {
		c := param.NewCustom(definitions[i], types[i], numbers.next)
		if numbers.out {
			issues[i] = append(issues[i], param.Problem("", issue.TooCostly, "there are too many search parameters"))
			continue
		}
		if p.index != nil {
			c.Total.Store(int64(p.index.View().Last()))
		}
		indexing = append(indexing, c)
	}
	p.move(inUse, indexing)
	if p.index != nil {
		p.index.Drop(gone...)
	}
	p.call()
	return issues
}

// call wakes Run.
func (p *Parameters) call() {
	select {
	case p.wake <- struct{}{}:
	default: // it has been told, and not looked yet
	}
}

// A numbering gives out numbers of streams that are not taken.
type numbering struct {
	taken map[index.Param]bool
	given index.Param // those above FirstCustom that were looked at
	out   bool        // there were none left
}

func (n *numbering) next() index.Param {
	for n.taken[index.FirstCustom+n.given] {
		n.given++
	}
	number := index.FirstCustom + n.given
	if n.given++; number < index.FirstCustom { // the numbers have come round
		n.out = true
	}
	return number
}
