package index

import (
	"iter"
	"strings"
)

// Prepare decodes a payload into dst and computes its terms. The payload is copied.
// Calls with different dst may run at the same time, and beside Apply. dst keeps its
// memory when it is used again, which it may be once Apply has returned.
//
// It reports [ErrDamaged], [ErrUnsettled] or [ErrNumber]; dst is then empty.
func (x *Index) Prepare(dst *Prepared, payload []byte) error {
	if dst.own == nil {
		dst.own = new(Batch)
	}
	dst.own.Reset()
	return x.PrepareIn(dst.own, dst, payload)
}

// PrepareIn does as Prepare, with the memory of a batch: dst is valid until the batch
// is reset.
func (x *Index) PrepareIn(b *Batch, dst *Prepared, payload []byte) error {
	dst.in = nil
	from := b.end()
	if err := x.prepare(b, from, payload); err != nil {
		b.cut(from)
		return err
	}
	dst.in, dst.from, dst.end = b, from, b.end()
	return nil
}

func (x *Index) prepare(b *Batch, from batchEnd, payload []byte) error {
	h := x.hashers.Get().(*hasher)
	defer func() {
		h.to, h.settled.arena, h.entry = nil, nil, Entry{}
		x.hashers.Put(h)
	}()
	h.to, h.from = b, from
	h.settled.arena = &b.memory
	s := newScanner(b.memory.keep(payload), &b.memory)
	for e := &h.entry; ; {
		*e = Entry{}
		if more, err := s.next(e); !more {
			return err
		}
		if err := h.take(e); err != nil {
			return err
		}
	}
}

// A hasher adds the entries of one version to a batch.
type hasher struct {
	terms   Terms
	settle  Settle
	settled Settled
	entry   Entry // the one at hand
	memo    *textMemo
	to      *Batch
	from    batchEnd // where the version begins
}

func (x *Index) newHasher() any {
	return &hasher{terms: x.terms, settle: x.settle, memo: newTextMemo()}
}

// take adds an entry; an unsettled one is settled first.
func (h *hasher) take(e *Entry) error {
	if e.Kind.Settled() {
		return h.add(e)
	}
	if h.settle == nil {
		return ErrUnsettled
	}
	if e.Kind == KindAddress || e.Kind == KindCanonical {
		h.to.foreign++
	}
	if e.Kind == KindAddress {
		h.to.addresses++
	}
	h.settled.entries = h.settled.entries[:0]
	h.settle(&h.settled, e)
	for i := range h.settled.entries {
		if err := h.add(&h.settled.entries[i]); err != nil {
			return err
		}
	}
	return nil
}

func (h *hasher) text(s string) digest { return h.memo.digest(h.terms.texts, s) }

func (h *hasher) add(e *Entry) error {
	h.count(e)
	switch e.Kind {
	case KindToken:
		h.addToken(e)
	case KindText:
		h.addText(e)
	case KindDate:
		h.to.dates = append(h.to.dates, preparedDate{e.Param, dateRange{e.From, e.To}})
	case KindNumber:
		return h.addNumber(e, -1)
	case KindQuantity:
		key := h.text(e.System).then(h.text(e.Code)).then(h.text(e.Unit))
		h.to.units = append(h.to.units, preparedUnit{key, e.System, e.Code, e.Unit})
		return h.addNumber(e, len(h.to.units)-1)
	case KindReference:
		if e.NoEdge {
			var key entityKey
			key.set(e.ID)
			h.addTerm(h.terms.entities.entity(e.Type, key.bytes()), e.Param, formReference)
			break
		}
		target := h.target(e.Type, e.ID)
		h.to.edges = append(h.to.edges, preparedEdge{e.Param, target - h.from.targets})
		h.addTerm(h.to.targets[target].digest, e.Param, formReference)
	case KindReferenceText:
		h.addTerm(h.text(e.Exact), e.Param, formReferenceText)
	case KindWords:
		for word := range strings.SplitSeq(e.Exact, " ") {
			h.addTerm(h.text(word), e.Param, formWord)
		}
	}
	return nil
}

func (h *hasher) addTerm(d digest, p Param, form byte) {
	h.to.terms = append(h.to.terms, preparedTerm{d.hash(uint16(p), form), p})
}

// count counts an entry in a run of its param and kind.
func (h *hasher) count(e *Entry) {
	counts := h.to.counts
	if n := len(counts); n > h.from.counts && counts[n-1].param == e.Param && counts[n-1].kind == e.Kind {
		counts[n-1].n++
		return
	}
	h.to.counts = append(counts, preparedCount{e.Param, e.Kind, 1})
}

func (h *hasher) addToken(e *Entry) {
	system := h.text(e.System)
	if e.System != "" {
		h.addTerm(system, e.Param, formSystem)
	}
	if e.Code != "" {
		code := h.text(e.Code)
		full := system.then(code).hash(uint16(e.Param), formToken)
		h.to.tokens = append(h.to.tokens, preparedToken{e.Param, full, system, code})
	}
}

func (h *hasher) addText(e *Entry) {
	exact := h.text(e.Exact)
	folded := exact
	if e.Folded != e.Exact {
		folded = h.text(e.Folded)
	}
	h.addTerm(exact, e.Param, formExact)
	h.to.texts = append(h.to.texts, preparedText{e.Param, folded.hash(uint16(e.Param), formFolded), e.Folded})
}

// sameTargets is how many targets are compared with the next. The params of a
// resource mostly refer to the same few: its patient, its encounter.
const sameTargets = 4

// target returns the index of a target in the batch.
func (h *hasher) target(typ TypeID, id string) int {
	b := h.to
	for i := len(b.targets) - 1; i >= max(h.from.targets, len(b.targets)-sameTargets); i-- {
		if t := &b.targets[i]; t.typ == typ && t.id == id {
			return i
		}
	}
	var key entityKey
	key.set(id)
	from := len(b.keys)
	b.keys = append(b.keys, key.bytes()...)
	b.targets = append(b.targets, preparedTarget{typ, id, h.terms.entities.entity(typ, key.bytes()), from, len(b.keys)})
	return len(b.targets) - 1
}

func (h *hasher) addNumber(e *Entry, unit int) error {
	n := preparedNumber{param: e.Param, low: imageOpenLow, high: imageOpenHigh, unit: unit}
	var lowShared, highShared bool
	var err error
	if e.Low != "" {
		if n.low, lowShared, err = imageOf(e.Low); err != nil {
			return err
		}
	}
	switch {
	case e.High == "":
	case e.High == e.Low:
		n.high = n.low
	default:
		if n.high, highShared, err = imageOf(e.High); err != nil {
			return err
		}
	}
	n.inexact = lowShared || highShared
	h.to.numbers = append(h.to.numbers, n)
	return nil
}

// Addresses reports whether the version has references that some base URL makes local,
// so that Targets depends on the settings.
func (p *Prepared) Addresses() bool {
	return p != nil && p.in != nil && p.end.addresses > p.from.addresses
}

// Targets iterates over the ids of the resources of a type to which the version refers,
// with the parameter of each.
func (p *Prepared) Targets(typ TypeID) iter.Seq2[Param, string] {
	return func(yield func(Param, string) bool) {
		if p == nil || p.in == nil {
			return
		}
		targets := p.targets()
		for _, e := range p.edges() {
			if t := &targets[e.target]; t.typ == typ && !yield(e.param, t.id) {
				return
			}
		}
	}
}
