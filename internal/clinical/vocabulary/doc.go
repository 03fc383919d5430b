// Package vocabulary holds the clinical terms that the project knows by itself:
// conditions with ICD-10-CM codes, medications with RxNorm concepts, tests,
// procedures and anatomy.
//
// The terms are written by hand in tab-separated files under terms/, by speciality. A
// line has five or six columns:
//
//	kind	term	code system	codes	synonyms	flags
//
// The kind is condition, medication, test, procedure or anatomy. The code system is
// icd10cm, rxnorm, or "-" where there is no code. Codes are separated by "," with the
// best one first. Synonyms are separated by "|" and may begin with marks:
//
//	?  ambiguous: decided by the entry's context words; a test also by a number after it
//	!  matched only in the letters as written, because the name is a word otherwise ("AIDS")
//	~  a frequent misspelling
//
// Flags are separated by spaces, lists within a flag by ",":
//
//	symptom        a complaint that patients tell of
//	sign           a finding of an examination or a test
//	social         a circumstance of life, not a disease
//	chronic        a disease that stays for life
//	family         the term itself says that the disease is a relative's
//	sides=3        the codes after the first are of the right side, the left and both; sides=2
//	               of the right and the left
//	past           the term itself says that the disease is over
//	treatment      a procedure that is a therapy rather than an intervention
//	brand          a medication's trade name
//	ingredient     a medication's substance
//	combination    substances taken as one medication
//	salt           a form of a substance that has a concept of its own
//	class          a group of medications, without a concept
//	vaccine        a vaccine or its trade name
//	ambiguous      the term itself needs its context, as a synonym marked "?" does
//	context=a,b    words; any of them nearby decides for this entry
//	generic=1,2    RXCUIs of the ingredients of a brand, combination or salt
//
// A medication has the RXCUI of its brand, ingredient or combination. A brand that is no
// longer sold has the code of its ingredient or combination; a combination without a code
// of its own has the codes of its ingredients. Every code of generic= has an entry of its own.
//
// Lines that begin with "#" and empty lines are passed over. A term is what a clinician
// writes; codes are what a coder gives for the bare term. The package does not normalise
// words and does not look terms up: internal/clinical/lexicon does.
package vocabulary
