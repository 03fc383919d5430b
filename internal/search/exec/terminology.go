package exec

import (
	"errors"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/internal/terminology"
	"github.com/fhirlake/fhirlake/search"
)

// A terminologyNode is a match with :in, :not-in, :above or :below on tokens, by the
// value sets and code systems of the view (FHIR R4 §3.1.1.4.10).
type terminologyNode struct{ matched }

func (n *terminologyNode) estimate() int { return n.all() }

func (n *terminologyNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	codes, err := n.ev.codes(n.Match)
	if err != nil {
		return nil, err
	}
	if err := n.ev.charge(terminology.CostOfCode * len(codes.Codes) * len(n.Param.Streams)); err != nil {
		return nil, err
	}
	plainly := &query.Match{Type: n.Match.Type, Param: n.Param, Values: valuesOf(codes)}
	if n.Modifier == param.ModNotIn {
		plainly.Modifier = param.ModNot
	}
	return n.ev.compile(n.typ, plainly, "").evaluate(within)
}

func (n *terminologyNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if n.Modifier == param.ModNotIn {
		return n.among(within)
	}
	return n.matched.candidates(within)
}

// decide looks codes up in the case of the streams.
func (n *terminologyNode) decide(about subject) (decision, error) {
	codes, err := n.ev.codes(n.Match)
	if err != nil {
		return nil, err
	}
	stored := terminology.NewCodeSet()
	stored.Whole = codes.Whole
	for c := range codes.Codes {
		if c.System != "" {
			stored.Add(c.System, param.FoldCode(c.Code, schema.CaseSensitive(c.System)))
			continue
		}
		stored.Add("", param.FoldCode(c.Code, true))
		stored.Add("", param.FoldCode(c.Code, false))
	}
	p := n.ev.paramOf(about, n.Param)
	p.Aside = nil
	held := n.ev.any(about, n.typ, p, terminology.CostOfCode, func(_ *param.Stream, e *index.Entry) bool {
		return stored.Has(terminology.Coding{System: e.System, Code: e.Code})
	})
	if n.Modifier == param.ModNotIn {
		return opposite(about, n.typ, held), nil
	}
	return held, nil
}

func (n *terminologyNode) explain() (string, search.Way) { return n.Name(), search.ByTerminology }

// codes returns the codes for :in, :not-in, :above or :below. The result may be shared
// and must not be changed.
func (ev *evaluation) codes(m *query.Match) (*terminology.CodeSet, error) {
	codes := terminology.NewCodeSet()
	for i := range m.Values {
		found, err := ev.codesOf(m, &m.Values[i])
		if bad := (*terminology.Error)(nil); errors.As(err, &bad) {
			err = &param.QueryError{Part: m.Name(), Code: bad.Code, Reason: bad.Reason}
		}
		if err != nil || len(m.Values) == 1 {
			return found, err
		}
		if err := ev.charge(terminology.CostOfCode * len(found.Codes)); err != nil {
			return nil, err
		}
		codes.AddAll(found)
	}
	return codes, nil
}

func (ev *evaluation) codesOf(m *query.Match, v *query.Value) (*terminology.CodeSet, error) {
	x := terminology.Expansion{Source: termSource{ev}, Cache: ev.expansions}
	if m.Modifier.Ranked() {
		return x.Ranked(v.System, v.Code, m.Modifier == param.ModAbove)
	}
	return x.ValueSet(v.Text)
}

// valuesOf returns a set of codes as alternatives of a token parameter.
func valuesOf(s *terminology.CodeSet) []query.Value {
	all := make([]query.Value, 0, len(s.Whole)+len(s.Codes))
	for system := range s.Whole {
		all = append(all, query.Value{System: system, HasSystem: true})
	}
	for c := range s.Codes {
		if _, whole := s.Whole[c.System]; !whole {
			all = append(all, query.Value{System: c.System, Code: c.Code, HasSystem: true})
		}
	}
	return all
}
