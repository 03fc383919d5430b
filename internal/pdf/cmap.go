package pdf

import (
	"slices"
	"unicode/utf16"
)

// A cmap maps character codes to text (ISO 32000-1 §9.10.3).
type cmap struct {
	one    map[uint32]string
	ranges []cmapRange
	bytes  int // the length of the longest code in its code space
}

// A cmapRange maps codes from low to high to a text and the texts behind it.
type cmapRange struct {
	low, high uint32
	base      []rune
}

const (
	mostMapped = 1 << 17 // single codes of a map
	mostRanges = 1 << 12
)

// codeOf returns a string as the code that it stands for.
func codeOf(s text) (uint32, bool) {
	value := uint32(0)
	for i := range len(s) {
		value = value<<8 | uint32(s[i])
	}
	return value, len(s) > 0 && len(s) <= 4
}

// fromUTF16 returns the characters of a string of UTF-16, big end first.
func fromUTF16(s text) []rune {
	units := make([]uint16, 0, len(s)/2)
	for i := 0; i+1 < len(s) && i < 128; i += 2 {
		units = append(units, uint16(s[i])<<8|uint16(s[i+1]))
	}
	return utf16.Decode(units)
}

// readCmap reads the code space and the characters of a map.
func (f *file) readCmap(data []byte) *cmap {
	m := &cmap{one: map[uint32]string{}}
	l := lexer{src: data}
	var operands []object
	for !l.end() {
		from := l.pos
		l.values = 0
		o := l.object(0)
		f.spend(l.pos - from + perStep)
		operator, is := o.(word)
		if !is {
			if operands = append(operands, o); len(operands) > 3*mostMapped {
				return m
			}
			continue
		}
		switch operator {
		case "endcodespacerange":
			for i := 1; i < len(operands); i += 2 {
				if high, ok := operands[i].(text); ok {
					m.bytes = max(m.bytes, min(len(high), 4))
				}
			}
		case "endbfchar":
			m.chars(operands)
		case "endbfrange":
			m.spans(operands)
		}
		operands = operands[:0]
	}
	slices.SortStableFunc(m.ranges, func(a, b cmapRange) int { return int(int64(a.low) - int64(b.low)) })
	return m
}

func (m *cmap) chars(operands []object) {
	for i := 0; i+1 < len(operands) && len(m.one) < mostMapped; i += 2 {
		from, _ := operands[i].(text)
		to, _ := operands[i+1].(text)
		if c, ok := codeOf(from); ok {
			m.one[c] = string(fromUTF16(to))
		}
	}
}

func (m *cmap) spans(operands []object) {
	for i := 0; i+2 < len(operands); i += 3 {
		from, _ := operands[i].(text)
		to, _ := operands[i+1].(text)
		low, ok1 := codeOf(from)
		high, ok2 := codeOf(to)
		if !ok1 || !ok2 || high < low {
			continue
		}
		switch target := operands[i+2].(type) {
		case text:
			if base := fromUTF16(target); len(base) > 0 && len(m.ranges) < mostRanges {
				m.ranges = append(m.ranges, cmapRange{low, high, base})
			}
		case array:
			for j, o := range target {
				s, _ := o.(text)
				if uint32(j) > high-low || len(m.one) >= mostMapped {
					break
				}
				m.one[low+uint32(j)] = string(fromUTF16(s))
			}
		}
	}
}

// lookup returns the text of a code.
func (m *cmap) lookup(c uint32) (string, bool) {
	if s, ok := m.one[c]; ok {
		return s, true
	}
	after, _ := slices.BinarySearchFunc(m.ranges, c, func(r cmapRange, c uint32) int {
		if r.low > c {
			return 1
		}
		return -1
	})
	if after == 0 {
		return "", false
	}
	r := m.ranges[after-1]
	if c > r.high {
		return "", false
	}
	last := len(r.base) - 1
	return string(r.base[:last]) + string(r.base[last]+rune(c-r.low)), true
}
