package search

import (
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
)

// A textNode is a match that walks the dictionary of texts: starts-with, :contains,
// :text of tokens, and :below of uris.
type textNode struct{ matched }

func (n *textNode) estimate() int {
	if n.modifier == plain || n.modifier == modStarts || n.modifier == modText {
		return n.ev.everything(n.typ)/8 + 1
	}
	return n.all()
}

func (n *textNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for _, s := range n.param.seen(n.modifier) {
		for i := range n.values {
			if v := &n.values[i]; !v.written {
				if err := n.walk(set, s, v); err != nil {
					return nil, err
				}
			}
		}
	}
	if within != nil {
		set.And(within)
	}
	return set, nil
}

// walk adds to set what has a text in a stream that satisfies a value.
func (n *textNode) walk(set *roaring.Bitmap, s *stream, v *value) error {
	prefix := v.folded
	switch n.modifier {
	case modContains, modEnds, modOrder:
		prefix = ""
	case modBelow:
		prefix = v.text
	}
	for text, posting := range n.ev.view.Texts(s.id).WithPrefix(prefix) {
		if err := n.ev.charge(costOfText); err != nil {
			return err
		}
		if !v.holdsFolded(n.modifier, text) {
			continue
		}
		if err := n.ev.charge(costOfHit + posting.Len()); err != nil {
			return err
		}
		posting.AddTo(set)
	}
	return nil
}

func (n *textNode) decide(about subject) (decision, error) { return n.anyValue(about, n.holds) }

func (n *textNode) holds(_ *stream, v *value, e *index.Entry) bool {
	switch {
	case v.written:
		return v.holdsWritten(n.modifier, e)
	case n.modifier == modBelow:
		return isBelow(e.Exact, v.text)
	}
	return v.holdsFolded(n.modifier, e.Folded)
}

func (n *textNode) explain() (string, Way) { return n.name(), ByTexts }

// holdsFolded reports whether a text of the dictionary satisfies a value. Those of uris
// are not folded.
func (v *value) holdsFolded(mod modifier, text string) bool {
	switch mod {
	case modContains:
		return strings.Contains(text, v.folded)
	case modEquals:
		return text == v.folded
	case modEnds:
		return strings.HasSuffix(text, v.folded)
	case modOrder:
		return v.prefix.holds(strings.Compare(text, v.folded))
	case modBelow:
		return isBelow(text, v.text)
	}
	return strings.HasPrefix(text, v.folded)
}

// holds reports whether a prefix for order allows the order of a stored value to one
// of a query.
func (p Prefix) holds(order int) bool {
	switch p {
	case Greater:
		return order > 0
	case Less:
		return order < 0
	case GreaterOrEqual:
		return order >= 0
	}
	return order <= 0
}

// isBelow reports whether a uri is parent or a path below it, by whole segments.
// Below a canonical with a version are those whose version goes on after a point
// (FHIR R4 §3.1.1.4.13).
func isBelow(uri, parent string) bool {
	rest, found := strings.CutPrefix(uri, parent)
	switch {
	case !found:
		return false
	case rest == "" || strings.HasSuffix(parent, "/"):
		return true
	case strings.Contains(parent, "|"):
		return rest[0] == '.'
	}
	return rest[0] == '/'
}
