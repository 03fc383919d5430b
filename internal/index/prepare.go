package index

// Prepared holds the terms and column entries of one version, ready to be
// applied. The zero Prepared has no values. It keeps its memory when it is used
// again, which it may be once Apply has returned.
type Prepared struct {
	// payload is the decompressed block, to which strings below refer.
	payload []byte

	terms   []termHash
	tokens  []preparedToken
	counts  []preparedCount
	dates   []preparedDate
	numbers []preparedNumber
	texts   []preparedText
	edges   []preparedEdge
	targets []preparedTarget
	keys    []byte // of targets
	units   []preparedUnit
}

// A preparedToken is a code and its system.
type preparedToken struct {
	param        Param
	full         termHash // of both
	system, code digest
}

// A preparedCount is a run of values of one param and kind.
type preparedCount struct {
	param Param
	kind  Kind
	n     uint32
}

type preparedDate struct {
	param Param
	value dateRange
}

type preparedNumber struct {
	param     Param
	low, high image
	inexact   bool
	unit      int // in units, -1 for none
}

type preparedText struct {
	param Param
	term  termHash
	text  string
}

type preparedEdge struct {
	param  Param
	target int // in targets
}

// A preparedTarget is a resource to which edges lead. Its key lies in keys.
type preparedTarget struct {
	typ       TypeID
	id        string
	digest    digest
	from, end int
}

type preparedUnit struct {
	key                digest
	system, code, text string
}

func (p *Prepared) reset() {
	p.payload = p.payload[:0]
	p.terms = p.terms[:0]
	p.tokens = p.tokens[:0]
	p.counts = p.counts[:0]
	p.dates = p.dates[:0]
	p.numbers = p.numbers[:0]
	p.texts = p.texts[:0]
	p.edges = p.edges[:0]
	p.targets = p.targets[:0]
	p.keys = p.keys[:0]
	p.units = p.units[:0]
}

// Prepare decodes a values block into dst and computes its terms. Calls with
// different dst may run at the same time, and beside Apply.
//
// It reports [ErrFormat], [ErrDamaged] or [ErrNumber]; dst is then empty.
func (x *Index) Prepare(dst *Prepared, block []byte) error {
	dst.reset()
	payload, err := decompress(dst.payload, block)
	if err != nil {
		return err
	}
	dst.payload = payload
	h := hasher{x.terms, x.memos.Get().(*textMemo)}
	defer x.memos.Put(h.memo)
	s := newScanner(payload)
	for {
		var e Entry
		more, err := s.next(&e)
		if more {
			err = h.prepareEntry(dst, &e)
		}
		if err != nil {
			dst.reset()
			return err
		}
		if !more {
			return nil
		}
	}
}

// A hasher turns entries into what Prepared holds.
type hasher struct {
	terms Terms
	memo  *textMemo
}

func (h hasher) text(s string) digest { return h.memo.digest(h.terms.texts, s) }

func (h hasher) prepareEntry(dst *Prepared, e *Entry) error {
	dst.count(e)
	p := e.Param
	switch e.Kind {
	case KindToken:
		h.addToken(dst, e)
	case KindText:
		exact := h.text(e.Exact)
		folded := exact
		if e.Folded != e.Exact {
			folded = h.text(e.Folded)
		}
		dst.terms = append(dst.terms, exact.hash(uint16(p), formExact))
		dst.texts = append(dst.texts, preparedText{p, folded.hash(uint16(p), formFolded), e.Folded})
	case KindDate:
		dst.dates = append(dst.dates, preparedDate{p, dateRange{e.From, e.To}})
	case KindNumber:
		return dst.number(e, -1)
	case KindQuantity:
		key := h.text(e.System).then(h.text(e.Code)).then(h.text(e.Unit))
		dst.units = append(dst.units, preparedUnit{key, e.System, e.Code, e.Unit})
		return dst.number(e, len(dst.units)-1)
	case KindReference:
		target := h.target(dst, e.Type, e.ID)
		dst.edges = append(dst.edges, preparedEdge{p, target})
		dst.terms = append(dst.terms, dst.targets[target].digest.hash(uint16(p), formReference))
	case KindReferenceText:
		dst.terms = append(dst.terms, h.text(e.Exact).hash(uint16(p), formReferenceText))
	}
	return nil
}

func (p *Prepared) count(e *Entry) {
	if n := len(p.counts); n > 0 && p.counts[n-1].param == e.Param && p.counts[n-1].kind == e.Kind {
		p.counts[n-1].n++
		return
	}
	p.counts = append(p.counts, preparedCount{e.Param, e.Kind, 1})
}

func (h hasher) addToken(dst *Prepared, e *Entry) {
	p := e.Param
	system := h.text(e.System)
	if e.System != "" {
		dst.terms = append(dst.terms, system.hash(uint16(p), formSystem))
	}
	if e.Code != "" {
		code := h.text(e.Code)
		dst.tokens = append(dst.tokens, preparedToken{p, system.then(code).hash(uint16(p), formToken), system, code})
	}
}

// sameTargets is how many targets are compared with the next. The params of a
// resource mostly refer to the same few: its patient, its encounter.
const sameTargets = 4

// target returns the number of a target of dst.
func (h hasher) target(dst *Prepared, typ TypeID, id string) int {
	for i := len(dst.targets) - 1; i >= max(0, len(dst.targets)-sameTargets); i-- {
		if t := &dst.targets[i]; t.typ == typ && t.id == id {
			return i
		}
	}
	var key entityKey
	key.set(id)
	from := len(dst.keys)
	dst.keys = append(dst.keys, key.bytes()...)
	dst.targets = append(dst.targets, preparedTarget{typ, id, h.terms.entities.entity(typ, key.bytes()), from, len(dst.keys)})
	return len(dst.targets) - 1
}

func (p *Prepared) number(e *Entry, unit int) error {
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
	p.numbers = append(p.numbers, n)
	return nil
}
