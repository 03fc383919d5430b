package jsonpatch

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fhirlake/fhirlake/internal/decimal"
)

// equal reports whether two values are equal by RFC 6902 §4.6: strings by their
// characters, numbers by their value, objects whatever the order of their members.
func (p *patcher) equal(a, b *value) (bool, error) {
	if err := p.spend(1); err != nil || a.kind != b.kind {
		return false, err
	}
	if a.inside == nil && b.inside == nil && bytes.Equal(a.raw, b.raw) {
		return true, p.spend(len(a.raw) / 16)
	}
	x, err := p.open(a)
	if err != nil {
		return false, err
	}
	y, err := p.open(b)
	if err != nil {
		return false, err
	}
	switch a.kind {
	case '{':
		return p.equalObjects(x, y)
	case '[':
		if len(x.items) != len(y.items) {
			return false, nil
		}
		for i := range x.items {
			if same, err := p.equal(x.items[i], y.items[i]); !same {
				return false, err
			}
		}
		return true, nil
	case '"':
		return equalStrings(a.raw, b.raw), p.spend(len(a.raw))
	case '0':
		return equalNumbers(a.raw, b.raw), p.spend(len(a.raw))
	}
	return true, nil
}

func (p *patcher) equalObjects(a, b *inside) (bool, error) {
	if len(a.members) != len(b.members) {
		return false, nil
	}
	for i := range a.members {
		at := i // the order is mostly the same
		if b.members[i].name != a.members[i].name {
			if err := p.spend(len(b.members)); err != nil {
				return false, err
			}
			if at = b.find(a.members[i].name); at < 0 {
				return false, nil
			}
		}
		if same, err := p.equal(a.members[i].value, b.members[at].value); !same {
			return false, err
		}
	}
	return true, nil
}

func equalStrings(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, errA := jsontext.AppendUnquote(nil, a)
	y, errB := jsontext.AppendUnquote(nil, b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}

// equalNumbers compares numbers by their value.
func equalNumbers(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, okX := decimal.Parse(a)
	y, okY := decimal.Parse(b)
	return okX && okY && x.Equal(y)
}
