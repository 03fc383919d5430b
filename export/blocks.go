package export

import (
	"context"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/datastore"
)

// blocksName is the name of files that are organized by patients.
const blocksName = "Patients"

// A block is the exported resources of one patient.
type block struct {
	opening  []byte // a line
	versions []datastore.Ordinal
}

// blocks calls yield with the block of each patient that has one, in the order of the
// log, until it returns false. Versions in no block are left in c.sets. It searches as
// of the choice's state.
func (c *choice) blocks(ctx context.Context, yield func(block) bool) error {
	all, seen := roaring.New(), roaring.New()
	var types []string
	for _, typ := range c.types {
		all.Or(c.sets[typ])
		if inCompartment(typ) {
			types = append(types, typ)
		}
	}
	within := c.in
	if within == nil {
		within = &patients{all: true}
	}
	order, err := compartment(ctx, c.from, patient, within)
	if err != nil {
		return err
	}
	for it := order.Iterator(); it.HasNext() && len(types) > 0; {
		self := datastore.Ordinal(it.Next())
		ref := c.from.Describe(self).Ref
		found, err := c.from.Select(ctx, "", "_type="+strings.Join(types, ","), datastore.InCompartment(ref))
		if err != nil {
			return err
		}
		b := block{opening: appendOpening(nil, ref)}
		if all.Contains(uint32(self)) {
			b.versions = append(b.versions, self)
		}
		for o := range found {
			if all.Contains(uint32(o)) && !order.Contains(uint32(o)) {
				b.versions = append(b.versions, o)
			}
		}
		for _, o := range b.versions {
			seen.Add(uint32(o))
		}
		if len(b.versions) > 0 && !yield(b) {
			return nil
		}
	}
	for _, set := range c.sets {
		set.AndNot(seen)
	}
	return nil
}

// appendHead appends the line that begins a patient's block (Bulk Data Access IG 3.0.0).
func appendOpening(dst []byte, ref datastore.Ref) []byte {
	dst = append(dst, `{"resourceType":"Parameters","parameter":[{"name":"header","valueReference":{"reference":"`...)
	return append(append(dst, ref.String()...), "\"}}]}\n"...)
}
