package search

// Sizes of pages (_count).
const (
	DefaultCount = 20
	MaxCount     = 1000
)
