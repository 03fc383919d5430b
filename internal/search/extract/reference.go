package extract

import (
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// refer adds a reference in a form that does not depend on the store's own address.
func (x *Extractor) refer(p index.Param, group uint32, s string) {
	s = param.WithoutVersion(s)
	if to := x.ReadReference(s, ""); to.Type != 0 {
		x.local(p, group, to.Type, to.ID)
		return
	}
	if before, typ, id, ok := x.Address(s); ok {
		x.b.Address(p, group, before, index.TypeID(typ), id, x.shift != 0)
		return
	}
	x.b.ReferenceText(p, group, s)
}

// local adds a reference to a resource of this store. In a contained resource it is
// a mention: an edge of the index would cost several times as much.
func (x *Extractor) local(p index.Param, group uint32, typ schema.TypeID, id string) {
	if x.shift != 0 {
		x.b.Mention(p, group, index.TypeID(typ), id)
		return
	}
	x.b.Reference(p, group, index.TypeID(typ), id)
}
