package custom

import (
	"slices"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// Values are the values of custom parameters that one version brings along, whether the
// parameters are in use or staged. A deletion has the zero Values.
type Values struct {
	of            *param.Registry // has the parameters that the values belong to
	inUse, staged *index.Prepared // nil for none
}

// pool holds values that were applied, for their memory.
var pool = sync.Pool{New: func() any { return new(index.Prepared) }}

// Values returns values of the parameters of now, without any so far.
func (p *Parameters) Values() Values { return Values{of: p.current.Load()} }

// Wanted reports whether resources of a type have any of the parameters.
func (v *Values) Wanted(t schema.TypeID) bool {
	return len(v.of.Customs.Places[t])+len(v.of.Customs.Staged[t]) > 0
}

// Extract makes v the values of a document, in its stored form. A parameter whose
// expression fails on the resource has no values there. b is scratch memory.
func (p *Parameters) Extract(v *Values, doc *fhirjson.Document, b *index.Builder) error {
	t, c := doc.Type(), &v.of.Customs
	v.inUse, v.staged = nil, nil
	for _, part := range []struct {
		to     **index.Prepared
		places []*param.Place
		pooled bool
	}{{&v.inUse, c.Places[t], true}, {&v.staged, c.Staged[t], false}} {
		b.Reset()
		p.extractors.ExtractPlaces(part.places, doc, b)
		if b.Len() == 0 {
			continue
		}
		if *part.to = new(index.Prepared); part.pooled {
			*part.to = pool.Get().(*index.Prepared)
		}
		if err := p.index.Prepare(*part.to, b.Payload()); err != nil {
			return err
		}
	}
	return nil
}

// Fits reports whether the parameters that a type has now are those of v. If they are not,
// values have to be extracted again.
func (p *Parameters) Fits(v *Values, t schema.TypeID) bool {
	now := p.current.Load()
	if v.of == now {
		return true
	}
	if v.of == nil {
		return false
	}
	a, b := &v.of.Customs, &now.Customs
	return slices.Equal(a.Places[t], b.Places[t]) && slices.Equal(a.Staged[t], b.Staged[t])
}

// InUse returns the values of the parameters in use, for [index.Item.Custom].
func (v *Values) InUse() *index.Prepared { return v.inUse }

// Release gives the values back once they were applied.
func (v *Values) Release() {
	if v.inUse != nil {
		pool.Put(v.inUse)
		v.inUse = nil
	}
}

// Keep keeps the values of staged parameters of a version that was just applied. It is the
// writer's.
func (p *Parameters) Keep(o index.Ordinal, v *Values) {
	if v.staged != nil {
		p.kept = append(p.kept, index.Late{Ordinal: o, Values: v.staged})
	}
}
