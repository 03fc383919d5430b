package param

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Custom is a search parameter of the store's own, with streams in the index. Package
// custom has its states, and is alone in changing them.
type Custom struct {
	*Definition
	Types  []schema.ParamType // of the components
	Places []*Place
	Params []index.Param // numbers of its streams
	// Since is the sequence of the first view that has all values. It is set
	// before the registry has the parameter in use.
	Since uint64
	// Filled is the last version whose values a restored index had.
	Filled         index.Ordinal
	Staged         atomic.Bool // what is written brings its values along, although it is not in use
	Indexed, Total atomic.Int64
	Failed         atomic.Pointer[error] // why it will never be in use
}

// customVersion is the version of the values of custom parameters. It changes when FHIRPath,
// or the code that makes values of its results, yields other values than before.
const customVersion = 1

// Identity is the same for parameters that have the same values: those of a definition,
// with these types of its components.
func (d *Definition) Identity(types []schema.ParamType) [32]byte {
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

// customs are the custom parameters of a registry.
type customs struct {
	InUse, Indexing []*Custom
	Places          map[schema.TypeID][]*Place           // of those in use, by concrete type
	Staged          map[schema.TypeID][]*Place           // of the staged ones
	Pending         map[schema.TypeID]map[string]*Custom // of those being indexed, by concrete type and code
}

// Concrete returns the concrete resource types of a base, which may be abstract.
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
func (r *Registry) With(inUse, indexing []*Custom) *Registry {
	next := *r
	next.Types = slices.Clone(r.Types)
	next.Customs = customs{
		inUse, indexing, map[schema.TypeID][]*Place{}, map[schema.TypeID][]*Place{}, map[schema.TypeID]map[string]*Custom{},
	}
	for _, c := range inUse {
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
	for _, c := range indexing {
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

// A CustomStatus says how far the filling of a custom parameter is.
type CustomStatus struct {
	*Definition
	// Indexed of Total resources have the values. The total grows while others write.
	Indexed, Total int
	InUse          bool
	Err            error // why it will never be in use
}

// Status returns how far the parameter is.
func (c *Custom) Status(inUse bool) CustomStatus {
	s := CustomStatus{c.Definition, int(c.Indexed.Load()), int(c.Total.Load()), inUse, nil}
	if err := c.Failed.Load(); err != nil {
		s.Err = *err
	}
	return s
}
