package lexicon

// nodeID numbers the nodes of a trie. 0 is the root, and as an answer no node. Two bits say
// what the node has, so that a walk needs not look there.
type nodeID uint32

const (
	leafBit  nodeID = 1 << 31 // the node has senses
	plainBit nodeID = 1 << 30 // all of them hold wherever the phrase stands
	nodeMask        = plainBit - 1
)

// A trie is a set of phrases of word numbers. It is filled first, then only read.
type trie struct {
	top   []nodeID // children of the root by word number
	edges []edge   // open addressing; the length is a power of two
	used  int
	nodes nodeID // the last node
}

type edge struct {
	from nodeID
	word wordID
	to   nodeID // 0 if the slot is empty
}

func newTrie(phrases int) *trie {
	size := 1 << 10
	for size < 2*phrases {
		size *= 2
	}
	return &trie{edges: make([]edge, size)}
}

// slot returns the slot of an edge, or the empty slot where it belongs.
func (t *trie) slot(from nodeID, word wordID) *edge {
	from &= nodeMask
	h := (uint64(from)<<32 | uint64(word)) * 0x9e3779b97f4a7c15
	mask := uint64(len(t.edges) - 1)
	for i := h >> 32 & mask; ; i = (i + 1) & mask {
		e := &t.edges[i]
		if e.to == 0 || e.from == from && e.word == word {
			return e
		}
	}
}

// child returns the node that word leads to, 0 if there is none.
func (t *trie) child(from nodeID, word wordID) nodeID {
	if from == 0 {
		if int(word) < len(t.top) {
			return t.top[word]
		}
		return 0
	}
	return t.slot(from, word).to
}

// add returns the node that word leads to, and makes it if need be.
func (t *trie) add(from nodeID, word wordID) nodeID {
	if to := t.child(from, word); to != 0 {
		return to
	}
	t.nodes++
	if from == 0 {
		for int(word) >= len(t.top) {
			t.top = append(t.top, make([]nodeID, int(word)+1-len(t.top))...)
		}
		t.top[word] = t.nodes
		return t.nodes
	}
	if t.used*3 > len(t.edges)*2 {
		old := t.edges
		t.edges = make([]edge, 2*len(old))
		for _, e := range old {
			if e.to != 0 {
				*t.slot(e.from, e.word) = e
			}
		}
	}
	*t.slot(from, word) = edge{from, word, t.nodes}
	t.used++
	return t.nodes
}

// mark sets the bits of all nodes.
func (t *trie) mark(bits func(nodeID) nodeID) {
	for i, to := range t.top {
		if to != 0 {
			t.top[i] |= bits(to)
		}
	}
	for i := range t.edges {
		if to := t.edges[i].to; to != 0 {
			t.edges[i].to |= bits(to)
		}
	}
}
