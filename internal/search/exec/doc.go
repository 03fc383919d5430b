// Package exec answers queries over an index, as of a view.
//
// # How a search goes
//
//   - [Engine.Parse] reads it (package query).
//   - planner.go compiles each condition into a node, once for each search and type.
//     The way to a condition's answer is chosen there and nowhere else.
//   - A node knows how to estimate its work, to evaluate itself as a set, to decide for
//     one version or its contained resources, and to explain itself. Nodes that must
//     all hold are evaluated from the lowest estimate on, each among the ordinals that
//     the nodes before left.
//   - Work that every search does beside answering wraps the nodes: they are metered,
//     and observed if a plan is wanted.
//   - A view may carry a [Filter], which every step passes: see allow.go.
//
// # Terms
//
//   - A decision reports whether a condition holds for a version, or for its contained
//     resources, from its values alone.
//   - A target is the resources of one type to which the steps of a chain or of _has
//     lead.
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
