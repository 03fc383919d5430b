package datastore

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Verify reads every version that the store holds, deletions included, and checks
// that it opens, parses, is canonical, has the id and number that the index says,
// and that its stored search values are what extracting them again gives. It
// reports ErrCorrupt and the place in the log at the first that does not. A
// million versions take about ten seconds; others may read and write meanwhile.
func (s *Store) Verify(ctx context.Context) error {
	now, err := s.snapshot()
	if err != nil {
		return err
	}
	for o := index.FirstOrdinal; o <= now.view.Last(); o++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if now.view.Hole(o) {
			continue
		}
		if err := now.verify(o); err != nil {
			return fmt.Errorf("%w: version %d of the log: %w", ErrCorrupt, o, err)
		}
	}
	return nil
}

// verify checks one version.
func (now *Snapshot) verify(o index.Ordinal) error {
	part, err := now.store.log.Values(logOrdinal(o), nil)
	if err != nil {
		return err
	}
	h, block, err := splitItem(part)
	if err != nil {
		return err
	}
	t, id := now.view.Key(o)
	if h.typ != schema.TypeID(t) || h.id != id || h.version != now.view.VersionNumber(o) || h.deleted != now.view.Deleted(o) {
		return errors.New("its header and the index differ")
	}
	v, err := now.version(o)
	if err != nil || h.deleted {
		return err
	}
	var doc fhirjson.Document
	if err := fhirjson.Parse(v.JSON, &doc, &anyStored); err != nil {
		return err
	}
	if again := fhirjson.AppendCanonical(nil, &doc, 0); !bytes.Equal(again, v.JSON) {
		return errors.New("not canonical")
	}
	stored, err := unpack(nil, block)
	if err != nil {
		return err
	}
	again, err := now.store.extractAgain(o, nil)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, stored) {
		return errors.New("its stored values are not what extraction gives")
	}
	return nil
}
