package search

import (
	"context"
	"net/url"
)

// PageParameter is the name under which a query holds a page token.
const PageParameter = "_page"

// ExplainParameter is the name under which a query asks for its plan.
const ExplainParameter = "_explain"

// QueryParameter is the name under which a query asks for a named query (FHIR R4
// §3.1.1.6).
const QueryParameter = "_query"

// Sizes of pages (_count).
const (
	DefaultCount = 20
	MaxCount     = 1000
)

// DefaultCostLimit is about a second of work.
const DefaultCostLimit = 200_000_000

// A NamedQuery turns the parameters of a named query into those of an ordinary search,
// percent-encoded as in a URL. resourceType is "" in a search of several types. params
// are the query's parameters without _query and without parameters that shape the
// answer (_count, _sort, _include and their like), which stay. Parameters that should
// count must stand in the result. The result is read strictly and cannot name another
// query. It may be called by several goroutines.
type NamedQuery func(ctx context.Context, resourceType string, params url.Values) (rawQuery string, err error)
