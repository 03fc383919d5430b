package pack

import (
	"cmp"
	"math/bits"
	"slices"
)

// maxBits is the longest code. Two codes and the bits after them fit one refill.
const maxBits = 12

// A prefixCode is a canonical prefix code, built from the lengths of its codes alone.
// A symbol of length 0 has no code.
type prefixCode struct {
	lengths []uint8
	codes   []uint16 // lowest bit first
	// table tells symbol<<4 | length by the next maxBits bits; length 0 is damage.
	table *[1 << maxBits]uint16
}

// newPrefixCode reports false for lengths that no prefix code has. A code may be
// incomplete.
func newPrefixCode(lengths []uint8) (*prefixCode, bool) {
	c := &prefixCode{lengths: lengths, codes: make([]uint16, len(lengths)), table: new([1 << maxBits]uint16)}
	var count [maxBits + 1]int
	for _, n := range lengths {
		if n > maxBits {
			return nil, false
		}
		count[n]++
	}
	next, at := [maxBits + 1]int{}, 0
	for n := 1; n <= maxBits; n++ {
		next[n] = at
		at = (at + count[n]) << 1
		if at > 2<<n {
			return nil, false
		}
	}
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		code := bits.Reverse16(uint16(next[n])) >> (16 - n)
		next[n]++
		c.codes[symbol] = code
		for i := int(code); i < len(c.table); i += 1 << n {
			c.table[i] = uint16(symbol)<<4 | uint16(n)
		}
	}
	return c, true
}

// prefixLengths returns the lengths of a Huffman code for symbols of these weights,
// flattened until it fits maxBits.
func prefixLengths(weights []int) []uint8 {
	type node struct{ weight, symbol, left, right int }
	lengths := make([]uint8, len(weights))
	for shift := 0; ; shift++ {
		var nodes []node
		for s, w := range weights {
			if w > 0 {
				nodes = append(nodes, node{weight: max(w>>shift, 1), symbol: s})
			}
		}
		if len(nodes) == 0 {
			return lengths
		}
		if len(nodes) == 1 {
			lengths[nodes[0].symbol] = 1
			return lengths
		}
		slices.SortStableFunc(nodes, func(a, b node) int { return cmp.Compare(a.weight, b.weight) })
		// Leaves and inner nodes are two queues in the order of their weights.
		leaves := len(nodes)
		leaf, inner := 0, leaves
		take := func() int {
			if inner == len(nodes) || leaf < leaves && nodes[leaf].weight <= nodes[inner].weight {
				leaf++
				return leaf - 1
			}
			inner++
			return inner - 1
		}
		for range leaves - 1 {
			a := take()
			b := take()
			nodes = append(nodes, node{weight: nodes[a].weight + nodes[b].weight, left: a, right: b})
		}
		depth := make([]uint8, len(nodes))
		deepest := uint8(0)
		for i := len(nodes) - 1; i >= 0; i-- {
			if i < leaves {
				lengths[nodes[i].symbol] = depth[i]
				deepest = max(deepest, depth[i])
				continue
			}
			depth[nodes[i].left], depth[nodes[i].right] = depth[i]+1, depth[i]+1
		}
		if deepest <= maxBits {
			return lengths
		}
	}
}
