// Package query reads a search as it is written into a [Query]: a syntax tree in which
// every name is a parameter. It reads strictly: what it does not know it reports as an
// error that names the part.
//
// # Terms
//
//   - A [Condition] is one name=value of the query, or a part of one. All conditions of a
//     query must hold; of the alternatives in one, any.
//   - A [Footprint] says on what an answer depends.
//
// # Invariants
//
//   - A Query is immutable once it is read, but for [Query.Bind].
//   - Reading is cheap whatever is sent: its limits stand in parse.go.
//   - No error holds a value of the query.
package query
