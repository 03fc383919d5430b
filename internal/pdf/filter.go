package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"fmt"
	"io"
)

const mostFilters = 8

// decode returns the data of a stream without its filters (ISO 32000-1 §7.4). A damaged
// filter gives its data up to the damage; a filter for pictures gives none.
func (f *file) decode(s *stream) []byte {
	filters, parameters := f.get(s.dict["Filter"]), f.get(s.dict["DecodeParms"])
	if one, ok := filters.(name); ok {
		filters, parameters = array{one}, array{parameters}
	}
	list, _ := filters.(array)
	each, _ := parameters.(array)
	if len(list) > mostFilters {
		return nil
	}
	data := s.data
	for i, filter := range list {
		var p dict
		if i < len(each) {
			p = f.dict(each[i])
		}
		f.spend(len(data))
		data = f.filter(f.name(filter), p, data)
	}
	f.spend(len(data))
	return data
}

func (f *file) filter(filter name, p dict, data []byte) []byte {
	switch filter {
	case "FlateDecode", "Fl":
		return f.predict(p, f.inflate(data))
	case "LZWDecode", "LZW":
		early := 1
		if n, ok := f.get(p["EarlyChange"]).(float64); ok {
			early = int(n)
		}
		return f.predict(p, f.unlzw(data, early))
	case "ASCII85Decode", "A85":
		return unascii85(data)
	case "ASCIIHexDecode", "AHx":
		l := lexer{src: data}
		out, _ := l.hex().(text)
		return []byte(out)
	case "RunLengthDecode", "RL":
		return f.unrun(data)
	}
	return nil
}

// room stops the reading if a stream gets too long.
func (f *file) room(n int) {
	if n > f.limits.Stream {
		panic(stop{fmt.Errorf("%w: a stream of more than %d bytes", ErrLimit, f.limits.Stream)})
	}
}

func (f *file) inflate(data []byte) []byte {
	f.spend(perInflate)
	in, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	for {
		n, err := io.CopyN(&out, in, 64<<10)
		f.spend(int(n))
		f.room(out.Len())
		if err != nil { // the end, or damage
			return out.Bytes()
		}
	}
}

// unascii85 decodes ASCII base 85 up to the first fault.
func unascii85(data []byte) []byte {
	data = bytes.TrimPrefix(bytes.TrimLeft(data, " \r\n\t"), []byte("<~"))
	if end := bytes.IndexByte(data, '~'); end >= 0 {
		data = data[:end]
	}
	out := make([]byte, 0, len(data))
	buffer := make([]byte, 4096)
	in := ascii85.NewDecoder(bytes.NewReader(data))
	for {
		n, err := in.Read(buffer)
		out = append(out, buffer[:n]...)
		if err != nil {
			return out
		}
	}
}

// unrun decompresses run lengths.
func (f *file) unrun(data []byte) []byte {
	var out []byte
	for len(data) > 1 && data[0] != 128 {
		n := int(data[0])
		if n < 128 {
			n = min(n+1, len(data)-1)
			out = append(out, data[1:1+n]...)
			data = data[1+n:]
		} else {
			n = 257 - n
			out = append(out, bytes.Repeat(data[1:2], n)...)
			data = data[2:]
		}
		f.spend(n)
		f.room(len(out))
	}
	return out
}

// predict undoes the predictor of PNG: TIFF's is for pictures.
func (f *file) predict(p dict, data []byte) []byte {
	if integer(f.get(p["Predictor"])) < 10 {
		return data
	}
	parameter := func(key name, value int) int {
		if n := integer(f.get(p[key])); n > 0 {
			value = n
		}
		return value
	}
	bits := parameter("Colors", 1) * parameter("BitsPerComponent", 8)
	columns := parameter("Columns", 1)
	if bits > 1024 || columns > 1<<20 {
		return nil
	}
	pixel := max(1, bits/8)
	row := (bits*columns + 7) / 8
	f.spend(len(data))
	out := make([]byte, 0, len(data))
	above := make([]byte, min(row, len(data)))
	for len(data) > 1 {
		kind := data[0]
		line := data[1:min(len(data), row+1)]
		data = data[1+len(line):]
		from := len(out)
		out = append(out, line...)
		unfilter(kind, out[from:], above, pixel)
		above = out[from:]
		if len(line) < row {
			break
		}
	}
	return out
}

// unfilter undoes the filter of one row of PNG (PNG §9.2).
func unfilter(kind byte, line, above []byte, pixel int) {
	for i := range line {
		var left, up, corner int
		if up = int(above[i]); i >= pixel {
			left, corner = int(line[i-pixel]), int(above[i-pixel])
		}
		switch kind {
		case 1:
			line[i] += byte(left)
		case 2:
			line[i] += byte(up)
		case 3:
			line[i] += byte((left + up) / 2)
		case 4:
			line[i] += byte(paeth(left, up, corner))
		}
	}
}

func paeth(left, up, corner int) int {
	guess := left + up - corner
	toLeft, toUp, toCorner := distance(guess, left), distance(guess, up), distance(guess, corner)
	switch {
	case toLeft <= toUp && toLeft <= toCorner:
		return left
	case toUp <= toCorner:
		return up
	default:
		return corner
	}
}

func distance(a, b int) int { return max(a-b, b-a) }
