package engine

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
)

// A Draft answers criteria from prepared resources before any of these is written. The
// criteria must look at one resource alone. The answers pass the filter of the state beside
// which the draft was made. A Draft is for one goroutine, and must not be used once its
// resources were committed.
type Draft struct {
	search *exec.Draft
	filter *exec.Filter
}

// Draft returns a draft of prepared resources beside the state. None may be a deletion.
func (h *Hold) Draft(of []*Prepared) (*Draft, error) {
	e := h.engine
	documents := func(i int, doc *fhirjson.Document) error { return e.parsePacked(of[i].body, doc) }
	d := &Draft{e.search.Draft(e.log.HashKey(), documents), exec.FilterOf(h.View.View)}
	items := make([]index.Item, len(of))
	payloads := make([][]byte, len(of))
	for i, p := range of {
		if err := e.renew(p); err != nil {
			return nil, err
		}
		items[i] = index.Item{Type: index.TypeID(p.Type), ID: p.ID, Version: 1, Values: p.values, Custom: p.custom.InUse()}
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
	matches, err := d.search.Matches(ctx, c.query, d.filter)
	return matches, QueryError(err)
}

// parsePacked parses a body part.
func (e *Engine) parsePacked(body []byte, doc *fhirjson.Document) error {
	stored, err := e.packing.unpack(nil, body)
	if err != nil {
		return err
	}
	return ParseStored(stored, doc)
}
