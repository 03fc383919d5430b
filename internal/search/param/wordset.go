package param

import (
	"bytes"
	"hash/maphash"
)

// A WordSet collects words and keeps each once, in the order in which they came.
// The zero wordSet is not ready; reset makes it so, and keeps its memory.
type WordSet struct {
	seed  maphash.Seed
	Words []byte   // with a space after each
	slots []uint32 // open addressing: where a word begins in words, plus one
	n     int
}

// Slots that a set begins with, and that it keeps for the next resource: more would
// have to be cleared each time.
const (
	fewSlots  = 256
	keptSlots = 4096
)

func (w *WordSet) Reset() {
	switch {
	case w.slots == nil:
		w.seed, w.slots = maphash.MakeSeed(), make([]uint32, fewSlots)
	case len(w.slots) > keptSlots:
		w.Words, w.slots = nil, make([]uint32, fewSlots)
	default:
		clear(w.slots)
	}
	w.Words, w.n = w.Words[:0], 0
}

// AddAll adds words that have one space between.
func (w *WordSet) AddAll(text []byte) {
	for len(text) > 0 {
		end := bytes.IndexByte(text, ' ')
		if end < 0 {
			w.add(text)
			return
		}
		w.add(text[:end])
		text = text[end+1:]
	}
}

func (w *WordSet) add(word []byte) {
	if 2*w.n >= len(w.slots) {
		w.grow()
	}
	slot := w.slot(word)
	if *slot != 0 {
		return
	}
	*slot = uint32(len(w.Words)) + 1
	w.Words = append(append(w.Words, word...), ' ')
	w.n++
}

// slot returns the slot of a word, or the empty one where it belongs.
func (w *WordSet) slot(word []byte) *uint32 {
	mask := uint64(len(w.slots) - 1)
	for i := maphash.Bytes(w.seed, word) & mask; ; i = (i + 1) & mask {
		at := w.slots[i]
		if at == 0 {
			return &w.slots[i]
		}
		if rest := w.Words[at-1:]; bytes.HasPrefix(rest, word) && rest[len(word)] == ' ' {
			return &w.slots[i]
		}
	}
}

func (w *WordSet) grow() {
	w.slots = make([]uint32, 2*len(w.slots))
	for at := 0; at < len(w.Words); {
		end := at + bytes.IndexByte(w.Words[at:], ' ')
		*w.slot(w.Words[at:end]) = uint32(at) + 1
		at = end + 1
	}
}
