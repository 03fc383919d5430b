package exec

import (
	"errors"
	"slices"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// CheckDefinition reports what keeps a definition from being used beside those that
// are defined now, but for the one with a URL, whose place it takes.
func (e *Engine) CheckDefinition(d *param.Definition, replaced string) []issue.Issue {
	var all []*param.Definition
	current := &e.current.Load().Customs
	for _, c := range slices.Concat(current.Complete, current.Incomplete) {
		if c.URL != replaced {
			all = append(all, c.Definition)
		}
	}
	return param.CheckDefinitions(append(all, d))[len(all)]
}

// Define makes the custom parameters those of the given definitions. Those that mean
// the same as before stay as they are; new ones are pending until [Engine.Pending]
// has filled them; the values of others are freed. It returns what
// [CheckDefinitions] does: a definition with issues is not used.
//
// It is called by the goroutine that applies to the index.
func (e *Engine) Define(definitions []*param.Definition) [][]issue.Issue {
	issues, types := param.Resolve(definitions)
	old := &e.current.Load().Customs
	keep := map[*param.Custom]bool{}
	var complete, incomplete []*param.Custom
	var fresh []int
	for i, d := range definitions {
		same := func(c *param.Custom) bool { return d.Same(c.Definition) && slices.Equal(types[i], c.Types) }
		if issues[i] != nil {
			continue
		}
		if at := slices.IndexFunc(old.Complete, same); at >= 0 {
			complete = append(complete, old.Complete[at])
			keep[old.Complete[at]] = true
		} else if at := slices.IndexFunc(old.Incomplete, same); at >= 0 {
			incomplete = append(incomplete, old.Incomplete[at])
			keep[old.Incomplete[at]] = true
		} else {
			fresh = append(fresh, i)
		}
	}
	numbers := param.Numbering{Taken: map[index.Param]bool{}}
	var gone []index.Param
	if e.restored != nil {
		fresh = slices.DeleteFunc(fresh, func(i int) bool {
			c := param.Adopt(definitions[i], types[i], e.restored.saved)
			if c == nil {
				return false
			}
			c.Filled = e.restored.last
			incomplete = append(incomplete, c)
			keep[c] = true
			return true
		})
		gone = e.restored.leave(incomplete)
		for _, c := range incomplete {
			for _, p := range c.Params {
				numbers.Taken[p] = true
			}
		}
		e.restored = nil
	}
	for _, c := range slices.Concat(old.Complete, old.Incomplete) {
		if !keep[c] {
			gone = append(gone, c.Params...)
			continue
		}
		for _, p := range c.Params {
			numbers.Taken[p] = true
		}
	}
	for _, i := range fresh {
		c := param.NewCustom(definitions[i], types[i], &numbers)
		if numbers.Out {
			issues[i] = append(issues[i], param.Problem("", issue.TooCostly, "there are too many search parameters"))
			continue
		}
		if e.index != nil {
			c.Total.Store(int64(e.index.View().Last()))
		}
		incomplete = append(incomplete, c)
	}
	e.current.Store(e.registry.With(complete, incomplete))
	if e.index != nil {
		e.index.Drop(gone...)
	}
	return issues
}

// restored is what an index had of custom parameters when it was restored.
type restored struct {
	saved  []param.SavedCustom
	params []index.Param // of all, the incomplete ones included
	last   index.Ordinal
}

// Restored says that the index was restored with values of custom parameters, of the
// versions up to last: the saved ones are complete so far. The next Define adopts those
// that are defined still, which are then filled from there on, and frees all else. It is
// called before any Define.
func (e *Engine) Restored(saved []param.SavedCustom, last index.Ordinal) {
	e.restored = &restored{saved, e.index.CustomParams(), last}
}

// leave returns the params that were not adopted.
func (r *restored) leave(adopted []*param.Custom) []index.Param {
	return slices.DeleteFunc(r.params, func(p index.Param) bool {
		return slices.ContainsFunc(adopted, func(c *param.Custom) bool { return slices.Contains(c.Params, p) })
	})
}

// Saved returns the custom parameters that are complete, and false if others are being
// filled.
func (e *Engine) Saved() (saved []param.SavedCustom, ok bool) {
	if e.Pending() != nil || e.restored != nil {
		return nil, false
	}
	for _, c := range e.current.Load().Customs.Complete {
		saved = append(saved, param.SavedCustom{Identity: c.Identity(), Params: c.Params})
	}
	return saved, true
}

// A Pending is the work of filling the custom parameters that were pending when
// it began. It is for one goroutine, but for Settle and Complete.
type Pending struct {
	engine  *Engine
	customs []*param.Custom
}

// Pending returns the work of filling those custom parameters that are pending and
// have not failed, or nil if there are none: of those that have values up to one version,
// the latest.
func (e *Engine) Pending() *Pending {
	var customs []*param.Custom
	for _, c := range e.current.Load().Customs.Incomplete {
		switch {
		case c.Failed.Load() != nil:
		case customs == nil || c.Filled > customs[0].Filled:
			customs = []*param.Custom{c}
		case c.Filled == customs[0].Filled:
			customs = append(customs, c)
		}
	}
	if customs == nil {
		return nil
	}
	return &Pending{e, customs}
}

// Filled returns the last version that has values already.
func (p *Pending) Filled() index.Ordinal { return p.customs[0].Filled }

// Types returns the concrete types of the resources that need values.
func (p *Pending) Types() []schema.TypeID {
	var types []schema.TypeID
	for _, c := range p.customs {
		for _, base := range c.Bases {
			types = append(types, p.engine.registry.Concrete(base)...)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// Extract adds to b the values that a resource has of the parameters.
func (p *Pending) Extract(doc *fhirjson.Document, b *index.Builder) {
	var places []*param.Place
	for _, c := range p.customs {
		for _, at := range c.Places {
			if doc.Type().Is(at.Base) {
				places = append(places, at)
			}
		}
	}
	p.engine.extractPlaces(places, doc, b)
}

// Progress says how many resources have their values, and of how many.
func (p *Pending) Progress(indexed, total int) {
	for _, c := range p.customs {
		c.Indexed.Store(int64(indexed))
		c.Total.Store(int64(total))
	}
}

// Settle leaves out the parameters that are no longer defined, and reports whether
// there were any: what was extracted for them must not be filled in, since their
// streams may be another's. Empty then says whether any is left.
//
// It is called by the goroutine that applies, as is Complete.
func (p *Pending) Settle() (changed bool) {
	now := p.engine.current.Load().Customs.Incomplete
	before := len(p.customs)
	p.customs = slices.DeleteFunc(p.customs, func(c *param.Custom) bool { return !slices.Contains(now, c) })
	return len(p.customs) != before
}

// Empty reports whether there is nothing left to fill.
func (p *Pending) Empty() bool { return len(p.customs) == 0 }

// Stage begins the last stage: what is prepared from now on brings the values of the
// parameters along ([Engine.ExtractStaged]), so that those before are a number that no
// longer grows. It is called by the goroutine that applies, as is Unstage.
func (p *Pending) Stage() { p.stage(true) }

// Unstage ends what Stage began.
func (p *Pending) Unstage() { p.stage(false) }

func (p *Pending) stage(on bool) {
	for _, c := range p.customs {
		c.Staged.Store(on)
	}
	current := p.engine.current.Load().Customs
	p.engine.current.Store(p.engine.registry.With(current.Complete, current.Incomplete))
}

// Complete makes the parameters complete: every version that is visible in the view
// of a sequence, or will be in a later one, has its values or will be applied with
// them.
func (p *Pending) Complete(sequence uint64) {
	current := p.engine.current.Load().Customs
	for _, c := range p.customs {
		c.Since = sequence
		c.Staged.Store(false)
	}
	rest := slices.DeleteFunc(slices.Clone(current.Incomplete), func(c *param.Custom) bool { return slices.Contains(p.customs, c) })
	p.engine.current.Store(p.engine.registry.With(append(slices.Clip(current.Complete), p.customs...), rest))
}

// Fail gives the parameters up: they stay incomplete.
func (p *Pending) Fail(err error) {
	if err == nil {
		err = errors.New("search: indexing failed")
	}
	for _, c := range p.customs {
		c.Failed.Store(&err)
	}
}
