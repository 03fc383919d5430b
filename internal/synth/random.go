package synth

import "math/bits"

// random is SplitMix64: eight bytes of state, and an algorithm that no library
// update can change, which the package's promise of stable bytes rests on.
type random struct{ state uint64 }

const golden = 0x9e3779b97f4a7c15

// mix is the finalizer of SplitMix64, a bijection that spreads every input bit.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (r *random) next() uint64 {
	r.state += golden
	return mix(r.state)
}

// below returns a number in [0, n). n must be positive. The bias of the
// multiplication is below n/2⁶⁴.
func (r *random) below(n int) int {
	high, _ := bits.Mul64(r.next(), uint64(n))
	return int(high)
}

// between returns a number in [low, high], or low if the range is empty.
func (r *random) between(low, high int) int {
	if high <= low {
		return low
	}
	return low + r.below(high-low+1)
}

// around returns a number in [middle-spread, middle+spread], most often near
// the middle: the mean of four uniform draws, whose standard deviation is
// about 0.29 × spread.
func (r *random) around(middle, spread int) int {
	sum := 0
	for range 4 {
		sum += r.below(2*spread + 1)
	}
	return middle - spread + sum/4
}

// permille reports true p times in a thousand.
func (r *random) permille(p int) bool { return r.below(1000) < p }

func pick[T any](r *random, from []T) T { return from[r.below(len(from))] }
