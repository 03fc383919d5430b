package exec

import (
	"iter"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// A lookup finds the values of a match by exact terms.
type lookup interface {
	// terms appends the terms of a value in a stream.
	terms(dst []index.Term, ev *evaluation, s *param.Stream, v *query.Value) []index.Term
	// holds reports whether one stored value is among the terms of a value.
	holds(ev *evaluation, s *param.Stream, v *query.Value, e *index.Entry) bool
}

// lookupOf returns the lookup of a match, or nil if terms do not find it.
func (ev *evaluation) lookupOf(m *query.Match) lookup {
	switch kind := m.Param.Row.Type; {
	case m.Param.Special == param.SpecialWords:
		return wordLookup{}
	case m.Param.Special != param.SpecialNone:
	case kind == schema.ParamToken && m.Modifier == param.Plain,
		kind == schema.ParamReference && m.Modifier == param.ModIdentifier:
		return tokenLookup{}
	case m.Modifier == param.ModOfType:
		return typedLookup{}
	case kind == schema.ParamReference && m.Modifier != param.ModMissing && !m.Modifier.Ranked():
		return referenceLookup{ev.registry.Targets(m.Param)}
	case kind == schema.ParamString && m.Modifier == param.ModExact,
		kind == schema.ParamURI && m.Modifier == param.Plain:
		return exactLookup{}
	case kind == schema.ParamURI && m.Modifier == param.ModAbove:
		return aboveLookup{}
	}
	return nil
}

// A lookupNode is a match whose answer is the union of some postings: exact lookups of
// tokens, references, whole strings, uris and words.
type lookupNode struct {
	matched
	lookup lookup
	found  []index.Posting
}

// postings returns the postings of a match that are not empty.
func (ev *evaluation) postings(m *query.Match, l lookup) (found []index.Posting) {
	for _, s := range m.Param.Seen(m.Modifier) {
		for i := range m.Values {
			ev.wanted = l.terms(ev.wanted[:0], ev, s, &m.Values[i])
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
	if n.Param.Special == param.SpecialWords {
		return n.ev.candidatesOfWords(n.typ, within, n.Phrases()...)
	}
	return n.matched.candidates(within)
}

func (n *lookupNode) decide(about subject) (decision, error) {
	if n.Param.Special == param.SpecialWords {
		return n.ev.decideWords(about, n.typ, n.Param, n.Phrases()...)
	}
	return n.anyValue(about, n.holds)
}

func (n *lookupNode) holds(s *param.Stream, v *query.Value, e *index.Entry) bool {
	return n.lookup.holds(n.ev, s, v, e)
}

func (n *lookupNode) explain() (string, search.Way) { return n.Name(), search.ByPostings }

// A tokenLookup finds tokens.
type tokenLookup struct{}

// terms looks up a code without a system twice: as a code whose case counts, and as one
// whose case does not.
func (tokenLookup) terms(dst []index.Term, ev *evaluation, s *param.Stream, v *query.Value) []index.Term {
	switch {
	case v.System != "" && v.Code != "":
		dst = append(dst, ev.terms.Token(s.ID, v.System, param.FoldCode(v.Code, schema.CaseSensitive(v.System))))
	case v.System != "":
		dst = append(dst, ev.terms.System(s.ID, v.System))
	case v.HasSystem:
		dst = append(dst, ev.terms.Token(s.ID, "", param.FoldCode(v.Code, s.Sensitive)))
	default:
		if !s.Kind.NoSystem() || s.Sensitive {
			dst = append(dst, ev.terms.Code(s.ID, param.FoldCode(v.Code, true)))
		}
		if !s.Sensitive {
			dst = append(dst, ev.terms.Code(s.ID, param.FoldCode(v.Code, false)))
		}
	}
	return dst
}

func (tokenLookup) holds(_ *evaluation, s *param.Stream, v *query.Value, e *index.Entry) bool {
	switch {
	case v.System != "" && v.Code != "":
		return e.System == v.System && e.Code == param.FoldCode(v.Code, schema.CaseSensitive(v.System))
	case v.System != "":
		return e.System == v.System
	case v.HasSystem:
		return e.System == "" && e.Code == param.FoldCode(v.Code, s.Sensitive)
	}
	return e.Code == param.FoldCode(v.Code, true) || e.Code == param.FoldCode(v.Code, false)
}

// A typedLookup finds identifiers by their type (:of-type).
type typedLookup struct{}

func (typedLookup) terms(dst []index.Term, ev *evaluation, s *param.Stream, v *query.Value) []index.Term {
	return append(dst, ev.terms.Token(s.ID, v.System, v.Code))
}

func (typedLookup) holds(_ *evaluation, _ *param.Stream, v *query.Value, e *index.Entry) bool {
	return e.System == v.System && e.Code == v.Code
}

// A referenceLookup finds references by their targets.
type referenceLookup struct {
	targets []schema.TypeID // what a bare id may be of
}

func (l referenceLookup) terms(dst []index.Term, ev *evaluation, s *param.Stream, v *query.Value) []index.Term {
	switch {
	case v.Reference.Type != 0:
		return append(dst, ev.referenceTerm(s, v.Reference.Type, v.Reference.ID))
	case v.Bare && v.Target != 0:
		return append(dst, ev.referenceTerm(s, v.Target, v.Text))
	case v.Bare:
		for _, t := range l.targets {
			dst = append(dst, ev.referenceTerm(s, t, v.Text))
		}
	}
	if v.MayLeadTo(ev.registry) {
		dst = ev.canonicalTerms(dst, s, v.Reference.Text)
	}
	return dst
}

func (l referenceLookup) holds(ev *evaluation, _ *param.Stream, v *query.Value, e *index.Entry) bool {
	if e.Kind == index.KindReferenceText {
		return v.Reference.Type == 0 && param.HoldsCanonical(v.Reference.Text, e.Exact) && v.MayLeadTo(ev.registry)
	}
	typ := schema.TypeID(e.Type)
	switch {
	case v.Reference.Type != 0:
		return v.Reference.Type == typ && v.Reference.ID == e.ID
	case !v.Bare || v.Text != e.ID:
		return false
	case v.Target != 0:
		return v.Target == typ
	}
	return slices.Contains(l.targets, typ)
}

// referenceTerm is the term of a reference to a resource of this store.
func (ev *evaluation) referenceTerm(s *param.Stream, t schema.TypeID, id string) index.Term {
	return ev.terms.Reference(s.ID, index.TypeID(t), id)
}

// An exactLookup finds whole strings and uris.
type exactLookup struct{}

func (exactLookup) terms(dst []index.Term, ev *evaluation, s *param.Stream, v *query.Value) []index.Term {
	return append(dst, ev.terms.Exact(s.ID, v.Text))
}

func (exactLookup) holds(_ *evaluation, _ *param.Stream, v *query.Value, e *index.Entry) bool {
	return e.Exact == v.Text
}

// A wordLookup finds words of texts. A value does not tell the words of a contained
// resource from its container's.
type wordLookup struct{}

func (wordLookup) terms(dst []index.Term, ev *evaluation, s *param.Stream, v *query.Value) []index.Term {
	return append(dst, ev.terms.Word(s.ID, v.Folded))
}

func (wordLookup) holds(*evaluation, *param.Stream, *query.Value, *index.Entry) bool { return false }

// An aboveLookup finds a uri and the uris above it.
type aboveLookup struct{}

func (aboveLookup) terms(dst []index.Term, ev *evaluation, s *param.Stream, v *query.Value) []index.Term {
	for uri := range upwards(v.Text) {
		dst = append(dst, ev.terms.Exact(s.ID, uri))
	}
	return dst
}

func (aboveLookup) holds(_ *evaluation, _ *param.Stream, v *query.Value, e *index.Entry) bool {
	for uri := range upwards(v.Text) {
		if uri == e.Exact {
			return true
		}
	}
	return false
}

// upwards iterates over a uri and the uris above it, by whole segments. A slash at the
// end makes no difference.
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
