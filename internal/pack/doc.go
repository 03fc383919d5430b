// Package pack makes the two parts of a version small: its body, which is a resource
// as canonical JSON, and its values, which are the payload of an index.Builder.
//
// # Terms
//
// A text is what is packed: a body or a payload. A block is a packed text; its first
// bytes name its codec and its dictionary. docs/format/packed.md draws both blocks
// and dictionaries.
//
// Packing takes two steps. First the splitter takes UUIDs, dates and times out of the
// text: the fields. What remains is the template, with a mark for each field; the
// templates of two resources written by one program are nearly the same. In a template,
// long base64 is decoded, because clinical notes are kept as base64. Then the
// template is written as matches, copies out of the dictionary or of itself, and the
// literals between them. The fast codecs write both in whole bytes; the dense codec,
// which is for bodies alone, looks for the cheapest chain of matches, and writes it in
// prefix codes that belong to the dictionary.
//
// A dictionary has a section for bodies and one for values. A section is a text, made
// of templates; that of bodies has the codes of the dense form as well. The built-in dictionary is made by
// the generator in gen, from HL7's examples and from package synth, never from the
// resources of a user.
//
// # Invariants
//
//   - Every text comes back byte for byte. A text that no codec makes smaller is kept
//     as it is, with one byte before it.
//   - Any block unpacks or is refused. None makes the reader panic, or allocate more
//     than its codec could yield from as many bytes.
//   - The same text, dictionary and codec give the same block, whatever the Packer
//     packed before.
//   - A dictionary never changes: what a store holds is read with the dictionary of
//     its number, for ever.
//
// # What it does not do
//
// It keeps no checksum: blocks are sealed, and damage shows there first. It does not
// know where dictionaries are stored, nor which number they have.
package pack
