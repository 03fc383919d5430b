// Package index is the search index and the resource table of a store, in
// memory.
//
// It knows ordinals, resources, terms, postings and columns; it knows no FHIR
// query syntax and no search parameter by name. Package search decides what
// the values of a resource are and what a query means; this package answers
// which versions have a value.
//
// # Terms of the trade
//
//   - An [Ordinal] numbers a stored version of a resource, in log order, from 1.
//   - An [Entity] numbers a (type, id) pair, whether it was seen as a resource
//     or only as the target of a local reference.
//   - A payload is what [Builder] writes: all search values of one version as text
//     and numbers. Its layout is docs/format/values.md, packed or not.
//   - A [Term] is the keyed hash of one exact value of one parameter, a posting
//     the rising list of ordinals that have it.
//   - A column holds the values of one parameter that are compared rather than
//     looked up (dates, numbers, edges of references, sort texts), by ordinal. It
//     grows in chunks; full ones of dates and numbers are packed, and what searches
//     make of them (orders, calendars) is kept with them.
//   - A [Commit] is what one sequence of the log did, a [View] the state after one.
//
// # Invariants
//
//   - Custom params ([FirstCustom]) come and go as a whole.
//   - An ordinal is never given again, and what the resource table knows of it stays.
//     A newer version of a resource adds an ordinal and ends the one before; a
//     deletion is an ordinal without values.
//   - Every posting and every column rises by ordinal. A view is the last
//     ordinal L of its record: an ordinal o is visible in it if o ≤ L, o is no
//     deletion marker, and no newer version of the same resource is ≤ L. So a
//     view stays exact however much is written after it, until a sweep goes beyond it.
//   - [Index.Sweep] removes from postings and columns what is not visible at its
//     horizon nor later. It goes beyond no view that is held ([Index.Hold]) and not ended; a view
//     that is not held is exact as long as it is whole ([View.Whole]).
//   - [Index.Purge] makes holes of ordinals whose items left the log: no view shows them
//     any more, and one that had them is not complete ([View.Complete]).
//   - What an [Admission] has admitted, [Index.ApplyAll] applies: limits are asked before
//     a commit is made durable. They stand in limits.go.
//   - An index that a [Loader] filled is as one that Apply filled: [Diff] finds nothing.
//   - What a reader holds is never changed: postings and columns are append-only
//     slices and frozen bitmaps, whose headers are copied under a short lock. A sweep
//     puts others in their place.
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
// It stores nothing: opening a store applies its log again. It decides nothing about
// sweeps: package datastore says when, and how far. A sweep frees what postings,
// columns, terms and texts take; of a version 16 bytes of the resource table and its
// place in the posting of its type stay, for histories, and of a text that is gone
// 24, until all of the 4,096 that were added with it are. It keeps no text of tokens,
// so that sorting by a token, and composites, read the payloads of the candidates
// ([Decode]). Order, limits and cost of queries are package search's.
//
// # A term decides alone
//
// A term is found by 96 bits that are made of SipHash-2-4-128 under the store's
// hash key, and no value is compared after it. With 10^8 terms the chance that
// any two collide is about 10^-13, and nobody without the key can search for a
// collision. The alternative, 64 bits and a comparison with the holder's real
// value, would cost a decryption for each second holder of a value.
//
// SipHash runs once for a text, and its result serves all params and forms, to
// each of which it adds a number of its own; a system and a code are two results,
// multiplied and added. So two terms of one text never collide, and two of
// different texts as seldom as their hashes do: a multiplier that is odd costs at
// most two bits of each half, for the pairs (a, b) and (b, a).
//
// # A code without a system
//
// A code is found under its system only. A code under any system is the union of
// what it is under each system that the parameter has, of which there are few;
// codes of the seventeenth system and further ones have a term of their own. A
// unique identifier so costs one slot of the table, not two.
package index
