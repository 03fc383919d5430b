package fhirpath

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

// parse reads a whole expression.
func parse(source string) (node, error) {
	if len(source) > MaxLength {
		return nil, newError(ErrLimit, source, MaxLength, "expression too long, at most "+strconv.Itoa(MaxLength)+" bytes")
	}
	if !utf8.ValidString(source) {
		return nil, newError(ErrSyntax, source, 0, "not UTF-8")
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
func (p *parser) expression(least int) (node, error) {
	if p.depth++; p.depth > MaxDepth {
		return nil, newError(ErrLimit, p.lexer.source, p.token.at, "nested deeper than "+strconv.Itoa(MaxDepth))
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
func (p *parser) prefix() (node, error) {
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
	return &polarity{position(sign.at), sign.text, operand}, nil
}

// operation reads a binary or type operator, which is next, and its right side.
func (p *parser) operation(left node, level int) (node, error) {
	operator := p.token
	if err := p.advance(); err != nil {
		return nil, err
	}
	if level == typePrecedence {
		name, err := p.typeName()
		if err != nil {
			return nil, err
		}
		return &typeTest{position(operator.at), operator.text, left, name}, nil
	}
	right, err := p.expression(level + 1)
	if err != nil {
		return nil, err
	}
	return &binary{position(operator.at), operator.text, left, right}, nil
}

// typeName reads Name or Namespace.Name.
func (p *parser) typeName() (typeName, error) {
	t := typeName{position: position(p.token.at)}
	var err error
	if t.name, err = p.name(); err != nil {
		return t, err
	}
	if p.token.is(".") {
		if err = p.advance(); err != nil {
			return t, err
		}
		t.namespace = t.name
		t.name, err = p.name()
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

// isName reports whether a token may name an element, function or type. Of the
// keywords the grammar lets four.
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

func (p *parser) invocation(left node) (node, error) {
	at := position(p.token.at)
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.sort != tokenSpecial && !isName(p.token) {
		return nil, p.fail("expected a name after the point")
	}
	right, err := p.nameOrCall()
	if err != nil {
		return nil, err
	}
	return &invocation{at, left, right}, nil
}

func (p *parser) indexer(left node) (node, error) {
	at := position(p.token.at)
	if err := p.advance(); err != nil {
		return nil, err
	}
	index, err := p.expression(lowestPrecedence)
	if err != nil {
		return nil, err
	}
	return &indexer{at, left, index}, p.expect("]")
}

// nameOrCall reads a member, a call or a special.
func (p *parser) nameOrCall() (node, error) {
	at := position(p.token.at)
	if p.token.sort == tokenSpecial {
		name := p.token.text
		switch name {
		case "$this", "$index", "$total":
			return &special{at, name}, p.advance()
		}
		return nil, p.fail("unknown name after $")
	}
	name, err := p.name()
	if err != nil || !p.token.is("(") {
		return &member{at, name}, err
	}
	args, err := p.arguments()
	return &call{at, name, args}, err
}

// arguments reads (a, b).
func (p *parser) arguments() ([]node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.is(")") {
		return nil, p.advance()
	}
	var args []node
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

// term reads what stands between operators.
func (p *parser) term() (node, error) {
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
func (p *parser) variable() (node, error) {
	at := position(p.token.at)
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.sort == tokenString {
		name := p.token.text
		if name == "" {
			return nil, p.fail("empty name")
		}
		return &variable{at, name}, p.advance()
	}
	name, err := p.name()
	return &variable{at, name}, err
}

func (p *parser) literal() (node, error) {
	t := p.token
	value := &literal{position: position(t.at), text: t.text}
	switch {
	case t.is("{"):
		value.text = ""
		if err := p.advance(); err != nil {
			return nil, err
		}
		return value, p.expect("}")
	case t.is("true"), t.is("false"):
		value.sort = literalBoolean
	case t.sort == tokenString:
		value.sort = literalString
	case t.sort == tokenDate:
		value.sort = literalDate
	case t.sort == tokenDateTime:
		value.sort = literalDateTime
	case t.sort == tokenTime:
		value.sort = literalTime
	case t.sort == tokenNumber:
		return p.number(value)
	default:
		return nil, p.fail("expected an expression")
	}
	return value, p.advance()
}

// number makes a number of the literal, or a quantity if a unit follows.
func (p *parser) number(value *literal) (node, error) {
	value.sort = literalNumber
	if err := p.advance(); err != nil {
		return nil, err
	}
	value.word = p.token.sort == tokenWord && units[p.token.text]
	if !value.word && p.token.sort != tokenString {
		return value, nil
	}
	value.sort, value.unit = literalQuantity, p.token.text
	return value, p.advance()
}
