package exec

import (
	"context"
	"sync/atomic"
)

// The costs of work. The unit is looking at one ordinal of a posting, about 5 ns.
const (
	costOfText   = 5  // to look at a text of the dictionary
	costOfHit    = 10 // to add its posting to others
	costOfNumber = 4  // to compare a range of numbers
	costOfBlock  = 64 // to open and decode a values block, beside its bytes

	costOfUnit       = 1000 // to parse a code of UCUM
	costOfConversion = 1000 // to convert a quantity of the query into its unit
)

// A meter ends a search whose cost limit or time is used up.
type meter struct {
	ctx    context.Context
	left   int     // of the cost limit
	budget *Budget // shared with other searches, or nil
}

// charge counts work. Every loop whose length depends on a query calls it.
func (m *meter) charge(work int) error {
	if m.left -= work + 1; m.left < 0 {
		return ErrTooCostly
	}
	if m.budget != nil && m.budget.left.Add(-int64(work)-1) < 0 {
		return ErrTooCostly
	}
	return m.ctx.Err()
}

// costLimitKey is the key under which a context carries a limit of cost.
type costLimitKey struct{}

// WithCostLimit returns a context whose searches cost no more than a limit, in
// ordinals and texts looked at, if that is less than the engine's own.
func WithCostLimit(ctx context.Context, limit int) context.Context {
	return context.WithValue(ctx, costLimitKey{}, limit)
}

// meter returns the meter of one search.
func (e *Engine) meter(ctx context.Context) meter {
	m := meter{ctx: ctx, left: e.costLimit}
	if limit, ok := ctx.Value(costLimitKey{}).(int); ok {
		m.left = min(limit, e.costLimit)
	}
	m.budget, _ = ctx.Value(budgetKey{}).(*Budget)
	return m
}

// A Budget is a cost limit that several searches share, in ordinals and texts looked
// at. It is safe for several goroutines.
type Budget struct{ left atomic.Int64 }

// budgetKey is the key under which a context carries a budget.
type budgetKey struct{}

// WithBudget returns a context whose searches together cost no more than a limit.
func WithBudget(ctx context.Context, limit int) context.Context {
	b := new(Budget)
	b.left.Store(int64(limit))
	return context.WithValue(ctx, budgetKey{}, b)
}
