package search

import (
	"slices"

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
	var groups, holding []uint32
	for o := range roaring.Values(set) {
		entries, err := ev.entries(index.Ordinal(o))
		if err != nil {
			return nil, err
		}
		groups = groups[:0]
		first, all := true, true
		for i, part := range c.components {
			holding = holding[:0]
			for j := range entries {
				if ev.holds(part.param, &v.parts[i], &entries[j]) {
					holding = append(holding, entries[j].Group)
				}
			}
			switch {
			case part.anywhere:
				all = all && len(holding) > 0
			case first:
				groups, first = append(groups, holding...), false
			default:
				groups = slices.DeleteFunc(groups, func(g uint32) bool { return !slices.Contains(holding, g) })
			}
		}
		if all && (first || len(groups) > 0) {
			kept.Add(o)
		}
	}
	return kept, nil
}

// holds reports whether a value of a resource is of a parameter and satisfies a
// value of a query: what the index answers for many, for one.
func (ev *evaluation) holds(p *param, v *value, entry *index.Entry) bool {
	i := slices.IndexFunc(p.streams, func(s *stream) bool { return s.id == entry.Param })
	if i < 0 {
		return false
	}
	s := p.streams[i]
	switch entry.Kind {
	case index.KindToken:
		return ev.holdsToken(s, v, entry)
	case index.KindText:
		if p.row.Type == schema.ParamURI {
			return entry.Exact == v.text
		}
		return len(entry.Folded) >= len(v.folded) && entry.Folded[:len(v.folded)] == v.folded
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
		if v.reference.typ != 0 {
			return v.reference.typ == typ && v.reference.id == entry.ID
		}
		return v.bare && v.text == entry.ID && slices.Contains(ev.registry.targets(p), typ)
	case index.KindReferenceText:
		return v.reference.typ == 0 && holdsCanonical(v.reference.text, entry.Exact)
	}
	return false
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
