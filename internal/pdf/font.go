package pdf

import (
	"bytes"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// A font tells the text and the width of its character codes.
type font struct {
	bytes   int // length of a code
	unicode *cmap
	utf16   bool // its codes are UTF-16
	names   [256]string
	widths  map[uint32]float64 // in em
	width   float64            // of the others
	plain   *[95]uint16        // widths of ASCII in 1/1000 em, where it has none of its own
	glyphs  map[uint32]shown   // what was looked up
}

// A shown is the text and the width of a code.
type shown struct {
	text  string
	width float64
}

const (
	mostGlyphs   = 1 << 16
	mostEncoding = 16 << 10 // bytes of the encoding in a font's program
)

// newFont reads a font (ISO 32000-1 §9.5).
func (f *file) newFont(d dict) *font {
	o := &font{bytes: 1, glyphs: map[uint32]shown{}, widths: map[uint32]float64{}}
	if s, ok := f.get(d["ToUnicode"]).(*stream); ok {
		o.unicode = f.readCmap(f.decode(s))
	}
	if f.name(d["Subtype"]) == "Type0" {
		f.composite(o, d)
		return o
	}
	f.encode(o, d)
	scale := 0.001
	if matrix := f.array(d["FontMatrix"]); f.name(d["Subtype"]) == "Type3" && len(matrix) == 6 {
		scale = number(f.get(matrix[0]))
	}
	first := integer(f.get(d["FirstChar"]))
	widths := f.array(d["Widths"])
	for i, w := range widths {
		if c := first + i; c >= 0 && c < 256 {
			o.widths[uint32(c)] = number(f.get(w)) * scale
		}
	}
	if descriptor := f.dict(d["FontDescriptor"]); descriptor != nil {
		o.width = number(f.get(descriptor["MissingWidth"])) * scale
	}
	if len(widths) == 0 {
		o.plain = standardWidths(string(f.name(d["BaseFont"])))
	}
	return o
}

// composite reads a font of several bytes a code.
func (f *file) composite(o *font, d dict) {
	o.bytes, o.width = 2, 1
	switch encoding := f.get(d["Encoding"]).(type) {
	case name:
		o.utf16 = strings.Contains(string(encoding), "UCS2") || strings.Contains(string(encoding), "UTF16")
	case *stream:
		if m := f.readCmap(f.decode(encoding)); m.bytes > 0 {
			o.bytes = m.bytes
		}
	}
	descendants := f.array(d["DescendantFonts"])
	if len(descendants) == 0 {
		return
	}
	below := f.dict(descendants[0])
	if w, ok := f.get(below["DW"]).(float64); ok {
		o.width = w / 1000
	}
	list := f.array(below["W"])
	for i := 0; i+1 < len(list); {
		first := integer(f.get(list[i]))
		if each, ok := f.get(list[i+1]).(array); ok {
			for j, w := range each {
				f.spend(perStep)
				o.set(first+j, number(f.get(w)))
			}
			i += 2
			continue
		}
		if i+2 >= len(list) {
			return
		}
		last, w := integer(f.get(list[i+1])), number(f.get(list[i+2]))
		for c := first; c <= last && c < 1<<16; c++ {
			f.spend(perStep)
			o.set(c, w)
		}
		i += 3
	}
}

func (o *font) set(c int, width float64) {
	if c >= 0 && c < 1<<16 {
		o.widths[uint32(c)] = width / 1000
	}
}

// encode reads the encoding of a font of one byte a code (ISO 32000-1 §9.6.6).
func (f *file) encode(o *font, d dict) {
	encoding := f.get(d["Encoding"])
	base, _ := encoding.(name)
	differences := array(nil)
	if e, ok := encoding.(dict); ok {
		base = f.name(e["BaseEncoding"])
		differences = f.array(e["Differences"])
	}
	called := string(f.name(d["BaseFont"]))
	symbolic, dingbat := base == "" && strings.HasSuffix(called, "Symbol"), base == "" && strings.HasSuffix(called, "ZapfDingbats")
	for c := range o.names {
		switch {
		case symbolic:
			o.names[c] = string(Symbol(byte(c)))
		case dingbat:
			o.names[c] = standard(byte(c))
			if r, ok := dingbats[byte(c)]; ok {
				o.names[c] = string(r)
			}
		case base == "WinAnsiEncoding":
			o.names[c] = string(charmap.Windows1252.DecodeByte(byte(c)))
		case base == "MacRomanEncoding":
			o.names[c] = string(charmap.Macintosh.DecodeByte(byte(c)))
		default:
			o.names[c] = standard(byte(c))
		}
	}
	if base == "" {
		f.builtIn(o, f.dict(d["FontDescriptor"]))
	}
	c := 0
	for _, item := range differences {
		switch item := f.get(item).(type) {
		case float64:
			c = integer(item)
		case name:
			if s := glyph(string(item)); c >= 0 && c < 256 && s != "" {
				o.names[c] = s
			}
			c++
		}
	}
}

// builtIn reads the encoding of an embedded font of Type 1, which stands in clear text at its
// beginning as "dup 65 /A put" for each code.
func (f *file) builtIn(o *font, descriptor dict) {
	program, ok := f.get(descriptor["FontFile"]).(*stream)
	if !ok {
		return
	}
	data := f.decode(program)
	from := bytes.Index(data, []byte("/Encoding"))
	if from < 0 {
		return
	}
	l := lexer{src: data[from:min(len(data), from+mostEncoding)]}
	c := -1
	for !l.end() {
		l.values = 0
		f.spend(perStep)
		switch token := l.object(0).(type) {
		case float64:
			c = integer(token)
		case name:
			if s := glyph(string(token)); c >= 0 && c < 256 && s != "" {
				o.names[c] = s
			}
			c = -1
		case word:
			if token == "def" || token == "readonly" || token == "eexec" {
				return
			}
		}
	}
}

// standard returns a character of StandardEncoding (ISO 32000-1 annex D.2), by Windows's
// where that has none.
func standard(c byte) string {
	if s, ok := standardNames[c]; ok {
		return s
	}
	return string(charmap.Windows1252.DecodeByte(c))
}

var standardNames = map[byte]string{
	0x27: "’", 0x60: "‘", 0xa4: "⁄", 0xa9: "'", 0xaa: "“", 0xac: "‹", 0xad: "›", 0xae: "fi", 0xaf: "fl", 0xb1: "–",
	0xb2: "†", 0xb3: "‡", 0xb7: "•", 0xb8: "‚", 0xb9: "„", 0xba: "”", 0xbc: "…", 0xbd: "‰", 0xd0: "—",
}

// each calls show for the codes of a string.
func (f *file) each(o *font, s text, show func(code uint32, glyph shown)) {
	f.spend(4 * len(s))
	for len(s) > 0 {
		c, _ := codeOf(s[:min(o.bytes, len(s))])
		s = s[min(o.bytes, len(s)):]
		g, known := o.glyphs[c]
		if !known {
			g = o.look(c)
			if len(o.glyphs) < mostGlyphs {
				o.glyphs[c] = g
			}
		}
		show(c, g)
	}
}

// look returns the text and the width of a code.
func (o *font) look(c uint32) shown {
	g := shown{width: o.width}
	if w, ok := o.widths[c]; ok {
		g.width = w
	} else if o.plain != nil {
		g.width = 0.5
		if c >= ' ' && c <= '~' {
			g.width = float64(o.plain[c-' ']) / 1000
		}
	}
	mapped := false
	if o.unicode != nil {
		g.text, mapped = o.unicode.lookup(c)
		mapped = mapped && strings.Trim(g.text, "\x00") != "" // some writers know no better
	}
	switch {
	case mapped:
	case o.utf16:
		g.text = string(rune(c))
	case o.bytes == 1 && c < 256:
		g.text = o.names[c]
	}
	g.text = readable(g.text)
	return g
}

// readable returns a text without unreadable characters, and with ligatures as letters.
func readable(s string) string {
	clean := true
	for i := range len(s) {
		clean = clean && s[i] >= ' ' && s[i] < 0x7f
	}
	if clean {
		return s
	}
	var out strings.Builder
	for _, c := range s {
		switch {
		case c == '\t' || c == '\n' || c == '\r' || c == '\u00a0' || c >= '\u2002' && c <= '\u200a':
			out.WriteByte(' ')
		case c < ' ' || c >= 0x7f && c < 0xa0 || c == '\u00ad' || c == '\ufeff' || c == '\u200b':
		case c >= '\ufb00' && c <= '\ufb06':
			out.WriteString([...]string{"ff", "fi", "fl", "ffi", "ffl", "st", "st"}[c-'\ufb00'])
		default:
			out.WriteRune(c)
		}
	}
	return out.String()
}
