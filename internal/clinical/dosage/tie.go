package dosage

import (
	"cmp"
	"slices"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
)

// Attributes returns the spans around the medications of a note, each tied to its
// medication, ordered by medication and place. The medications are in order and don't
// overlap.
func Attributes(n *note.Note, drugs []Drug) []Attribute {
	if len(drugs) == 0 {
		return nil
	}
	t := tier{p: parser{n: n, end: len(n.Tokens)}, drugs: drugs, found: make([]Attribute, 0, 4*len(drugs))}
	t.between(-1)
	for k := range drugs {
		t.between(k)
	}
	slices.SortStableFunc(t.found, func(a, b Attribute) int {
		return cmp.Or(cmp.Compare(a.Drug, b.Drug), cmp.Compare(a.First, b.First))
	})
	t.amounts()
	return t.found
}

// A tier ties spans to medications.
type tier struct {
	p     parser
	drugs []Drug
	spans []Span // of the gap being read
	found []Attribute
}

// maxLead is the number of tokens without a span after which the reading of a gap between
// two medications ends. A chain that leads up to a medication begins at most so many tokens
// before it.
const maxLead = 32

// between ties the spans between the medications k and k+1.
func (t *tier) between(k int) {
	var from, reach int // of the medication before the gap
	to := len(t.p.n.Tokens)
	if k >= 0 {
		from = t.drugs[k].Last
		reach = t.reach(k)
	}
	back := to // where spans may belong to the medication after the gap
	if k+1 < len(t.drugs) {
		to = max(from, t.drugs[k+1].First)
		back = max(from, int(t.p.n.Sentences[t.p.n.SentenceAt(to)].First), to-maxLead)
		if t.p.newline(to) {
			back = to
		}
	}
	reach = min(reach, to)
	t.spans = t.spans[:0]
	read := from
	if k >= 0 {
		read = t.read(from, reach)
	}
	ahead := len(t.spans) // the spans from here on lie out of k's reach
	if read = max(read, back); read < to {
		t.p.end = to
		t.spans = t.p.find(read, to, -1, -1, t.spans)
	}
	lead := t.lead(k, to, back)
	for _, s := range t.spans[lead:] {
		t.add(k+1, s)
	}
	if k < 0 {
		return
	}
	last := from
	for _, s := range t.spans[:min(lead, ahead)] {
		if s.First >= reach || t.words(last, s.First) > t.distance(s) {
			break
		}
		t.add(k, s)
		last = s.Last
	}
}

// read appends the spans of the tokens [from, to), up to a long gap without any, and returns
// where it stopped.
func (t *tier) read(from, to int) int {
	t.p.end = to
	free := from
	for i := from; i < to; {
		piece := min(to, i+maxLead)
		known := len(t.spans)
		t.spans = t.p.find(i, piece, from, free, t.spans)
		if len(t.spans) == known {
			return piece
		}
		free = t.spans[len(t.spans)-1].Last
		i = max(piece, free)
	}
	return to
}

// lead returns the index of the first span of the chain that leads up to the medication
// after the gap without a break.
func (t *tier) lead(k, to, back int) int {
	first := len(t.spans)
	if k+1 == len(t.drugs) {
		return first
	}
	for at := to; first > 0 && t.spans[first-1].First >= back && t.chained(t.spans[first-1].Last, at); first-- {
		at = t.spans[first-1].First
	}
	if first == 0 && k >= 0 && len(t.spans) > 0 && t.chained(t.drugs[k].Last, t.spans[0].First) {
		return len(t.spans) // the chain leads on from the medication before
	}
	return first
}

// chained reports whether nothing but words such as "of" stands in [from, to).
func (t *tier) chained(from, to int) bool {
	for i := from; i < to; i++ {
		if !t.p.is(i, glue) || t.p.n.Tokens[i].Kind != note.Word {
			return false
		}
	}
	return true
}

// far is more words than may stand between a medication and a span.
const far = 100

// words counts the words and numbers in [from, to) that are no part of sigs. Words that
// begin something else are far away, unless the span at to follows at once.
func (t *tier) words(from, to int) int {
	count, turn := 0, false
	for i := from; i < to; i++ {
		c := t.p.class(i)
		switch {
		case c&other != 0:
			return far
		case c&turning != 0:
			turn = true
		case t.p.n.Tokens[i].Kind != note.Punct && c&(glue|sigVerb|beverage|volumeUnit) == 0:
			if turn && c&carry == 0 {
				return far
			}
			count++
		}
	}
	return count
}

// distance returns how many words may stand between a span and the medication or span
// before it.
func (t *tier) distance(s Span) int {
	switch s.Kind {
	case Form:
		return 2
	case Route:
		return 4
	case Frequency:
		if s.Last == s.First+1 {
			switch t.p.word(s.First) {
			case "daily", "weekly", "monthly", "yearly", "annually", "once", "now", "stat", "hourly", "nightly", "continuously":
				return 3
			}
		}
		return 6
	}
	return 7
}

// reach returns the token up to which spans may belong to medication k: the end of its
// sentence, or of the sig that follows it.
func (t *tier) reach(k int) int {
	n := t.p.n
	d := t.drugs[k]
	t.p.end = len(n.Tokens)
	at := n.SentenceAt(d.First)
	end := int(n.Sentences[at].Last)
	for next := at + 1; next < len(n.Sentences) && next <= at+4; next++ {
		s := n.Sentences[next]
		first := int(s.First)
		if s.Heading || n.Tokens[first].Flags&note.Paragraph != 0 || !t.sig(first) || s.Item && !t.p.is(first, sigVerb) {
			break
		}
		end = int(s.Last)
	}
	if k+1 < len(t.drugs) {
		end = min(end, t.drugs[k+1].First)
	}
	// In a list without marks, a line that goes on otherwise ends the reach.
	if t.p.newline(d.First) {
		for i := d.Last; i < end; i++ {
			if t.p.newline(i) && !t.sig(i) {
				return i
			}
		}
	}
	return end
}

// sig reports whether a sig begins at i.
func (t *tier) sig(i int) bool {
	if t.p.is(i, sigVerb) {
		return true
	}
	end := t.p.end
	t.p.end = min(end, i+maxSpan)
	_, next := t.p.spanAt(i, false)
	t.p.end = end
	return next > 0
}

// add ties a span to a medication, and to the medications named in brackets beside it.
func (t *tier) add(k int, s Span) {
	first, last := k, k
	for k-first < 4 && t.alias(first) {
		first--
	}
	for last-k < 4 && t.alias(last+1) {
		last++
	}
	for ; first <= last; first++ {
		t.found = append(t.found, Attribute{s, first})
	}
}

// alias reports whether medication k stands in brackets after the one before, or beside it
// in such brackets: "albuterol (Proventil; Ventolin)".
func (t *tier) alias(k int) bool {
	for back := 0; k > 0 && k < len(t.drugs) && back < 4; back++ {
		between := t.drugs[k-1].Last
		if t.drugs[k].First != between+1 {
			return false
		}
		switch t.p.n.Word(between) {
		case "(", "[":
			return true
		case ";", "/", ",", "or":
			k--
			continue
		}
		return false
	}
	return false
}

// amounts makes dosages of the strengths that follow the strength of a product: "10 mg/mL,
// 85 mg daily".
func (t *tier) amounts() {
	t.p.end = len(t.p.n.Tokens)
	product := false
	for i := range t.found {
		a := &t.found[i]
		if i == 0 || t.found[i-1].Drug != a.Drug {
			product = false
		}
		if a.Kind != Strength {
			continue
		}
		next := i+1 < len(t.found) && t.found[i+1].Drug == a.Drug
		switch {
		case t.concentration(a.Span), next && t.found[i+1].Kind == Form && t.found[i+1].First == a.Last:
			product = true
		case product && !(t.found[i-1].Kind == Dosage && t.close(t.found[i-1].Last, a.First)) &&
			!(next && t.found[i+1].Kind == Dosage && t.close(a.Last, t.found[i+1].First)):
			a.Kind = Dosage
		}
	}
}

// concentration reports whether a strength is so much per volume or piece.
func (t *tier) concentration(s Span) bool {
	for i := s.First; i < s.Last; i++ {
		if w := t.p.word(i); w == "%" || (w == "/" || w == "per") && !t.p.is(i+1, weight) && i > s.First+1 {
			return true
		}
	}
	return false
}

// close reports whether at most a bracket stands in [from, to).
func (t *tier) close(from, to int) bool {
	return to <= from+1 && (from == to || t.p.n.Tokens[from].Kind == note.Punct)
}
