package exec

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
)

// A Draft answers queries from versions that are not applied yet. The queries must look at
// one resource alone. A Draft is for one goroutine, and good as long as the custom
// parameters stay as they are.
//
// Of a filter, only the conditions that look at one resource alone count. If the filter has
// other conditions ([FootprintOf]), the answer may have more than the filter lets through.
type Draft struct {
	engine   *Engine
	payloads [][]byte
}

// Draft returns an empty draft. key is that of the index by which its versions were
// prepared. documents parses a version by the order in which they are
// added, from 0.
func (e *Engine) Draft(key [16]byte, documents func(i int, doc *fhirjson.Document) error) *Draft {
	d, settings := new(Draft), param.Settings{Zone: e.zone, Base: e.base}
	d.engine = New(index.NewWith(key, settings.Settle()), Options{
		Settings: settings, Now: e.now, CostLimit: e.costLimit,
		Values: func(o index.Ordinal, dst []byte) ([]byte, error) {
			return append(dst, d.payloads[o-index.FirstOrdinal]...), nil
		},
		Documents: func(o index.Ordinal, doc *fhirjson.Document) error {
			return documents(int(o-index.FirstOrdinal), doc)
		},
	})
	d.engine.custom = e.custom.Fixed()
	return d
}

// Add adds versions and their payloads.
func (d *Draft) Add(items []index.Item, payloads [][]byte) error {
	view := d.engine.index.View()
	d.payloads = append(d.payloads, payloads...)
	_, err := d.engine.index.ApplyAll([]index.Commit{{Sequence: view.Sequence() + 1, Items: items}})
	return err
}

// Any reports whether one of the versions matches a query and passes a filter, nil for
// none.
func (d *Draft) Any(ctx context.Context, q *query.Query, f *Filter) (bool, error) {
	set, err := d.all(ctx, q, f)
	return err == nil && !set.IsEmpty(), err
}

// Matches returns which of the versions match a query and pass a filter, nil for none, by
// the order in which they were added, from 0.
func (d *Draft) Matches(ctx context.Context, q *query.Query, f *Filter) ([]int, error) {
	set, err := d.all(ctx, q, f)
	if err != nil {
		return nil, err
	}
	var matches []int
	for it := set.Iterator(); it.HasNext(); {
		matches = append(matches, int(it.Next())-int(index.FirstOrdinal))
	}
	return matches, nil
}

func (d *Draft) all(ctx context.Context, q *query.Query, f *Filter) (*roaring.Bitmap, error) {
	view := d.engine.index.View()
	if f != nil {
		view = view.Through(f.alone)
	}
	return d.engine.evaluation(ctx, view).all(q)
}
