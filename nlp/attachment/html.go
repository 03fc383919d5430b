package attachment

import (
	"context"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
)

// set returns the words of a list.
func set(words string) map[string]bool {
	found := map[string]bool{}
	for _, word := range strings.Fields(words) {
		found[word] = true
	}
	return found
}

var (
	// silent elements have content that no reader sees.
	silent = set("script style title iframe noembed noframes noscript template")
	// lineElements begin and end a line, paragraphElements a paragraph.
	lineElements = set("address article aside caption dd details dialog div dt fieldset figcaption figure footer " +
		"dl form header legend main menu nav ol option optgroup output section summary thead tbody tfoot ul")
	paragraphElements = set("blockquote h1 h2 h3 h4 h5 h6 hr p pre")
)

// htmlEncoding returns the encoding of HTML by its mark, the charset parameter, or its
// meta elements (HTML §13.2.3.2).
func htmlEncoding(name string, data []byte) (encoding.Encoding, []byte, error) {
	if name == "" {
		// DetermineEncoding of nothing is windows-1252, as if a meta element named that.
		if _, found, _ := charset.DetermineEncoding(data, ""); found != "windows-1252" || !utf8.Valid(data) {
			name = found
		}
	}
	return encodingOf(name, data)
}

// readHTML reads HTML.
func readHTML(ctx context.Context, name string, data []byte, maxText int) (string, error) {
	from, data, err := htmlEncoding(name, data)
	if err != nil {
		return "", err
	}
	if data, err = toUTF8(ctx, from, data); err != nil {
		return "", err
	}
	return flowHTML(newMarkup(ctx, data, false), maxText)
}

// toUTF8 returns data in UTF-8. Data that is UTF-8 already may be invalid in places.
func toUTF8(ctx context.Context, from encoding.Encoding, data []byte) ([]byte, error) {
	if from == unicode.UTF8 {
		return data, nil
	}
	text, err := decode(ctx, from, data, 4*len(data))
	return []byte(text), err
}

// flowHTML lays out the text of HTML.
func flowHTML(m *markup, maxText int) (string, error) {
	out := &flow{max: maxText}
	var hidden hiding
	pre := 0
	for !out.tooLong {
		t, err := m.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
		if hidden.hides(t, silent) {
			continue
		}
		switch {
		case t.kind == html.TextToken && pre > 0:
			out.lines(t.text)
		case t.kind == html.TextToken:
			out.words(t.text)
		default:
			if t.name == "pre" || t.name == "textarea" || t.name == "xmp" {
				pre = max(0, pre+step(t.kind))
			}
			layOut(out, t)
		}
	}
	return out.result()
}

// step returns by how much a tag deepens its element.
func step(kind html.TokenType) int {
	switch kind {
	case html.StartTagToken:
		return 1
	case html.EndTagToken:
		return -1
	default:
		return 0
	}
}

// layOut lays out a tag of HTML.
func layOut(out *flow, t token) {
	switch starts := t.kind != html.EndTagToken; {
	case t.name == "br":
		out.newline()
	case t.name == "li" && starts:
		out.item()
	case t.name == "li":
		out.endItem()
	case (t.name == "td" || t.name == "th") && starts:
		out.beginCell()
	case t.name == "td" || t.name == "th":
		out.endCell()
	case t.name == "tr":
		out.endCell()
		out.apart(line)
	case t.name == "table":
		out.endCell()
		out.apart(paragraph)
	case lineElements[t.name]:
		out.apart(line)
	case paragraphElements[t.name]:
		out.apart(paragraph)
	}
}

// A hiding is inside of an element whose content is not shown, or outside of any.
type hiding struct {
	name  string
	depth int
}

// hides takes a token and reports whether it is hidden.
func (h *hiding) hides(t token, names map[string]bool) bool {
	switch {
	case h.depth > 0:
		if t.kind != html.TextToken && t.name == h.name {
			h.depth += step(t.kind)
		}
		return true
	case t.kind == html.StartTagToken && names[t.name]:
		h.name, h.depth = t.name, 1
		return true
	case t.kind == html.TextToken:
		return false
	default:
		return names[t.name] // an end or an empty element
	}
}
