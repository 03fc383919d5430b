package pack

import "encoding/binary"

// A bitWriter appends bits, the lowest first.
type bitWriter struct {
	out  []byte
	bits uint64
	n    uint
}

// put appends the lowest n bits of v; n is at most 32, and the other bits of v are 0.
func (w *bitWriter) put(v uint64, n uint) {
	w.bits |= v << w.n
	w.n += n
	if w.n >= 32 {
		w.out = binary.LittleEndian.AppendUint32(w.out, uint32(w.bits))
		w.bits >>= 32
		w.n -= 32
	}
}

// end appends what is left, up to a whole byte.
func (w *bitWriter) end() []byte {
	for w.n > 0 {
		w.out = append(w.out, byte(w.bits))
		w.bits >>= 8
		w.n -= min(w.n, 8)
	}
	w.bits = 0
	return w.out
}

// A bitReader reads what a bitWriter wrote. Behind the end it reads zeros, and over
// is true.
type bitReader struct {
	in   []byte
	at   int
	bits uint64
	n    uint // valid bits; those above are zero or the same as will be read
}

// fill makes at least 56 bits valid.
func (r *bitReader) fill() {
	if r.at+8 <= len(r.in) {
		r.bits |= binary.LittleEndian.Uint64(r.in[r.at:]) << r.n
		r.at += int(63-r.n) >> 3
		r.n |= 56
		return
	}
	r.fillSlowly()
}

func (r *bitReader) fillSlowly() {
	for r.n <= 56 {
		if r.at < len(r.in) {
			r.bits |= uint64(r.in[r.at]) << r.n
		}
		r.at++
		r.n += 8
	}
}

func (r *bitReader) drop(n uint) {
	r.bits >>= n
	r.n -= n
}

// take returns the next n bits, which must be valid.
func (r *bitReader) take(n uint) int {
	v := int(r.bits & (1<<n - 1))
	r.drop(n)
	return v
}

// used returns how many bytes hold the bits that were taken. If that is more than the
// input has, the input is damaged.
func (r *bitReader) used() int { return r.at - int(r.n>>3) }
