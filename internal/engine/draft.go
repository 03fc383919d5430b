package engine

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
)

// A Draft searches prepared resources before any of them is written. It answers
// criteria that look at one resource alone. It is for one goroutine, and must not be
// used once its resources were committed.
type Draft struct {
	engine *Engine
	search *exec.Draft
}

// Draft returns a draft of prepared resources. None may be a deletion.
func (e *Engine) Draft(of []*Prepared) (*Draft, error) {
	d := &Draft{e, e.search.Draft(e.log.HashKey())}
	items := make([]index.Item, len(of))
	payloads := make([][]byte, len(of))
	for i, p := range of {
		if err := e.renew(p); err != nil {
			return nil, err
		}
		items[i] = index.Item{Type: index.TypeID(p.Type), ID: p.ID, Version: 1, Values: p.values, Custom: p.custom.complete}
		setItem(p.part, 1, Update) // as if; the writer knows
		_, block, err := splitItem(p.part)
		if err != nil {
			return nil, err
		}
		if payloads[i], err = e.packing.unpack(nil, block); err != nil {
			return nil, err
		}
	}
	return d, d.search.Add(items, payloads)
}

// Matches returns the indexes of the draft's resources that criteria find.
func (d *Draft) Matches(ctx context.Context, c *Criterion) ([]int, error) {
	matches, err := d.search.Matches(ctx, c.query)
	return matches, QueryError(err)
}
