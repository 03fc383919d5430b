package fhirpath

import (
	"fmt"
	"strings"
)

// format writes a tree as FHIRPath: one space around operators, none elsewhere,
// and only the parentheses that are needed. Parsing the result gives the same
// tree.
func format(n node) string {
	var b strings.Builder
	write(&b, n)
	return b.String()
}

func write(b *strings.Builder, n node) {
	switch n := n.(type) {
	case *literal:
		writeLiteral(b, n)
	case *variable:
		b.WriteByte('%')
		writeName(b, n.name)
	case *special:
		b.WriteString(n.name)
	case *member:
		writeName(b, n.name)
	case *call:
		writeCall(b, n)
	case *invocation:
		writeOperand(b, n.left, pathPrecedence)
		b.WriteByte('.')
		write(b, n.right)
	case *indexer:
		writeOperand(b, n.left, pathPrecedence)
		b.WriteByte('[')
		write(b, n.index)
		b.WriteByte(']')
	case *polarity:
		b.WriteString(n.operator)
		writeOperand(b, n.operand, polarityPrecedence)
	case *binary:
		level := precedences[n.operator]
		writeOperand(b, n.left, level)
		b.WriteString(" " + n.operator + " ")
		writeOperand(b, n.right, level+1)
	case *typeTest:
		writeOperand(b, n.operand, typePrecedence)
		b.WriteString(" " + n.operator + " ")
		writeTypeName(b, n.name)
	default:
		panic(fmt.Sprintf("fhirpath: unknown node %T", n))
	}
}

// writeOperand writes a node, in parentheses if it binds looser than the
// precedence.
func writeOperand(b *strings.Builder, n node, least int) {
	if precedence(n) >= least {
		write(b, n)
		return
	}
	b.WriteByte('(')
	write(b, n)
	b.WriteByte(')')
}

func writeCall(b *strings.Builder, n *call) {
	writeName(b, n.name)
	b.WriteByte('(')
	for i, arg := range n.args {
		if i > 0 {
			b.WriteString(", ")
		}
		write(b, arg)
	}
	b.WriteByte(')')
}

func writeTypeName(b *strings.Builder, t typeName) {
	if t.namespace != "" {
		writeName(b, t.namespace)
		b.WriteByte('.')
	}
	writeName(b, t.name)
}

func writeLiteral(b *strings.Builder, n *literal) {
	switch n.sort {
	case literalEmpty:
		b.WriteString("{}")
	case literalString:
		writeQuoted(b, n.text, '\'')
	case literalDate, literalDateTime, literalTime:
		b.WriteString("@" + n.text)
	case literalQuantity:
		b.WriteString(n.text + " ")
		if n.word {
			b.WriteString(n.unit)
		} else {
			writeQuoted(b, n.unit, '\'')
		}
	default:
		b.WriteString(n.text)
	}
}

// writeName writes a name, between backticks if it would not be read as one.
func writeName(b *strings.Builder, name string) {
	if name != "" && isLetter(name[0]) && isName(token{sort: tokenWord, text: name}) {
		l := lexer{source: name}
		if l.skip(isNameByte); l.at == len(name) {
			b.WriteString(name)
			return
		}
	}
	writeQuoted(b, name, '`')
}

func writeQuoted(b *strings.Builder, text string, quote byte) {
	b.WriteByte(quote)
	for i := range len(text) {
		switch c := text[i]; {
		case c == quote || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ':
			fmt.Fprintf(b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte(quote)
}
