// Package clinical reads clinical notes offline: an nlp.Detector with a vocabulary and
// rules of its own.
//
// A Detector finds conditions with ICD-10-CM codes, medications with RxNorm concepts and
// their dosage, tests with values, procedures, parts of the body, expressions of time and
// protected health information. It decides for each mention whether the note says that it
// is absent, doubtful, past, hypothetical, planned or a relative's. The same text always
// gives the same findings; nothing is sent anywhere.
//
// A note goes through these steps, each a package of its own under internal/clinical:
// note cuts it into tokens, sentences and sections; phi finds names and dates; lexicon
// finds the terms of the vocabulary; assertion decides the traits; dosage and value find
// the attributes. This package joins them.
//
// # Scores
//
// The score of an entity says how its term was written: about .98 for a preferred term,
// less for a synonym, a form made by rule, an abbreviation, a misspelling, an
// abbreviation decided by its context. The score of a concept is the score of its entity
// times a factor that falls with its rank. docs/nlp.md has the values and how often
// entities of each score were right.
package clinical
