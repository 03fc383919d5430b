package search

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/ucum"
)

// A Query is a parsed search. It is immutable and safe for several goroutines.
type Query struct {
	types     []schema.TypeID // that are searched
	named     bool            // by _type
	in        Compartment
	contained containment
	clauses   []clause
	sort      []sortKey
	includes  []include
	shape     shape
	count     int
	explain   bool
	page      string
	parts     []part // what was used, in order
	issues    []issue.Issue
	customs   []*custom // that it asks for
	bound     string
}

// Bind makes the page tokens of the query good only for a query that is bound to the
// same text: what filters the answer beside the query, such as what the caller may
// see. It must be called before the query is answered.
func (q *Query) Bind(text string) { q.bound = text }

// A part is one name=value of the query as it was used.
type part struct{ name, value string }

// Types returns the resource types that the query is for. The slice is shared.
func (q *Query) Types() []schema.TypeID { return q.types }

// Count returns the size of a page. 0 asks for the total only, as does
// _summary=count.
func (q *Query) Count() int { return q.count }

// Issues returns what was ignored under [ParseOptions.Lenient]. The slice is shared.
func (q *Query) Issues() []issue.Issue { return q.issues }

// Self returns the query as it was used, percent-encoded, in the order in which
// it was written: without what was ignored, and without the page.
func (q *Query) Self() string {
	var b strings.Builder
	for i, p := range q.parts {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(encode(p.name))
		b.WriteByte('=')
		b.WriteString(encode(p.value))
	}
	return b.String()
}

// encode percent-encodes a name or value. It leaves as they are those marks that
// FHIR's queries are full of and RFC 3986 allows in a query.
func encode(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
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
	return b.String()
}

// PageParameter is the name under which a query holds a page token.
const PageParameter = "_page"

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
	overlaps // of _filter alone, as is the next
	includes // the stored range includes the one of the query
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

// A modifier is what follows the colon in a parameter's name.
type modifier uint8

const (
	plain modifier = iota
	modMissing
	modExact
	modContains
	modText
	modOfType
	modNot
	modType
	modIdentifier
	modAbove
	modBelow
	modIn
	modNotIn
	modEquals // the whole string, folded; of _filter alone, as are the next
	modEnds   // the end of a string, folded
	modOrder  // a folded string before or after, as the value's prefix says
	modStarts // the beginning of a string, as plain has it unless it is compared as it is written
)

// String returns the modifier's name in a query, "" where it has none.
func (m modifier) String() string {
	switch m {
	case modMissing:
		return "missing"
	case modExact:
		return "exact"
	case modContains:
		return "contains"
	case modText:
		return "text"
	case modOfType:
		return "of-type"
	case modNot:
		return "not"
	case modIdentifier:
		return "identifier"
	case modAbove:
		return "above"
	case modBelow:
		return "below"
	case modIn:
		return "in"
	case modNotIn:
		return "not-in"
	}
	return ""
}

// ranked reports whether the modifier is about what is above or below a value.
func (m modifier) ranked() bool { return m == modAbove || m == modBelow }

// A clause is one name=value of the query: all clauses must hold.
type clause struct {
	part string      // the name as it was written
	of   []condition // one for each type of the query
}

// A condition holds for a resource or not: a *match, a *chain, a *reverse, a
// *combination, a *negation or a *phrase. It is what the query says; what answers it is
// a node.
type condition interface {
	// depends adds to a footprint what the condition depends on. It reports whether that
	// can be told by types.
	depends(f *Footprint) bool
	// alike reports whether the condition means the same for every type: it is about
	// values or words that all types share, or about what refers to the resource.
	alike() bool
}

// A match is a condition on a parameter of the resource itself.
type match struct {
	typ      schema.TypeID
	param    *param
	modifier modifier
	values   []value // one must hold
	missing  bool    // the value of :missing
}

// A chain is a condition on a resource that a reference leads to: one branch
// for each type that it may have.
type chain struct {
	param    *param
	branches []chainBranch
}

type chainBranch struct {
	typ  schema.TypeID
	next condition
}

// A reverse is a condition on a resource that refers here (_has).
type reverse struct {
	source schema.TypeID
	param  *param
	next   condition
}

// A combination is conditions on one resource of which any holds, or all hold.
type combination struct {
	all bool
	of  []condition
}

// A negation is a condition that must not hold.
type negation struct{ of condition }

// A phrase is words that follow each other within one text of a resource.
type phrase struct {
	param *param // _text or _content
	words string // as appendWords makes them
}

// A value is one of the alternatives of a match. Which fields are set depends on
// the parameter's type.
type value struct {
	prefix Prefix
	text   string // with escapes resolved
	folded string // of strings, of :text and of words
	// written is set on a string of which folding leaves nothing: it is compared with
	// values as they are written.
	written bool

	// Of tokens and quantities. A system is given where there was a pipe, even if
	// it is empty.
	system, code string
	hasSystem    bool

	number    number
	unit      unitMatch
	measure   *ucum.Unit // of code, if that is UCUM's
	low, high int64      // of dates: the range of what was written
	reference reference
	bare      bool // a reference that is an id alone
	target    schema.TypeID
	circle    circle // of near

	parts []value // of composites, one for each component
}

// unitMatch says how a quantity names its unit.
type unitMatch uint8

const (
	unitAny    unitMatch = iota // 5.4
	unitCode                    // 5.4||mg: code or unit
	unitSystem                  // 5.4|http://unitsofmeasure.org|mg
)

// A sortKey is one key of _sort: a parameter, or one of what a reference leads to.
type sortKey struct {
	param      *param
	descending bool
	branches   []keyBranch // what to sort by on each type of target; nil without a chain
}

type keyBranch struct {
	typ schema.TypeID
	key sortKey
}

// kind returns the type of the parameter at the end of the key.
func (k *sortKey) kind() schema.ParamType {
	if k.branches != nil {
		return k.branches[0].key.kind()
	}
	return k.param.row.Type
}

// An include is one _include or _revinclude.
type include struct {
	reverse bool
	iterate bool // applies to what was included as well
	params  []*param
	target  schema.TypeID // 0 for any
}
