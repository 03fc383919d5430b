package syntax

// A Node is a part of a parsed expression. Between them the kinds of node hold
// any expression of FHIRPath N1; names are as written but for escapes.
type Node interface {
	// Pos returns the byte offset of the node: of an operator, the operator's own.
	Pos() int
}

// A Position is a byte offset in an expression. What embeds one has a place there.
type Position int

// Pos returns the offset.
func (p Position) Pos() int { return int(p) }

type (
	// A Literal is a constant: a text and what sort it is.
	Literal struct {
		Position
		Sort LiteralSort
		// Text is the value: of a string, its content; of a date, dateTime or
		// time, without @; of a number, its digits; true or false.
		Text string
		// Unit is set on a quantity: a UCUM unit, or a word like days.
		Unit string
		Word bool // whether Unit is a word
	}
	// A Variable is an external constant: %resource.
	Variable struct {
		Position
		Name string
	}
	// A Special is $this, $index or $total.
	Special struct {
		Position
		Name string // with the $
	}
	// A Member is a name that stands for an element or a type.
	Member struct {
		Position
		Name string
	}
	// A Call is a function with its arguments.
	Call struct {
		Position
		Name string
		Args []Node
	}
	// An Invocation is Left.Right, where Right is a Member, a Call or a Special.
	Invocation struct {
		Position
		Left, Right Node
	}
	// An Indexer is Left[Index].
	Indexer struct {
		Position
		Left, Index Node
	}
	// A Polarity is + or - before an expression.
	Polarity struct {
		Position
		Operator string
		Operand  Node
	}
	// A Binary is an operator between two expressions.
	Binary struct {
		Position
		Operator    string
		Left, Right Node
	}
	// A TypeTest is is or as with a type's name.
	TypeTest struct {
		Position
		Operator string
		Operand  Node
		Type     TypeName
	}
)

// A LiteralSort tells literals apart.
type LiteralSort uint8

// The sorts of literals. Empty is {}.
const (
	Empty LiteralSort = iota
	Boolean
	String
	Number
	Date
	DateTime
	Time
	Quantity
)

// The precedences of FHIRPath N1 §6.8; a higher one binds tighter. Every binary
// operator is left-associative.
const (
	lowestPrecedence   = 1
	typePrecedence     = 8
	polarityPrecedence = 11
	pathPrecedence     = 12
)

// precedences are the precedences of the binary operators and the type operators.
var precedences = map[string]int{
	"implies": 1,
	"or":      2, "xor": 2,
	"and": 3,
	"in":  4, "contains": 4,
	"=": 5, "~": 5, "!=": 5, "!~": 5,
	"<": 6, "<=": 6, ">": 6, ">=": 6,
	"|":  7,
	"is": typePrecedence, "as": typePrecedence,
	"+": 9, "-": 9, "&": 9,
	"*": 10, "/": 10, "div": 10, "mod": 10,
}

// precedence returns how tight a node binds.
func precedence(n Node) int {
	switch n := n.(type) {
	case *Binary:
		return precedences[n.Operator]
	case *TypeTest:
		return typePrecedence
	case *Polarity:
		return polarityPrecedence
	default:
		return pathPrecedence
	}
}

// units are the words that make a number a quantity (FHIRPath N1 §2.3.9).
var units = map[string]bool{
	"year": true, "month": true, "week": true, "day": true, "hour": true, "minute": true, "second": true, "millisecond": true,
	"years": true, "months": true, "weeks": true, "days": true, "hours": true, "minutes": true, "seconds": true, "milliseconds": true,
}

// IsUnit reports whether a word after a number makes a quantity of it: day, years.
func IsUnit(word string) bool { return units[word] }
