package fhirproto

import (
	"encoding/binary"
	"math/bits"
)

// appendUvarint appends v as a base-128 varint.
func appendUvarint[T uint32 | uint64](dst []byte, v T) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

// uvarintLen returns how many bytes the varint of v has.
func uvarintLen(v int) int { return (bits.Len(uint(v)|1) + 6) / 7 }

// uvarint reads the varint at pos and returns the position after it, -1 if there
// is none.
func uvarint(wire []byte, pos int) (uint64, int) {
	if pos < len(wire) && wire[pos] < 0x80 {
		return uint64(wire[pos]), pos + 1
	}
	v, n := binary.Uvarint(wire[pos:])
	if n <= 0 {
		return 0, -1
	}
	return v, pos + n
}

// zigzag maps signed numbers to unsigned ones, small to small, as sint32 does.
func zigzag(n int64) uint64 { return uint64(n<<1) ^ uint64(n>>63) }

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
