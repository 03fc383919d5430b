package search

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
)

// asWritten reports whether a value of the match is compared with values as they are
// written.
func (m *match) asWritten() bool {
	return slices.ContainsFunc(m.values, func(v value) bool { return v.written })
}

// written evaluates the values of a match that are compared with values as they are
// written. The dictionary has folded texts alone: what is stored of each candidate is
// read.
func (ev *evaluation) written(m *match, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	streams := m.param.seen(m.modifier)
	var present []index.Posting
	for _, s := range streams {
		present = append(present, ev.view.Posting(ev.terms.Present(s.id)))
	}
	candidates, err := ev.union(present, within)
	if err != nil {
		return nil, err
	}
	ev.view.RetainVisible(candidates)
	set := roaring.New()
	for o := range roaring.Values(candidates) {
		entries, err := ev.entries(streams, index.Ordinal(o))
		if err != nil {
			return nil, err
		}
		holds := func(e index.Entry) bool {
			return m.param.knows(e.Param) && slices.ContainsFunc(m.values, func(v value) bool {
				return v.written && v.holdsWritten(m.modifier, &e)
			})
		}
		if slices.ContainsFunc(entries, holds) {
			set.Add(o)
		}
	}
	return set, nil
}

// holdsWritten reports whether a string as it is written satisfies a value.
func (v *value) holdsWritten(mod modifier, entry *index.Entry) bool {
	switch mod {
	case modExact, modEquals:
		return entry.Exact == v.text
	case modStarts:
		return strings.HasPrefix(entry.Exact, v.text)
	case modEnds:
		return strings.HasSuffix(entry.Exact, v.text)
	case modOrder:
		return v.prefix.holds(strings.Compare(entry.Exact, v.text))
	}
	return strings.Contains(entry.Exact, v.text)
}
