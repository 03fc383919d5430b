package datastore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Check reads every version of the store: each opens, parses, is canonical, has
// the id, number and time that the index says, and its stored values are what
// extracting again gives.
func Check(s *Store) error {
	now := s.Snapshot()
	for o := index.FirstOrdinal; o <= now.view.Last(); o++ {
		if now.view.Hole(o) {
			continue
		}
		if err := check(now, o); err != nil {
			return fmt.Errorf("ordinal %d: %w", o, err)
		}
	}
	return nil
}

func check(now *Snapshot, o index.Ordinal) error {
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
		return fmt.Errorf("the header and the index differ")
	}
	v, err := now.version(o)
	if err != nil || h.deleted {
		return err
	}
	var doc fhirjson.Document
	if err := fhirjson.Parse(v.JSON, &doc, nil); err != nil {
		return err
	}
	if again := fhirjson.AppendCanonical(nil, &doc, 0); !bytes.Equal(again, v.JSON) {
		return fmt.Errorf("not canonical")
	}
	again, err := now.store.extractAgain(o)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, block) {
		return fmt.Errorf("stored values are not what extraction gives")
	}
	if got, err := now.ReadVersion(context.Background(), v.Ref, v.VersionID); err != nil || !bytes.Equal(got.JSON, v.JSON) {
		return fmt.Errorf("version cannot be read: %w", err)
	}
	return nil
}
