package pack

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// A Sample is a text that a dictionary is made for, and the number of such texts that
// it stands for.
type Sample struct {
	Text   []byte
	Weight int
}

const (
	gramBits = 22 // of the hash of eight bytes that follow each other
	gram     = 8
)

func hashGram(b []byte) uint32 {
	return uint32(binary.LittleEndian.Uint64(b) * 0x9e3779b185ebca87 >> (64 - gramBits))
}

// cover chooses the text of a section. It cuts the samples into stretches, and takes
// from each stretch the piece whose grams are in most samples and not yet in the text.
// The pieces are put in the order of their worth. (Liao, Petri, Moffat, Wirth:
// Effective construction of relative Lempel-Ziv dictionaries, 2016.)
func cover(samples []Sample, size, piece int) []byte {
	worth := make([]int, 1<<gramBits)
	last := make([]int32, 1<<gramBits)
	var all []byte
	for i, s := range samples {
		for j := 0; j+gram <= len(s.Text); j++ {
			if h := hashGram(s.Text[j:]); last[h] != int32(i+1) {
				last[h] = int32(i + 1)
				worth[h] += s.Weight
			}
		}
		all = append(all, s.Text...)
	}
	type chosen struct {
		text  []byte
		worth int
	}
	var pieces []chosen
	stretches := max(size/piece, 1)
	for total := 0; total < size; {
		before := total
		for e := 0; e < stretches && total < size; e++ {
			text, n := bestPiece(all[len(all)*e/stretches:len(all)*(e+1)/stretches], worth, piece)
			if n <= 3 {
				continue
			}
			for j := 0; j+gram <= len(text); j++ {
				worth[hashGram(text[j:])] = 0
			}
			pieces = append(pieces, chosen{text, n})
			total += len(text)
		}
		if total == before {
			break
		}
	}
	slices.SortStableFunc(pieces, func(a, b chosen) int { return cmp.Compare(a.worth, b.worth) })
	var out []byte
	for _, p := range pieces {
		out = append(out, p.text...)
	}
	return out[max(len(out)-size, 0):]
}

// bestPiece returns the piece of a stretch whose grams are worth most, each counted
// once, without worthless grams at its ends.
func bestPiece(stretch []byte, worth []int, piece int) ([]byte, int) {
	grams := piece - gram + 1
	inside := map[uint32]int{}
	sum, best, at := 0, 0, 0
	for j := 0; j+gram <= len(stretch); j++ {
		h := hashGram(stretch[j:])
		if inside[h] == 0 {
			sum += worth[h]
		}
		inside[h]++
		if j >= grams {
			h := hashGram(stretch[j-grams:])
			if inside[h]--; inside[h] == 0 {
				sum -= worth[h]
				delete(inside, h)
			}
		}
		if sum > best {
			best, at = sum, max(j-grams+1, 0)
		}
	}
	text := stretch[at:min(at+piece, len(stretch))]
	for len(text) > gram && worth[hashGram(text)] == 0 {
		text = text[1:]
	}
	for len(text) > gram && worth[hashGram(text[len(text)-gram:])] == 0 {
		text = text[:len(text)-1]
	}
	return text, best
}
