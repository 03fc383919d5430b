package index

import "strings"

// Prepare decodes a payload into dst and computes its terms. The payload is copied.
// Calls with different dst may run at the same time, and beside Apply. dst keeps its
// memory when it is used again, which it may be once Apply has returned.
//
// It reports [ErrDamaged] or [ErrNumber]; dst is then empty.
func (x *Index) Prepare(dst *Prepared, payload []byte) error {
	if dst.own == nil {
		dst.own = new(Batch)
	}
	dst.own.Reset()
	return x.PrepareIn(dst.own, dst, payload)
}

// PrepareIn does as Prepare, with the memory of a batch: dst is of use until the
// batch is reset.
func (x *Index) PrepareIn(b *Batch, dst *Prepared, payload []byte) error {
	dst.in = nil
	payload = b.keep(payload)
	from := b.end()
	if err := x.prepare(b, from, payload); err != nil {
		b.cut(from)
		return err
	}
	dst.in, dst.from, dst.end = b, from, b.end()
	return nil
}

func (x *Index) prepare(b *Batch, from batchEnd, payload []byte) error {
	h := hasher{x.terms, x.memos.Get().(*textMemo), b, from}
	defer x.memos.Put(h.memo)
	s := newScanner(payload)
	for {
		var e Entry
		if more, err := s.next(&e); !more {
			return err
		}
		if err := h.add(&e); err != nil {
			return err
		}
	}
}

// A hasher adds the entries of one version to a batch.
type hasher struct {
	terms Terms
	memo  *textMemo
	to    *Batch
	from  batchEnd // where the version begins
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

// target returns where a target is in the batch.
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
