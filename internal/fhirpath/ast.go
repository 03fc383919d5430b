package fhirpath

// A node is a part of a parsed expression. Between them the kinds of node hold
// any expression of FHIRPath N1; names are as written but for escapes.
type node interface {
	// pos returns the byte offset of the node: of an operator, the operator's own.
	pos() int
}

type position int

func (p position) pos() int { return int(p) }

type (
	// A literal is a constant: a text and what sort it is.
	literal struct {
		position
		sort literalSort
		// text is the value: of a string, its content; of a date, dateTime or
		// time, without @; of a number, its digits; true or false.
		text string
		// unit is set on a quantity: a UCUM unit, or a word like days.
		unit string
		word bool // whether unit is a word
	}
	// A variable is an external constant: %resource.
	variable struct {
		position
		name string
	}
	// A special is $this, $index or $total.
	special struct {
		position
		name string // with the $
	}
	// A member is a name that stands for an element or a type.
	member struct {
		position
		name string
	}
	// A call is a function with its arguments.
	call struct {
		position
		name string
		args []node
	}
	// An invocation is left.right, where right is a member, a call or a special.
	invocation struct {
		position
		left, right node
	}
	// An indexer is left[index].
	indexer struct {
		position
		left, index node
	}
	// A polarity is + or - before an expression.
	polarity struct {
		position
		operator string
		operand  node
	}
	// A binary is an operator between two expressions.
	binary struct {
		position
		operator    string
		left, right node
	}
	// A typeTest is is or as with a type's name.
	typeTest struct {
		position
		operator string
		operand  node
		name     typeName
	}
)

// A typeName is a type as written: Patient, or FHIR.Patient.
type typeName struct {
	position
	namespace string // "" where none is written
	name      string
}

// literalSort tells literals apart.
type literalSort uint8

const (
	literalEmpty literalSort = iota // {}
	literalBoolean
	literalString
	literalNumber
	literalDate
	literalDateTime
	literalTime
	literalQuantity
)

// The precedences of FHIRPath N1 §6.8; a higher one binds tighter. Every binary
// operator is left-associative.
const (
	lowestPrecedence   = 1
	typePrecedence     = 8
	polarityPrecedence = 11
	pathPrecedence     = 12
)

// precedences are those of the binary operators, the type operators among them.
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
func precedence(n node) int {
	switch n := n.(type) {
	case *binary:
		return precedences[n.operator]
	case *typeTest:
		return typePrecedence
	case *polarity:
		return polarityPrecedence
	default:
		return pathPrecedence
	}
}

// units are the words that make a quantity of a number (FHIRPath N1 §2.3.9).
var units = map[string]bool{
	"year": true, "month": true, "week": true, "day": true, "hour": true, "minute": true, "second": true, "millisecond": true,
	"years": true, "months": true, "weeks": true, "days": true, "hours": true, "minutes": true, "seconds": true, "milliseconds": true,
}
