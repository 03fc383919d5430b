package synth

import "strconv"

// writer appends JSON to a byte slice. It keeps no state but the bytes: a comma
// is due unless the last byte opens an object or an array. Strings are written
// as they are, so callers pass text that needs no escape (a test holds the
// tables to that), or text escaped already.
type writer struct{ b []byte }

func (w *writer) comma() {
	if c := w.b[len(w.b)-1]; c != '{' && c != '[' {
		w.b = append(w.b, ',')
	}
}

func (w *writer) key(name string) {
	w.comma()
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

// object opens an object as the element name; end closes it.
func (w *writer) object(name string) {
	w.key(name)
	w.b = append(w.b, '{')
}

// item opens an object as the next one of an array; end closes it.
func (w *writer) item() {
	w.comma()
	w.b = append(w.b, '{')
}

func (w *writer) end() { w.b = append(w.b, '}') }

// array opens an array as the element name; endArray closes it.
func (w *writer) array(name string) {
	w.key(name)
	w.b = append(w.b, '[')
}

func (w *writer) endArray() { w.b = append(w.b, ']') }

// list opens an array and the first object in it; endList closes both. Most
// repeating elements here hold one object.
func (w *writer) list(name string) {
	w.key(name)
	w.b = append(w.b, '[', '{')
}

func (w *writer) endList() { w.b = append(w.b, '}', ']') }

func (w *writer) text(name, value string) {
	w.key(name)
	w.quoted(value)
}

func (w *writer) quoted(value string) {
	w.b = append(w.b, '"')
	w.b = append(w.b, value...)
	w.b = append(w.b, '"')
}

// element writes a string as the next one of an array.
func (w *writer) element(value string) {
	w.comma()
	w.quoted(value)
}

// texts writes an array of strings.
func (w *writer) texts(name string, values ...string) {
	w.array(name)
	for _, v := range values {
		w.element(v)
	}
	w.endArray()
}

func (w *writer) boolean(name string, value bool) {
	w.key(name)
	w.b = strconv.AppendBool(w.b, value)
}

func (w *writer) integer(name string, value int) {
	w.key(name)
	w.b = strconv.AppendInt(w.b, int64(value), 10)
}

// decimal writes value / 10^scale with all its digits, trailing zeros included.
func (w *writer) decimal(name string, value, scale int) {
	w.key(name)
	w.b = appendDecimal(w.b, value, scale)
}

func appendDecimal(dst []byte, value, scale int) []byte {
	if value < 0 {
		dst = append(dst, '-')
		value = -value
	}
	unit := 1
	for range scale {
		unit *= 10
	}
	dst = strconv.AppendInt(dst, int64(value/unit), 10)
	if scale == 0 {
		return dst
	}
	return appendDigits(append(dst, '.'), value%unit, scale)
}

// dateTime writes t to the second.
func (w *writer) dateTime(name string, t moment) { w.partial(name, t, toSecond) }

// partial writes as much of t as p says.
func (w *writer) partial(name string, t moment, p precision) {
	w.key(name)
	w.b = append(w.b, '"')
	w.b = appendTime(w.b, t, p, -1)
	w.b = append(w.b, '"')
}

// instant writes t with milliseconds, which are drawn from t itself so that
// they look measured.
func (w *writer) instant(name string, t moment) {
	w.key(name)
	w.b = append(w.b, '"')
	w.b = appendTime(w.b, t, toSecond, int(mix(uint64(t))%1000))
	w.b = append(w.b, '"')
}
