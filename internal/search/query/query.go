package query

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/ucum"
	"github.com/fhirlake/fhirlake/issue"
)

// A Query is a parsed search. It is immutable and safe for several goroutines.
type Query struct {
	Searched    []schema.TypeID // that are searched
	named       bool            // by _type
	in          Compartment
	Containment containment
	Clauses     []clause
	Sort        []SortKey
	Inclusions  []Include
	selection   selection
	PageSize    int
	Explain     bool
	Page        string
	pairs       []pair // what was used, in order
	Ignored     []issue.Issue
	Customs     []*param.Custom // that it asks for
	Bound       string
}

// Bind makes the page tokens of the query valid only for a query that is bound to the
// same text. The text names anything that filters the answer beside the query, such as
// the caller's rights. It must be called before the query is answered.
func (q *Query) Bind(text string) { q.Bound = text }

// A part is one name=value of the query as it was used.
type pair struct{ Name, Value string }

// Types returns the resource types that the query is for. The slice is shared.
func (q *Query) Types() []schema.TypeID { return q.Searched }

// ChoseTypes reports whether the searched types were named, as the path or _type does.
func (q *Query) ChoseTypes() bool { return q.named || len(q.Searched) == 1 }

// Count returns the size of a page. 0 asks for the total only, as does
// _summary=count.
func (q *Query) Count() int { return q.PageSize }

// Self returns the query as it was used, percent-encoded, in the order in which it was
// written, without ignored parameters and without the page.
func (q *Query) Self() string {
	n := 0
	for _, p := range q.pairs {
		n += len(p.Name) + len(p.Value) + 2
	}
	var b strings.Builder
	b.Grow(n + n/4) // some marks take three bytes
	for i, p := range q.pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		encodeTo(&b, p.Name)
		b.WriteByte('=')
		encodeTo(&b, p.Value)
	}
	return b.String()
}

// encode percent-encodes a name or value. It does not encode marks that are frequent in
// FHIR's queries and that RFC 3986 allows in a query.
func encode(s string) string {
	var b strings.Builder
	encodeTo(&b, s)
	return b.String()
}

func encodeTo(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9',
			strings.IndexByte("-._~:,/$*", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
}

// A Prefix is the comparison in front of a number, quantity or date (FHIR R4
// §3.1.1.4.5).
type Prefix uint8

// The prefixes.
const (
	Equal Prefix = iota
	NotEqual
	Greater
	Less
	GreaterOrEqual
	LessOrEqual
	StartsAfter
	EndsBefore
	Approximately
	Overlaps // of _filter alone, as is the next
	Includes // the stored range includes the one of the query
)

// prefixOf returns the prefix with the given code.
func prefixOf(code string) (Prefix, bool) {
	switch code {
	case "eq":
		return Equal, true
	case "ne":
		return NotEqual, true
	case "gt":
		return Greater, true
	case "lt":
		return Less, true
	case "ge":
		return GreaterOrEqual, true
	case "le":
		return LessOrEqual, true
	case "sa":
		return StartsAfter, true
	case "eb":
		return EndsBefore, true
	case "ap":
		return Approximately, true
	}
	return Equal, false
}

// A clause is one name=value of the query: all clauses must hold.
type clause struct {
	Part string      // the name as it was written
	Of   []Condition // one for each type of the query
}

// A Condition holds for a resource or not: a *match, a *chain, a *reverse, a
// *combination, a *negation or a *phrase. It is syntax only; package exec compiles it
// into a node.
type Condition interface {
	// depends adds to a footprint the types on which the condition depends. It reports
	// whether types alone describe the dependence.
	depends(f *Footprint) bool
	// alike reports whether the condition means the same for every type: it looks at
	// values or words that all types share, or at referring resources.
	alike() bool
}

// A Match is a condition on a parameter of the resource itself.
type Match struct {
	Type     schema.TypeID
	Param    *param.Param
	Modifier param.Modifier
	Values   []Value // one must hold
	Missing  bool    // the value of :missing
}

// A Chain is a condition on the target of a reference: one branch for each type that
// the target may have.
type Chain struct {
	Param    *param.Param
	Branches []chainBranch
}

type chainBranch struct {
	Type schema.TypeID
	Next Condition
}

// A Reverse is a condition on a resource that refers here (_has).
type Reverse struct {
	Source schema.TypeID
	Param  *param.Param
	Next   Condition
}

// A Combination is several conditions on one resource: any must hold, or all.
type Combination struct {
	All bool
	Of  []Condition
}

// A Negation is a condition that must not hold.
type Negation struct{ Of Condition }

// A Phrase is words that follow each other within one text of a resource.
type Phrase struct {
	Param *param.Param // _text or _content
	Words string       // as appendWords makes them
}

// A Value is one of the alternatives of a match. Which fields are set depends on
// the parameter's type.
type Value struct {
	Prefix Prefix
	Text   string // with escapes resolved
	Folded string // of strings, of :text and of words
	// Written is set on a string that folding leaves empty: it is compared with values
	// as they are written.
	Written bool

	// Of tokens and quantities. A value with a pipe has a system, even if it is empty.
	System, Code string
	HasSystem    bool

	Number    Number
	Unit      unitMatch
	Measure   *ucum.Unit // of code, if that is UCUM's
	Low, High int64      // of dates: the range of the written date
	Reference param.Reference
	Bare      bool // a reference that is an id alone
	Target    schema.TypeID
	Circle    circle // of near

	Parts []Value // of composites, one for each component
}

// A unitMatch is the way in which a quantity names its unit.
type unitMatch uint8

const (
	UnitAny    unitMatch = iota // 5.4
	UnitCode                    // 5.4||mg: code or unit
	UnitSystem                  // 5.4|http://unitsofmeasure.org|mg
)

// A SortKey is one key of _sort: a parameter, or a parameter of a reference's targets.
type SortKey struct {
	Param      *param.Param
	Descending bool
	Branches   []keyBranch // what to sort by on each type of target; nil without a chain
}

type keyBranch struct {
	Type schema.TypeID
	Key  SortKey
}

// kind returns the type of the parameter at the end of the key.
func (k *SortKey) kind() schema.ParamType {
	if k.Branches != nil {
		return k.Branches[0].Key.kind()
	}
	return k.Param.Row.Type
}

// An Include is one _include or _revinclude.
type Include struct {
	Reverse bool
	Iterate bool // applies to what was included as well
	Params  []*param.Param
	Target  schema.TypeID // 0 for any
}

// Negative reports whether the match holds for resources that lack a value.
func (m *Match) Negative() bool {
	return m.Modifier == param.ModNot || m.Modifier == param.ModNotIn || m.Modifier == param.ModMissing && m.Missing
}

// Name returns the name that a match would have in a query.
func (m *Match) Name() string {
	name := m.Param.Row.Code
	if name == "" { // of a part of a composite
		name = m.Param.Row.Name
	}
	if modifier := m.Modifier.String(); modifier != "" {
		name += ":" + modifier
	}
	return name
}

// Where returns the path of the search: a compartment and a type.
func (q *Query) Where() string {
	where := ""
	if q.in != (Compartment{}) {
		where = q.in.Type.String() + "/" + q.in.ID + "/"
	}
	if len(q.Searched) == 1 && !q.named {
		where += q.Searched[0].String()
	}
	return where
}
