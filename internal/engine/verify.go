package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

// Verify reads every version and checks that it opens, parses, is canonical, has the
// id and number that the index says, and that its stored search values are what
// extracting them again gives. It reports ErrCorrupt and the place in the log at the
// first that does not.
func (e *Engine) Verify(ctx context.Context) error {
	now, err := e.Hold()
	if err != nil {
		return err
	}
	defer now.Release()
	for o := index.FirstOrdinal; o <= now.Last(); o++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if now.Hole(o) {
			continue
		}
		if err := now.verify(o); err != nil {
			return fmt.Errorf("%w: item %d of the log: %w", ErrCorrupt, e.numbers.of(o), err)
		}
	}
	return nil
}

// verify checks one version.
func (v View) verify(o index.Ordinal) error {
	e := v.engine
	part, err := e.log.Values(e.numbers.of(o), nil)
	if err != nil {
		return err
	}
	h, block, err := splitItem(part)
	if err != nil {
		return err
	}
	t, id := v.Key(o)
	if h.typ != schema.TypeID(t) || h.id != id || uint64(h.version) != v.VersionNumber(o) || h.deleted != v.Deleted(o) {
		return errors.New("its header and the index differ")
	}
	if h.deleted {
		return nil
	}
	json, err := v.AppendJSON(nil, o)
	if err != nil {
		return err
	}
	var doc fhirjson.Document
	if err := ParseStored(json, &doc); err != nil {
		return err
	}
	if again := fhirjson.AppendCanonical(nil, &doc, 0); !bytes.Equal(again, json) {
		return errors.New("not canonical")
	}
	if h.extractor != search.Version(h.typ) {
		return nil // another extractor's values are made again wherever they are read
	}
	stored, err := unpackValues(nil, block)
	if err != nil {
		return err
	}
	again, err := e.extractAgain(o, nil)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, stored) {
		return errors.New("its stored values are not what extraction gives")
	}
	return nil
}
