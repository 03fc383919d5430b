package exec

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/pagetoken"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// page fills in the total and the matches of the page that begins at offset.
func (ev *evaluation) page(r *Result, q *query.Query, offset int) error {
	if q.Containment.Alone {
		return ev.pageInside(r, q, offset)
	}
	if len(q.Sort) == 0 && !q.Containment.Inside {
		if posting, ok := ev.single(q); ok {
			return ev.pageOf(r, q, posting, offset)
		}
	}
	set, err := ev.all(q)
	if err != nil {
		return err
	}
	r.Total = int(set.GetCardinality())
	if q.PageSize == 0 || offset >= r.Total {
		return nil
	}
	if len(q.Sort) > 0 {
		r.Matches, err = ev.sorted(set, q.Sort, offset, q.PageSize)
		return err
	}
	start := time.Now()
	r.Matches = newest(set, offset, min(q.PageSize, r.Total-offset))
	ev.worked(start, search.Step{Part: "page", Way: search.ByAge, Found: len(r.Matches)})
	return nil
}

// newest returns count members of set downwards, after the offset largest ones.
func newest(set *roaring.Bitmap, offset, count int) []index.Ordinal {
	matches := make([]index.Ordinal, 0, count)
	last := int(set.GetCardinality()) - 1 - offset
	if last < 0 {
		return matches
	}
	start, err := set.Select(uint32(last))
	if err != nil {
		return matches // cannot be: last is below the cardinality
	}
	for it := set.ReverseIterator(); it.HasNext() && len(matches) < count; {
		if o := it.Next(); o <= start {
			matches = append(matches, index.Ordinal(o))
		}
	}
	return matches
}

// single returns the posting that is the whole answer to a query, as for a search by
// one code, if there is one. Then no ordinals are copied.
func (ev *evaluation) single(q *query.Query) (index.Posting, bool) {
	if len(q.Searched) != 1 || ev.allow(q.Searched[0]) != nil {
		return index.Posting{}, false
	}
	switch len(q.Clauses) {
	case 0:
		return ev.view.OfType(index.TypeID(q.Searched[0])), true
	case 1:
		if n, ok := ev.choose(q.Searched[0], q.Clauses[0].Of[0]).(*lookupNode); ok && n.pure() && len(n.found) < 2 {
			var whole index.Posting
			if len(n.found) == 1 {
				whole = n.found[0]
			}
			ev.counted(q, n, whole.Len())
			return whole, true
		}
	}
	return index.Posting{}, false
}

// counted adds to the plan the step of a query whose only node is not evaluated, since its
// posting is the answer.
func (ev *evaluation) counted(q *query.Query, n node, found int) {
	if ev.explained != nil {
		_, way := n.explain()
		step := search.Step{Type: q.Searched[0].String(), Part: q.Clauses[0].Part, Way: way, Estimate: n.estimate(), Found: found}
		ev.explained.plan.Steps = append(ev.explained.plan.Steps, step)
	}
}

// pageOf fills in a page of the visible ordinals of a posting, newest first.
func (ev *evaluation) pageOf(r *Result, q *query.Query, p index.Posting, offset int) error {
	if r.Total = p.CountVisible(); q.PageSize == 0 || offset >= r.Total {
		return ev.charge(1)
	}
	start, skip := time.Now(), offset
	for o := range p.Backward(index.MaxOrdinal) {
		if err := ev.charge(1); err != nil {
			return err
		}
		switch {
		case !ev.view.Visible(o):
		case skip > 0:
			skip--
		default:
			r.Matches = append(r.Matches, o)
		}
		if len(r.Matches) == q.PageSize {
			break
		}
	}
	ev.worked(start, search.Step{Part: "page", Way: search.ByAge, Found: len(r.Matches)})
	return nil
}

// Cut shortens a page to its first n matches: the next page begins after them.
func (e *Engine) Cut(ctx context.Context, view index.View, q *query.Query, r *Result, n int) error {
	if r.Matches = r.Matches[:n]; r.Contained != nil {
		r.Contained = r.Contained[:n]
	}
	r.Included, r.Next = nil, e.token(view, q, r.Sequence, r.offset+n)
	return e.evaluation(ctx, view).include(r, q)
}

// links fills in the tokens of the pages around the one at offset.
func (e *Engine) links(view index.View, r *Result, q *query.Query, offset int) {
	r.offset = offset
	if q.PageSize == 0 {
		return
	}
	token := func(offset int) string { return e.token(view, q, r.Sequence, offset) }
	r.First = token(0)
	r.Last = token(max(0, (r.Total-1)/q.PageSize*q.PageSize))
	if next := offset + q.PageSize; next < r.Total {
		r.Next = token(next)
	}
	if offset > 0 {
		r.Previous = token(max(0, offset-q.PageSize))
	}
}

// token makes a page token. Its position counts matches in order, as of its sequence. A
// view of that sequence always gives the same answer under the same settings, so a
// position means the same match.
func (e *Engine) token(view index.View, q *query.Query, sequence uint64, offset int) string {
	return e.pages.Seal(pagetoken.Token{
		Kind: pagetoken.Search, Sequence: sequence, Position: uint64(offset), Request: request(view, q), Settings: e.answers(view, q),
	})
}

// request returns a hash that tells queries apart: a token is valid for its own query.
func request(view index.View, q *query.Query) uint64 {
	return pagetoken.Hash(q.Where()+"?"+q.Self(), bound(view, q))
}

// answers returns a hash of everything on which answers depend beside the store's state
// and the query: the settings, the extractor, and the meaning of the query's custom
// parameters.
func (e *Engine) answers(view index.View, q *query.Query) uint64 {
	on := []string{e.identity}
	for _, c := range asked(view, q) { // their names may stand for something else one day
		on = append(on, c.Meaning())
	}
	return pagetoken.Hash(on...)
}

// identify returns a text that differs for other settings and extractor versions.
func (e *Engine) identify() string {
	var b strings.Builder
	for _, year := range []int{1900, 1970, 2000, 2020, 2040} {
		for _, month := range []time.Month{time.January, time.July} {
			_, offset := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC).In(e.zone).Zone()
			fmt.Fprint(&b, offset, " ")
		}
	}
	fmt.Fprint(&b, e.zone, " ", e.base, " ", e.registry.Versions)
	return b.String()
}

// readToken reads the query's page token.
func (e *Engine) readToken(view index.View, q *query.Query) (sequence uint64, offset int, err error) {
	t, err := e.pages.Open(q.Page, pagetoken.Search)
	switch {
	case err != nil || t.Request != request(view, q) || t.Position > math.MaxInt32:
		return 0, 0, ErrInvalidPage
	case t.Settings != e.answers(view, q):
		return 0, 0, ErrStalePage
	}
	return t.Sequence, int(t.Position), nil
}
