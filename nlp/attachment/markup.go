package attachment

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html"
)

// largestToken is the most bytes of one tag or comment. Text may be longer.
const largestToken = 8 << 20

// A markup is a stream of tags and text. Its tokenizer builds no tree, so that nesting
// costs nothing.
type markup struct {
	ctx    context.Context
	in     io.Reader
	z      *html.Tokenizer
	xml    bool   // no element is special, and each can be empty
	raw    string // the element whose content has no tags; "" outside of one
	tokens int
}

// A token is a tag or a piece of text.
type token struct {
	kind html.TokenType // StartTagToken, EndTagToken, SelfClosingTagToken or TextToken
	name string         // of a tag, in lower case, without prefix
	text []byte         // valid until the next token
}

// newMarkup returns the tags and text of UTF-8.
func newMarkup(ctx context.Context, data []byte, xml bool) *markup {
	m := &markup{ctx: ctx, in: bytes.NewReader(data), xml: xml}
	m.begin()
	return m
}

// begin makes a tokenizer for what is left, inside of the element m.raw.
func (m *markup) begin() {
	if m.raw != "" {
		m.in = io.MultiReader(strings.NewReader("<"+m.raw+">"), m.in)
	}
	m.z = html.NewTokenizer(m.in)
	m.z.SetMaxBuf(largestToken)
	m.z.AllowCDATA(m.xml)
	if m.raw != "" {
		m.z.Next()
	}
}

// next returns the next token, or io.EOF at the end.
func (m *markup) next() (token, error) {
	for {
		if m.tokens++; m.tokens%1024 == 0 && m.ctx.Err() != nil {
			return token{}, m.ctx.Err()
		}
		switch kind := m.z.Next(); kind {
		case html.TextToken:
			return token{kind: kind, text: m.z.Text()}, nil
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			return m.tag(kind), nil
		case html.ErrorToken:
			if m.z.Err() != html.ErrBufferExceeded {
				return token{}, io.EOF // what is in memory fails in no other way
			}
			if len(m.z.Raw()) > 0 {
				return token{}, fmt.Errorf("%w: a tag or comment of more than %d bytes", ErrTooLarge, largestToken)
			}
			// The text before filled the tokenizer: another one goes on behind it.
			m.in = io.MultiReader(bytes.NewReader(bytes.Clone(m.z.Buffered())), m.in)
			m.begin()
		}
	}
}

// tag returns the tag that the tokenizer stands on.
func (m *markup) tag(kind html.TokenType) token {
	name, _ := m.z.TagName()
	if i := bytes.LastIndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	m.raw = ""
	t := token{kind: kind, name: string(name)}
	switch {
	case m.xml:
		m.z.NextIsNotRawText()
	case kind == html.EndTagToken:
	case rawElements[t.name]:
		m.raw = t.name
	}
	return t
}

// rawElements are the elements of HTML whose content has no tags.
var rawElements = set("iframe noembed noframes noscript plaintext script style title textarea xmp")
