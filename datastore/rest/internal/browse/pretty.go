package browse

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/go-json-experiment/json/jsontext"
)

// maxString is how many bytes of a string are shown.
const maxString = 2000

// A printer writes JSON for people: indented, with links, and every bidirectional control
// written as an escape, so that the text shows what it says.
type printer struct {
	m     *markup
	place place
	in    *jsontext.Decoder
	cut   bool // the page had no room for the rest
}

// json writes the JSON of a resource, and reports whether all of it had room.
func (m *markup) json(p place, src []byte) bool {
	w := &printer{m: m, place: p, in: jsontext.NewDecoder(bytes.NewReader(src), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	m.add(`<pre id="json" tabindex="0" aria-label="The resource as JSON"><code>`)
	w.value(0, 0, 0)
	m.add("</code></pre>\n")
	return !w.cut
}

// value writes the next value. Its type is 0 where it is not known.
func (w *printer) value(t schema.TypeID, f schema.FieldID, depth int) {
	token, err := w.in.ReadToken()
	if err != nil {
		w.cut = true
		return
	}
	switch token.Kind() {
	case '{':
		w.items(depth, "{", '}', func() {
			name, err := w.in.ReadToken()
			if err != nil {
				w.cut = true
				return
			}
			key := name.String()
			if key == "resourceType" && w.in.PeekKind() == '"' {
				raw, _ := w.in.ReadValue()
				named, _ := jsontext.AppendUnquote(nil, raw)
				t, _ = schema.ResourceType(string(named))
				w.key(key)
				w.string(string(named), "")
				return
			}
			w.key(key)
			field := schema.Lookup(t, key)
			w.value(field.Field().Type, field, depth+1)
		})
	case '[':
		w.items(depth, "[", ']', func() { w.value(t, f, depth+1) })
	case '"':
		s := token.String()
		w.string(s, w.link(s, t, f))
	case '0':
		w.m.add(`<span class="n">%</span>`, short(token.String(), maxString))
	default:
		w.m.add(`<span class="n">%</span>`, token.String())
	}
}

// items writes the items of an object or a list, each on a line.
func (w *printer) items(depth int, open literal, end jsontext.Kind, item func()) {
	w.m.add(open)
	n := 0
	for ; w.in.PeekKind() != end && w.in.PeekKind() > 0; n++ {
		if w.cut = w.cut || w.m.full(); w.cut {
			return
		}
		if n > 0 {
			w.m.add(",")
		}
		w.line(depth + 1)
		item()
	}
	if w.cut {
		return
	}
	_, _ = w.in.ReadToken()
	if n > 0 {
		w.line(depth)
	}
	w.m.b = append(w.m.b, byte(end))
}

// line begins a line.
func (w *printer) line(depth int) {
	w.m.b = append(w.m.b, '\n')
	w.m.b = append(w.m.b, strings.Repeat("  ", min(depth, 32))...)
}

func (w *printer) key(name string) {
	w.m.add(`<span class="k">`)
	w.quoted(short(name, 200))
	w.m.add(`</span>: `)
}

// string writes a string, with a link if there is one.
func (w *printer) string(s, link string) {
	shown, more := cut(s, maxString)
	if link != "" {
		w.m.add(`<a class="s" href="%">`, link)
	} else {
		w.m.add(`<span class="s">`)
	}
	w.quoted(shown)
	if link != "" {
		w.m.add("</a>")
	} else {
		w.m.add("</span>")
	}
	if more > 0 {
		w.m.add(`<span class="x"> … % more characters</span>`, strconv.Itoa(more))
	}
}

// quoted writes a text as a JSON string.
func (w *printer) quoted(s string) {
	text := string(quote.Append(nil, s))
	from := 0
	for i, r := range text {
		if bidirectional(r) {
			w.m.text(text[from:i])
			w.m.add(`<span class="x">\u%</span>`, strconv.FormatInt(int64(r), 16))
			from = i + len(string(r))
		}
	}
	w.m.text(text[from:])
}

// bidirectional reports whether a character changes the direction of text and is not seen.
func bidirectional(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0x061c
}

// link returns where the value of a field leads, "" for nowhere.
func (w *printer) link(s string, t schema.TypeID, f schema.FieldID) string {
	field := f.Field()
	switch t.String() {
	case "string":
		if field.Name == "reference" && field.Owner.String() == "Reference" {
			return w.place.reference(s)
		}
	case "canonical":
		return w.place.canonical(s, field.Targets)
	case "uri", "url":
		if link := w.place.reference(s); link != "" {
			return link
		}
		return outside(s)
	}
	return ""
}
