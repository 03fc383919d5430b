package lexicon

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

// A Dictionary finds terms. It is not changed after New, so many goroutines may use it.
type Dictionary struct {
	entries []vocabulary.Entry
	context [][]wordID // by entry: the context words
	words   *wordTable
	trie    *trie
	senses  []Sense  // by node
	first   []uint32 // by node: the first of its senses; one more than nodes
	comma   wordID
	skips   []skip // by word
	typos   *typoTable
	fill    fill
}

// A Quality says how a term was written.
type Quality uint8

// The qualities, best first.
const (
	Preferred    Quality = iota // the preferred term
	Synonym                     // another name
	Variant                     // a form made by rule from a name: words turned round or joined
	Abbreviation                // capitals
	Misspelled                  // a misspelling
)

// A Sense is a meaning of a phrase.
type Sense struct {
	Entry   *vocabulary.Entry
	Quality Quality

	Ambiguous bool // the phrase means the entry only near one of its context words

	Number int32  // the index of the entry
	exact  string // the phrase must stand in the note just so; "" if not
	marked bool   // exact is letters with marks between them, of any case: "f/c"
	short  bool   // an abbreviation that is an English word in small letters
}

// A skip is the part of a word without a meaning of its own in a phrase.
type skip uint8

const (
	skipPreposition skip = 1 << iota // after it words may be skipped
	skipArticle                      // may be skipped after a preposition
	skipLead                         // may begin "history of", "status post", "on"
	skipHistory                      // may begin "history of"
	skipInjured                      // after it sides may be skipped: "sprained left ankle"
)

// fill is data that is only needed while a dictionary is filled.
type fill struct {
	phrases []phrase
	text    strings.Builder
}

// A phrase is a name of an entry on its way into the trie.
type phrase struct {
	sense      Sense
	start, end int // in fill.text
}

// New compiles entries. If a phrase means several of them, the earlier one comes first. The
// dictionary keeps entries.
func New(entries []vocabulary.Entry) *Dictionary {
	d := &Dictionary{entries: entries, context: make([][]wordID, len(entries))}
	names := 0
	for i := range entries {
		names += 1 + len(entries[i].Synonyms)
	}
	d.fill.phrases = make([]phrase, 0, names*9/8)
	d.fill.text.Grow(20 * names)
	for i := range entries {
		e := &entries[i]
		d.name(i, vocabulary.Synonym{Text: e.Term, Ambiguous: e.Flags.Has("ambiguous")}, Preferred)
		for _, s := range e.Synonyms {
			d.name(i, s, Synonym)
		}
	}
	d.compile(names)
	return d
}

// name takes in a name of entry i.
func (d *Dictionary) name(i int, s vocabulary.Synonym, q Quality) {
	switch {
	case s.Misspelled:
		q = Misspelled
	case q == Synonym && isAbbreviation(s.Text):
		q = Abbreviation
	}
	sense := Sense{Entry: &d.entries[i], Quality: q, Ambiguous: s.Ambiguous, Number: int32(i)}
	if s.Exact {
		sense.exact = s.Text
	}
	if !s.Exact && isMarked(s.Text) {
		sense.exact, sense.marked = s.Text, true
	}
	sense.short = isAbbreviation(s.Text) && isEnglish(strings.ToLower(s.Text))
	d.phrase(sense, s.Text)
	if strings.IndexByte(s.Text, '-') > 0 && !s.Exact {
		if joined := joinHyphens(s.Text); joined != s.Text {
			sense.Quality = max(q, Variant)
			d.phrase(sense, joined)
		}
	}
}

func (d *Dictionary) phrase(sense Sense, text string) {
	start := d.fill.text.Len()
	d.fill.text.WriteString(text)
	d.fill.phrases = append(d.fill.phrases, phrase{sense: sense, start: start, end: d.fill.text.Len()})
	d.fill.text.WriteString("\n")
}

// compile makes the tables. The text of all names is read as one note, so that names and
// notes are cut into words alike.
func (d *Dictionary) compile(names int) {
	n := note.Parse(d.fill.text.String())
	d.words = newWordTable(names)
	d.trie = newTrie(names)
	d.comma = d.words.number(",")
	type leaf struct {
		node  nodeID
		sense Sense
	}
	leaves := make([]leaf, 0, len(d.fill.phrases)*5/4)
	var ids []wordID
	var parts []string
	token := 0
	for _, p := range d.fill.phrases {
		ids, parts = ids[:0], parts[:0]
		for ; token < len(n.Tokens) && int(n.Tokens[token].Start) < p.end; token++ {
			word := n.Word(token)
			if n.Tokens[token].Kind == note.Punct && word != "," && word != "+" {
				continue
			}
			if len(parts) > 0 && (word == "the" || word == "a" || word == "an") && prepositions[parts[len(parts)-1]] {
				continue // may stand there in any phrase
			}
			ids, parts = append(ids, d.words.number(word)), append(parts, word)
		}
		if len(ids) == 0 {
			continue
		}
		insert := func(sense Sense, ids ...wordID) {
			node := nodeID(0)
			for _, id := range ids {
				node = d.trie.add(node, id)
			}
			leaves = append(leaves, leaf{node, sense})
		}
		insert(p.sense, ids...)
		if p.sense.exact != "" || p.sense.Quality == Abbreviation {
			continue
		}
		variant := p.sense
		variant.Quality = max(variant.Quality, Variant)
		if n := len(ids); p.sense.Entry.Kind == vocabulary.Condition && 2 <= n && n <= 4 {
			switch {
			case heads[singular(parts[n-1])]: // "distal radius fracture": "fracture of the distal radius"
				for _, preposition := range []string{"of", "in"} {
					insert(variant, append([]wordID{ids[n-1], d.words.number(preposition)}, ids[:n-1]...)...)
				}
			case n > 2 && parts[1] == "of" && heads[singular(parts[0])]:
				insert(variant, append(slices.Clone(ids[2:]), ids[0])...)
			}
		}
		if p.sense.Entry.Kind == vocabulary.Condition && len(ids) > 1 {
			for i, word := range parts {
				if short := shortWords[word]; short != "" { // "colon ca", "hip fx"
					whole := ids[i]
					ids[i] = d.words.number(short)
					insert(variant, ids...)
					ids[i] = whole
				}
			}
		}
		for i, word := range parts {
			if prefix := prefixOf(word); prefix != "" && len(ids) < 6 {
				split := append(append([]wordID{}, ids[:i]...), d.words.number(prefix), d.words.number(word[len(prefix):]))
				insert(variant, append(split, ids[i+1:]...)...)
				break
			}
		}
	}
	d.words.spread()

	// The senses of a node lie together, the best written ones first, then in the order of
	// the entries.
	counts := make([]uint32, d.trie.nodes+2)
	for _, l := range leaves {
		counts[l.node+1]++
	}
	for i := 1; i < len(counts); i++ {
		counts[i] += counts[i-1]
	}
	ordered := make([]Sense, len(leaves))
	at := slices.Clone(counts)
	for _, l := range leaves {
		ordered[at[l.node]] = l.sense
		at[l.node]++
	}
	d.first = make([]uint32, d.trie.nodes+2)
	d.senses = make([]Sense, 0, len(leaves))
	for node := range d.trie.nodes + 1 {
		begin := len(d.senses)
	next:
		for _, sense := range ordered[counts[node]:counts[node+1]] {
			for i := begin; i < len(d.senses); i++ {
				if d.senses[i].Number == sense.Number {
					d.senses[i].merge(sense)
					continue next
				}
			}
			d.senses = append(d.senses, sense)
		}
		if len(d.senses)-begin > 1 {
			slices.SortStableFunc(d.senses[begin:], func(a, b Sense) int { return int(a.Quality) - int(b.Quality) })
		}
		d.first[node+1] = uint32(len(d.senses))
	}
	d.trie.mark(func(node nodeID) nodeID {
		senses := d.sensesOf(node)
		if len(senses) == 0 {
			return 0
		}
		for i := range senses {
			if !senses[i].plain() {
				return leafBit
			}
		}
		return leafBit | plainBit
	})
	d.learnContext()
	d.learnSkips()
	d.typos = newTypoTable(d.entries)
	d.fill = fill{}
}

// merge joins another sense of the same entry to s.
func (s *Sense) merge(other Sense) {
	s.Quality = min(s.Quality, other.Quality)
	s.Ambiguous = s.Ambiguous && other.Ambiguous
	if s.exact != other.exact || s.marked != other.marked {
		s.exact = ""
	}
	s.short = s.short && other.short
}

// plain reports whether a sense holds wherever its phrase stands.
func (s *Sense) plain() bool {
	return s.exact == "" && !s.Ambiguous && s.Quality != Abbreviation
}

// sensesOf returns the senses of the phrase that ends at node.
func (d *Dictionary) sensesOf(node nodeID) []Sense {
	node &= nodeMask
	return d.senses[d.first[node]:d.first[node+1]]
}

// learnContext numbers the context words of all entries.
func (d *Dictionary) learnContext() {
	for i := range d.entries {
		for _, word := range d.entries[i].Flags.List("context") {
			word = strings.ToLower(word)
			id := d.words.id(word)
			if id == 0 {
				id = d.words.number(word)
				d.words.set(plural(word), id)
			}
			d.context[i] = append(d.context[i], id)
		}
	}
}

// learnSkips learns the words that may stand inside a phrase, and the words that lead from
// the past or the family to a condition.
func (d *Dictionary) learnSkips() {
	for word := range prepositions {
		d.learnSkip(skipPreposition, word)
	}
	for kind, words := range map[skip]string{
		skipArticle: "the a an his her their my left right both bilateral",
		skipInjured: "fractured broken sprained strained swollen painful twisted dislocated torn enlarged bruised ruptured infected injured",
		skipLead:    "history h hx status s on personal family",
		skipHistory: "history h hx personal family",
	} {
		for word := range strings.FieldsSeq(words) {
			d.learnSkip(kind, word)
		}
	}
}

func (d *Dictionary) learnSkip(kind skip, word string) {
	id := int(d.words.number(word))
	if id >= len(d.skips) {
		d.skips = append(d.skips, make([]skip, id+1-len(d.skips))...)
	}
	d.skips[id] |= kind
}

// skip returns what a word may do inside a phrase.
func (d *Dictionary) skip(id wordID) skip {
	if int(id) < len(d.skips) {
		return d.skips[id]
	}
	return 0
}

// numeral returns the number that a word stands for after words such as "type" and
// "stage", 0 if none.
func (d *Dictionary) numeral(word string) wordID {
	switch word {
	case "i", "one":
		return d.words.id("1")
	case "ii", "two":
		return d.words.id("2")
	case "iii", "three":
		return d.words.id("3")
	case "iv", "four":
		return d.words.id("4")
	case "v", "five":
		return d.words.id("5")
	}
	return 0
}
