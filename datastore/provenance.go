package datastore

import (
	"bytes"
	"context"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// prepareProvenance returns the creation of the Provenance that a write asks for, if it
// asks for one.
func (s *Store) prepareProvenance(ctx context.Context, o *writeOptions, of *engine.Prepared) ([]engine.Op, error) {
	if !o.has(optWithProvenance) {
		return nil, nil
	}
	bad := func(text string) error { return engine.Failf(ErrInvalid, issue.Value, "the Provenance: %s", text) }
	text := bytes.TrimRight(o.provenance, " \t\r\n")
	if len(text) == 0 || text[len(text)-1] != '}' {
		return nil, bad("must be a resource in JSON")
	}
	text = append(bytes.Clone(text[:len(text)-1]), `,"target":[{"reference":"`+of.Type.String()+`/`+of.ID+`"}]}`...)
	id, err := s.engine.NewID(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.engine.Prepare(ctx, text, &engine.How{ID: id, Check: o.check})
	if err != nil {
		if is := engine.Issues(err)[0]; engine.Status(err) == 400 {
			return nil, bad(is.Pointer + " " + is.Diagnostics) // its places are not those of the resource
		}
		return nil, err
	}
	if p.Type != schema.TypeProvenance {
		return nil, bad("is another resource")
	}
	return []engine.Op{{Prepared: p, Condition: engine.Condition{MustNot: true}, Interaction: engine.Create}}, nil
}
