package engine

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/search/custom"
)

// fill fills custom search parameters, beside the writer, until the engine is closed.
func (e *Engine) fill(ctx context.Context) {
	defer close(e.filled)
	e.search.Custom().Run(ctx, fillingStore{e}, e.options.Logger)
}

// A fillingStore is what filling asks of the engine.
type fillingStore struct{ *Engine }

// Turn implements [custom.Store].
func (s fillingStore) Turn(ctx context.Context, f func() error) error { return s.take(ctx, f) }

// Changed implements [custom.Store].
func (s fillingStore) Changed() { s.parameters.changed.tell() }

var _ custom.Store = fillingStore{}

// extractOwn extracts the values of custom parameters from the stored form: an
// expression may read any element, and stored versions are filled from the stored form
// too.
func (e *Engine) extractOwn(_ context.Context, c *scratch) error {
	p := c.out
	p.custom = e.search.Custom().Values()
	if !p.custom.Wanted(p.Type) {
		return nil
	}
	if !c.doc.AsStored([]byte(p.ID)) {
		if err := ParseStored(c.stored, &c.doc); err != nil {
			return err
		}
	}
	return e.search.Custom().Extract(&p.custom, &c.doc, &c.builder)
}

// renewed reports whether the custom values of a resource are those of the parameters of
// now.
func (e *Engine) renewed(p *Prepared) bool {
	return p.Deletes() || p.isBare() || e.search.Custom().Fits(&p.custom, p.Type)
}

// renew extracts the custom values of a resource again if the parameters have changed
// since it was prepared.
func (e *Engine) renew(p *Prepared) error {
	if e.renewed(p) {
		return nil
	}
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	var err error
	if c.stored, err = e.packing.unpack(c.stored[:0], p.body); err != nil {
		return err
	}
	if err := ParseStored(c.stored, &c.doc); err != nil {
		return err
	}
	p.custom = e.search.Custom().Values()
	return e.search.Custom().Extract(&p.custom, &c.doc, &c.builder)
}
