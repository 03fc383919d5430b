// Package note cuts a clinical text into tokens, sentences and sections.
//
// A token is a word, a number or a punctuation mark, with the bytes of the text
// where it stands. Sentences follow each other without a gap: every token is in
// exactly one. Sections do the same with sentences. A list item is a sentence that
// begins with a bullet or a number; a label is the part of a sentence before a
// colon, such as "Lungs:" or "PAST MEDICAL HISTORY:".
//
// Everything is linear in the length of the text. The package knows no vocabulary beyond
// the headings of US notes and common abbreviations.
package note
