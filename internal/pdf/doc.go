// Package pdf reads the text of PDF documents (ISO 32000), which may be hostile.
//
// # How a document is read
//
// The cross-reference table is not used: the file is scanned once for its objects, and the
// last one of a number counts. So a document that is cut short, or has a wrong table, reads
// like any other. Then the content of each page is interpreted. The strings that it shows
// are decoded by the fonts' ToUnicode maps, encodings and glyph names; line ends and spaces
// follow from the places of the strings. The text comes in the order in which the page
// draws it.
//
// # Invariants
//
//   - All work for a document is counted against [Limits]: bytes parsed, decompressed
//     and interpreted, objects, values, depth, text. Time and memory are linear in
//     them.
//   - The package starts no goroutine, and looks at its context every few thousand steps.
//   - No panic. Errors speak without the document's content.
//
// Fields of forms and free text annotations are read as the page shows them. Encrypted
// documents, other annotations, pictures, and fonts without names or codes of their
// characters are not read.
package pdf
