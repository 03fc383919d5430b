package exec

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
)

// Joins along canonicals go through the terms of their texts. From a target, one or a
// few lookups find its sources. From a source, its values must be read, since the index
// has only the hash of a canonical. Targets are definitions, and few, so the way from
// the target is mostly cheaper.

// inUse returns a parameter's canonical streams that have values, and the versions
// among within that have them; a nil within is all.
func (ev *evaluation) inUse(p *param.Param, within *roaring.Bitmap) (streams []*param.Stream, having *roaring.Bitmap, err error) {
	var present []index.Posting
	for _, s := range p.Canonicals() {
		if posting := ev.view.Posting(ev.terms.Present(s.ID)); posting.Len() > 0 {
			streams, present = append(streams, s), append(present, posting)
		}
	}
	if streams == nil || within == nil {
		return streams, within, nil
	}
	having, err = ev.union(present, within)
	return streams, having, err
}

// cited calls each with the versions, superseded ones included, that lead by a
// canonical in one of the streams to a resource of type t among targets.
func (ev *evaluation) cited(streams []*param.Stream, t schema.TypeID, targets *roaring.Bitmap, each func(target uint32, by index.Posting) error) error {
	return ev.citing(contained, streams, t, targets, func(target uint32, s *param.Stream, text string) error {
		if by := ev.view.Posting(ev.terms.ReferenceText(s.ID, text)); by.Len() > 0 {
			return each(target, by)
		}
		return nil
	})
}

// citing calls each with the texts by which canonicals in one of the streams lead to a
// resource of type t among targets, whether or not there are such canonicals. If the
// subject is versions themselves, it includes texts that swept versions may have.
func (ev *evaluation) citing(about subject, streams []*param.Stream, t schema.TypeID, targets *roaring.Bitmap, each func(target uint32, s *param.Stream, text string) error) error {
	id, ok := ev.registry.Identity(t)
	if !ok || len(streams) == 0 {
		return nil
	}
	var texts []string
	for target, urls := range ev.view.Texts(id.URL.ID).Keys(targets) {
		for _, s := range streams {
			var err error
			if texts, err = ev.citations(texts[:0], about, s, id, target, urls.Min); err != nil {
				return err
			}
			for _, text := range texts {
				if err := each(uint32(target), s, text); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// citations appends the texts of the canonicals in a stream that lead to a resource:
// its url, and its url with its version if the stream has canonicals with a version.
func (ev *evaluation) citations(dst []string, about subject, s *param.Stream, id param.Identity, target index.Ordinal, url string) ([]string, error) {
	if err := ev.charge(costOfHit); err != nil {
		return dst, err
	}
	dst = append(dst, url)
	if about == contained && ev.view.Posting(ev.terms.ReferenceText(s.ID, param.VersionMark+url)).Len() == 0 {
		return dst, nil
	}
	entries, err := ev.entries([]*param.Stream{id.Version}, target)
	if err != nil {
		return dst, err
	}
	for i := range entries {
		if e := &entries[i]; e.Param == id.Version.ID && e.Kind == index.KindToken {
			dst = append(dst, url+"|"+e.Code, param.VersionMark+url+"|"+e.Code)
		}
	}
	return dst, nil
}

// named adds to found the visible resources of some types to which the canonicals of
// one version lead. It does not apply the filter.
func (ev *evaluation) named(found *roaring.Bitmap, streams []*param.Stream, types []schema.TypeID, source uint32) error {
	entries, err := ev.entries(streams, index.Ordinal(source))
	if err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		if e.Kind != index.KindReferenceText || strings.HasPrefix(e.Exact, param.VersionMark) ||
			!slices.ContainsFunc(streams, func(s *param.Stream) bool { return s.ID == e.Param }) {
			continue
		}
		url, version, versioned := strings.Cut(e.Exact, "|")
		for _, t := range types {
			id, ok := ev.registry.Identity(t)
			if !ok {
				continue
			}
			set := ev.view.Posting(ev.terms.Exact(id.URL.ID, url)).Bitmap()
			if versioned {
				set = ev.view.Posting(ev.terms.Token(id.Version.ID, "", param.FoldCode(version, false))).Intersect(set)
			}
			if err := ev.charge(costOfHit + int(set.GetCardinality())); err != nil {
				return err
			}
			ev.view.RetainVisible(set)
			found.Or(set)
		}
	}
	return nil
}

// fewer reports whether joining from n sources, whose values must be read, is less work
// than looking up the sources of m targets.
func fewer(n, m uint64, streams int) bool { return n*costOfBlock < m*costOfHit*uint64(streams) }

// chainByURL adds to set the versions that lead by a canonical to one of targets,
// resources of type t.
func (ev *evaluation) chainByURL(p *param.Param, t schema.TypeID, targets, within, set *roaring.Bitmap) error {
	streams, sources, err := ev.inUse(p, within)
	if err != nil || len(streams) == 0 {
		return err
	}
	if sources != nil && fewer(sources.GetCardinality(), targets.GetCardinality(), len(streams)) {
		ev.view.RetainVisible(sources)
		for o := range roaring.Values(sources) {
			found := roaring.New()
			if err := ev.named(found, streams, []schema.TypeID{t}, o); err != nil {
				return err
			}
			if found.Intersects(targets) {
				set.Add(o)
			}
		}
		return nil
	}
	return ev.cited(streams, t, targets, func(_ uint32, by index.Posting) error {
		by.AddTo(set)
		return ev.charge(by.Len())
	})
}

// reverseByURL adds to set the resources of type t, within or all if it is nil, to
// which one of sources leads by a canonical.
func (ev *evaluation) reverseByURL(p *param.Param, t schema.TypeID, sources, within, set *roaring.Bitmap) error {
	if _, ok := ev.registry.Identity(t); !ok {
		return nil
	}
	streams, sources, err := ev.inUse(p, sources)
	if err != nil || len(streams) == 0 || sources.IsEmpty() {
		return err
	}
	targets := ev.view.OfType(index.TypeID(t)).Bitmap()
	if within != nil {
		targets.And(within)
	}
	if fewer(sources.GetCardinality(), targets.GetCardinality(), len(streams)) {
		for o := range roaring.Values(sources) {
			if err := ev.named(set, streams, []schema.TypeID{t}, o); err != nil {
				return err
			}
		}
		return nil
	}
	ev.view.RetainVisible(targets)
	return ev.cited(streams, t, targets, func(target uint32, by index.Posting) error {
		if set.Contains(target) {
			return nil
		}
		for o := range by.All() {
			if err := ev.charge(1); err != nil {
				return err
			}
			if sources.Contains(uint32(o)) {
				set.Add(target)
				break
			}
		}
		return nil
	})
}

// includeByURL does for canonicals what includeOne does for references to
// resources of this store.
func (ev *evaluation) includeByURL(in query.Include, p *param.Param, from, found *roaring.Bitmap) error {
	within := from
	if in.Reverse {
		within = nil
	}
	streams, sources, err := ev.inUse(p, within)
	if err != nil || len(streams) == 0 {
		return err
	}
	types := ev.registry.Targets(p)
	if in.Target != 0 {
		types = slices.DeleteFunc(slices.Clone(types), func(t schema.TypeID) bool { return t != in.Target })
	}
	if !in.Reverse {
		for o := range roaring.Values(sources) {
			if err := ev.named(found, streams, types, o); err != nil {
				return err
			}
		}
		return nil
	}
	for _, t := range types {
		targets := ev.view.OfType(index.TypeID(t)).Intersect(from)
		err := ev.cited(streams, t, targets, func(_ uint32, by index.Posting) error {
			by.AddTo(found)
			return ev.charge(by.Len())
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rankByURL ranks the candidates by the resources to which their canonicals lead. These
// are of the type of a branch; list has the visible ones.
func (ev *evaluation) rankByURL(r *ranking, p *param.Param, branch orderBranch, set *roaring.Bitmap, ordinals []uint32) error {
	if _, ok := ev.registry.Identity(branch.typ); !ok {
		return nil
	}
	streams, having, err := ev.inUse(p, set)
	if err != nil || len(streams) == 0 || having.IsEmpty() {
		return err
	}
	targets := ev.view.OfType(index.TypeID(branch.typ)).Bitmap()
	if err := ev.retain(branch.typ, targets); err != nil {
		return err
	}
	ranked, list, err := ev.rankTargets(r, branch.by, targets)
	if err != nil {
		return err
	}
	return ev.cited(streams, branch.typ, targets, func(target uint32, by index.Posting) error {
		at, _ := slices.BinarySearch(list, target)
		if !ranked.present[at] {
			return nil
		}
		sources := by.Intersect(having)
		for o := range roaring.Values(sources) {
			place, _ := slices.BinarySearch(ordinals, o)
			r.take(place, ranked, at)
		}
		return ev.charge(costOfHit + int(sources.GetCardinality()))
	})
}

// canonicalTerms appends the terms of a canonical in a query: without a version it
// finds every version.
func (ev *evaluation) canonicalTerms(dst []index.Term, s *param.Stream, text string) []index.Term {
	dst = append(dst, ev.terms.ReferenceText(s.ID, text))
	if s.Canonical() && !strings.Contains(text, "|") {
		dst = append(dst, ev.terms.ReferenceText(s.ID, param.VersionMark+text))
	}
	return dst
}
