package pack

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
)

// magic begins a dictionary's content; its last byte is the version of the format.
const magic = "FLPD\x01"

// maxContent bounds a dictionary without compression.
const maxContent = 1 << 20

// maxDictionary bounds the text of a section, so that an address of two bytes leaves
// room for matches in the text itself.
const maxDictionary = 60 << 10

//go:embed builtin.dict
var builtin []byte

// Builtin returns the content of the newest dictionary that comes with the program,
// for a new store to keep. The caller may not change it.
func Builtin() []byte { return builtin }

// A Dictionary has the texts to which blocks refer. It never changes and may be used by
// several goroutines at once.
type Dictionary struct {
	bodies, values *section
}

// section returns the section that a codec uses.
func (d *Dictionary) section(c codec) *section {
	if c == codecValues {
		return d.values
	}
	return d.bodies
}

// A section is the half of a dictionary for bodies or for values. Fields that only
// writers need are made at their first use.
type section struct {
	text  []byte
	model *model // nil where there is no dense form
	fast  func() *fastTable
	index func() *dictIndex
}

func newSection(text []byte, m *model) *section {
	return &section{
		text:  text,
		model: m,
		fast:  sync.OnceValue(func() *fastTable { return newFastTable(text) }),
		index: sync.OnceValue(func() *dictIndex { return newDictIndex(text) }),
	}
}

// builtinParsed is shared by all stores of the process.
var builtinParsed = sync.OnceValues(func() (*Dictionary, error) { return parse(builtin) })

// Parse reads the content of a dictionary. It reports [ErrDamaged], or
// [ErrUnsupported] for content of another format.
func Parse(content []byte) (*Dictionary, error) {
	if bytes.Equal(content, builtin) {
		return builtinParsed()
	}
	return parse(content)
}

func parse(content []byte) (*Dictionary, error) {
	plain, err := plainContent(content)
	if err != nil {
		return nil, err
	}
	m, rest := parseModel(plain)
	values, rest := takeText(rest)
	if m == nil || values == nil || len(rest) > 0 {
		return nil, fmt.Errorf("%w: section of a dictionary", ErrDamaged)
	}
	return &Dictionary{bodies: newSection(m.text, m), values: newSection(values, nil)}, nil
}

// plainContent returns a content's sections without compression.
func plainContent(content []byte) ([]byte, error) {
	if !bytes.HasPrefix(content, []byte(magic)) {
		return nil, fmt.Errorf("%w: dictionary", ErrUnsupported)
	}
	content = content[len(magic):]
	if len(content) < 4 {
		return nil, fmt.Errorf("%w: dictionary", ErrDamaged)
	}
	sum := binary.LittleEndian.Uint32(content)
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(content[4:])), maxContent+1))
	if err != nil || len(plain) > maxContent || crc32.Checksum(plain, castagnoli) != sum {
		return nil, fmt.Errorf("%w: dictionary", ErrDamaged)
	}
	return plain, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// content returns the dictionary as Parse reads it.
func (d *Dictionary) content() []byte {
	plain := appendText(appendModel(nil, d.bodies.model), d.values.text)
	out := bytes.NewBufferString(magic)
	_ = binary.Write(out, binary.LittleEndian, crc32.Checksum(plain, castagnoli))
	w, _ := flate.NewWriter(out, flate.BestCompression)
	_, _ = w.Write(plain)
	_ = w.Close()
	return out.Bytes()
}

func appendText(dst, text []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// takeText returns the text of a section and what follows it; nil for damage.
func takeText(src []byte) (text, rest []byte) {
	size, n := binary.Uvarint(src)
	if n <= 0 || size > maxDictionary || size > uint64(len(src)-n) {
		return nil, nil
	}
	return src[n : n+int(size)], src[n+int(size):]
}

// appendModel appends a text, the code of each situation, and the lengths of all codes,
// two to a byte.
func appendModel(dst []byte, m *model) []byte {
	dst = appendText(dst, m.text)
	dst = appendNibbles(dst, m.code[:])
	for _, c := range m.steps {
		dst = appendNibbles(dst, c.lengths)
	}
	return appendNibbles(dst, m.places.lengths)
}

// parseModel returns a text with its codes, and what follows them; nil for damage.
func parseModel(src []byte) (*model, []byte) {
	text, src := takeText(src)
	if text == nil {
		return nil, nil
	}
	m := &model{text: text}
	nibbles, src := takeNibbles(src, situations)
	if nibbles == nil {
		return nil, nil
	}
	copy(m.code[:], nibbles)
	for i := range m.steps {
		if m.steps[i], src = takeCode(src, stepSymbols); m.steps[i] == nil {
			return nil, nil
		}
	}
	if m.places, src = takeCode(src, placeSymbols(len(m.text))); m.places == nil {
		return nil, nil
	}
	for i, c := range m.code {
		m.tables[i] = m.steps[c].table
	}
	return m, src
}

func takeCode(src []byte, symbols int) (*prefixCode, []byte) {
	lengths, src := takeNibbles(src, symbols)
	if lengths == nil {
		return nil, nil
	}
	c, ok := newPrefixCode(lengths)
	if !ok {
		return nil, nil
	}
	return c, src
}

func appendNibbles(dst []byte, values []uint8) []byte {
	for i := 0; i < len(values); i += 2 {
		b := values[i]
		if i+1 < len(values) {
			b |= values[i+1] << 4
		}
		dst = append(dst, b)
	}
	return dst
}

func takeNibbles(src []byte, n int) ([]uint8, []byte) {
	if len(src) < (n+1)/2 {
		return nil, nil
	}
	out := make([]uint8, n)
	for i := range out {
		out[i] = src[i/2] >> (i % 2 * 4) & 15
	}
	return out, src[(n+1)/2:]
}

// Same reports whether two contents are the same dictionary, however it is compressed.
func Same(a, b []byte) bool {
	plainA, errA := plainContent(a)
	plainB, errB := plainContent(b)
	return errA == nil && errB == nil && bytes.Equal(plainA, plainB)
}
