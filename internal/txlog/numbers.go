package txlog

import (
	"encoding/binary"
	"slices"
	"sort"
)

// A numberSet is a set of numbers as ranges, rising, with gaps between them.
type numberSet []numberRange

// A numberRange is the numbers from first up to, and without, end.
type numberRange struct{ first, end Number }

// numberSetOf returns a set of numbers in any order.
func numberSetOf(numbers []Number) (s numberSet) {
	numbers = slices.Clone(numbers)
	slices.Sort(numbers)
	for _, n := range slices.Compact(numbers) {
		s.add(n, n+1)
	}
	return s
}

// add adds the numbers from first up to end. They lie above all that are there.
func (s *numberSet) add(first, end Number) {
	if n := len(*s); n > 0 && (*s)[n-1].end == first {
		(*s)[n-1].end = end
		return
	}
	*s = append(*s, numberRange{first, end})
}

// find returns the index of the first range that ends behind a number.
func (s numberSet) find(n Number) int {
	return sort.Search(len(s), func(i int) bool { return s[i].end > n })
}

// has reports whether a number is in the set.
func (s numberSet) has(n Number) bool {
	i := s.find(n)
	return i < len(s) && s[i].first <= n
}

// hasAll reports whether all numbers from first up to end are in the set.
func (s numberSet) hasAll(first, end Number) bool {
	i := s.find(first)
	return i < len(s) && s[i].first <= first && end <= s[i].end
}

// hasAny reports whether any number from first up to end is in the set.
func (s numberSet) hasAny(first, end Number) bool {
	i := s.find(first)
	return i < len(s) && s[i].first < end
}

// append encodes the set: for each range the gap before it and its length.
func (s numberSet) append(b []byte) []byte {
	at := Number(0)
	for _, r := range s {
		b = binary.AppendUvarint(b, uint64(r.first-at))
		b = binary.AppendUvarint(b, uint64(r.end-r.first))
		at = r.end
	}
	return b
}

// decodeNumberSet reads a set that fills b.
func decodeNumberSet(b []byte) (s numberSet, ok bool) {
	at := uint64(0)
	for len(b) > 0 {
		gap, n := binary.Uvarint(b)
		if n <= 0 || gap == 0 || gap > maxNumber-at {
			return nil, false
		}
		b = b[n:]
		length, n := binary.Uvarint(b)
		if n <= 0 || length == 0 || length > maxNumber-at-gap {
			return nil, false
		}
		b = b[n:]
		s = append(s, numberRange{Number(at + gap), Number(at + gap + length)})
		at += gap + length
	}
	return s, true
}
