package index

import (
	"slices"
	"sync/atomic"
)

const (
	chunkBits = 12
	chunkSize = 1 << chunkBits
)

// A chunked is an append-only array in chunks of equal size, which never move. One
// goroutine grows and writes it. Others read without a lock, and only elements that
// were published to them by other means.
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
	if uint64(len(dir))<<chunkBits >= uint64(n) {
		return
	}
	for uint64(len(dir))<<chunkBits < uint64(n) {
		dir = append(dir, new([chunkSize]T))
	}
	grown := dir // its address escapes, that of dir does not
	c.dir.Store(&grown)
}

// copyOf returns a copy of the chunk of element i.
func (c *chunked[T]) copyOf(i uint32) *[chunkSize]T {
	chunk := *(*c.dir.Load())[i>>chunkBits]
	return &chunk
}

// replace puts another chunk in the place of element i's chunk. Readers of the old
// chunk keep it.
func (c *chunked[T]) replace(i uint32, chunk *[chunkSize]T) {
	dir := slices.Clone(*c.dir.Load())
	dir[i>>chunkBits] = chunk
	c.dir.Store(&dir)
}

// elements returns the number of elements for which there is room.
func (c *chunked[T]) elements() int {
	if p := c.dir.Load(); p != nil {
		return len(*p) << chunkBits
	}
	return 0
}
