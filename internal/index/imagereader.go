package index

import "encoding/binary"

// An imageReader reads a section of an image. After what is not there it has failed,
// and returns zero values.
type imageReader struct {
	rest   []byte
	failed bool
	most   uint64 // of a head: how many numbers the image can have at most
}

// bytes returns the next n bytes, nil where there are fewer.
func (r *imageReader) bytes(n int) []byte {
	if n < 0 || n > len(r.rest) || r.failed {
		r.failed = true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *imageReader) byte() byte {
	if b := r.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *imageReader) uint32() uint32 {
	if b := r.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *imageReader) uint64() uint64 {
	if b := r.bytes(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *imageReader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.failed = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// count reads how many things follow, each of at least one byte for so many of them.
func (r *imageReader) count(perByte int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest))*uint64(perByte) {
		r.failed = true
		return 0
	}
	return int(n)
}
