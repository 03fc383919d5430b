// Package fhirpath is the machine behind the public package of that name, whose overview
// has the language, its types, values and limits. Here expressions are compiled and
// evaluated on nodes of parsed documents.
//
// The names and comments that both packages have are the same. What this one has more is
// for the other packages of this module:
//
//   - [Evaluator.Select] and [Evaluator.Test] evaluate on a node of a document, a component
//     of a composite search parameter on the composite's element, and allocate nothing for
//     what search parameters do once the evaluator's memory has grown.
//   - [Evaluator.EvaluateNode], [NewNode] and [Item.Node] lead from nodes to items and back.
//   - [CheckInvariants] evaluates R4's own constraints on a document. It has one limit for
//     all invariants of a resource.
//
// An expression becomes a syntax tree (package syntax), the tree operations (compile.go), and an
// operation moves items on the stack of an [Evaluator].
package fhirpath
