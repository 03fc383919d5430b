package engine

import (
	"context"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Retention says which superseded versions are kept. The current version of a resource,
// which may be its deletion, is always kept.
type Retention struct {
	// Keep is for all types but those of Types.
	Keep Rule
	// Types are the rules of some types.
	Types map[schema.TypeID]Rule
}

// A Rule keeps a superseded version that one of its fields keeps. The zero Rule keeps all.
type Rule struct {
	Versions int           // the newest versions of a resource, the current one counted; 0 keeps none
	Age      time.Duration // versions that were current so long ago, or later; 0 keeps none
}

// of returns the rule of a type.
func (r *Retention) of(t schema.TypeID) Rule {
	if rule, ok := r.Types[t]; ok {
		return rule
	}
	return r.Keep
}

// outlived announces that versions leave the log, and returns the versions that a
// retention does not keep. A version that a hold sees is kept.
func (e *Engine) outlived(ctx context.Context, keep *Retention) (*roaring.Bitmap, error) {
	now, err := e.now(ctx)
	if err != nil {
		return nil, err
	}
	o := outliving{ctx: ctx, keep: keep, now: now.micros, view: e.Last(), first: true}
	o.to = o.view.Last()
	set, err := o.find()
	if err != nil || set.IsEmpty() {
		return set, err
	}
	if _, err := e.announce(ctx); err != nil {
		return nil, err
	}
	o.view, o.to, o.first = e.Last(), e.index.Horizon(), false
	return o.find()
}

// An outliving is one search for versions that a retention does not keep.
type outliving struct {
	ctx   context.Context
	keep  *Retention
	now   int64 // microseconds since the Unix epoch
	view  View
	to    index.Ordinal // what it or later ones superseded is kept
	first bool          // one is enough
}

func (o *outliving) find() (*roaring.Bitmap, error) {
	var found []uint32
	for t := range schema.Types {
		rule := o.keep.of(schema.TypeID(t))
		if rule == (Rule{}) {
			continue
		}
		n := 0
		for v := range o.view.OfType(index.TypeID(t)).All() {
			if n++; n%4096 == 0 && o.ctx.Err() != nil {
				return nil, o.ctx.Err()
			}
			if o.view.Hole(v) || o.keeps(rule, v) {
				continue
			}
			if found = append(found, uint32(v)); o.first {
				break
			}
		}
	}
	return roaring.BitmapOf(found...), nil
}

// keeps reports whether a version is kept.
func (o *outliving) keeps(rule Rule, v index.Ordinal) bool {
	by := o.view.SupersededBy(v)
	if by == 0 || by > o.to {
		return true
	}
	if rule.Age > 0 && o.now-o.view.CommitTime(by) <= rule.Age.Microseconds() {
		return true
	}
	for range rule.Versions {
		if v = o.view.SupersededBy(v); v == 0 {
			return true
		}
	}
	return false
}
