package custom

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// Saved are the values of a parameter that an index had when it was saved: those of all
// versions up to one.
type Saved struct {
	Identity [32]byte // of the parameter; see param.Definition
	Params   []index.Param
}

// Saved returns the parameters in use, so that the values of an index that is saved now can
// be told apart. It returns false while others are being indexed. It is the writer's.
func (p *Parameters) Saved() (saved []Saved, ok bool) {
	now := &p.current.Load().Customs
	for _, c := range now.Indexing {
		if c.Failed.Load() == nil {
			return nil, false
		}
	}
	for _, c := range now.InUse {
		saved = append(saved, Saved{c.Definition.Identity(c.Types), c.Params})
	}
	return saved, p.restored == nil
}

// restored is what an index that was restored has of custom parameters.
type restored struct {
	saved []Saved
	last  index.Ordinal
}

// Restored says that the index was restored and has these values, of the versions up to its
// last one. The first Define takes over the values of parameters that are defined still, to
// be filled from there on, and drops all others. Restored is called before it, by the
// goroutine that applies.
func (p *Parameters) Restored(saved []Saved) {
	p.restored = &restored{saved, p.index.View().Last()}
}

// adopt returns the parameter of a definition whose values the index has, nil if it has
// none.
func (r *restored) adopt(d *param.Definition, types []schema.ParamType) *param.Custom {
	identity := d.Identity(types)
	at := slices.IndexFunc(r.saved, func(s Saved) bool { return s.Identity == identity })
	if at < 0 {
		return nil
	}
	left, out := r.saved[at].Params, false
	c := param.NewCustom(d, types, func() (number index.Param) {
		if len(left) == 0 {
			out = true
			return index.FirstCustom
		}
		number, left = left[0], left[1:]
		return number
	})
	if out || len(left) > 0 {
		return nil
	}
	c.Filled = r.last
	c.Indexed.Store(int64(r.last))
	c.Total.Store(int64(r.last))
	return c
}

// takeOver brings the parameters that are defined together with what a restored index has:
// it adopts some of the definitions that have no parameter yet, and returns what is left of
// these, and the numbers that are of no more use.
func (p *Parameters) takeOver(fresh []int, definitions []*param.Definition, types [][]schema.ParamType) (adopted []*param.Custom, left []int, gone []index.Param) {
	r := p.restored
	if r == nil {
		return nil, fresh, nil
	}
	p.restored = nil
	for _, i := range fresh {
		if c := r.adopt(definitions[i], types[i]); c != nil {
			adopted = append(adopted, c)
		} else {
			left = append(left, i)
		}
	}
	for _, n := range p.index.CustomParams() {
		if !slices.ContainsFunc(adopted, func(c *param.Custom) bool { return slices.Contains(c.Params, n) }) {
			gone = append(gone, n)
		}
	}
	return adopted, left, gone
}

// UseFilled puts the parameters into use whose values the restored index has of every
// version. It is called before the writer and Run begin.
func (p *Parameters) UseFilled() {
	for f := p.Begin(nil); f != nil && f.done > 0 && f.done == p.index.View().Last(); f = p.Begin(nil) {
		f.use(p.index.View().Sequence())
	}
}
