package syntax

import (
	"strconv"
	"unicode/utf8"
)

const (
	// MaxLength is the greatest length of an expression in bytes. The longest of
	// R4's search parameters has about 3,500.
	MaxLength = 32 << 10
	// MaxDepth is how deep parentheses, arguments, indexes and signs may nest.
	MaxDepth = 100
)

// A parser turns tokens into a tree by operator precedence.
type parser struct {
	lexer lexer
	token token // the one to look at next
	depth int
}

// Parse reads a whole expression.
func Parse(source string) (Node, error) {
	if len(source) > MaxLength {
		return nil, &Error{Offset: MaxLength, Reason: "expression too long, at most " + strconv.Itoa(MaxLength) + " bytes", Limit: true}
	}
	if !utf8.ValidString(source) {
		return nil, &Error{Reason: "not UTF-8"}
	}
	p := parser{lexer: lexer{source: source}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	tree, err := p.expression(lowestPrecedence)
	if err != nil {
		return nil, err
	}
	if p.token.sort != tokenEnd {
		return nil, p.fail("expected an operator or the end")
	}
	return tree, nil
}

func (p *parser) advance() (err error) {
	p.token, err = p.lexer.next()
	return err
}

// expect passes the symbol.
func (p *parser) expect(symbol string) error {
	if !p.token.is(symbol) {
		return p.fail("expected " + symbol)
	}
	return p.advance()
}

func (p *parser) fail(reason string) error {
	if p.token.sort == tokenEnd {
		reason += ", not the end"
	}
	return p.lexer.fail(p.token.at, reason)
}

// expression reads operators that bind at least as tight as the precedence.
func (p *parser) expression(least int) (Node, error) {
	if p.depth++; p.depth > MaxDepth {
		return nil, &Error{Offset: p.token.at, Reason: "nested deeper than " + strconv.Itoa(MaxDepth), Limit: true}
	}
	defer func() { p.depth-- }()

	left, err := p.prefix()
	for err == nil {
		operator := p.token
		switch {
		case operator.is("."):
			left, err = p.invocation(left)
		case operator.is("["):
			left, err = p.indexer(left)
		default:
			// A word in a delimited name is no operator, nor is one after the end.
			level := 0
			if operator.sort == tokenSymbol || operator.sort == tokenWord {
				level = precedences[operator.text]
			}
			if level == 0 || level < least {
				return left, nil
			}
			left, err = p.operation(left, level)
		}
	}
	return nil, err
}

// prefix reads a sign with its operand, or a term.
func (p *parser) prefix() (Node, error) {
	sign := p.token
	if !sign.is("+") && !sign.is("-") {
		return p.term()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	operand, err := p.expression(polarityPrecedence)
	if err != nil {
		return nil, err
	}
	return &Polarity{Position(sign.at), sign.text, operand}, nil
}

// operation reads a binary or type operator, which is next, and its right side.
func (p *parser) operation(left Node, level int) (Node, error) {
	operator := p.token
	if err := p.advance(); err != nil {
		return nil, err
	}
	if level == typePrecedence {
		name, err := p.typeName()
		if err != nil {
			return nil, err
		}
		return &TypeTest{Position(operator.at), operator.text, left, name}, nil
	}
	right, err := p.expression(level + 1)
	if err != nil {
		return nil, err
	}
	return &Binary{Position(operator.at), operator.text, left, right}, nil
}

// TypeName reads Name or Namespace.Name.
func (p *parser) typeName() (TypeName, error) {
	t := TypeName{Position: Position(p.token.at)}
	var err error
	if t.Name, err = p.name(); err != nil {
		return t, err
	}
	if p.token.is(".") {
		if err = p.advance(); err != nil {
			return t, err
		}
		t.Namespace = t.Name
		t.Name, err = p.name()
	}
	return t, err
}

// name reads an identifier.
func (p *parser) name() (string, error) {
	if !isName(p.token) {
		return "", p.fail("expected a name")
	}
	name := p.token.text
	return name, p.advance()
}

// isName reports whether a token may name an element, function or type. The grammar
// allows four of the keywords.
func isName(t token) bool {
	switch t.sort {
	case tokenDelimited:
		return true
	case tokenWord:
		switch t.text {
		case "true", "false", "and", "or", "xor", "implies", "div", "mod":
			return false
		}
		return true
	default:
		return false
	}
}

func (p *parser) invocation(left Node) (Node, error) {
	at := Position(p.token.at)
	if err := p.advance(); err != nil {
		return nil, err
	}
	// No operator stands behind a point, so that a word for one is a name: text.div.
	if p.token.sort == tokenWord && p.token.text != "true" && p.token.text != "false" {
		p.token.sort = tokenDelimited
	}
	if p.token.sort != tokenSpecial && !isName(p.token) {
		return nil, p.fail("expected a name after the point")
	}
	right, err := p.nameOrCall()
	if err != nil {
		return nil, err
	}
	return &Invocation{at, left, right}, nil
}

func (p *parser) indexer(left Node) (Node, error) {
	at := Position(p.token.at)
	if err := p.advance(); err != nil {
		return nil, err
	}
	index, err := p.expression(lowestPrecedence)
	if err != nil {
		return nil, err
	}
	return &Indexer{at, left, index}, p.expect("]")
}

// nameOrCall reads a member, a call or a special.
func (p *parser) nameOrCall() (Node, error) {
	at := Position(p.token.at)
	if p.token.sort == tokenSpecial {
		name := p.token.text
		switch name {
		case "$this", "$index", "$total":
			return &Special{at, name}, p.advance()
		}
		return nil, p.fail("unknown name after $")
	}
	name, err := p.name()
	if err != nil || !p.token.is("(") {
		return &Member{at, name}, err
	}
	args, err := p.arguments()
	return &Call{at, name, args}, err
}

// arguments reads (a, b).
func (p *parser) arguments() ([]Node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.is(")") {
		return nil, p.advance()
	}
	var args []Node
	for {
		arg, err := p.expression(lowestPrecedence)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
		if !p.token.is(",") {
			return args, p.expect(")")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

// term reads an operand without operators.
func (p *parser) term() (Node, error) {
	switch t := p.token; {
	case t.is("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		inner, err := p.expression(lowestPrecedence)
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	case t.is("%"):
		return p.variable()
	case isName(t) || t.sort == tokenSpecial:
		return p.nameOrCall()
	default:
		return p.literal()
	}
}

// variable reads %name, %`name` or %'name'.
func (p *parser) variable() (Node, error) {
	at := Position(p.token.at)
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.sort == tokenString {
		name := p.token.text
		if name == "" {
			return nil, p.fail("empty name")
		}
		return &Variable{at, name}, p.advance()
	}
	name, err := p.name()
	return &Variable{at, name}, err
}

func (p *parser) literal() (Node, error) {
	t := p.token
	value := &Literal{Position: Position(t.at), Text: t.text}
	switch {
	case t.is("{"):
		value.Text = ""
		if err := p.advance(); err != nil {
			return nil, err
		}
		return value, p.expect("}")
	case t.is("true"), t.is("false"):
		value.Sort = Boolean
	case t.sort == tokenString:
		value.Sort = String
	case t.sort == tokenDate:
		value.Sort = Date
	case t.sort == tokenDateTime:
		value.Sort = DateTime
	case t.sort == tokenTime:
		value.Sort = Time
	case t.sort == tokenNumber:
		return p.number(value)
	default:
		return nil, p.fail("expected an expression")
	}
	return value, p.advance()
}

// number makes a number of the literal, or a quantity if a unit follows.
func (p *parser) number(value *Literal) (Node, error) {
	value.Sort = Number
	if err := p.advance(); err != nil {
		return nil, err
	}
	value.Word = p.token.sort == tokenWord && units[p.token.text]
	if !value.Word && p.token.sort != tokenString {
		return value, nil
	}
	value.Sort, value.Unit = Quantity, p.token.text
	return value, p.advance()
}
