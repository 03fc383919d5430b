package exec

import (
	"errors"
	"fmt"
)

// Errors of searching.
var (
	// ErrTooCostly is returned when a search would take more work than
	// [Options.CostLimit] allows.
	ErrTooCostly = errors.New("search: too costly")
	// ErrStalePage is returned when a sweep has passed the state of a page token or of
	// the searched view; and for a token of a newer state than the view, of other
	// [param.Settings], or of another version of the extractor.
	ErrStalePage = errors.New("search: the state is no longer available")
	// ErrInvalidPage is returned when a page token was not made by this store for
	// this query.
	ErrInvalidPage = errors.New("search: invalid page token")

	errStaleToken = fmt.Errorf("%w: the page token is too old, or settings have changed since; repeat the search without it, from its first page on", ErrStalePage)
	errStaleView  = fmt.Errorf("%w: versions that it has were removed; repeat the search on a newer state", ErrStalePage)

	errNoDocuments = errors.New("search: the query needs stored resources, and Options.Documents is not set")
	errNoValues    = errors.New("search: the query needs stored values, and Options.Values is not set")
)
