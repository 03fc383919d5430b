package index

import (
	"slices"
	"sync/atomic"
)

const (
	chunkBits = 12
	chunkSize = 1 << chunkBits
)

// A chunked is an append-only array in chunks of equal size, which never move:
// one goroutine grows and writes it while others read, without a lock, elements
// that were published to them by other means.
type chunked[T any] struct {
	dir atomic.Pointer[[]*[chunkSize]T]
}

// at returns element i, which grow must have made.
func (c *chunked[T]) at(i uint32) *T {
	return &(*c.dir.Load())[i>>chunkBits][i&(chunkSize-1)]
}

// grow makes the elements below n.
func (c *chunked[T]) grow(n uint32) {
	var dir []*[chunkSize]T
	if p := c.dir.Load(); p != nil {
		dir = *p
	}
	have := len(dir)
	for uint64(len(dir))<<chunkBits < uint64(n) {
		dir = append(dir, new([chunkSize]T))
	}
	if len(dir) > have {
		c.dir.Store(&dir)
	}
}

// replace puts a copy of a chunk, that of element i, in its place and returns it.
// Readers that hold the old one keep it.
func (c *chunked[T]) replace(i uint32) *[chunkSize]T {
	dir := slices.Clone(*c.dir.Load())
	chunk := new([chunkSize]T)
	*chunk = *dir[i>>chunkBits]
	dir[i>>chunkBits] = chunk
	c.dir.Store(&dir)
	return chunk
}

// elements returns how many elements there is room for.
func (c *chunked[T]) elements() int {
	if p := c.dir.Load(); p != nil {
		return len(*p) << chunkBits
	}
	return 0
}
