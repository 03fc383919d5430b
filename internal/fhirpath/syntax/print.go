package syntax

import (
	"fmt"
	"strings"
)

// Format writes a tree as FHIRPath: one space around operators, none elsewhere,
// and only the parentheses that are needed. Parsing the result gives the same
// tree.
func Format(n Node) string {
	var b strings.Builder
	write(&b, n)
	return b.String()
}

func write(b *strings.Builder, n Node) {
	switch n := n.(type) {
	case *Literal:
		writeLiteral(b, n)
	case *Variable:
		b.WriteByte('%')
		writeName(b, n.Name)
	case *Special:
		b.WriteString(n.Name)
	case *Member:
		writeName(b, n.Name)
	case *Call:
		writeCall(b, n)
	case *Invocation:
		writeOperand(b, n.Left, pathPrecedence)
		b.WriteByte('.')
		write(b, n.Right)
	case *Indexer:
		writeOperand(b, n.Left, pathPrecedence)
		b.WriteByte('[')
		write(b, n.Index)
		b.WriteByte(']')
	case *Polarity:
		b.WriteString(n.Operator)
		writeOperand(b, n.Operand, polarityPrecedence)
	case *Binary:
		level := precedences[n.Operator]
		writeOperand(b, n.Left, level)
		b.WriteString(" " + n.Operator + " ")
		writeOperand(b, n.Right, level+1)
	case *TypeTest:
		writeOperand(b, n.Operand, typePrecedence)
		b.WriteString(" " + n.Operator + " ")
		writeTypeName(b, n.Type)
	default:
		panic(fmt.Sprintf("fhirpath: unknown node %T", n))
	}
}

// writeOperand writes a node, in parentheses if it binds looser than the
// precedence.
func writeOperand(b *strings.Builder, n Node, least int) {
	if precedence(n) >= least {
		write(b, n)
		return
	}
	b.WriteByte('(')
	write(b, n)
	b.WriteByte(')')
}

func writeCall(b *strings.Builder, n *Call) {
	writeName(b, n.Name)
	b.WriteByte('(')
	for i, arg := range n.Args {
		if i > 0 {
			b.WriteString(", ")
		}
		write(b, arg)
	}
	b.WriteByte(')')
}

func writeTypeName(b *strings.Builder, t TypeName) {
	if t.Namespace != "" {
		writeName(b, t.Namespace)
		b.WriteByte('.')
	}
	writeName(b, t.Name)
}

func writeLiteral(b *strings.Builder, n *Literal) {
	switch n.Sort {
	case Empty:
		b.WriteString("{}")
	case String:
		writeQuoted(b, n.Text, '\'')
	case Date, DateTime, Time:
		b.WriteString("@" + n.Text)
	case Quantity:
		b.WriteString(n.Text + " ")
		if n.Word {
			b.WriteString(n.Unit)
		} else {
			writeQuoted(b, n.Unit, '\'')
		}
	default:
		b.WriteString(n.Text)
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
