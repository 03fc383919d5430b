package lexicon

import (
	"sync"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

// A typoTable finds medications whose names are written with one letter missing, added,
// replaced, or swapped with its neighbour. It is made at the first lookup.
//
// It has the hash of each name with each of its letters left out. Two words that are one
// such change apart are the same once each has lost one letter, or one of them has.
type typoTable struct {
	entries []vocabulary.Entry
	once    sync.Once
	slots   []typoSlot // open addressing; the length is a power of two
	names   []typoName
}

type typoSlot struct {
	hash uint32
	name uint32 // index in names plus 1; 0 if the slot is empty
}

type typoName struct {
	text  string
	entry int32
}

// minTypo is the length of the shortest name that is looked for with a letter wrong.
const minTypo = 7

// maxTypo is the length of the longest one.
const maxTypo = 24

func newTypoTable(entries []vocabulary.Entry) *typoTable { return &typoTable{entries: entries} }

// hashWithout hashes a word without the letter at skip; with all if skip is negative.
func hashWithout(word string, skip int) uint32 {
	h := uint32(2166136261)
	for i := range len(word) {
		if i != skip {
			h = (h ^ uint32(word[i])) * 16777619
		}
	}
	return h ^ h>>15
}

// fill makes the table.
func (t *typoTable) fill() {
	add := func(text string, entry int) {
		folded := make([]byte, len(text))
		for i := range len(text) {
			c := text[i] | 0x20
			if c < 'a' || c > 'z' {
				return
			}
			folded[i] = c
		}
		if minTypo <= len(text) && len(text) <= maxTypo {
			t.names = append(t.names, typoName{string(folded), int32(entry)})
		}
	}
	for i := range t.entries {
		e := &t.entries[i]
		if e.Kind != vocabulary.Medication {
			continue
		}
		add(e.Term, i)
		for _, s := range e.Synonyms {
			if !s.Misspelled && !s.Ambiguous {
				add(s.Text, i)
			}
		}
	}
	size := 1024
	for size < 24*len(t.names) {
		size *= 2
	}
	t.slots = make([]typoSlot, size)
	for n, name := range t.names {
		for skip := -1; skip < len(name.text); skip++ {
			hash := hashWithout(name.text, skip)
			i := hash & uint32(size-1)
			for t.slots[i].name != 0 {
				i = (i + 1) & uint32(size-1)
			}
			t.slots[i] = typoSlot{hash, uint32(n + 1)}
		}
	}
}

// entry returns the number of the medication that a word is a misspelling of.
func (t *typoTable) entry(word string) (int32, bool) {
	t.once.Do(t.fill)
	for skip := -1; skip < len(word); skip++ {
		hash := hashWithout(word, skip)
		for i := hash & uint32(len(t.slots)-1); t.slots[i].name != 0; i = (i + 1) & uint32(len(t.slots)-1) {
			if t.slots[i].hash != hash {
				continue
			}
			if name := &t.names[t.slots[i].name-1]; name.text[0] == word[0] && oneChange(name.text, word) {
				return name.entry, true
			}
		}
	}
	return 0, false
}

// oneChange reports whether two words differ by one letter added, left out or replaced,
// or by two neighbours swapped.
func oneChange(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch {
	case len(b)-len(a) > 1:
		return false
	case len(b) > len(a):
		return a[i:] == b[i+1:]
	case i == len(a) || a[i+1:] == b[i+1:]:
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// misspelled returns the medication that token i, which is no word of the dictionary,
// names with one letter wrong. The words around it must speak of a medication, since
// many words are one letter apart from some name.
func (f *finder) misspelled(i, first, last int) (Match, bool) {
	t := &f.n.Tokens[i]
	if size := t.End - t.Start; size < minTypo || size > maxTypo || t.Kind != note.Word || !f.prescribes(i, first, last) {
		return Match{}, false
	}
	word := f.n.Word(i)
	if !isLetters(word) {
		return Match{}, false
	}
	number, ok := f.d.typos.entry(word)
	if !ok {
		return Match{}, false
	}
	return Match{First: i, Last: i + 1, Senses: []Sense{{Entry: &f.d.entries[number], Quality: Misspelled, Number: number}}}, true
}

// prescribes reports whether the words around token i speak of a medication: an amount
// with its unit after it, or "takes", "started on" before it.
func (f *finder) prescribes(i, first, last int) bool {
	if i+1 < last && f.n.Tokens[i+1].Kind == note.Number {
		if i+2 < last {
			switch f.n.Word(i + 2) {
			case "mg", "mcg", "g", "gm", "ml", "units", "unit", "meq", "%", "iu", "gram", "grams", "tab", "tabs", "tablet", "tablets", "cap", "capsule", "capsules", "puffs", "po", "daily", "bid", "/", "-":
				return true
			}
		}
		if f.n.Sections[f.n.Sentences[f.n.SentenceAt(i)].Section].Kind == note.Medications {
			return true
		}
	}
	if i == first {
		return false
	}
	if n := len(f.matches); n > 0 && f.matches[n-1].First >= first && f.matches[n-1].Last >= i-listed && f.matches[n-1].Senses[0].Entry.Kind == vocabulary.Medication &&
		f.lists(f.matches[n-1].Last, i) {
		return true
	}
	switch f.n.Word(i - 1) {
	case "takes", "take", "given", "gave", "received", "receiving", "resume", "resumed", "prescribe", "increase", "increased", "decrease", "decreased", "starting", "using", "uses", "taking", "prescribed", "start", "started", "continue", "continued", "taper", "restart", "hold", "held", "discontinue", "discontinued", "stop", "stopped":
		return true
	case "on":
		return true
	}
	return false
}

// listed is the largest number of tokens between two medications of a list.
const listed = 8

// lists reports whether the tokens between two medications are nothing but a dose and words
// that join the two: "metformin 500 mg bid, lisinopril".
func (f *finder) lists(first, last int) bool {
	joined := false
	for i := first; i < last; i++ {
		switch f.n.Word(i) {
		case ",", "and", "/", "&", "+", ";":
			joined = true
		case "mg", "mcg", "g", "gm", "ml", "units", "meq", "%", "iu", "tab", "tabs", "tablet", "tablets", "po", "daily", "bid", "tid", "qid", "qd", "qhs", "prn", "-", "once", "twice", "day":
		default:
			if f.n.Tokens[i].Kind != note.Number {
				return false
			}
		}
	}
	return joined
}
