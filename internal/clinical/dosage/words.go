package dosage

import (
	_ "embed"
	"iter"
	"slices"
	"strings"
)

// A class is a set of roles that a word can have in a sig.
type class uint32

const (
	massUnit    class = 1 << iota // mg
	unitUnit                      // units
	volumeUnit                    // mL
	countUnit                     // tablet
	timeUnit                      // day
	clockUnit                     // hr: also a rate's denominator
	weight                        // kg, m2
	perUnit                       // what a strength may be per, besides: spray
	form                          // cream
	formMod                       // extended
	suffix                        // ER: a form by itself, in capitals
	freqWord                      // bid: a frequency by itself
	moment                        // morning
	meal                          // breakfast
	weekday                       // monday
	weekdayAbbr                   // mon
	numeral                       // two
	fraction                      // half
	side                          // right, both, affected, the
	site                          // eye
	tube                          // what something is given by way of
	glue                          // a word that breaks no chain: of
	sigVerb                       // take
	upperOnly                     // a word otherwise, unless in capitals: AS
	plural                        // a time of more than a moment
	beverage                      // what a medication is mixed with: water
	measure                       // a word before a length of time: about
	turning                       // a word or mark after which something else may come: and
	other                         // a word for another action: recheck
	carry                         // a word after which the same medication goes on: continued
	occasion                      // what is done daily besides: weights
	period                        // daily: also for another action
)

// classNames are the classes as words.txt names them.
var classNames = map[string]class{
	"massUnit":    massUnit,
	"unitUnit":    unitUnit,
	"volumeUnit":  volumeUnit,
	"countUnit":   countUnit,
	"form":        form,
	"formMod":     formMod,
	"suffix":      suffix,
	"timeUnit":    timeUnit,
	"clockUnit":   clockUnit,
	"weight":      weight,
	"perUnit":     perUnit,
	"freqWord":    freqWord,
	"moment":      moment,
	"meal":        meal,
	"weekday":     weekday,
	"weekdayAbbr": weekdayAbbr,
	"numeral":     numeral,
	"fraction":    fraction,
	"side":        side,
	"site":        site,
	"tube":        tube,
	"glue":        glue,
	"sigVerb":     sigVerb,
	"upperOnly":   upperOnly,
	"plural":      plural,
	"measure":     measure,
	"turning":     turning,
	"carry":       carry,
	"other":       other,
	"period":      period,
	"occasion":    occasion,
	"beverage":    beverage,
}

//go:embed words.txt
var wordsText string

//go:embed phrases.txt
var phrasesText string

// An entry is a word of sigs with its classes.
type entry struct {
	class   class
	phrases []phrase // that begin with it, the longest first
}

// A phrase is a fixed run of words that is a span of its own.
type phrase struct {
	words []string
	kind  Kind
}

var unknown entry

// entries are the words of sigs.
var entries = func() map[string]*entry {
	m := make(map[string]*entry, 800)
	at := func(word string) *entry {
		e := m[word]
		if e == nil {
			e = new(entry)
			m[word] = e
		}
		return e
	}
	for name, list := range listed(wordsText) {
		for word := range strings.FieldsSeq(list) {
			at(word).class |= classNames[name]
		}
	}
	kinds := map[string]Kind{"Route": Route, "Frequency": Frequency, "Duration": Duration, "Dosage": Dosage, "Form": Form}
	for name, list := range listed(phrasesText) {
		for part := range strings.SplitSeq(list, "|") {
			w := strings.Fields(part)
			e := at(w[0])
			e.phrases = append(e.phrases, phrase{w, kinds[name]})
		}
	}
	for _, e := range m {
		slices.SortStableFunc(e.phrases, func(a, b phrase) int { return len(b.words) - len(a.words) })
	}
	return m
}()

// listed yields the lines "name: list" of a text without its comments.
func listed(text string) iter.Seq2[string, string] {
	return func(yield func(name, list string) bool) {
		for line := range strings.Lines(text) {
			name, list, ok := strings.Cut(line, ":")
			if ok && line[0] != '#' && !yield(name, list) {
				return
			}
		}
	}
}

// classOf returns the classes of a word.
func classOf(word string) class {
	if e := entries[word]; e != nil {
		return e.class
	}
	return 0
}
