package search

import (
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
		add(ev.terms.Reference(s.id, index.TypeID(v.reference.typ), v.reference.id))
		return
	case v.bare && v.target != 0:
		add(ev.terms.Reference(s.id, index.TypeID(v.target), v.text))
		return
	case v.bare:
		for _, t := range targets {
			add(ev.terms.Reference(s.id, index.TypeID(t), v.text))
		}
	}
	if t := ev.registry.typeOfReference(v.reference.text); v.target == 0 || t == 0 || t == v.target {
		ev.canonicalTerms(s, v.reference.text, add)
	}
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

// aboveTerms are the terms of a uri and of those above it, by whole segments. A slash
// at the end makes no difference.
func (ev *evaluation) aboveTerms(s *stream, v *value, add func(index.Term)) {
	uri := v.text
	for {
		bare := strings.TrimSuffix(uri, "/")
		add(ev.terms.Exact(s.id, bare))
		add(ev.terms.Exact(s.id, bare+"/"))
		i := strings.LastIndexByte(bare, '/')
		if i <= 0 {
			return
		}
		uri = uri[:i]
	}
}
