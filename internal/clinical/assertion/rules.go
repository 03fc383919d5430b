package assertion

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
)

//go:embed triggers.txt
var triggers string

// A meaning is the statement of a cue.
type meaning uint8

const (
	negation meaning = iota
	uncertain
	hypothetical
	history
	family
	future
	meanings // number of meanings that are traits

	pseudo    meaning = iota
	end               // a terminator
	condition         // "once", "until"
	comma
	join // "and", "or"
	colon
	verb // a finite verb
)

var meaningNames = map[string]meaning{"negation": negation, "uncertain": uncertain, "hypothetical": hypothetical,
	"history": history, "family": family, "future": future, "pseudo": pseudo, "end": end,
	"condition": condition, "comma": comma, "join": join, "colon": colon, "verb": verb}

// A rule is the meaning and scope of a phrase of triggers.txt.
type rule struct {
	meaning  meaning
	forward  bool
	backward bool
	near     bool // backward: over nothing but the words directly before
	list     bool // backward: over commas
	start    bool // at the start of a sentence only
	open     bool // at the start of a clause only
	closed   bool // at the end of a clause only
	result   bool // says "negative": of a test it is the result
	item     bool // forward: up to a comma, unless an "or" follows
	nested   bool // the same if a comma goes before the phrase
	cell     bool // backward: over the cell of a table before it, or the text since the last box
	limit    int32
	score    float64
	ends     uint8  // of a terminator: the set of meanings whose scope it ends
	name     string // such as "negation: denies"
}

// A lexicon is the phrases of triggers.txt as a trie over words and classes of words.
type lexicon struct {
	words   map[string]word
	classes map[string]uint64 // "$rel": its bit
	root    node
	begins  []*node // the node behind the root by the id of the word, or nil
	slots   []slot  // the words again, where their hashes say; a power of two of them
}

// lookup returns the entry of a word.
func (l *lexicon) lookup(text string) (word, bool) {
	if text == "" {
		return word{}, false
	}
	for i := hash(text); ; i++ {
		switch s := &l.slots[i&uint32(len(l.slots)-1)]; s.text {
		case text:
			return s.word, true
		case "":
			return word{}, false
		}
	}
}

// A slot of the table of words is empty if it has no text.
type slot struct {
	text string
	word word
}

// hash mixes the length and three letters of a word: most words of a note are found to be
// none by these.
func hash(text string) uint32 {
	n := len(text)
	h := uint32(n)*0x9e3779b1 ^ uint32(text[0])*0x85ebca6b ^ uint32(text[n/2])*0xc2b2ae35 ^ uint32(text[n-1])*0x27d4eb2f
	return h ^ h>>15
}

// index prepares begins and slots.
func (l *lexicon) index() {
	l.begins = make([]*node, len(l.words))
	size := uint32(1)
	for int(size) < 4*len(l.words) {
		size *= 2
	}
	l.slots = make([]slot, size)
	for text, w := range l.words {
		i := hash(text)
		for l.slots[i&(size-1)].text != "" {
			i++
		}
		l.slots[i&(size-1)] = slot{text, w}
		l.begins[w.id] = l.root.next[w.id]
	}
}

// A word is a word that phrases have.
type word struct {
	id      int32
	classes uint64 // bits of the classes that have it
}

// A node is a node of the trie.
type node struct {
	next   map[int32]*node // by word
	class  []classEdge     // by class
	number *node           // goes on with any number
	year   *node           // goes on with a number from 1900 to 2099
	rules  []*rule
}

// A classEdge goes on with any word of a class.
type classEdge struct {
	bit uint64
	to  *node
}

// rules compiles triggers.txt.
var rules = sync.OnceValue(func() *lexicon {
	l := &lexicon{words: map[string]word{}, classes: map[string]uint64{}}
	var head rule
	for i, line := range strings.Split(triggers, "\n") {
		body := strings.TrimSpace(line)
		switch {
		case body == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "$"):
			name, members, _ := strings.Cut(body, " ")
			bit := uint64(1) << len(l.classes)
			l.classes[name] = bit
			for _, member := range strings.Fields(members) {
				w := l.intern(member)
				w.classes |= bit
				l.words[member] = w
			}
		case !strings.HasPrefix(line, " "):
			h, err := heading(body)
			if err != nil {
				panic(fmt.Sprintf("assertion: triggers.txt line %d: %v", i+1, err))
			}
			head = h
		default:
			for _, phrase := range expand(body) {
				l.add(phrase, head)
			}
		}
	}
	l.index()
	return l
})

// intern returns the entry of a word, a new one if need be.
func (l *lexicon) intern(text string) word {
	w, ok := l.words[text]
	if !ok {
		w.id = int32(len(l.words))
		l.words[text] = w
	}
	return w
}

// heading reads a heading of triggers.txt.
func heading(line string) (r rule, err error) {
	fields := strings.Fields(line)
	m, ok := meaningNames[fields[0]]
	if !ok {
		return r, fmt.Errorf("unknown meaning")
	}
	r.meaning, r.limit, r.name = m, reach, fields[0]+": "
	for _, f := range fields[1:] {
		limit, limited := strings.CutPrefix(f, "limit=")
		switch {
		case limited:
			n, err := strconv.ParseInt(limit, 10, 32)
			if err != nil {
				return r, err
			}
			r.limit = int32(n)
		case f == "forward":
			r.forward = true
		case f == "backward":
			r.backward = true
		case f == "near":
			r.near = true
		case f == "list":
			r.list = true
		case f == "start":
			r.start = true
		case f == "item":
			r.item = true
		case f == "nested":
			r.nested = true
		case f == "closed":
			r.closed = true
		case f == "open":
			r.open = true
		case f == "all":
			r.ends = 1<<meanings - 1
		case m == end && meaningNames[f] < meanings:
			r.ends |= 1 << meaningNames[f]
		default:
			if r.score, err = strconv.ParseFloat(f, 64); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// expand writes out the choices of a phrase.
func expand(phrase string) []string {
	depth, open := 0, -1
	for i := 0; i < len(phrase); i++ {
		switch phrase[i] {
		case '(':
			if i+1 < len(phrase) && (phrase[i+1] == ' ' || phrase[i+1] == '+') {
				continue // a bracket of the note
			}
			if depth++; depth == 1 {
				open = i
			}
		case ')':
			if depth == 0 {
				continue
			}
			if depth--; depth == 0 {
				var all []string
				for _, rest := range expand(phrase[i+1:]) {
					for _, choice := range choices(phrase[open+1 : i]) {
						for _, c := range expand(choice) {
							all = append(all, phrase[:open]+c+rest)
						}
					}
				}
				return all
			}
		}
	}
	return []string{phrase}
}

// choices splits a|b|c outside of inner brackets.
func choices(list string) (all []string) {
	depth, from := 0, 0
	for i := 0; i < len(list); i++ {
		switch list[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '|':
			if depth == 0 {
				all = append(all, list[from:i])
				from = i + 1
			}
		}
	}
	return append(all, list[from:])
}

// add adds a phrase with a rule to the trie.
func (l *lexicon) add(phrase string, r rule) {
	words := strings.Fields(phrase)
	r.name += strings.Join(words, " ")
	r.result = r.meaning == negation && (words[len(words)-1] == "negative" || words[len(words)-1] == "neg")
	at := &l.root
	for _, element := range words {
		switch {
		case element == "#":
			at = child(&at.number)
		case element == "19#":
			at = child(&at.year)
		case element[0] == '$':
			at = at.classChild(l.classes[element])
		default:
			n := note.Parse(element)
			for i := range n.Tokens {
				id := l.intern(n.Word(i)).id
				if at.next == nil {
					at.next = map[int32]*node{}
				}
				c := at.next[id]
				at.next[id] = child(&c)
				at = c
			}
		}
	}
	for _, old := range at.rules {
		if old.meaning == r.meaning && old.forward == r.forward && old.backward == r.backward {
			return
		}
	}
	at.rules = append(at.rules, &r)
}

// child returns the node that p points to, a new one if it is nil.
func child(p **node) *node {
	if *p == nil {
		*p = &node{}
	}
	return *p
}

// classChild returns the node behind the edge of a class, a new one if need be.
func (n *node) classChild(bit uint64) *node {
	for _, e := range n.class {
		if e.bit == bit {
			return e.to
		}
	}
	to := &node{}
	n.class = append(n.class, classEdge{bit, to})
	return to
}
