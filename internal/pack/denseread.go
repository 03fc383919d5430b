package pack

// readDense appends n bytes of template to dst, and returns the rest of src. ok is
// false for damage.
func readDense(dst, src []byte, m *model, n int) (out, rest []byte, ok bool) {
	begin := len(dst)
	end := begin + n
	if cap(dst) < end {
		dst = append(make([]byte, 0, end), dst...)
	}
	out = dst[:end]
	r := bitReader{in: src}
	diagonal, distance := 0, 0
	before, matched := byte(0), 0
	dict := m.text
	for at := begin; at < end; {
		r.fill()
		e := m.tables[(matched+int(before))&(situations-1)][r.bits&(1<<maxBits-1)]
		if e&15 == 0 || r.used() > len(src)+8 {
			return out, src, false
		}
		r.drop(uint(e & 15))
		symbol := int(e >> 4)
		if symbol < symbolRaw {
			before, matched = byte(symbol), 0
			out[at] = before
			at++
			continue
		}
		if symbol == symbolRaw {
			length := r.take(rawBits) + 1
			if length > end-at {
				return out, src, false
			}
			for range length {
				r.fill()
				out[at] = byte(r.take(8))
				at++
			}
			before, matched = out[at-1], 0
			continue
		}
		length, extra := lengthOf(symbol)
		length += r.take(extra)
		if length > end-at {
			return out, src, false
		}
		r.fill()
		e = m.places.table[r.bits&(1<<maxBits-1)]
		if e&15 == 0 {
			return out, src, false
		}
		r.drop(uint(e & 15))
		position := at - begin
		symbol = int(e >> 4)
		switch {
		case symbol == placeDistance || symbol >= placeText && symbol < placePage:
			if symbol != placeDistance {
				k := uint(symbol - placeText)
				distance = 1<<k + r.take(k)
			}
			if distance == 0 || distance > position {
				return out, src, false
			}
			repeat(out, at, distance, length)
		default:
			switch {
			case symbol >= placePage:
				diagonal = (symbol-placePage)<<pageBits + r.take(pageBits) - position
			case symbol >= placeBefore:
				k := uint(symbol - placeBefore)
				diagonal -= 1<<k + r.take(k)
			case symbol >= placeAfter:
				k := uint(symbol - placeAfter)
				diagonal += 1<<k + r.take(k)
			}
			address := position + diagonal
			if address < 0 || address+length > len(dict) {
				return out, src, false
			}
			copy(out[at:], dict[address:address+length])
		}
		at += length
		before, matched = out[at-1], 256
	}
	used := r.used()
	if used > len(src) {
		return out, src, false
	}
	return out, src[used:], true
}
