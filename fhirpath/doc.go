// Package fhirpath compiles FHIRPath expressions and evaluates them over FHIR R4
// resources.
//
//	expr, err := fhirpath.Compile("Patient.name.where(use = 'official').given.first()")
//	names, err := expr.Evaluate(ctx, patientJSON)
//
// The parser reads all of FHIRPath N1 (normative release 1, ANSI/HL7 NMN R1-2020).
// [Compile] takes the part that R4's search parameters use and answers anything
// else with an error that is [ErrUnsupported] and says where. Supported are
//   - paths, indexers, $this, %resource, %context;
//   - literals: boolean, string, number with a sign, {}, date, dateTime, and time
//     to the second;
//   - the operators =, !=, <, <=, >, >=, |, is, as, and, or, xor, implies;
//   - the functions where, exists, empty, not, count, first, last, is, as, ofType,
//     extension, hasExtension, and resolve() followed by is.
//
// # Terms
//
// A collection is a list of items. An item is a node of the resource, or a value
// of FHIRPath's own (System.Boolean, …), which a literal or an operator yields.
// The context is the node that an expression is evaluated on; the focus, $this,
// is the item that a where is looking at.
//
// # Types
//
// Paths are checked when they are compiled: Patient.nmae is an error, not an
// empty result. A path that starts with the name of a type yields nothing on a
// context of another type; abstract types (Resource, DomainResource) apply to all
// that specialise them. The fields that a step may lead to are worked out by
// Compile, so that evaluation compares numbers and not names.
//
// Search parameters write types in odd case (as DateTime) and apply as to several
// items, so:
//   - as and ofType keep, of any number of items, those whose type is the one
//     named. As in HL7's R4 suite a concrete type does not stand for its
//     specialisations (a code is not kept by ofType(string)), an abstract one does;
//   - is follows specialisation;
//   - a name like DateTime or Boolean means a FHIR primitive to as and ofType, and
//     FHIRPath's own type, System.DateTime, to is.
//
// # Limits
//
// [MaxLength] and [MaxDepth] bound an expression, [Evaluator].MaxVisits bounds
// the work of one evaluation. An [Expression] is immutable and safe for many
// goroutines; an [Evaluator] holds scratch memory and belongs to one.
//
// # Nodes
//
// [Evaluator.Select] and [Evaluator.Test] are the way in for other packages of
// this module: they evaluate on the nodes of a parsed document, a component of a
// composite search parameter on the composite's element, and allocate nothing once
// the evaluator's memory has grown.
//
// The package fetches nothing: where a reference's text does not tell the type of
// its target, a [Resolver] may.
package fhirpath
