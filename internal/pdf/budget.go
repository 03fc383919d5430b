package pdf

import (
	"context"
	"fmt"
)

// Limits bound the cost of a document. The zero value of each field is its default.
type Limits struct {
	// Text is the largest text in bytes: 64 MiB by default.
	Text int
	// Stream is the largest decompressed stream in bytes: 64 MiB by default.
	Stream int
	// Work is how many bytes may be parsed, decompressed and interpreted in all: 4 GiB
	// by default. Short tokens and other steps count as several bytes, so that this is
	// some seconds.
	Work int
}

func (l *Limits) withDefaults() Limits {
	var filled Limits
	if l != nil {
		filled = *l
	}
	if filled.Text <= 0 {
		filled.Text = 64 << 20
	}
	if filled.Stream <= 0 {
		filled.Stream = 64 << 20
	}
	if filled.Work <= 0 {
		filled.Work = 4 << 30
	}
	return filled
}

// The cost of a token, of an entry of a table, and of a decompressor's tables, beside their
// bytes. So a unit of work is about a nanosecond.
const (
	perStep    = 32
	perInflate = 32 << 10
)

// A budget is the rest of the limits of one document.
type budget struct {
	ctx   context.Context
	left  int
	since int // work since ctx was looked at
}

// A stop is the panic that ends a reading; Text recovers it.
type stop struct{ err error }

// spend takes work off the budget.
func (b *budget) spend(work int) {
	b.left -= work
	b.since += work
	if b.left < 0 {
		panic(stop{fmt.Errorf("%w: too much work", ErrLimit)})
	}
	if b.since >= 64<<10 {
		b.since = 0
		if err := b.ctx.Err(); err != nil {
			panic(stop{err})
		}
	}
}
