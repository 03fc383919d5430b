package query

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// A Footprint has the resource types on which the answer to a query depends.
type Footprint struct {
	// Types are the types on whose resources the answer depends; nil is all.
	Types []schema.TypeID
	// Joined are the types among them to which chains and _has lead.
	Joined []schema.TypeID
	// Alone says that whether a resource matches depends on no other resource: the
	// query has no chain, no terminology, and no text that must be read.
	Alone bool
}

// Footprint returns the resource types on which the answer to the query depends.
func (q *Query) Footprint() Footprint {
	f := Footprint{Types: slices.Clone(q.Searched), Alone: true}
	for _, c := range q.Clauses {
		for _, of := range c.Of {
			if !of.depends(&f) {
				return Footprint{}
			}
		}
	}
	if q.Containment.Inside {
		return Footprint{}
	}
	slices.Sort(f.Types)
	f.Types = slices.Compact(f.Types)
	return f
}

func (m *Match) depends(f *Footprint) bool {
	switch m.Modifier {
	case param.ModIn, param.ModNotIn, param.ModAbove, param.ModBelow:
		if m.Param.Row.Type == schema.ParamURI {
			return true
		}
		f.Alone = false
		return false // only a search knows the members of a hierarchy or a value set
	}
	if m.Param.Special == param.SpecialLastUpdated || m.Param.Special == param.SpecialNear {
		f.Alone = false // the time is given by the commit, positions have to be read
	}
	return true
}

func (c *Chain) depends(f *Footprint) bool {
	f.Alone = false
	for _, b := range c.Branches {
		f.join(b.Type)
		if !b.Next.depends(f) {
			return false
		}
	}
	return true
}

func (r *Reverse) depends(f *Footprint) bool {
	f.Alone = false
	f.join(r.Source)
	return r.Next.depends(f)
}

func (c *Combination) depends(f *Footprint) bool {
	return !slices.ContainsFunc(c.Of, func(c Condition) bool { return !c.depends(f) })
}

func (n *Negation) depends(f *Footprint) bool { return n.Of.depends(f) }

func (*Phrase) depends(f *Footprint) bool {
	f.Alone = false
	return true
}

// join notes that the answer depends on resources of another type.
func (f *Footprint) join(t schema.TypeID) {
	f.Types, f.Joined = append(f.Types, t), append(f.Joined, t)
}

// Own returns the query with only the conditions that look at one resource. It finds
// every resource that the query finds, and perhaps more.
func (q *Query) Own() *Query {
	own := *q
	own.Clauses = slices.DeleteFunc(slices.Clone(q.Clauses), func(c clause) bool {
		f := Footprint{Alone: true}
		return slices.ContainsFunc(c.Of, func(of Condition) bool { return !of.depends(&f) || !f.Alone })
	})
	return &own
}

// Selects reports whether the query has a condition: without one, every resource of
// its types is an answer.
func (q *Query) Selects() bool { return len(q.Clauses) > 0 }

// Includes reports whether the query has _include or _revinclude.
func (q *Query) Includes() bool { return len(q.Inclusions) > 0 }

// Paged reports whether the query asks for a page by its token.
func (q *Query) Paged() bool { return q.Page != "" }

// Conditions returns a text that is the same for queries with the same conditions, in
// any order and spelling. It ignores parameters that shape the answer.
func (q *Query) Conditions() string {
	var parts []string
	for _, p := range q.pairs {
		if slices.ContainsFunc(q.Clauses, func(c clause) bool { return c.Part == p.Name }) {
			values := splitEscaped(p.Value, ',')
			slices.Sort(values)
			parts = append(parts, encode(p.Name)+"="+encode(strings.Join(slices.Compact(values), ",")))
		}
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), "&")
}
