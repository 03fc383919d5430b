package index

// Prepared holds the terms and column entries of one version, ready to be
// applied. The zero Prepared has no values. It keeps its memory when it is used
// again, which it may be once Apply has returned.
type Prepared struct {
	// payload is the decompressed block, to which strings below refer.
	payload []byte

	terms   []Term
	tokens  []preparedToken
	counts  []preparedCount
	dates   []preparedDate
	numbers []preparedNumber
	texts   []preparedText
	edges   []preparedEdge
	units   []preparedUnit
}

// A preparedToken is the two terms of a code: under any system, and its own.
type preparedToken struct{ code, full Term }

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
	term  Term
	text  string
}

type preparedEdge struct {
	param Param
	typ   TypeID
	hash  uint64
	id    string
}

type preparedUnit struct {
	key                Term
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
	h := hasher{x, x.memos.Get().(*termMemo)}
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
	x    *Index
	memo *termMemo
}

func (h hasher) prepareEntry(dst *Prepared, e *Entry) error {
	h.countEntry(dst, e)
	p := e.Param
	switch e.Kind {
	case KindToken:
		h.addToken(dst, p, e.System, e.Code)
	case KindText:
		dst.terms = append(dst.terms, h.term(p, formExact, "", e.Exact))
		dst.texts = append(dst.texts, preparedText{p, h.term(p, formFolded, "", e.Folded), e.Folded})
	case KindDate:
		dst.dates = append(dst.dates, preparedDate{p, dateRange{e.From, e.To}})
	case KindNumber:
		return dst.number(e, -1)
	case KindQuantity:
		h.memo.input = appendUnitKey(h.memo.input[:0], e)
		dst.units = append(dst.units, preparedUnit{h.memo.sum(h.x.terms), e.System, e.Code, e.Unit})
		return dst.number(e, len(dst.units)-1)
	case KindReference:
		h.addEdge(dst, e)
	case KindReferenceText:
		dst.terms = append(dst.terms, h.term(p, formReferenceText, "", e.Exact))
	}
	return nil
}

// countEntry counts an entry, and adds the term of a param's presence at the
// first of a run. A term added twice to a version is found once.
func (h hasher) countEntry(dst *Prepared, e *Entry) {
	if n := len(dst.counts); n > 0 && dst.counts[n-1].param == e.Param {
		if dst.counts[n-1].kind == e.Kind {
			dst.counts[n-1].n++
			return
		}
	} else {
		dst.terms = append(dst.terms, h.term(e.Param, formPresent, "", ""))
	}
	dst.counts = append(dst.counts, preparedCount{e.Param, e.Kind, 1})
}

func (h hasher) addToken(dst *Prepared, p Param, system, code string) {
	if code != "" {
		dst.tokens = append(dst.tokens, preparedToken{
			code: h.term(p, formCode, "", code), full: h.term(p, formToken, system, code)})
	}
	if system != "" {
		dst.terms = append(dst.terms, h.term(p, formSystem, "", system))
	}
}

func (h hasher) addEdge(dst *Prepared, e *Entry) {
	h.memo.input = appendReferenceTerm(h.memo.input[:0], e.Param, e.Type, e.ID)
	dst.terms = append(dst.terms, h.memo.sum(h.x.terms))
	var k entityKey
	k.set(e.ID)
	hash := h.x.entities.hash(e.Type, k.bytes())
	dst.edges = append(dst.edges, preparedEdge{e.Param, e.Type, hash, e.ID})
}

func (h hasher) term(p Param, form byte, first, second string) Term {
	h.memo.input = appendTerm(h.memo.input[:0], uint16(p), form, first, second)
	return h.memo.sum(h.x.terms)
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
