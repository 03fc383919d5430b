package datastore_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A pagesDictionary is a dictionary (packed.md, Dictionary).
type pagesDictionary struct {
	bodies, values []byte
	situations     []byte        // the step code of each situation
	steps          []*pagesCodes // by their number
	places         *pagesCodes
}

func pagesDictionaryOf(t *testing.T, content []byte) *pagesDictionary {
	require.Equal(t, "FLPD\x01", string(content[:5]))
	plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(content[9:])))
	require.NoError(t, err)
	require.Equal(t, crc32.Checksum(plain, crc32.MakeTable(crc32.Castagnoli)), le.Uint32(content[5:]))
	text := func() []byte {
		size, n := binary.Uvarint(plain)
		out := plain[n : n+int(size)]
		plain = plain[n+int(size):]
		return out
	}
	nibbles := func(n int) []byte {
		out := make([]byte, n)
		for i := range out {
			out[i] = plain[i/2] >> (i % 2 * 4) & 15
		}
		plain = plain[(n+1)/2:]
		return out
	}
	d := &pagesDictionary{bodies: text()}
	d.situations = nibbles(512)
	for range 16 {
		d.steps = append(d.steps, pagesCodesOf(nibbles(297)))
	}
	d.places = pagesCodesOf(nibbles(36 + (len(d.bodies)+63)/64))
	d.values = text()
	require.Empty(t, plain)
	return d
}

// A pagesCodes is a canonical prefix code: symbols by length and code.
type pagesCodes struct{ symbols map[[2]int]int }

func pagesCodesOf(lengths []byte) *pagesCodes {
	c := &pagesCodes{map[[2]int]int{}}
	code := 0
	for length := 1; length <= 12; length++ {
		for symbol, l := range lengths {
			if int(l) == length {
				c.symbols[[2]int{length, code}] = symbol
				code++
			}
		}
		code <<= 1
	}
	return c
}

// pagesUnpack returns the text of a block (packed.md).
func pagesUnpack(t *testing.T, dictionaries map[uint64]*pagesDictionary, block []byte) []byte {
	if len(block) == 0 {
		return nil
	}
	head, n := binary.Uvarint(block)
	block = block[n:]
	d := dictionaries[head>>3]
	if head&7 == 0 {
		require.Zero(t, head)
		return block
	}
	require.NotNil(t, d)
	size, n := binary.Uvarint(block)
	block = block[n:]
	var template, fields []byte
	switch head & 7 {
	case 1:
		template, fields = pagesFast(t, d.bodies, block, int(size))
	case 2:
		template, fields = pagesFast(t, d.values, block, int(size))
	case 3:
		template, fields = pagesDense(t, d, block, int(size))
	default:
		require.Fail(t, "codec")
	}
	return pagesJoin(t, template, fields)
}

// pagesFast reads a fast template, and returns it with the fields behind.
func pagesFast(t *testing.T, text, b []byte, size int) (template, fields []byte) {
	more := func(n, full int) int {
		for n >= full {
			v := int(b[0])
			b = b[1:]
			if n += v; v < 255 {
				break
			}
		}
		return n
	}
	distance, inText, end := 0, false, 0
	for len(template) < size {
		token := b[0]
		b = b[1:]
		literals := more(int(token>>4&7), 7)
		length := 4 + more(int(token&15), 15)
		template = append(template, b[:literals]...)
		b = b[literals:]
		if len(template) == size {
			require.Zero(t, token&0x8f)
			break
		}
		switch {
		case token&0x80 == 0:
			address := int(le.Uint16(b))
			b = b[2:]
			if inText = address < len(text); inText {
				end = address
			} else {
				distance = address - len(text) + 1
			}
		case inText:
			end += literals
		}
		if inText {
			template = append(template, text[end:end+length]...)
			end += length
			continue
		}
		for range length {
			template = append(template, template[len(template)-distance])
		}
	}
	return template, b
}

// pagesDense reads a dense template.
func pagesDense(t *testing.T, d *pagesDictionary, b []byte, size int) (template, fields []byte) {
	at := 0
	bit := func() int {
		v := int(b[at/8]) >> (at % 8) & 1
		at++
		return v
	}
	number := func(n int) (v int) {
		for i := range n {
			v |= bit() << i
		}
		return v
	}
	symbol := func(c *pagesCodes) int {
		code := 0
		for length := 1; length <= 12; length++ {
			code = code<<1 | bit()
			if s, ok := c.symbols[[2]int{length, code}]; ok {
				return s
			}
		}
		require.Fail(t, "no such code")
		return 0
	}
	diagonal, distance, situation := 0, 0, 0
	for len(template) < size {
		before := 0
		if n := len(template); n > 0 {
			before = int(template[n-1])
		}
		step := symbol(d.steps[d.situations[situation+before]])
		situation = 0
		switch {
		case step < 256:
			template = append(template, byte(step))
			continue
		case step == 256:
			for range number(4) + 1 {
				template = append(template, byte(number(8)))
			}
			continue
		}
		length := step - 257
		if length >= 16 {
			k := (length-16)/2 + 4
			length = 1<<k | (length&1)<<(k-1)
			length |= number(k - 1)
		}
		length += 3
		situation = 256
		place := symbol(d.places)
		from := -1 // in the dictionary
		switch {
		case place == 0:
			from = len(template) + diagonal
		case place == 1:
		case place < 9:
			from = len(template) + diagonal + 1<<(place-2) + number(place-2)
		case place < 16:
			from = len(template) + diagonal - 1<<(place-9) - number(place-9)
		case place < 36:
			distance = 1<<(place-16) + number(place-16)
		default:
			from = 64*(place-36) + number(6)
		}
		if from >= 0 {
			diagonal = from - len(template)
			template = append(template, d.bodies[from:from+length]...)
			continue
		}
		for range length {
			template = append(template, template[len(template)-distance])
		}
	}
	require.Len(t, template, size)
	return template, b[(at+7)/8:]
}

// pagesJoin puts the fields into a template (packed.md, Template and fields).
func pagesJoin(t *testing.T, template, fields []byte) (text []byte) {
	uvarint := func() uint64 {
		v, n := binary.Uvarint(fields)
		fields = fields[n:]
		return v
	}
	take := func(n int) []byte {
		b := fields[:n]
		fields = fields[n:]
		return b
	}
	var uuids [][]byte
	clock := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	zone := "+00:00"
	for i := 0; i < len(template); i++ {
		switch mark := template[i]; mark {
		case 0xf5:
			n := take(1)[0]
			if n < 0x80 {
				text = append(text, uuids[n]...)
				continue
			}
			if n == 0xff {
				n = take(1)[0]
			}
			rest := take(15)
			u := slices.Concat(rest[:8], []byte{n}, rest[8:])
			uuids = append(uuids, fmt.Appendf(nil, "%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]))
			text = append(text, uuids[len(uuids)-1]...)
		case 0xf6:
			days, n := binary.Varint(fields)
			fields = fields[n:]
			clock = clock.Truncate(24*time.Hour).AddDate(0, 0, int(days))
			text = append(text, clock.Format("2006-01-02")...)
		case 0xf7, 0xf8:
			v := uvarint()
			seconds := int64(v>>2) ^ -int64(v>>1&1)
			clock = clock.Add(time.Duration(seconds) * time.Second)
			if v&1 != 0 {
				z := int8(take(1)[0])
				if zone = "Z"; z != 0x7f {
					sign := byte('+')
					if z < 0 {
						sign, z = '-', -z
					}
					zone = fmt.Sprintf("%c%02d:%02d", sign, z/4, z%4*15)
				}
			}
			text = append(text, clock.Format("2006-01-02T15:04:05")...)
			if mark == 0xf8 {
				text = fmt.Appendf(text, ".%03d", le.Uint16(take(2)))
			}
			text = append(text, zone...)
		case 0xf9:
			text = append(text, take(1)[0])
		case 0xfa:
			var data []byte
			for range uvarint() {
				i++
				if c := template[i]; c == 0xf9 {
					data = append(data, take(1)[0])
				} else {
					data = append(data, c)
				}
			}
			text = append(text, base64.StdEncoding.EncodeToString(data)...)
		default:
			text = append(text, mark)
		}
	}
	require.Empty(t, fields)
	return text
}
