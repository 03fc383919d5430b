package engine

import (
	"sort"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// A numbering maps the ordinals of the index to numbers of the log. An item keeps its
// number for good, with gaps for named state and dropped items; ordinals have no gaps.
// The writer adds to a numbering, and any goroutine reads it.
type numbering struct {
	spans atomic.Pointer[[]span]
}

// A span is a run of ordinals whose numbers follow one another.
type span struct {
	ordinal index.Ordinal
	number  txlog.Number
}

// add says that the ordinals from o on have the numbers from number on.
func (n *numbering) add(o index.Ordinal, number txlog.Number) {
	var spans []span
	if p := n.spans.Load(); p != nil {
		spans = *p
	}
	if len(spans) > 0 {
		if last := spans[len(spans)-1]; last.number+txlog.Number(o-last.ordinal) == number {
			return
		}
	}
	// Readers hold shorter slices of the same array, which append leaves alone.
	grown := append(spans, span{o, number})
	n.spans.Store(&grown)
}

// of returns the number of an ordinal that was added.
func (n *numbering) of(o index.Ordinal) txlog.Number {
	p := n.spans.Load()
	if p == nil {
		return 0
	}
	spans := *p
	i := sort.Search(len(spans), func(i int) bool { return spans[i].ordinal > o }) - 1
	if i < 0 {
		return 0
	}
	return spans[i].number + txlog.Number(o-spans[i].ordinal)
}

// from returns the first ordinal whose number is n or a later one, as far as ordinals
// were added: behind them it counts on.
func (n *numbering) from(number txlog.Number) index.Ordinal {
	p := n.spans.Load()
	if p == nil {
		return index.FirstOrdinal
	}
	spans := *p
	i := sort.Search(len(spans), func(i int) bool { return spans[i].number > number }) - 1
	if i < 0 {
		return spans[0].ordinal
	}
	o := spans[i].ordinal + index.Ordinal(number-spans[i].number)
	if i+1 < len(spans) {
		o = min(o, spans[i+1].ordinal)
	}
	return o
}
