// Package exec answers queries over an index, as of a view.
//
// # How a search goes
//
//   - [Engine.Parse] reads it (package query).
//   - planner.go compiles each condition into a node, once for each search and type: what
//     a condition is answered from is chosen there and nowhere else.
//   - A node knows how to estimate its work, to evaluate itself as a set, to decide for one
//     version or what it contains, and to explain itself. What must hold together is
//     evaluated from the lowest estimate on, each node among what the ones before left.
//   - What every search does beside answering stands around the nodes: they are metered,
//     and observed where a plan is wanted.
//   - A view may carry a [Filter], which every step passes: see allow.go.
//
// # Terms
//
//   - A decision reports whether a condition holds for a version, or for what it contains,
//     from its values alone.
//   - A target is what the steps of a chain or of _has lead to.
//   - An order is one key of _sort.
//
// # Custom parameters
//
// Parameters that R4 does not define are package custom's ([Engine.Custom]). Those in use are
// ordinary parameters; an answer is given only if they are still in use when it is done.
//
// # Invariants
//
//   - An answer is exact: totals count, and no match is left out.
//   - No error holds a value of a query or of a resource.
package exec
