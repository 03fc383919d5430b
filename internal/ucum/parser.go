package ucum

import (
	"math/big"
	"strings"
)

const (
	// MaxLength is the longest code that Parse reads, in bytes. Codes in use
	// are under 40; annotations may be longer.
	MaxLength = 256
	// MaxDepth is how deep parentheses may nest.
	MaxDepth = 16
	// maxExponent bounds exponents: 10*23 is the largest in the table.
	maxExponent = 999
)

// Parse reads a unit of UCUM's case-sensitive grammar (UCUM §7–§12). The error
// is a *SyntaxError.
func Parse(code string) (*Unit, error) {
	p, err := read(code)
	if err != nil {
		return nil, err
	}
	return p.unit(), nil
}

// read parses a code and leaves its meaning in the parser.
func read(code string) (*parser, error) {
	if len(code) > MaxLength {
		return nil, &SyntaxError{MaxLength, "the code is too long"}
	}
	p := &parser{text: code, product: product{scale: one()}, numbers: one().ratio}
	if err := p.mainTerm(); err != nil {
		return nil, err
	}
	if p.special != nil && len(p.dimension) > 0 {
		return nil, p.fail(p.specialAt, "a special unit takes no part in products")
	}
	return p, nil
}

type parser struct {
	text string
	at   int
	product
	specialAt int // where the special unit is, if there is one
	factors   []factor
	numbers   *big.Rat // the product of the numbers
}

func (p *parser) fail(at int, reason string) error { return &SyntaxError{at, reason} }

// peek returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// mainTerm reads the whole text: a term, or a slash and a term.
func (p *parser) mainTerm() error {
	sign := 1
	if p.peek() == '/' {
		p.at++
		sign = -1
	}
	if err := p.term(sign, 1, 0); err != nil {
		return err
	}
	if p.at < len(p.text) {
		return p.fail(p.at, "a dot, a slash or the end is expected")
	}
	return nil
}

// term reads components with dots and slashes between. Each is raised to the exponent
// outer, 1 or −1, and the first component to the exponent first as well. A slash
// divides by the component after it alone (UCUM §7).
func (p *parser) term(first, outer, depth int) error {
	for sign := first; ; {
		if err := p.component(sign*outer, depth); err != nil {
			return err
		}
		switch p.peek() {
		case '.':
			sign = 1
		case '/':
			sign = -1
		default:
			return nil
		}
		p.at++
	}
}

// component reads an annotation, or a number, a symbol or a term in parentheses with or
// without an annotation after it. In UCUM's grammar (§12) an annotation follows a
// symbol alone, but its list of common units has /100{WBC} and g/(8.h){shift}.
func (p *parser) component(sign, depth int) error {
	if err := p.bareComponent(sign, depth); err != nil {
		return err
	}
	if p.peek() == '{' {
		return p.annotation()
	}
	return nil
}

func (p *parser) bareComponent(sign, depth int) error {
	switch c := p.peek(); {
	case c == '{':
		return nil
	case c == '(':
		return p.parentheses(sign, depth)
	case isDigit(c) && !p.atPowerOfTen():
		return p.digits(sign)
	}
	return p.symbol(sign)
}

func (p *parser) parentheses(sign, depth int) error {
	open := p.at
	if depth == MaxDepth {
		return p.fail(open, "parentheses nest too deep")
	}
	p.at++
	if err := p.term(1, sign, depth+1); err != nil {
		return err
	}
	if p.peek() != ')' {
		return p.fail(open, "a parenthesis is not closed")
	}
	p.at++
	return nil
}

// annotation reads text in braces, which means nothing (UCUM §6).
func (p *parser) annotation() error {
	open := p.at
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '}':
			p.at++
			return nil
		case c == '{' || c < ' ' || c > '~':
			return p.fail(p.at, "a character has no place in an annotation")
		}
	}
	return p.fail(open, "an annotation is not closed")
}

// digits reads a number without sign.
func (p *parser) digits(sign int) error {
	start := p.at
	for isDigit(p.peek()) {
		p.at++
	}
	n, ok := new(big.Rat).SetString(p.text[start:p.at])
	if !ok || n.Sign() == 0 {
		return p.fail(start, "the number is zero")
	}
	number, err := scale{ratio: p.numbers}.times(scale{ratio: n}, sign)
	if err != nil {
		return p.fail(start, "the number is out of range")
	}
	p.numbers = number.ratio
	if p.scale, err = p.scale.times(scale{ratio: n}, sign); err != nil {
		return p.fail(start, "the unit is out of range")
	}
	return nil
}

// atPowerOfTen says whether 10* or 10^ comes next: symbols, not numbers.
func (p *parser) atPowerOfTen() bool {
	rest := p.text[p.at:]
	return strings.HasPrefix(rest, "10*") || strings.HasPrefix(rest, "10^")
}

// symbol reads a prefix, an atom and an exponent and multiplies them in.
func (p *parser) symbol(sign int) error {
	start := p.at
	if err := p.skipSymbol(); err != nil {
		return err
	}
	text := p.text[start:p.at]
	if text == "" {
		return p.fail(start, "a unit is expected")
	}
	prefix, atom := findSymbol(text)
	if atom == nil {
		return p.fail(start, "the unit is unknown")
	}
	exponent, err := p.exponent()
	if err != nil {
		return err
	}
	exponent *= sign
	if atom.kind == specialUnit {
		if exponent != 1 || p.special != nil {
			return p.fail(start, "a special unit takes no part in products")
		}
		p.specialAt = start
	}
	if exponent == 0 {
		return nil
	}
	p.factors = append(p.factors, factor{text, exponent})
	if err := p.multiply(prefix, atom, exponent); err != nil {
		return p.fail(start, "the unit is out of range")
	}
	return nil
}

// skipSymbol goes past the bytes of a symbol: letters and signs up to a digit,
// an operator or a brace, and whatever stands in square brackets (UCUM §6).
func (p *parser) skipSymbol() error {
	if p.atPowerOfTen() {
		p.at += len("10*")
		return nil
	}
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c == '[' {
			n := strings.IndexByte(p.text[p.at:], ']')
			if n < 0 {
				return p.fail(p.at, "a square bracket is not closed")
			}
			p.at += n + 1
			continue
		}
		if isDigit(c) || strings.IndexByte("./(){}+-", c) >= 0 {
			return nil
		}
		p.at++
	}
	return nil
}

// exponent reads digits with or without a sign; without digits it is 1.
func (p *parser) exponent() (int, error) {
	start, sign := p.at, 1
	switch p.peek() {
	case '-':
		sign = -1
		p.at++
	case '+':
		p.at++
	}
	digits := p.at
	n := 0
	for ; isDigit(p.peek()); p.at++ {
		if n = n*10 + int(p.peek()-'0'); n > maxExponent {
			return 0, p.fail(start, "the exponent is too large")
		}
	}
	switch {
	case p.at > digits:
		return sign * n, nil
	case p.at > start:
		return 0, p.fail(start, "a sign has no exponent after it")
	}
	return 1, nil
}

// unit makes a Unit from the parser's result. It keeps no reference to the caller's
// text.
func (p *parser) unit() *Unit {
	u := &Unit{
		code: strings.Clone(p.text), scale: p.scale, dimension: p.dimension, special: p.special,
		factors: p.factors, number: p.numbers,
	}
	for i := range u.factors {
		u.factors[i].symbol = strings.Clone(u.factors[i].symbol)
	}
	if u.special != nil {
		u.dimension = u.special.dimension
	}
	u.canonical = u.dimension.String()
	u.small = smallScaleOf(u)
	return u
}

func isDigit(c byte) bool { return c-'0' <= 9 }
