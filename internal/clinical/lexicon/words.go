package lexicon

import "strings"

// wordID numbers the words of a dictionary from 1; 0 is every other word.
type wordID uint32

// A wordTable numbers words. It is filled first, then only read.
type wordTable struct {
	slots []wordSlot // open addressing; the length is a power of two
	used  int
	blob  []byte // the words one after the other
	last  wordID
}

type wordSlot struct {
	hash  uint32
	id    wordID // 0 if the slot is empty
	start uint32 // in blob
	size  uint32
}

func newWordTable(words int) *wordTable {
	size := 1 << 10
	for size < 2*words {
		size *= 2
	}
	return &wordTable{slots: make([]wordSlot, size), blob: make([]byte, 0, 8*words)}
}

// hashWord is FNV-1a with its bits mixed.
func hashWord(word string) uint32 {
	h := uint32(2166136261)
	for i := range len(word) {
		h = (h ^ uint32(word[i])) * 16777619
	}
	return h ^ h>>15
}

// slot returns the slot of a word, or the empty slot where it belongs.
func (t *wordTable) slot(word string, hash uint32) *wordSlot {
	mask := uint32(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.id == 0 || s.hash == hash && string(t.blob[s.start:s.start+s.size]) == word {
			return s
		}
	}
}

// id returns the number of a word, 0 if it has none.
func (t *wordTable) id(word string) wordID { return t.slot(word, hashWord(word)).id }

// set gives a word the number id, unless the word has one.
func (t *wordTable) set(word string, id wordID) {
	if t.used*3 > len(t.slots)*2 {
		t.grow()
	}
	hash := hashWord(word)
	s := t.slot(word, hash)
	if s.id != 0 {
		return
	}
	*s = wordSlot{hash: hash, id: id, start: uint32(len(t.blob)), size: uint32(len(word))}
	t.blob = append(t.blob, word...)
	t.used++
}

func (t *wordTable) grow() {
	old := t.slots
	t.slots = make([]wordSlot, 2*len(old))
	mask := uint32(len(t.slots) - 1)
	for _, s := range old {
		if s.id == 0 {
			continue
		}
		i := s.hash & mask
		for t.slots[i].id != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = s
	}
}

// number returns the number of a word of the dictionary, giving the next one to a word
// that is new. Singular and plural have one number.
func (t *wordTable) number(word string) wordID {
	if id := t.id(word); id != 0 {
		return id
	}
	base := singular(word)
	id := t.id(base)
	if id == 0 {
		t.last++
		id = t.last
		t.set(base, id)
	}
	t.set(word, id)
	return id
}

// spread gives the other spellings of all words the numbers of the words, where they are
// not words of the dictionary themselves.
func (t *wordTable) spread() {
	words := make([]wordSlot, 0, t.used)
	for _, s := range t.slots {
		if s.id != 0 {
			words = append(words, s)
		}
	}
	for _, s := range words {
		word := string(t.blob[s.start : s.start+s.size])
		if len(word) < 3 || !isLetters(word) || word[len(word)-1] == 's' && singular(word) != word {
			continue
		}
		t.set(plural(word), s.id)
		if latin := latinPlural(word); latin != "" {
			t.set(latin, s.id)
		}
		if len(word) < 5 {
			continue
		}
		if other := british(word); other != word {
			t.set(other, s.id)
			t.set(plural(other), s.id)
		}
	}
}

func isLetters(word string) bool {
	for i := range len(word) {
		if c := word[i]; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// singular returns the singular of an English word, or the word itself. A wrong singular of
// a word that is no plural is harmless, because words are looked up as they stand.
func singular(word string) string {
	word = strings.TrimSuffix(word, "'s")
	if len(word) < 4 || word[len(word)-1] != 's' || !isLetters(word) {
		return word
	}
	ends := func(suffix string) bool { return strings.HasSuffix(word, suffix) }
	stem := word[:len(word)-1]
	switch {
	case ends("ss") || ends("us") || ends("is"):
		return word
	case ends("ies") && len(word) > 4:
		return word[:len(word)-3] + "y"
	case ends("sses"), ends("shes"), ends("ches"), ends("xes"), ends("zes"):
		return word[:len(word)-2]
	case word == "doses" || word == "noses":
		return stem
	case ends("oses"), ends("stases"), ends("yses"), ends("theses"):
		return word[:len(word)-2] + "is"
	}
	return stem
}

// plural returns the English plural of a word, or nonsense if the word has none.
func plural(word string) string {
	switch n := len(word); {
	case strings.HasSuffix(word, "is"):
		return word[:n-2] + "es"
	case strings.HasSuffix(word, "s"), strings.HasSuffix(word, "x"), strings.HasSuffix(word, "sh"), strings.HasSuffix(word, "ch"):
		return word + "es"
	case strings.HasSuffix(word, "y") && !strings.ContainsRune("aeiou", rune(word[n-2])):
		return word[:n-1] + "ies"
	}
	return word + "s"
}

// latinPlural returns the Latin plural of a word, "" if it has none.
func latinPlural(word string) string {
	switch n := len(word); {
	case word == "foot":
		return "feet"
	case word == "tooth":
		return "teeth"
	case n < 5:
	case strings.HasSuffix(word, "us"):
		return word[:n-2] + "i"
	case strings.HasSuffix(word, "um"):
		return word[:n-2] + "a"
	case strings.HasSuffix(word, "a"):
		return word + "e"
	case strings.HasSuffix(word, "ix"), strings.HasSuffix(word, "ex"):
		return word[:n-2] + "ices"
	}
	return ""
}

// britishSpelling turns American spellings of medical words into British ones.
var britishSpelling = strings.NewReplacer(
	"anemi", "anaemi", "emia", "aemia", "emic", "aemic", "hemo", "haemo", "hema", "haema", "heme", "haeme",
	"edema", "oedema", "esoph", "oesoph", "diarrhea", "diarrhoea", "rrhea", "rrhoea", "rrheic", "rrhoeic",
	"tumor", "tumour", "color", "colour", "estro", "oestro", "gynec", "gynaec", "pedi", "paedi",
	"anesth", "anaesth", "fetal", "foetal", "pnea", "pnoea", "celiac", "coeliac", "cecal", "caecal", "cecum", "caecum",
	"feces", "faeces", "fecal", "faecal", "sulf", "sulph", "fiber", "fibre", "center", "centre", "leuke", "leukae",
	"behavior", "behaviour", "odor", "odour", "vapor", "vapour", "etiolog", "aetiolog", "ameba", "amoeba", "favor", "favour",
	"paralyz", "paralys", "immuniz", "immunis", "catheteriz", "catheteris", "hospitaliz", "hospitalis",
)

func british(word string) string {
	if strings.HasPrefix(word, "leukemi") {
		return "leukaemi" + word[len("leukemi"):]
	}
	return britishSpelling.Replace(word)
}

// isMarked reports whether a name is nothing but single letters with marks between them:
// "F/C", "D&C".
func isMarked(name string) bool {
	if len(name) < 3 {
		return false
	}
	for i := range len(name) {
		letter := 'a' <= name[i]|0x20 && name[i]|0x20 <= 'z'
		if letter != (i%2 == 0) || i%2 == 1 && (name[i] == ' ' || name[i] == '-' || name[i] >= 0x80) {
			return false
		}
	}
	return true
}

// is reports whether a text is the exact name of a sense.
func (s *Sense) is(text string) bool {
	if s.marked {
		return sameMarks(text, s.exact)
	}
	return text == s.exact
}

// sameMarks reports whether a text is a name, apart from case and spaces.
func sameMarks(text, name string) bool {
	i := 0
	for _, b := range []byte(text) {
		if b == ' ' {
			continue
		}
		if i == len(name) || b != name[i] && (b|0x20 != name[i]|0x20 || b|0x20 < 'a' || b|0x20 > 'z') {
			return false
		}
		i++
	}
	return i == len(name)
}

// shortWords are how words of conditions are shortened.
var shortWords = map[string]string{"cancer": "ca", "carcinoma": "ca", "fracture": "fx", "disease": "dz", "infection": "infxn"}
