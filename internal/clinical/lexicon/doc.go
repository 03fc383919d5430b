// Package lexicon finds the terms of a vocabulary in a note.
//
// A Dictionary is compiled once from entries of a vocabulary. Its words are numbered by one
// table that knows each word with its plural, its British spelling and without its accents.
// Its phrases are a trie of word numbers, kept as one hash table from (node, word) to node.
// Find walks the trie from every word of a note and keeps the longest match; where matches
// overlap, the longer one stays, and anatomy gives way to a longer term around it.
//
// A medication written with one letter wrong is found where the words around it speak of a
// medication.
//
// Case, hyphens, slashes and apostrophes don't matter, except that an abbreviation which
// is a common English word otherwise ("ALL", "AS") must stand in capitals. Articles and
// sides may stand after a preposition ("fracture of the left femur"). An ambiguous
// abbreviation is found only where one of its context words stands nearby.
//
// The package also reads vocabularies of users: ICD-10-CM, RxNorm, SNOMED CT and CSV.
package lexicon
