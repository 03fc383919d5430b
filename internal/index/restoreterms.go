package index

import (
	"fmt"
)

// hashes reads hashes of terms.
func (r *imageReader) hashes(n int) []termHash {
	high := imageReader{rest: r.bytes(8 * n)}
	low := make([]uint32, n)
	r.words(low)
	hashes := make([]termHash, n)
	if r.failed {
		return nil
	}
	for i := range hashes {
		hashes[i] = termHash{high.uint64(), low[i]}
	}
	return hashes
}

// hashCount reads how many hashes follow.
func (r *imageReader) hashCount() int {
	n := r.uint32()
	if uint64(n)*8 > uint64(len(r.rest)) {
		r.failed = true
		return 0
	}
	return int(n)
}

// fill puts terms into a table, those of one shard together, all of them new.
func (t *termTable) fill(hashes []termHash, payloads []uint32) bool {
	for len(hashes) > 0 {
		s := t.shard(hashes[0])
		n := 1
		for n < len(hashes) && t.shard(hashes[n]) == s {
			n++
		}
		if s.n > 0 {
			return false
		}
		s.slots, s.n = make([]termSlot, max(minSlots, n+n/4+1)), n
		for i, h := range hashes[:n] {
			if payloads[i] == 0 {
				return false
			}
			at := s.first(h)
			for s.slots[at].payload != 0 {
				if at++; at == len(s.slots) {
					at = 0
				}
			}
			s.slots[at] = termSlot{h.hi, h.lo, payloads[i]}
		}
		hashes, payloads = hashes[n:], payloads[n:]
	}
	return true
}

func (to *Restorer) addTerms(r *imageReader) {
	hashes := r.hashes(r.hashCount())
	payloads := make([]uint32, len(hashes))
	to.payloads(r, payloads)
	// Sections have whole shards, so no two goroutines are at one.
	if r.failed || !to.x.mu.table.fill(hashes, payloads) {
		r.failed = true
		return
	}
	to.mu.Lock()
	to.mu.terms += len(hashes)
	to.mu.Unlock()
}

func (to *Restorer) addFolded(r *imageReader) {
	hashes := r.hashes(r.hashCount())
	ids := make([]uint32, len(hashes))
	r.words(ids)
	if r.failed || !to.x.mu.texts.table.fill(hashes, ids) {
		r.failed = true
		return
	}
	to.mu.Lock()
	to.mu.folded += len(hashes)
	to.mu.Unlock()
}

// payloads reads payloads and their postings.
func (to *Restorer) payloads(r *imageReader, payloads []uint32) {
	number, n := r.uint32(), r.count(wordsBlock)
	r.words(payloads)
	owners := make([]uint32, n)
	r.words(owners)
	if r.failed || uint64(number)+uint64(n) > uint64(to.postings) {
		r.failed = true
		return
	}
	store, at := &to.x.mu.postings, 0
	for i, p := range payloads {
		switch {
		case p == postingBit && at < n:
			posting := store.postings.at(number)
			tail := r.count(wordsBlock)
			posting.frozen = r.bitmap()
			if tail > 0 {
				posting.tail = make([]uint32, tail)
				r.words(posting.tail)
			}
			if r.failed || posting.frozen == nil && tail < 2 {
				r.failed = true
				return
			}
			*store.owners.at(number) = Param(owners[at])
			payloads[i] = number | postingBit
			number++
			at++
		case p > uint32(to.state.last):
			r.failed = true
			return
		}
	}
	r.failed = r.failed || at != n
}

func (to *Restorer) addTexts(r *imageReader) {
	from, n := r.uint32(), r.uint32()
	if to.texts == 0 || n > chunkSize || from%chunkSize != 0 || uint64(from)+uint64(n) > uint64(to.texts)+1 {
		r.failed = true
		return
	}
	params, lengths, payloads := make([]uint32, n), make([]uint32, n), make([]uint32, n)
	r.words(params)
	r.words(lengths)
	size := 0
	for _, l := range lengths {
		size += int(l)
	}
	all := string(r.bytes(size))
	to.payloads(r, payloads)
	if r.failed {
		return
	}
	gone := true
	for i := range payloads {
		text := all[:lengths[i]]
		all = all[lengths[i]:]
		t := to.x.mu.texts.texts.at(from + uint32(i))
		*t = storedText{text, payloads[i], Param(params[i])}
		gone = gone && *t == storedText{}
	}
	to.mu.Lock()
	to.mu.texts += int(n)
	to.mu.Unlock()
	if gone && n == chunkSize {
		to.shareEmpty(from)
	}
}

// shareEmpty has a chunk whose texts are gone share its memory with others.
func (to *Restorer) shareEmpty(from uint32) {
	to.mu.Lock()
	defer to.mu.Unlock()
	texts := &to.x.mu.texts
	if texts.empty == nil {
		texts.empty = texts.texts.copyOf(from)
	}
	(*texts.texts.dir.Load())[from>>chunkBits] = texts.empty
}

// order reports whether the texts of a param are put into order for the first time.
func (to *Restorer) order(p uint64) bool {
	to.mu.Lock()
	defer to.mu.Unlock()
	first := !to.mu.ordered[p]
	if to.mu.ordered == nil {
		to.mu.ordered = map[uint64]bool{}
	}
	to.mu.ordered[p] = true
	return first
}

// sorted puts the texts of params into their order, and returns how many there are.
func (to *Restorer) sorted(r *imageReader) (all int, err error) {
	for len(r.rest) > 0 && !r.failed {
		p, n := r.uvarint(), r.count(wordsBlock)
		ids := make([]uint32, n)
		r.words(ids)
		if p >= uint64(len(to.x.mu.params)) || to.x.mu.params[p] == nil || !to.order(p) {
			r.failed = true
			break
		}
		sorted, last := &to.x.mu.params[p].sorted, ""
		for i, id := range ids {
			if id > to.texts {
				r.failed = true
				break
			}
			text := to.x.mu.texts.texts.at(id).text
			if i > 0 && text <= last {
				r.failed = true
				break
			}
			sorted.Load(text, textID(id))
			last = text
		}
		all += n
	}
	if r.failed {
		return all, fmt.Errorf("%w: texts in their order", ErrImage)
	}
	return all, nil
}

func (to *Restorer) customTerms(r *imageReader) {
	p := r.uint32()
	hashes := r.hashes(r.hashCount())
	if r.failed || int64(p) >= int64(len(to.x.mu.params)) || to.x.mu.params[p] == nil {
		r.failed = true
		return
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	to.x.mu.params[p].custom = append(to.x.mu.params[p].custom, hashes...)
}
