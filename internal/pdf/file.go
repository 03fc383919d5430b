package pdf

import (
	"bytes"
	"fmt"
)

const (
	mostObjects = 1 << 20  // of a file
	mostKept    = 64 << 20 // bytes of object streams that are kept decompressed
)

// A file is a document's objects by their numbers.
type file struct {
	*budget
	limits  Limits
	data    []byte
	places  map[ref]place
	pages   []ref // objects that are pages, in the order of the file
	root    object
	catalog ref            // the last object that is a catalog
	packed  map[int][]byte // content of object streams by their offsets
	kept    int            // bytes of packed
}

// A place is the place of an object: an offset in the file, or in an object stream.
type place struct {
	offset int
	in     int // offset of the object stream, 0 where it stands in the file
}

// open scans data for objects.
func open(b *budget, data []byte, limits Limits) *file {
	f := &file{budget: b, limits: limits, data: data, places: map[ref]place{}, packed: map[int][]byte{}}
	for pos := 0; ; {
		found := bytes.Index(data[pos:], []byte("obj"))
		next := len(data)
		if found >= 0 {
			next = pos + found
		}
		f.spend(next - pos)
		f.trailers(pos, next)
		if found < 0 {
			return f
		}
		pos = next + len("obj")
		if number, ok := numberBefore(data[:next]); ok {
			pos = f.define(number, pos)
		}
	}
}

// trailers reads the trailers between two places of the file.
func (f *file) trailers(from, to int) {
	keyword := []byte("trailer")
	for from < to {
		found := bytes.Index(f.data[from:to], keyword)
		if found < 0 {
			return
		}
		from += found + len(keyword)
		l := lexer{src: f.data, pos: from, refs: true}
		trailer, _ := l.one().(dict)
		f.spend(l.pos - from)
		f.trailer(trailer)
		from = max(from, min(l.pos, to))
	}
}

// trailer takes the entries of a trailer about the whole file.
func (f *file) trailer(d dict) {
	if d["Encrypt"] != nil && (d["Root"] != nil || d["Size"] != nil) {
		panic(stop{ErrEncrypted})
	}
	if d["Root"] != nil {
		f.root = d["Root"]
	}
}

// numberBefore returns the number of the object whose "obj" follows data.
func numberBefore(data []byte) (ref, bool) {
	end := len(data)
	var numbers [2]int
	for i := range numbers {
		spaces := end
		for end > 0 && isSpace(data[end-1]) {
			end--
		}
		if spaces == end && i == 1 {
			return 0, false
		}
		from := end
		for from > 0 && end-from < 10 && '0' <= data[from-1] && data[from-1] <= '9' {
			from--
		}
		if from == end {
			return 0, false
		}
		n, _ := parseNumber(data[from:end])
		numbers[i] = int(n)
		end = from
	}
	return ref(numbers[1]), numbers[1] > 0
}

// define takes the object that stands at an offset, and returns where it ends.
func (f *file) define(number ref, offset int) int {
	f.put(number, place{offset: offset})
	o, end := f.parse(offset)
	switch o := o.(type) {
	case dict:
		f.classify(number, o)
	case *stream:
		switch o.dict["Type"] {
		case name("XRef"):
			f.trailer(o.dict)
		case name("ObjStm"):
			f.unpack(o, offset)
		}
	}
	return max(end, offset)
}

// put notes the place of an object.
func (f *file) put(number ref, at place) {
	if f.places[number] = at; len(f.places) > mostObjects {
		panic(stop{fmt.Errorf("%w: more than %d objects", ErrLimit, mostObjects)})
	}
}

// classify remembers an object that may be needed if the page tree is damaged.
func (f *file) classify(number ref, d dict) {
	switch d["Type"] {
	case name("Page"):
		f.pages = append(f.pages, number)
	case name("Catalog"):
		f.catalog = number
	}
}

// parse reads the object at an offset of the file. It returns where it ends, and reads a
// stream's data as far as its Length or the next "endstream" says.
func (f *file) parse(offset int) (object, int) {
	l := lexer{src: f.data, pos: offset, refs: true}
	o := l.one()
	f.spend(l.pos - offset + perStep*l.values)
	d, ok := o.(dict)
	if !ok {
		return o, l.pos
	}
	l.blank()
	rest, ok := bytes.CutPrefix(f.data[l.pos:], []byte("stream"))
	if !ok {
		return o, l.pos
	}

	rest = bytes.TrimPrefix(rest, []byte("\r"))
	rest = bytes.TrimPrefix(rest, []byte("\n"))
	start := len(f.data) - len(rest)
	length := f.length(d["Length"], start)
	if !ends(rest, length) { // it is missing or wrong
		if length = bytes.Index(rest, []byte("endstream")); length < 0 {
			length = len(rest)
		}
		f.spend(length)
	}
	return &stream{d, rest[:length]}, start + length
}

// length returns a stream's Length. A number that stands in an object of its own is usually
// written behind the stream, where the scan has not been yet.
func (f *file) length(o object, start int) int {
	switch o := o.(type) {
	case float64:
		return integer(o)
	case ref:
		at, known := f.places[o]
		if known && at.in != 0 {
			return -1
		}
		if !known {
			keyword := fmt.Appendf(nil, "\n%d 0 obj", int(o))
			found := bytes.Index(f.data[start:], keyword)
			if found < 0 {
				f.spend(len(f.data) - start)
				return -1
			}
			f.spend(found)
			at.offset = start + found + len(keyword)
		}
		l := lexer{src: f.data[:min(len(f.data), at.offset+32)], pos: at.offset}
		n, ok := l.one().(float64)
		if !ok {
			return -1
		}
		return integer(n)
	}
	return -1
}

// ends reports whether a stream's data may have a length: "endstream" follows it.
func ends(data []byte, length int) bool {
	if length < 0 || length > len(data) {
		return false
	}
	after := bytes.TrimLeft(data[length:min(len(data), length+32)], "\r\n \t")
	return bytes.HasPrefix(after, []byte("endstream"))
}

// get returns an object itself, or for a reference the object to which it refers.
func (f *file) get(o object) object {
	for range 16 {
		r, is := o.(ref)
		if !is {
			return o
		}
		at, known := f.places[r]
		switch {
		case !known:
			return nil
		case at.in == 0:
			o, _ = f.parse(at.offset)
		default:
			o = f.inside(at)
		}
	}
	return nil
}

func (f *file) dict(o object) dict {
	switch o := f.get(o).(type) {
	case dict:
		return o
	case *stream:
		return o.dict
	}
	return nil
}

func (f *file) array(o object) array {
	a, _ := f.get(o).(array)
	return a
}

func (f *file) name(o object) name {
	n, _ := f.get(o).(name)
	return n
}

// unpack takes the objects of the object stream at an offset (ISO 32000-1 §7.5.7).
func (f *file) unpack(s *stream, offset int) {
	data := f.content(offset)
	l := lexer{src: data}
	first := integer(f.get(s.dict["First"]))
	for range integer(f.get(s.dict["N"])) {
		number, start := integer(l.one()), first+integer(l.one())
		if number <= 0 || start < 0 || start >= len(data) {
			return
		}
		f.spend(perStep)
		f.put(ref(number), place{start, offset})
		if d, ok := f.inside(place{start, offset}).(dict); ok {
			f.classify(ref(number), d)
		}
	}
}

// inside returns an object of an object stream.
func (f *file) inside(at place) object {
	data := f.content(at.in)
	if at.offset >= len(data) {
		return nil
	}
	l := lexer{src: data, pos: at.offset, refs: true}
	o := l.one()
	f.spend(l.pos - at.offset + perStep*l.values)
	return o
}

// content returns the content of the object stream at an offset. It keeps the content
// of some streams.
func (f *file) content(offset int) []byte {
	if data, known := f.packed[offset]; known {
		return data
	}
	f.packed[offset] = nil // a stream whose parameters are in itself is empty
	o, _ := f.parse(offset)
	s, ok := o.(*stream)
	if !ok {
		return nil
	}
	data := f.decode(s)
	if f.kept += len(data); f.kept > mostKept {
		clear(f.packed)
		f.kept = len(data)
	}
	f.packed[offset] = data
	return data
}
