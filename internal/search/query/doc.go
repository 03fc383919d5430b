// Package query parses a search into a [Query]: a syntax tree in which every name is a
// parameter. It is strict: an unknown part is an error that names the part.
//
// # Terms
//
//   - A [Condition] is one name=value of the query, or a condition inside another. All
//     conditions of a query must hold, and at least one of the alternatives of each.
//   - A [Footprint] is the types on which an answer depends.
//
// # Invariants
//
//   - A Query is immutable once it is read, except for [Query.Bind].
//   - Reading is cheap for any text: its limits stand in parse.go.
//   - No error holds a value of the query.
package query
