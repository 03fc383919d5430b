package fhirproto

import (
	"bytes"
	"encoding/base64"
	"slices"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/quote"
)

// maxSeparator is how much white space in a row a stride may have, so that the text
// of a base64Binary is not much longer than its message.
const maxSeparator = 8

// appendDecoded appends a base64Binary's text as field 1, bytes. It uses *scratch
// for text that has white space; text may be there already.
func appendDecoded(dst, text []byte, scratch *[]byte) ([]byte, bool) {
	if hasSpace(text) {
		clean := slices.Grow((*scratch)[:0], len(text))
		for _, c := range text {
			if !isSpace(c) {
				clean = append(clean, c)
			}
		}
		*scratch, text = clean, clean
	}
	size := base64.StdEncoding.DecodedLen(len(text))
	for n := len(text); n > 0 && text[n-1] == '=' && len(text)-n < 2; n-- {
		size--
	}
	if len(text)%4 != 0 || size < 0 {
		return dst, false
	}
	dst = appendUvarint(dst, tagOf(1))
	dst = appendUvarint(dst, uint64(size))
	at := len(dst)
	dst, err := base64.StdEncoding.AppendDecode(dst, text)
	return dst, err == nil && len(dst) == at+size
}

// hasSpace reports whether text has white space. It is quick for text of many
// megabytes.
func hasSpace(text []byte) bool {
	return bytes.IndexByte(text, ' ') >= 0 || bytes.IndexByte(text, '\n') >= 0 ||
		bytes.IndexByte(text, '\r') >= 0 || bytes.IndexByte(text, '\t') >= 0
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// stride appends the extension for the white space in the base64Binary n, if it
// can describe it.
func (e *encoder) stride(n fhirjson.Index, s fieldNumbers) {
	text := e.textOf(n)
	stride, separator := findStride(text)
	if stride == 0 {
		return
	}
	at := e.open(tagOf(s.extension))
	e.str(extURL, StrideURL)
	inner := e.open(tagOf(extExtension))
	e.str(extURL, "separator")
	value := e.open(tagOf(extValue))
	e.str(choiceString, string(separator))
	e.close(value)
	e.close(inner)
	inner = e.open(tagOf(extExtension))
	e.str(extURL, "stride")
	value = e.open(tagOf(extValue))
	choice := e.open(tagOf(choicePositiveInt))
	e.varint(1, uint64(stride))
	e.close(choice)
	e.close(value)
	e.close(inner)
	e.close(at)
}

// findStride returns the number of characters after which white space comes in
// text, and that white space, or 0 if it does not come so.
func findStride(text []byte) (stride int, separator []byte) {
	if !hasSpace(text) {
		return 0, nil
	}
	if stride = bytes.IndexAny(text, " \t\r\n"); stride == 0 {
		return 0, nil
	}
	end := stride
	for end < len(text) && isSpace(text[end]) {
		end++
	}
	if separator = text[stride:end]; len(separator) > maxSeparator {
		return 0, nil
	}
	for rest := text; ; {
		chunk := rest[:min(stride, len(rest))]
		if len(chunk) == 0 || hasSpace(chunk) {
			return 0, nil
		}
		if rest = rest[len(chunk):]; len(rest) == 0 {
			return stride, separator
		}
		var ok bool
		if rest, ok = bytes.CutPrefix(rest, separator); !ok {
			return 0, nil
		}
	}
}

// base64 appends the text of a base64Binary.
func (d *decoder) base64(p *primitive) bool {
	data := d.wire[p.text.start:p.text.end]
	stride, separator := d.strideIn(p.stride)
	d.dst = append(d.dst, '"')
	start := len(d.dst)
	d.dst = base64.StdEncoding.AppendEncode(d.dst, data)
	if stride > 0 {
		if len(separator) > maxSeparator || len(bytes.Trim(separator, " \t\r\n")) > 0 {
			return false
		}
		plain := bytes.Clone(d.dst[start:])
		d.dst = d.dst[:start]
		for ; uint64(len(plain)) > stride; plain = plain[stride:] {
			d.dst = append(d.dst, plain[:stride]...)
			d.dst, _ = quote.AppendInner(d.dst, separator)
		}
		d.dst = append(d.dst, plain...)
	}
	d.dst = append(d.dst, '"')
	return true
}

// strideIn returns the stride and separator of the extension m, 0 if it has none.
func (d *decoder) strideIn(m span) (stride uint64, separator []byte) {
	d.each(m, extExtension, func(inner span) {
		d.each(inner, extValue, func(value span) {
			d.each(value, choiceString, func(v span) { separator = d.stringIn(v) })
			d.each(value, choicePositiveInt, func(v span) {
				if _, _, n, after := d.next(v.start, v.end); after == v.end {
					stride = n
				}
			})
		})
	})
	d.err = nil
	return stride, separator
}

// each calls visit with the fields of m that have the number and are bytes, as far
// as m is good.
func (d *decoder) each(m span, number int, visit func(span)) {
	for pos := m.start; pos < m.end; {
		n, bytes, _, after := d.next(pos, m.end)
		if after < 0 {
			return
		}
		if n == number && bytes.start >= 0 {
			visit(bytes)
		}
		pos = after
	}
}
