package search

import (
	"iter"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A lookup finds the values of a match by exact terms.
type lookup interface {
	// terms appends the terms of a value in a stream.
	terms(dst []index.Term, ev *evaluation, s *stream, v *value) []index.Term
	// holds does for one stored value what terms do for all.
	holds(ev *evaluation, s *stream, v *value, e *index.Entry) bool
}

// lookupOf returns how a match is found by terms, nil where it is not.
func (ev *evaluation) lookupOf(m *match) lookup {
	switch kind := m.param.row.Type; {
	case m.param.special == specialWords:
		return wordLookup{}
	case m.param.special != specialNone:
	case kind == schema.ParamToken && m.modifier == plain,
		kind == schema.ParamReference && m.modifier == modIdentifier:
		return tokenLookup{}
	case m.modifier == modOfType:
		return typedLookup{}
	case kind == schema.ParamReference && m.modifier != modMissing && !m.modifier.ranked():
		return referenceLookup{ev.registry.targets(m.param)}
	case kind == schema.ParamString && m.modifier == modExact,
		kind == schema.ParamURI && m.modifier == plain:
		return exactLookup{}
	case kind == schema.ParamURI && m.modifier == modAbove:
		return aboveLookup{}
	}
	return nil
}

// A lookupNode is a match that is the union of some postings: exact lookups of tokens,
// references, whole strings, uris and words.
type lookupNode struct {
	matched
	lookup lookup
	found  []index.Posting
}

// postings returns the postings of a match that are not empty.
func (ev *evaluation) postings(m *match, l lookup) (found []index.Posting) {
	for _, s := range m.param.seen(m.modifier) {
		for i := range m.values {
			ev.wanted = l.terms(ev.wanted[:0], ev, s, &m.values[i])
			for _, t := range ev.wanted {
				if p := ev.view.Posting(t); p.Len() > 0 {
					found = append(found, p)
				}
			}
		}
	}
	return found
}

func (n *lookupNode) estimate() int { return total(n.found) }

func (n *lookupNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	return n.ev.union(n.found, within)
}

func (n *lookupNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if n.param.special == specialWords {
		return n.ev.candidatesOfWords(n.typ, within, n.phrases()...)
	}
	return n.matched.candidates(within)
}

func (n *lookupNode) decide(about subject) (decision, error) {
	if n.param.special == specialWords {
		return n.ev.decideWords(about, n.typ, n.param, n.phrases()...)
	}
	return n.anyValue(about, n.holds)
}

func (n *lookupNode) holds(s *stream, v *value, e *index.Entry) bool {
	return n.lookup.holds(n.ev, s, v, e)
}

func (n *lookupNode) explain() (string, Way) { return n.name(), ByPostings }

// A tokenLookup finds tokens.
type tokenLookup struct{}

// terms: without a system the code may be one whose case counts, or one whose case
// does not.
func (tokenLookup) terms(dst []index.Term, ev *evaluation, s *stream, v *value) []index.Term {
	switch {
	case v.system != "" && v.code != "":
		dst = append(dst, ev.terms.Token(s.id, v.system, foldCode(v.code, schema.CaseSensitive(v.system))))
	case v.system != "":
		dst = append(dst, ev.terms.System(s.id, v.system))
	case v.hasSystem:
		dst = append(dst, ev.terms.Token(s.id, "", foldCode(v.code, s.sensitive)))
	default:
		if !s.kind.noSystem() || s.sensitive {
			dst = append(dst, ev.terms.Code(s.id, foldCode(v.code, true)))
		}
		if !s.sensitive {
			dst = append(dst, ev.terms.Code(s.id, foldCode(v.code, false)))
		}
	}
	return dst
}

func (tokenLookup) holds(_ *evaluation, s *stream, v *value, e *index.Entry) bool {
	switch {
	case v.system != "" && v.code != "":
		return e.System == v.system && e.Code == foldCode(v.code, schema.CaseSensitive(v.system))
	case v.system != "":
		return e.System == v.system
	case v.hasSystem:
		return e.System == "" && e.Code == foldCode(v.code, s.sensitive)
	}
	return e.Code == foldCode(v.code, true) || e.Code == foldCode(v.code, false)
}

// A typedLookup finds identifiers by their type (:of-type).
type typedLookup struct{}

func (typedLookup) terms(dst []index.Term, ev *evaluation, s *stream, v *value) []index.Term {
	return append(dst, ev.terms.Token(s.id, v.system, v.code))
}

func (typedLookup) holds(_ *evaluation, _ *stream, v *value, e *index.Entry) bool {
	return e.System == v.system && e.Code == v.code
}

// A referenceLookup finds references by what they lead to.
type referenceLookup struct {
	targets []schema.TypeID // what a bare id may be of
}

func (l referenceLookup) terms(dst []index.Term, ev *evaluation, s *stream, v *value) []index.Term {
	switch {
	case v.reference.typ != 0:
		return append(dst, ev.referenceTerm(s, v.reference.typ, v.reference.id))
	case v.bare && v.target != 0:
		return append(dst, ev.referenceTerm(s, v.target, v.text))
	case v.bare:
		for _, t := range l.targets {
			dst = append(dst, ev.referenceTerm(s, t, v.text))
		}
	}
	if v.mayLeadTo(ev.registry) {
		dst = ev.canonicalTerms(dst, s, v.reference.text)
	}
	return dst
}

func (l referenceLookup) holds(ev *evaluation, _ *stream, v *value, e *index.Entry) bool {
	if e.Kind == index.KindReferenceText {
		return v.reference.typ == 0 && holdsCanonical(v.reference.text, e.Exact) && v.mayLeadTo(ev.registry)
	}
	typ := schema.TypeID(e.Type)
	switch {
	case v.reference.typ != 0:
		return v.reference.typ == typ && v.reference.id == e.ID
	case !v.bare || v.text != e.ID:
		return false
	case v.target != 0:
		return v.target == typ
	}
	return slices.Contains(l.targets, typ)
}

// referenceTerm is the term of a reference to a resource of this store.
func (ev *evaluation) referenceTerm(s *stream, t schema.TypeID, id string) index.Term {
	return ev.terms.Reference(s.id, index.TypeID(t), id)
}

// mayLeadTo reports whether a reference that is only text may be to the type that
// the modifier names.
func (v *value) mayLeadTo(r *registry) bool {
	t := r.typeOfReference(v.reference.text)
	return v.target == 0 || t == 0 || t == v.target
}

// An exactLookup finds whole strings and uris.
type exactLookup struct{}

func (exactLookup) terms(dst []index.Term, ev *evaluation, s *stream, v *value) []index.Term {
	return append(dst, ev.terms.Exact(s.id, v.text))
}

func (exactLookup) holds(_ *evaluation, _ *stream, v *value, e *index.Entry) bool {
	return e.Exact == v.text
}

// A wordLookup finds words of texts. No word of a contained resource is told from
// those of its container by a value.
type wordLookup struct{}

func (wordLookup) terms(dst []index.Term, ev *evaluation, s *stream, v *value) []index.Term {
	return append(dst, ev.terms.Word(s.id, v.folded))
}

func (wordLookup) holds(*evaluation, *stream, *value, *index.Entry) bool { return false }

// An aboveLookup finds a uri and those above it.
type aboveLookup struct{}

func (aboveLookup) terms(dst []index.Term, ev *evaluation, s *stream, v *value) []index.Term {
	for uri := range upwards(v.text) {
		dst = append(dst, ev.terms.Exact(s.id, uri))
	}
	return dst
}

func (aboveLookup) holds(_ *evaluation, _ *stream, v *value, e *index.Entry) bool {
	for uri := range upwards(v.text) {
		if uri == e.Exact {
			return true
		}
	}
	return false
}

// upwards iterates over a uri and those above it, by whole segments. A slash at the end
// makes no difference.
func upwards(uri string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			bare := strings.TrimSuffix(uri, "/")
			if !yield(bare) || !yield(bare+"/") {
				return
			}
			i := strings.LastIndexByte(bare, '/')
			if i <= 0 {
				return
			}
			uri = uri[:i]
		}
	}
}
