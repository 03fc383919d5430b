package pdf

// unlzw decompresses LZW with codes of 9 to 12 bits (ISO 32000-1 §7.4.4). early is how
// many codes before its time a code gets another bit.
//
// The string of each code is the string of the code before and one byte more, and so
// stands in the output already.
func (f *file) unlzw(data []byte, early int) []byte {
	const clear, end, first = 256, 257, 258
	type span struct{ from, to int }
	var table [4096]span
	var out []byte
	next, width := first, 9
	before := span{} // the string of the code before, empty after a clear
	bits, have := 0, 0
	for _, c := range data {
		bits, have = bits<<8|int(c), have+8
		if have < width {
			continue
		}
		have -= width
		code := bits >> have
		bits &= 1<<have - 1
		if code == clear {
			next, width, before = first, 9, span{}
			continue
		}
		if code == end || code > next || code == next && before == (span{}) {
			return out // the end, or damage
		}
		if before != (span{}) && next < len(table) {
			table[next] = span{before.from, before.to + 1} // its last byte comes now
			next++
		}
		from := len(out)
		if code < clear {
			out = append(out, byte(code))
		} else {
			s := table[code]
			f.spend(s.to - s.from)
			f.room(from + s.to - s.from)
			for i := s.from; i < s.to; i++ { // may reach into what it adds
				out = append(out, out[i])
			}
		}
		before = span{from, len(out)}
		if width < 12 && next+early >= 1<<width {
			width++
		}
	}
	return out
}
