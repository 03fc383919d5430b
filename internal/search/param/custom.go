package param

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/fhirpath"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Custom is a search parameter of the store's own, with streams in the index. It
// is pending until every resource has its values, then complete; once it is gone
// from the registry its streams may belong to another.
type Custom struct {
	*Definition
	Types  []schema.ParamType // of the components
	Places []*Place
	Params []index.Param // numbers of its streams
	// Since is the sequence of the first view that has all values. It is set
	// before the registry has the parameter as complete.
	Since uint64
	// Filled is the last version that was filled before the store was opened.
	Filled         index.Ordinal
	Staged         atomic.Bool // what is written brings its values along, although it is not complete
	Indexed, Total atomic.Int64
	Failed         atomic.Pointer[error] // why it will never be complete
}

// A SavedCustom is a custom parameter whose values an index already has, up to a version:
// that of a checkpoint.
type SavedCustom struct {
	Identity [32]byte
	Params   []index.Param
}

// customVersion is the version of what custom parameters yield. It changes with FHIRPath,
// and with whatever else makes values of what an expression finds.
const customVersion = 1

// Identity is the same for parameters that have the same values.
func (c *Custom) Identity() [32]byte { return c.Definition.identity(c.Types) }

// identity returns the identity of a parameter with this definition, whose components have
// these types.
func (d *Definition) identity(types []schema.ParamType) [32]byte {
	var b []byte
	number := func(n int) { b = binary.LittleEndian.AppendUint32(b, uint32(n)) }
	text := func(s string) { number(len(s)); b = append(b, s...) }
	number(customVersion)
	for _, s := range []string{d.URL, d.Code, d.Type.String(), d.Expression} {
		text(s)
	}
	for _, list := range [][]schema.TypeID{d.Bases, d.Targets} {
		number(len(list))
		for _, t := range list {
			text(t.String())
		}
	}
	number(len(d.parts))
	for i := range d.parts {
		text(d.parts[i].definition)
		text(d.parts[i].source)
		text(types[i].String())
	}
	return sha256.Sum256(b)
}

// Adopt makes a parameter of a definition whose values the index has under numbers that
// it is given. It returns nil where these are not the numbers of one of such a definition.
func Adopt(d *Definition, types []schema.ParamType, saved []SavedCustom) *Custom {
	identity := d.identity(types)
	at := slices.IndexFunc(saved, func(s SavedCustom) bool { return s.Identity == identity })
	if at < 0 {
		return nil
	}
	numbers := Numbering{given: saved[at].Params}
	if c := NewCustom(d, types, &numbers); !numbers.Out && len(numbers.given) == 0 {
		return c
	}
	return nil
}

// A Place is a custom parameter on one of its bases: what makes values of a
// resource.
type Place struct {
	custom     *Custom
	Base       schema.TypeID
	param      *Param
	Expression *fhirpath.Expression
	Feed       *Feed       // nil for a composite
	Parts      []placePart // of a composite
	Grouped    bool        // the composite's elements may be several
}

// A placePart is a component of a composite on one base.
type placePart struct {
	Expression *fhirpath.Expression
	Feed       *Feed
}

// customs are the custom parameters of a registry.
type customs struct {
	Complete, Incomplete []*Custom
	Places               map[schema.TypeID][]*Place           // of the complete ones, by concrete type
	Staged               map[schema.TypeID][]*Place           // of those in the last stage of filling
	Pending              map[schema.TypeID]map[string]*Custom // by concrete type and code
}

// Concrete returns the concrete resource types that a base stands for.
func (r *Registry) Concrete(base schema.TypeID) []schema.TypeID {
	var types []schema.TypeID
	for t, plan := range r.Types {
		if plan != nil && schema.TypeID(t).Is(base) {
			types = append(types, schema.TypeID(t))
		}
	}
	return types
}

// With returns the registry of R4 together with custom parameters.
func (r *Registry) With(complete, incomplete []*Custom) *Registry {
	next := *r
	next.Types = slices.Clone(r.Types)
	next.Customs = customs{
		complete, incomplete, map[schema.TypeID][]*Place{}, map[schema.TypeID][]*Place{}, map[schema.TypeID]map[string]*Custom{},
	}
	for _, c := range complete {
		for _, p := range c.Places {
			for _, t := range r.Concrete(p.Base) {
				if next.Types[t] == r.Types[t] {
					plan := *r.Types[t]
					plan.params = maps.Clone(plan.params)
					next.Types[t] = &plan
				}
				next.Types[t].params[c.Code] = p.param
				next.Customs.Places[t] = append(next.Customs.Places[t], p)
			}
		}
	}
	for _, c := range incomplete {
		if c.Staged.Load() {
			for _, p := range c.Places {
				for _, t := range r.Concrete(p.Base) {
					next.Customs.Staged[t] = append(next.Customs.Staged[t], p)
				}
			}
		}
		for _, base := range c.Bases {
			for _, t := range r.Concrete(base) {
				if next.Customs.Pending[t] == nil {
					next.Customs.Pending[t] = map[string]*Custom{}
				}
				next.Customs.Pending[t][c.Code] = c
			}
		}
	}
	return &next
}

// A CustomSet is the custom parameters that were complete at one time, and those that
// were staged ([Pending.Stage]). It is immutable.
type CustomSet struct{ Of *Registry }

// Has reports whether resources of a type have any of the parameters.
func (s CustomSet) Has(t schema.TypeID) bool {
	return len(s.Of.Customs.Places[t])+len(s.Of.Customs.Staged[t]) > 0
}

// SameFor reports whether two sets have the same parameters of a type.
func (s CustomSet) SameFor(t schema.TypeID, other CustomSet) bool {
	if s == other {
		return true
	}
	a, b := &s.Of.Customs, &other.Of.Customs
	return slices.Equal(a.Places[t], b.Places[t]) && slices.Equal(a.Staged[t], b.Staged[t])
}

// A CustomStatus says how far a custom parameter is.
type CustomStatus struct {
	*Definition
	// Indexed of Total resources have the values. The total grows while others write.
	Indexed, Total int
	Complete       bool
	Err            error // why it will never be complete
}

func (c *Custom) Status(complete bool) CustomStatus {
	s := CustomStatus{c.Definition, int(c.Indexed.Load()), int(c.Total.Load()), complete, nil}
	if err := c.Failed.Load(); err != nil {
		s.Err = *err
	}
	return s
}
