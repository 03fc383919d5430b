package search

// DefaultCostLimit is about a second of work.
const DefaultCostLimit = 200_000_000
