package clinical

import "github.com/fhirlake/fhirlake/internal/clinical/lexicon"

// qualityScores are the scores of entities by how their term was written: about the share
// of such entities that were right in the sentences of testdata.
var qualityScores = [...]float64{
	lexicon.Preferred:    0.98,
	lexicon.Synonym:      0.94,
	lexicon.Variant:      0.93,
	lexicon.Abbreviation: 0.92,
	lexicon.Misspelled:   0.85,
}

const (
	// inContext is the factor for an abbreviation that was decided by its context.
	inContext = 0.9
	// secondSense is the factor of concepts for each other meaning before theirs.
	secondSense = 0.6
	// maxConcepts is how many concepts an entity has at most.
	maxConcepts = 5
)

// scoreOf returns the score of an entity with a sense.
func scoreOf(s *lexicon.Sense) float64 {
	score := qualityScores[s.Quality]
	if s.Ambiguous {
		score *= inContext
	}
	return round(score)
}

// rankFactors are the factors of concepts by rank.
var rankFactors = [maxConcepts]float64{0.95, 0.7, 0.55, 0.45, 0.4}

// round rounds a score to four digits, so that it is written short.
func round(score float64) float64 { return float64(int(score*10000+0.5)) / 10000 }
