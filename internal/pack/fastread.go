package pack

// readFast appends n bytes of template to dst, and returns the rest of src. ok is
// false for damage.
func readFast(dst, src, dict []byte, n int) (out, rest []byte, ok bool) {
	begin := len(dst)
	end := begin + n
	if cap(dst) < end {
		dst = append(make([]byte, 0, end), dst...)
	}
	out = dst[:end]
	at := begin
	last, inDict, some := 0, false, false
	for at < end {
		if len(src) == 0 {
			return out, src, false
		}
		token := src[0]
		src = src[1:]
		literals := int(token>>literalShift) & maxLiterals
		if literals == maxLiterals {
			if literals, src, ok = readMore(literals, src); !ok {
				return out, src, false
			}
		}
		length := int(token & maxMatch)
		if length == maxMatch {
			if length, src, ok = readMore(length, src); !ok {
				return out, src, false
			}
		}
		length += minMatch
		if literals > len(src) || literals > end-at {
			return out, src, false
		}
		copy(out[at:], src[:literals])
		at += literals
		src = src[literals:]
		if at == end {
			return out, src, token&^(maxLiterals<<literalShift) == 0
		}
		if length > end-at {
			return out, src, false
		}
		from := 0
		if token&stepAgain != 0 {
			if !some {
				return out, src, false
			}
			from = last
			if inDict {
				from += literals
			}
		} else {
			if len(src) < 2 {
				return out, src, false
			}
			from = int(src[0]) | int(src[1])<<8
			src = src[2:]
			inDict, some = from < len(dict), true
			if !inDict {
				from = from - len(dict) + 1
			}
		}
		if inDict {
			if from+length > len(dict) {
				return out, src, false
			}
			copy(out[at:], dict[from:from+length])
			last = from + length
		} else {
			if from > at-begin {
				return out, src, false
			}
			last = from
			repeat(out, at, from, length)
		}
		at += length
	}
	return out, src, true
}

// repeat copies length bytes to out[at:] from distance before.
func repeat(out []byte, at, distance, length int) {
	for length > distance {
		copy(out[at:], out[at-distance:at])
		at += distance
		length -= distance
		distance *= 2
	}
	copy(out[at:at+length], out[at-distance:])
}

func readMore(n int, src []byte) (int, []byte, bool) {
	for i, c := range src {
		n += int(c)
		if c < 255 {
			return n, src[i+1:], true
		}
	}
	return n, src, false
}
