package engine

import (
	"fmt"
	"sort"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/pagetoken"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// HistoryToken returns the token of the page that follows a version in a history as of
// the view. request is the hash of the history's request; see [pagetoken.Hash].
func (v View) HistoryToken(request uint64, after index.Ordinal) string {
	return v.engine.pages.Seal(pagetoken.Token{
		Kind: pagetoken.History, Sequence: v.Sequence(), Position: uint64(v.engine.numbers.of(after)),
		Request: request, Settings: v.engine.answers(),
	})
}

// HistoryPage returns the state of a history's token and the version after which its
// page begins. It reports an [Error] of class ErrInvalid for a token that was not made
// by this store for this history, and ErrStalePage for a token of other settings, of a
// swept state, or of a state newer than the view.
func (v View) HistoryPage(token string, request uint64) (at View, after index.Ordinal, err error) {
	e := v.engine
	t, err := e.pages.Open(token, pagetoken.History)
	switch {
	case err != nil || t.Request != request:
		return View{}, 0, errForeignPage
	case t.Settings != e.answers() || t.Sequence > v.Sequence():
		return View{}, 0, errStaleHistory
	}
	then, ok := e.index.ViewAt(t.Sequence)
	if !ok || !then.Complete() || then.Sequence() != t.Sequence {
		return View{}, 0, errStaleHistory
	}
	if after, ok = e.numbers.at(txlog.Number(t.Position)); !ok || after > then.Last() {
		return View{}, 0, errStaleHistory
	}
	return View{then, e}, after, nil
}

var errStaleHistory = fmt.Errorf("%w: the page token is too old, or settings have changed since; ask for the history again without it, from its first page on", ErrStalePage)

// answers returns a hash of the settings on which pages depend.
func (e *Engine) answers() uint64 { return pagetoken.Hash(string(e.options.settings())) }

// at returns the ordinal of a number, if there is one.
func (n *numbering) at(number txlog.Number) (index.Ordinal, bool) {
	p := n.spans.Load()
	if p == nil {
		return 0, false
	}
	spans := *p
	i := sort.Search(len(spans), func(i int) bool { return spans[i].number > number }) - 1
	if i < 0 {
		return 0, false
	}
	o := spans[i].ordinal + index.Ordinal(number-spans[i].number)
	return o, i == len(spans)-1 || o < spans[i+1].ordinal
}
