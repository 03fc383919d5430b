package attachment

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/pdf"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// deepest is how many groups of RTF may be inside of each other.
const deepest = 10_000

// mostFonts is how many fonts are told apart.
const mostFonts = 10_000

// readRTF reads RTF (specification 1.9.1).
func readRTF(ctx context.Context, data []byte, maxText int) (string, error) {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
	if !bytes.HasPrefix(data, []byte(`{\rtf`)) {
		return "", fmt.Errorf("%w: RTF begins otherwise", ErrMalformed)
	}
	r := rtfReader{data: data, max: maxText, ansi: charmap.Windows1252, fonts: map[int]rtfFont{}}
	r.group.fallback = 1
	for n := 0; r.pos < len(data) && len(r.text) <= maxText; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err := r.step(); err != nil {
			return "", err
		}
		if r.ended {
			break
		}
	}
	r.flush()
	text := bytes.ToValidUTF8(r.text, []byte("\uFFFD"))
	if len(text) > maxText {
		return "", tooLong(maxText)
	}
	return string(bytes.TrimRight(text, " \t\n")), nil
}

// A rtfGroup is the state that lasts until the group's end.
type rtfGroup struct {
	skipped  bool              // its content is no text
	hidden   bool              // hidden or deleted text
	fonts    bool              // it is the font table
	fallback int               // how many characters stand behind a \u for readers of old
	symbol   bool              // its font is Symbol
	encoding encoding.Encoding // nil is the document's
}

// A rtfFont is the encoding of a font, nil for the document's encoding or Symbol's.
type rtfFont struct {
	encoding encoding.Encoding
	symbol   bool
}

// A rtfReader reads one document.
type rtfReader struct {
	data []byte
	pos  int
	max  int
	text []byte

	ansi   encoding.Encoding // of the document
	fonts  map[int]rtfFont
	group  rtfGroup
	outer  []rtfGroup
	first  bool // nothing stood in the group yet
	star   bool // \* stood before
	ended  bool // the outermost group ended
	skip   int  // characters to skip behind a \u
	bytes  []byte
	high   rune   // a high surrogate that waits for its other half
	inFont int    // the entry of the font table
	name   []byte // of that entry, so far
}

// step reads a character, a control word or a brace.
func (r *rtfReader) step() error {
	c := r.data[r.pos]
	r.pos++
	switch c {
	case '{':
		r.flush()
		if len(r.outer) == deepest {
			return fmt.Errorf("%w: RTF has groups deeper than %d", ErrMalformed, deepest)
		}
		r.outer = append(r.outer, r.group)
		r.first, r.star, r.skip = true, false, 0
		return nil
	case '}':
		r.flush()
		r.skip = 0
		if n := len(r.outer); n > 0 {
			r.group, r.outer = r.outer[n-1], r.outer[:n-1]
		}
		r.ended = len(r.outer) == 0
	case '\\':
		r.control()
		return nil
	case '\r', '\n':
		return nil
	default:
		r.add(c)
	}
	r.first, r.star = false, false
	return nil
}

// shows reports whether text is read where the reader stands.
func (r *rtfReader) shows() bool { return !r.group.skipped && !r.group.hidden && !r.group.fonts }

// add adds a byte in the encoding of the font.
func (r *rtfReader) add(c byte) {
	switch {
	case r.skip > 0:
		r.skip--
	case r.shows():
		if r.high != 0 {
			r.flush()
		}
		r.bytes = append(r.bytes, c)
	case r.group.fonts && !r.group.skipped:
		r.fontName(c)
	}
}

// put adds a character that needs no encoding.
func (r *rtfReader) put(s string) {
	switch {
	case r.skip > 0:
		r.skip--
	case r.shows():
		r.flush()
		if s == "\n" {
			r.text = bytes.TrimRight(r.text, " \t")
		}
		r.text = append(r.text, s...)
	}
}

// flush decodes the bytes that wait.
func (r *rtfReader) flush() {
	if r.high != 0 {
		r.text = utf8.AppendRune(r.text, utf8.RuneError)
		r.high = 0
	}
	if len(r.bytes) == 0 {
		return
	}
	from := r.group.encoding
	if from == nil {
		from = r.ansi
	}
	if r.group.symbol {
		for _, c := range r.bytes {
			r.text = utf8.AppendRune(r.text, pdf.Symbol(c))
		}
	} else if decoded, err := from.NewDecoder().Bytes(r.bytes); err == nil {
		r.text = append(r.text, decoded...)
	} else {
		r.text = append(r.text, bytes.ToValidUTF8(r.bytes, []byte("\uFFFD"))...)
	}
	r.bytes = r.bytes[:0]
}

// control reads what follows a backslash.
func (r *rtfReader) control() {
	if r.pos == len(r.data) {
		return
	}
	c := r.data[r.pos]
	if letter(c) {
		word, value, given := r.word()
		first, star := r.first, r.star
		r.first, r.star = false, false
		r.act(word, value, given, first, star)
		return
	}
	r.pos++
	if c == '*' {
		r.star = true
		return
	}
	r.first, r.star = false, false
	switch c {
	case '\'':
		if r.pos+2 <= len(r.data) {
			var coded [1]byte
			if _, err := hex.Decode(coded[:], r.data[r.pos:r.pos+2]); err == nil {
				r.add(coded[0])
				r.pos += 2
			}
		}
	case '\\', '{', '}':
		r.add(c)
	case '~':
		r.put(" ")
	case '_':
		r.put("-")
	case '\r', '\n':
		r.put("\n")
	}
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// word reads a control word with its number and the space that ends it.
func (r *rtfReader) word() (word string, value int, given bool) {
	from := r.pos
	for r.pos < len(r.data) && letter(r.data[r.pos]) && r.pos-from < 32 {
		r.pos++
	}
	word = string(r.data[from:r.pos])
	negative := false
	if r.pos+1 < len(r.data) && r.data[r.pos] == '-' && digit(r.data[r.pos+1]) {
		negative = true
		r.pos++
	}
	for r.pos < len(r.data) && digit(r.data[r.pos]) {
		if given = true; value < 1<<28 {
			value = value*10 + int(r.data[r.pos]-'0')
		}
		r.pos++
	}
	if negative {
		value = -value
	}
	if r.pos < len(r.data) && r.data[r.pos] == ' ' {
		r.pos++
	}
	return word, value, given
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// act carries out a control word. first says that it is the first of its group, star that
// an ignorable destination follows.
func (r *rtfReader) act(word string, value int, given, first, star bool) {
	if r.skip > 0 && word != "bin" {
		r.skip--
		return
	}
	switch word {
	case "fonttbl":
		r.group.fonts = true
		return
	case "bin":
		r.pos = min(len(r.data), r.pos+max(0, value))
		return
	case "u":
		r.unicode(value)
		return
	case "uc":
		r.group.fallback = min(max(0, value), 1000)
		return
	case "ansicpg":
		if found := codepage(value); found != nil {
			r.ansi = found
		}
		return
	case "mac":
		r.ansi = charmap.Macintosh
		return
	case "pc":
		r.ansi = charmap.CodePage437
		return
	case "pca":
		r.ansi = charmap.CodePage850
		return
	}
	if r.group.fonts {
		if star {
			r.group.skipped = true
			return
		}
		switch word {
		case "f":
			r.inFont = value
		case "fcharset":
			r.charset(fontCharsets[value])
		case "cpg":
			r.charset(value)
		}
		return
	}
	if star || first && destinations[word] {
		r.group.skipped = true
		return
	}
	r.format(word, value, given)
}

// charset takes the code page of an entry of the font table.
func (r *rtfReader) charset(page int) {
	if len(r.fonts) < mostFonts {
		r.fonts[r.inFont] = rtfFont{encoding: codepage(page)}
	}
}

// fontName takes a character of a name in the font table, which ends in a semicolon.
func (r *rtfReader) fontName(c byte) {
	switch {
	case c != ';' && len(r.name) < 64:
		r.name = append(r.name, c)
	case c == ';':
		if string(bytes.TrimSpace(r.name)) == "Symbol" && len(r.fonts) < mostFonts {
			r.fonts[r.inFont] = rtfFont{symbol: true}
		}
		r.name = r.name[:0]
	}
}

// format carries out a control word of the text.
func (r *rtfReader) format(word string, value int, given bool) {
	on := !given || value != 0
	switch word {
	case "f":
		r.flush()
		r.group.encoding = r.fonts[value].encoding
		r.group.symbol = r.fonts[value].symbol
	case "plain":
		r.flush()
		r.group.encoding, r.group.symbol, r.group.hidden = nil, false, false
	case "v", "deleted":
		r.flush()
		r.group.hidden = on
	default:
		if s, ok := characters[word]; ok {
			r.put(s)
		}
	}
}

// unicode adds the UTF-16 unit of a \u.
func (r *rtfReader) unicode(unit int) {
	r.skip = r.group.fallback
	if !r.shows() {
		return
	}
	c := rune(uint16(unit))
	if unit > 0xffff && unit <= utf8.MaxRune {
		c = rune(unit)
	}
	if high := r.high; high != 0 {
		if both := utf16.DecodeRune(high, c); both != utf8.RuneError {
			r.high = 0
			r.text = utf8.AppendRune(r.text, both)
			return
		}
	}
	r.flush()
	switch {
	case 0xd800 <= c && c < 0xdc00:
		r.high = c
	case 0xf000 <= c && c < 0xf100 && !r.group.symbol: // of another font of symbols, which lists use
		r.text = append(r.text, "•"...)
	case 0xf000 <= c && c < 0xf100:
		r.text = utf8.AppendRune(r.text, pdf.Symbol(byte(c)))
	default:
		r.text = utf8.AppendRune(r.text, c)
	}
}

// destinations have content that is no text of the document.
var destinations = set("stylesheet colortbl info pict object header headerl headerr headerf footer footerl footerr " +
	"footerf ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn filetbl listtable listoverridetable revtbl rsidtbl generator " +
	"xmlnstbl themedata colorschememapping datastore latentstyles fldinst xe tc txe rxe bkmkstart bkmkend private " +
	"template title author operator nextfile falt panose fontemb nonshppict comment atnid atnauthor annotation fontfile")
