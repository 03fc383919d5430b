package search

import (
	"iter"
	"strings"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// postings returns the postings whose union a match is, where it is one: exact
// lookups of tokens, references, whole strings, uris and words.
func (ev *evaluation) postings(m *match) ([]index.Posting, bool) {
	if m.param.special != specialNone && m.param.special != specialWords {
		return nil, false
	}
	var found []index.Posting
	add := func(t index.Term) {
		if p := ev.view.Posting(t); p.Len() > 0 {
			found = append(found, p)
		}
	}
	term := ev.tokenTerms
	switch kind := m.param.row.Type; {
	case m.param.special == specialWords:
		term = ev.wordTerms
	case kind == schema.ParamToken && m.modifier == plain:
	case kind == schema.ParamReference && m.modifier == modIdentifier:
	case m.modifier == modOfType:
		term = ev.typedTerms
	case kind == schema.ParamReference && m.modifier != modMissing && !m.modifier.ranked():
		targets := ev.registry.targets(m.param)
		term = func(s *stream, v *value, add func(index.Term)) { ev.referenceTerms(s, v, targets, add) }
	case kind == schema.ParamString && m.modifier == modExact,
		kind == schema.ParamURI && m.modifier == plain:
		term = ev.exactTerms
	case kind == schema.ParamURI && m.modifier == modAbove:
		term = ev.aboveTerms
	default:
		return nil, false
	}
	for _, s := range m.param.seen(m.modifier) {
		for i := range m.values {
			term(s, &m.values[i], add)
		}
	}
	return found, true
}

// tokenTerms are the terms of a token in a stream. Without a system the code may
// be one whose case counts, or one whose case does not.
func (ev *evaluation) tokenTerms(s *stream, v *value, add func(index.Term)) {
	switch {
	case v.system != "" && v.code != "":
		add(ev.terms.Token(s.id, v.system, foldCode(v.code, schema.CaseSensitive(v.system))))
	case v.system != "":
		add(ev.terms.System(s.id, v.system))
	case v.hasSystem:
		add(ev.terms.Token(s.id, "", foldCode(v.code, s.sensitive)))
	default:
		if !s.kind.noSystem() || s.sensitive {
			add(ev.terms.Code(s.id, foldCode(v.code, true)))
		}
		if !s.sensitive {
			add(ev.terms.Code(s.id, foldCode(v.code, false)))
		}
	}
}

func (ev *evaluation) referenceTerms(s *stream, v *value, targets []schema.TypeID, add func(index.Term)) {
	switch {
	case v.reference.typ != 0:
		add(ev.referenceTerm(s, v.reference.typ, v.reference.id))
		return
	case v.bare && v.target != 0:
		add(ev.referenceTerm(s, v.target, v.text))
		return
	case v.bare:
		for _, t := range targets {
			add(ev.referenceTerm(s, t, v.text))
		}
	}
	if v.mayLeadTo(ev.registry) {
		ev.canonicalTerms(s, v.reference.text, add)
	}
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

func (ev *evaluation) typedTerms(s *stream, v *value, add func(index.Term)) {
	add(ev.terms.Token(s.id, v.system, v.code))
}

func (ev *evaluation) exactTerms(s *stream, v *value, add func(index.Term)) {
	add(ev.terms.Exact(s.id, v.text))
}

func (ev *evaluation) wordTerms(s *stream, v *value, add func(index.Term)) {
	add(ev.terms.Word(s.id, v.folded))
}

// aboveTerms are the terms of a uri and of those above it.
func (ev *evaluation) aboveTerms(s *stream, v *value, add func(index.Term)) {
	for uri := range upwards(v.text) {
		add(ev.terms.Exact(s.id, uri))
	}
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
