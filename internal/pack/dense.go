package pack

import "math"

// A step of a dense template.
type step struct {
	length  int32 // of a match or of a raw run; 0 for a literal
	raw     bool
	address int32 // in the dictionary; or -distance
}

// A node is the cheapest way to a position of the text.
type node struct {
	cost    uint32
	step    step // the step that ends here
	matched bool
	track   track
}

const noCost = math.MaxUint32

// niceLength is the length of a match beyond which no other is looked for.
const niceLength = 64

// A denseWriter finds the cheapest steps for a template.
type denseWriter struct {
	finder finder
	nodes  []node
	steps  []step
	found  []match
}

// parseSize is how much of a template is weighed at once.
const parseSize = 32 << 10

// parse calls emit for each step of src, in order.
func (w *denseWriter) parse(m *model, index *dictIndex, src []byte, emit func(at int, matched bool, k track, s step)) {
	w.finder.begin(len(src))
	k := track{}
	matched := false
	for begin := 0; begin < len(src); begin += parseSize {
		end := min(begin+parseSize, len(src))
		k, matched = w.parsePart(m, index, src[:end], begin, k, matched, emit)
	}
}

func (w *denseWriter) parsePart(m *model, index *dictIndex, src []byte, begin int, k track, matched bool, emit func(at int, matched bool, k track, s step)) (track, bool) {
	n := len(src) - begin
	if cap(w.nodes) < n+1 {
		w.nodes = make([]node, n+1+n/4)
	}
	w.nodes = w.nodes[:n+1]
	nodes := w.nodes
	for i := range nodes {
		nodes[i].cost = noCost
	}
	nodes[0] = node{matched: matched, track: k}
	for i := 0; i < n; i++ {
		at := begin + i
		here := &nodes[i]
		if here.cost == noCost {
			w.finder.insert(src, at)
			continue
		}
		code := m.stepCode(src, at, here.matched)
		bitsOf := uint32(code.lengths[src[at]])
		if bitsOf > 0 {
			relax(&nodes[i+1], here.cost+bitsOf, step{}, false, here.track)
		}
		if raw := uint32(code.lengths[symbolRaw]); raw > 0 && (bitsOf == 0 || bitsOf > 8) {
			for r := 1; r <= min(maxRaw, n-i); r++ {
				relax(&nodes[i+r], here.cost+raw+rawBits+8*uint32(r), step{length: int32(r), raw: true}, false, here.track)
			}
		}
		longest := w.again(m, code, src, i, at)
		shortest := minLength
		w.found = w.finder.find(w.found[:0], index, src, at)
		for _, f := range w.found {
			k := here.track
			p := k.place(step{address: int32(f.address)}, at)
			if f.address >= 0 {
				k.diagonal = f.address - at
			} else {
				k.distance = -f.address
			}
			if m.places.lengths[p.symbol] == 0 {
				continue
			}
			cost := here.cost + uint32(m.places.lengths[p.symbol]) + uint32(p.extra)
			w.relaxLengths(code, i, shortest, f, cost, k)
			longest = max(longest, f.length)
			shortest = max(minLength, f.length-2)
		}
		// Nothing beats a match this long: the bytes that it covers are passed over.
		if longest >= niceLength {
			for end := min(i+longest, n) - lengthsTried; i+1 < end; i++ {
				w.finder.insert(src, begin+i+1)
			}
		}
	}
	// Back from the end, then forward again.
	w.steps = w.steps[:0]
	for i := n; i > 0; {
		s := nodes[i].step
		w.steps = append(w.steps, s)
		i -= max(int(s.length), 1)
	}
	at := 0
	for i := len(w.steps) - 1; i >= 0; i-- {
		s := w.steps[i]
		emit(begin+at, nodes[at].matched, nodes[at].track, s)
		at += max(int(s.length), 1)
	}
	return nodes[n].track, nodes[n].matched
}

// again tries the cheapest places, at which the earlier matches go on, and returns the
// longest length.
func (w *denseWriter) again(m *model, code *prefixCode, src []byte, i, at int) (longest int) {
	k := w.nodes[i].track
	cost := w.nodes[i].cost
	here := src[at:min(at+maxLength, len(src))]
	if a, bits := at+k.diagonal, m.places.lengths[placeAgain]; a >= 0 && a < len(m.text) && bits > 0 {
		longest = matchLen(here, m.text[a:])
		w.relaxLengths(code, i, minLength, match{longest, a}, cost+uint32(bits), k)
	}
	if bits := m.places.lengths[placeDistance]; k.distance > 0 && k.distance <= at && bits > 0 {
		length := matchLen(here, src[at-k.distance:])
		w.relaxLengths(code, i, minLength, match{length, -k.distance}, cost+uint32(bits), k)
		longest = max(longest, length)
	}
	return longest
}

// lengthsTried is how many lengths of a long match are tried, the longest ones.
const lengthsTried = 16

// relaxLengths tries a match at node i with each length from shortest on. cost is the
// cost of the way to the node and of the place.
func (w *denseWriter) relaxLengths(code *prefixCode, i, shortest int, f match, cost uint32, k track) {
	length := min(f.length, len(w.nodes)-1-i)
	for l := shortest; l <= length; l++ {
		if l == 4*lengthsTried {
			l = max(l, length-lengthsTried)
		}
		symbol, extra := lengthSymbol(l)
		if bits := code.lengths[symbol]; bits > 0 {
			relax(&w.nodes[i+l], cost+uint32(bits)+uint32(extra), step{length: int32(l), address: int32(f.address)}, true, k)
		}
	}
}

func relax(to *node, cost uint32, s step, matched bool, k track) {
	if cost < to.cost {
		*to = node{cost, s, matched, k}
	}
}

// append appends the dense form of a template.
func (w *denseWriter) append(dst []byte, m *model, index *dictIndex, src []byte) []byte {
	out := bitWriter{out: dst}
	w.parse(m, index, src, func(at int, matched bool, k track, s step) {
		code := m.stepCode(src, at, matched)
		put := func(c *prefixCode, symbol int) { out.put(uint64(c.codes[symbol]), uint(c.lengths[symbol])) }
		switch {
		case s.length == 0:
			put(code, int(src[at]))
		case s.raw:
			put(code, symbolRaw)
			out.put(uint64(s.length-1), rawBits)
			for _, c := range src[at : at+int(s.length)] {
				out.put(uint64(c), 8)
			}
		default:
			symbol, extra := lengthSymbol(int(s.length))
			put(code, symbol)
			first, _ := lengthOf(symbol)
			out.put(uint64(int(s.length)-first), extra)
			p := k.place(s, at)
			put(m.places, p.symbol)
			out.put(uint64(p.value), p.extra)
		}
	})
	return out.end()
}
