package nlp

import "unicode/utf8"

// stride is how many code points lie between two that are remembered.
const stride = 128

// A ruler finds the bytes of a text that stand between offsets in code points. An invalid
// byte is a code point.
type ruler struct {
	text   string
	points int
	marks  []int // byte offsets of every stride-th code point; nil for ASCII
}

// newRuler measures a text.
func newRuler(text string) *ruler {
	r := &ruler{text: text, points: utf8.RuneCountInString(text)}
	if r.points == len(text) {
		return r
	}
	r.marks = make([]int, 0, r.points/stride+1)
	n := 0
	for at := range text {
		if n%stride == 0 {
			r.marks = append(r.marks, at)
		}
		n++
	}
	return r
}

// byteAt returns where a code point begins. It must be between 0 and points.
func (r *ruler) byteAt(point int) int {
	if r.marks == nil {
		return point
	}
	if point == r.points {
		return len(r.text)
	}
	at := r.marks[point/stride]
	for range point % stride {
		_, n := utf8.DecodeRuneInString(r.text[at:])
		at += n
	}
	return at
}

// holds reports whether begin and end lie in the text, in this order, something between
// them.
func (r *ruler) holds(begin, end int) bool {
	return 0 <= begin && begin < end && end <= r.points
}

// between returns the text between two offsets that it holds.
func (r *ruler) between(begin, end int) string {
	return r.text[r.byteAt(begin):r.byteAt(end)]
}
