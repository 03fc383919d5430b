// Package index is the search index and the resource table of a store, in
// memory.
//
// It knows ordinals, resources, terms, postings and columns; it knows no FHIR query
// syntax and no search parameter by name. The packages of search decide on the values
// of a resource and the meaning of a query; this package answers which versions have a
// value.
//
// # Terms
//
//   - An [Ordinal] numbers a stored version of a resource, in log order, from 1.
//   - An [Entity] numbers a (type, id) pair, whether it was seen as a resource
//     or only as the target of a local reference.
//   - A payload is what [Builder] writes: all search values of one version as text
//     and numbers. Its layout is docs/format/values.md, packed or not.
//   - A [Term] is the keyed hash of one exact value of one parameter, a posting
//     the rising list of ordinals that have it.
//   - A column holds the values of one parameter that are compared rather than looked
//     up (dates, numbers, edges of references, sort texts), by ordinal. It grows in
//     chunks. Full chunks of dates and numbers are packed, and keep the orders and
//     calendars that searches make.
//   - A [Commit] has the versions of one sequence of the log. A [View] is the state
//     after one commit.
//
// # Invariants
//
//   - Custom params ([FirstCustom]) come and go as a whole.
//   - An ordinal is never given again, and its entry in the resource table stays. A
//     newer version of a resource adds an ordinal and ends the version before; a
//     deletion is an ordinal without values.
//   - Every posting and every column rises by ordinal. A view has the last ordinal L of
//     its commit: an ordinal o is visible in it if o ≤ L, o is no deletion, and no
//     newer version of the same resource is ≤ L. So a view stays exact however much is
//     written after it, until a sweep goes beyond it.
//   - [Index.Sweep] removes from postings and columns the ordinals that are not visible
//     at its horizon nor later. It goes beyond no hold ([Index.Hold]) that lasts; a
//     view without a hold is exact as long as it is whole ([View.Whole]).
//   - [Index.Purge] makes holes of ordinals whose items left the log: no view shows
//     them any more, and a view that had one is not complete ([View.Complete]).
//   - [Index.ApplyAll] applies every commit that an [Admission] has admitted: limits
//     are checked before a commit is made durable. They stand in limits.go.
//   - An index that a [Loader] filled equals one that Apply filled: [Diff] finds
//     nothing.
//   - A reader's postings and columns never change: they are append-only slices and
//     frozen bitmaps, whose headers are copied under a short lock. A sweep replaces
//     them by new ones.
//
// # Concurrency
//
// One goroutine applies; any number prepare and read meanwhile, and one sweeps. Apply
// puts entries into columns under a lock for a few dozen resources at a time. It groups
// the terms of all versions of a call, without a lock, so that each term is looked up
// once and its posting grows once, adds some hundred groups under each lock, and
// publishes at its end. A sweep holds it for a few hundred postings at a time, and for the end of a
// column. Reads of the resource table (by id, by ordinal) take no lock at all.
//
// # What it does not do
//
// It stores nothing: opening a store applies its log again, or restores an [Image] that
// the caller has kept. It does not decide when and how far to sweep: package engine does. A sweep frees the memory of postings, columns,
// terms and texts. For histories, 16 bytes of the resource table and a place in the
// posting of its type stay for a swept version. A text that is gone keeps 24 bytes
// until all 4,096 texts of its chunk are gone. The index keeps no text of tokens, so
// that sorting by a token, and composites, read the payloads of the candidates
// ([Decode]). Order, limits and cost of queries belong to internal/search.
//
// # A term decides alone
//
// A term is found by 96 bits that are made of SipHash-2-4-128 under the store's
// hash key, and no value is compared after it. With 10^8 terms the chance that
// any two collide is about 10^-13, and nobody without the key can search for a
// collision. The alternative, 64 bits and a comparison with the holder's real
// value, would cost a decryption for each second holder of a value.
//
// SipHash runs once for a text. The terms of the text add to its result a number for
// each param and form; a system and a code are two results, multiplied and added. So
// two terms of one text never collide, and terms of different texts collide as seldom
// as their hashes do: an odd multiplier costs at most two bits of each half, for the
// pairs (a, b) and (b, a).
//
// # A code without a system
//
// A code is found under its system only. A code under any system is the union of its
// postings under each system of the parameter, and a parameter has few systems; codes
// of the seventeenth and further systems have a term for all of these together. So a
// unique identifier costs one slot of the table, not two.
package index
