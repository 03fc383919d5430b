package note

import "strings"

// titles are abbreviations with a full stop that always go on.
var titles = set(`dr drs mr mrs ms prof st vs no nos fig figs approx dept inc jr sr rev hon gen col sgt capt
	lt cmdr ave blvd mt ft e.g i.e eg ie cf viz resp incl excl`)

// abbreviations go on unless a sentence clearly begins behind them.
var abbreviations = set(`mg mcg ml kg lb lbs oz cm mm hr hrs min mins sec wk wks mo mos yr yrs tab tabs cap caps inj susp soln
	inhal supp gtt gtts qd bid tid qid prn po im iv sq sc hs ac pc qhs qod am pm etc pt pts hx dx rx tx sx fx bx wt ht temp
	resp bp hr rr abd ext neuro cont dc med meds rt lt bilat exam eval max ref tel ext approx al jan feb mar apr jun jul aug sep
	ca viz sept oct nov dec mon tue wed thu fri sat sun`)

// openers are words that begin a sentence even after an initial or an abbreviation.
var openers = set(`the a an this that these those he she it they we i his her its their there patient pt no denies denied
	reports on in at for with without was is has had will please continue follow return take if after all also`)

// starters begin a sentence even in small letters behind a short word.
var starters = set(`denies denied reports reported presents complains endorses`)

// answers stay in the sentence of their question: "Any cough? No."
var answers = set(`yes no none denies denied negative positive never`)

func set(words string) map[string]bool {
	s := map[string]bool{}
	for _, w := range strings.Fields(words) {
		s[w] = true
	}
	return s
}
