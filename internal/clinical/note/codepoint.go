package note

import "unicode/utf8"

// pointStep is the number of bytes between two counts of code points.
const pointStep = 64

// countPoints counts the code points before every step of the text.
func (n *Note) countPoints() {
	n.points = make([]int32, 0, len(n.Text)/pointStep+1)
	count := int32(0)
	for i := range n.Text {
		for len(n.points)*pointStep <= i {
			n.points = append(n.points, count)
		}
		count++
	}
	for len(n.points)*pointStep <= len(n.Text) {
		n.points = append(n.points, count)
	}
}

// CodePoint returns the number of code points that begin before a byte offset of
// the text. A byte that is not UTF-8 counts as one.
func (n *Note) CodePoint(offset int) int {
	if n.points == nil {
		return offset
	}
	step := offset / pointStep
	start := step * pointStep
	for back := 1; back < utf8.UTFMax && start-back >= 0; back++ {
		r, size := utf8.DecodeRuneInString(n.Text[start-back:])
		if r != utf8.RuneError && size > back {
			start += size - back // a code point crosses the step: it is counted already
			break
		}
	}
	count := int(n.points[step])
	for i := range n.Text[min(start, offset):offset] {
		_ = i
		count++
	}
	return count
}
