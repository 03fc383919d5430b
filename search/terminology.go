package search

import (
	"errors"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/terminology"
)

// A terminologyNode is a match with :in, :not-in, :above or :below on tokens, by the
// value sets and code systems of the view (FHIR R4 §3.1.1.4.10).
type terminologyNode struct{ matched }

func (n *terminologyNode) estimate() int { return n.all() }

func (n *terminologyNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	codes, err := n.ev.codes(n.match)
	if err != nil {
		return nil, err
	}
	if err := n.ev.charge(terminology.CostOfCode * len(codes.Codes) * len(n.param.streams)); err != nil {
		return nil, err
	}
	plainly := &match{typ: n.match.typ, param: n.param, values: valuesOf(codes)}
	if n.modifier == modNotIn {
		plainly.modifier = modNot
	}
	return n.ev.compile(n.typ, plainly, "").evaluate(within)
}

func (n *terminologyNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if n.modifier == modNotIn {
		return n.among(within)
	}
	return n.matched.candidates(within)
}

// decide looks codes up in the case in which the streams have them.
func (n *terminologyNode) decide(about subject) (decision, error) {
	codes, err := n.ev.codes(n.match)
	if err != nil {
		return nil, err
	}
	stored := terminology.NewCodeSet()
	stored.Whole = codes.Whole
	for c := range codes.Codes {
		if c.System != "" {
			stored.Add(c.System, foldCode(c.Code, schema.CaseSensitive(c.System)))
			continue
		}
		stored.Add("", foldCode(c.Code, true))
		stored.Add("", foldCode(c.Code, false))
	}
	p := n.ev.paramOf(about, n.param)
	p.aside = nil
	held := n.ev.any(about, n.typ, p, terminology.CostOfCode, func(_ *stream, e *index.Entry) bool {
		return stored.Has(terminology.Coding{System: e.System, Code: e.Code})
	})
	if n.modifier == modNotIn {
		return opposite(about, n.typ, held), nil
	}
	return held, nil
}

func (n *terminologyNode) explain() (string, Way) { return n.name(), ByTerminology }

// codes returns the codes that :in, :not-in, :above or :below is about. The result may
// be shared and must not be changed.
func (ev *evaluation) codes(m *match) (*terminology.CodeSet, error) {
	codes := terminology.NewCodeSet()
	for i := range m.values {
		found, err := ev.codesOf(m, &m.values[i])
		if bad := (*terminology.Error)(nil); errors.As(err, &bad) {
			err = &QueryError{Part: m.name(), Code: bad.Code, Reason: bad.Reason}
		}
		if err != nil || len(m.values) == 1 {
			return found, err
		}
		if err := ev.charge(terminology.CostOfCode * len(found.Codes)); err != nil {
			return nil, err
		}
		codes.AddAll(found)
	}
	return codes, nil
}

func (ev *evaluation) codesOf(m *match, v *value) (*terminology.CodeSet, error) {
	x := terminology.Expansion{Source: termSource{ev}, Cache: ev.expansions}
	if m.modifier.ranked() {
		return x.Ranked(v.system, v.code, m.modifier == modAbove)
	}
	return x.ValueSet(v.text)
}

// valuesOf returns a set of codes as alternatives of a token parameter.
func valuesOf(s *terminology.CodeSet) []value {
	all := make([]value, 0, len(s.Whole)+len(s.Codes))
	for system := range s.Whole {
		all = append(all, value{system: system, hasSystem: true})
	}
	for c := range s.Codes {
		if _, whole := s.Whole[c.System]; !whole {
			all = append(all, value{system: c.System, code: c.Code, hasSystem: true})
		}
	}
	return all
}
