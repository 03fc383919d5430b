package export

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/go-json-experiment/json"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

const provenance = "Provenance"

// associate adds the Provenances of Options.Associated.
func (c *choice) associate(ctx context.Context) error {
	if len(c.options.Associated) == 0 {
		return nil
	}
	every := slices.Contains(c.options.Associated, RelevantProvenance)
	found := roaring.New()
	type latest struct {
		recorded time.Time
		by       datastore.Ordinal
	}
	last := map[datastore.Ordinal]latest{}
	all, err := c.from.Select(ctx, provenance, "")
	if err != nil {
		return fmt.Errorf("export: choosing Provenances: %w", err)
	}
	var text []byte
	for o := range all {
		if text, err = c.from.AppendJSON(text[:0], o); err != nil {
			return fmt.Errorf("export: choosing Provenances: %w", err)
		}
		var about struct {
			Recorded string      `json:"recorded"`
			Target   []reference `json:"target"`
		}
		if err := json.Unmarshal(text, &about); err != nil {
			return fmt.Errorf("export: %w: a Provenance cannot be read", datastore.ErrCorrupt)
		}
		var recorded time.Time
		if t, err := fhirtime.ParseInstant(about.Recorded); err == nil {
			recorded = t.Start()
		}
		for _, target := range about.Target {
			is, ok, err := c.chosen(ctx, target.Reference)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if every {
				found.Add(uint32(o))
			}
			if before, ok := last[is]; !ok || !recorded.Before(before.recorded) {
				last[is] = latest{recorded, o}
			}
		}
	}
	for _, l := range last {
		found.Add(uint32(l.by))
	}
	if found.IsEmpty() {
		return nil
	}
	if at, ok := slices.BinarySearch(c.types, provenance); !ok {
		c.types = slices.Insert(slices.Clone(c.types), at, provenance)
		c.sets[provenance] = found
		return nil
	}
	c.sets[provenance].Or(found)
	return nil
}

// chosen returns the exported version of the resource that a reference names. It reports
// false if that resource is not exported or is a Provenance.
func (c *choice) chosen(ctx context.Context, target string) (datastore.Ordinal, bool, error) {
	typ, id := splitReference(target)
	set := c.sets[typ]
	if typ == provenance || set == nil {
		return 0, false, nil
	}
	o, err := c.from.Find(ctx, datastore.Ref{Type: typ, ID: id})
	if errors.Is(err, datastore.ErrNotFound) || errors.Is(err, datastore.ErrGone) {
		return 0, false, nil
	}
	return o, err == nil && set.Contains(uint32(o)), err
}
