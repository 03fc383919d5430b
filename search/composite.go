package search

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// composite evaluates a composite: resources that have an element of which each
// part holds. The index knows of which resources the parts hold; whether they do
// of one element is read from the values of these, unless the element is the
// resource itself.
func (ev *evaluation) composite(t schema.TypeID, m *match, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for i := range m.param.composites {
		for j := range m.values {
			found, err := ev.compositeAt(t, &m.param.composites[i], &m.values[j], within)
			if err != nil {
				return nil, err
			}
			set.Or(found)
		}
	}
	return set, nil
}

func (ev *evaluation) compositeAt(t schema.TypeID, c *composite, v *value, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	found := within
	var err error
	for i, part := range c.components {
		found, err = ev.step(t, &match{typ: t, param: part.param, values: v.parts[i : i+1]}, found)
		if err != nil || found.IsEmpty() {
			return found, err
		}
	}
	if c.grouped {
		return ev.sameElement(c, v, found)
	}
	return found, nil
}

// sameElement keeps the visible ones of set that have one element of which every
// part of the value holds.
func (ev *evaluation) sameElement(c *composite, v *value, set *roaring.Bitmap) (*roaring.Bitmap, error) {
	ev.view.RetainVisible(set)
	kept := roaring.New()
	var streams []*stream
	for _, part := range c.components {
		streams = append(streams, part.streams...)
	}
	var scratch elements
	for o := range roaring.Values(set) {
		entries, err := ev.entries(streams, index.Ordinal(o))
		if err != nil {
			return nil, err
		}
		if ev.elementHolds(&scratch, c, v, entries) {
			kept.Add(o)
		}
	}
	return kept, nil
}

// elements is the memory in which elementHolds numbers elements.
type elements struct{ groups, holding []uint32 }

// elementHolds reports whether a resource with the given values has one element of
// which every part of the value holds.
func (ev *evaluation) elementHolds(x *elements, c *composite, v *value, entries []index.Entry) bool {
	x.groups = x.groups[:0]
	first, all := true, true
	for i, part := range c.components {
		x.holding = x.holding[:0]
		for j := range entries {
			if ev.holds(part.param, plain, &v.parts[i], &entries[j]) {
				x.holding = append(x.holding, entries[j].Group)
			}
		}
		switch {
		case part.anywhere:
			all = all && len(x.holding) > 0
		case first:
			x.groups, first = append(x.groups, x.holding...), false
		default:
			slices.Sort(x.holding) // of which a resource may have very many
			x.groups = slices.DeleteFunc(x.groups, func(g uint32) bool {
				_, both := slices.BinarySearch(x.holding, g)
				return !both
			})
		}
	}
	return all && (first || len(x.groups) > 0)
}

// holds reports whether a value of a resource is of a parameter and satisfies a
// value of a query under a modifier: what the index answers for many, for one. The
// streams of the parameter are those that the modifier looks at. Negations and what
// has to be looked up first (hierarchies, terminology) are the caller's.
func (ev *evaluation) holds(p *param, mod modifier, v *value, entry *index.Entry) bool {
	i := slices.IndexFunc(p.streams, func(s *stream) bool { return s.id == entry.Param })
	if i < 0 {
		return false
	}
	s := p.streams[i]
	switch entry.Kind {
	case index.KindToken:
		if mod == modOfType {
			return entry.System == v.system && entry.Code == v.code
		}
		return ev.holdsToken(s, v, entry)
	case index.KindText:
		return v.holdsText(p.row.Type, mod, entry)
	case index.KindDate:
		return slices.ContainsFunc(ev.dateWindows(*v), func(w index.DateWindow) bool {
			return w.FromMin <= entry.From && entry.From <= w.FromMax && w.ToMin <= entry.To && entry.To <= w.ToMax
		})
	case index.KindNumber, index.KindQuantity:
		return slices.ContainsFunc(ev.windowsIn(v, s, entry.System, entry.Code, entry.Unit), func(w index.NumberWindow) bool {
			return above(w.LowMin, entry.Low, -1) && below(w.LowMax, entry.Low, -1) &&
				above(w.HighMin, entry.High, 1) && below(w.HighMax, entry.High, 1)
		})
	case index.KindReference:
		typ := schema.TypeID(entry.Type)
		switch {
		case v.reference.typ != 0:
			return v.reference.typ == typ && v.reference.id == entry.ID
		case !v.bare || v.text != entry.ID:
			return false
		case v.target != 0:
			return v.target == typ
		}
		return slices.Contains(ev.registry.targets(p), typ)
	case index.KindReferenceText:
		return v.reference.typ == 0 && holdsCanonical(v.reference.text, entry.Exact) && v.mayLeadTo(ev.registry)
	}
	return false
}

// holdsText reports whether a string, a uri or the text of a token satisfies a value.
func (v *value) holdsText(kind schema.ParamType, mod modifier, entry *index.Entry) bool {
	if v.written {
		return v.holdsWritten(mod, entry)
	}
	switch mod {
	case modExact:
		return entry.Exact == v.text
	case modContains:
		return strings.Contains(entry.Folded, v.folded)
	case modEquals:
		return entry.Folded == v.folded
	case modEnds:
		return strings.HasSuffix(entry.Folded, v.folded)
	case modOrder:
		return v.prefix.holds(strings.Compare(entry.Folded, v.folded))
	case modBelow:
		return isBelow(entry.Exact, v.text)
	case modAbove:
		for uri := range upwards(v.text) {
			if uri == entry.Exact {
				return true
			}
		}
		return false
	}
	if kind == schema.ParamURI {
		return entry.Exact == v.text
	}
	return strings.HasPrefix(entry.Folded, v.folded)
}

func (ev *evaluation) holdsToken(s *stream, v *value, entry *index.Entry) bool {
	switch {
	case v.system != "" && v.code != "":
		return entry.System == v.system && entry.Code == foldCode(v.code, schema.CaseSensitive(v.system))
	case v.system != "":
		return entry.System == v.system
	case v.hasSystem:
		return entry.System == "" && entry.Code == foldCode(v.code, s.sensitive)
	}
	return entry.Code == foldCode(v.code, true) || entry.Code == foldCode(v.code, false)
}

// above reports whether an end of a range keeps a lower limit. An open end,
// empty, is infinite: to the side that open says.
func above(l index.Limit, end string, open int) bool {
	switch {
	case l.Value == "":
		return true
	case end == "":
		return open > 0
	}
	order := compareDecimals(end, l.Value)
	return order > 0 || order == 0 && !l.Excluded
}

// below reports whether an end of a range keeps an upper limit.
func below(l index.Limit, end string, open int) bool {
	switch {
	case l.Value == "":
		return true
	case end == "":
		return open < 0
	}
	order := compareDecimals(end, l.Value)
	return order < 0 || order == 0 && !l.Excluded
}
