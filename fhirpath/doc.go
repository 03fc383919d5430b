// Package fhirpath compiles FHIRPath expressions and evaluates them over FHIR R4
// resources.
//
//	expr, err := fhirpath.Compile("Patient.name.where(use = 'official').given.first()")
//	names, err := expr.Evaluate(ctx, patientJSON)
//
// It covers all of FHIRPath N1 (normative release 1, ANSI/HL7 NMN R1-2020), the
// functions of trial use (split, join, trim, encode, escape, lowBoundary,
// defineVariable, sort, coalesce, yearOf and their like), and what FHIR R4 adds
// (§2.9.1).
//
// # Terms
//
// A collection is a list of items. An item is a node of a resource, or a value of
// FHIRPath's own (System.Boolean, …), which a literal or an operator yields. The
// context is the node on which an expression is evaluated; the focus, $this, is the
// item at which a function like where looks. The shape of an expression is the types of
// its items, as far as they are known before the evaluation.
//
// # Types
//
// Expressions are checked when they are compiled: Patient.nmae is an error, not an
// empty result, and so is name.startsWith('x'). [Error.Excerpt] shows the place.
// [Options] turn the check off, or make it stricter by naming the context's type. A
// path that starts with the name of a type yields nothing on a context of another type;
// abstract types (Resource, DomainResource) apply to all that specialise them. Compile
// works out the fields to which a step may lead, so that evaluation compares numbers
// and not names.
//
// A FHIR primitive counts as a value of its System type, if one is needed, and a FHIR
// Quantity as a System.Quantity: its UCUM code is the unit. Is and ofType tell FHIR's
// types and FHIRPath's apart. R4's search parameters write types in odd case (as
// DateTime) and apply as to several items, so:
//   - Quantity is both FHIR's and FHIRPath's, so that 5 'mg' is Quantity, and
//     FHIR.Quantity or System.Quantity one of them;
//   - as and ofType keep all items that have the named type. As in HL7's R4 suite a
//     concrete type does not stand for its specialisations (a code is not kept by
//     ofType(string)), an abstract one does;
//   - is follows specialisation;
//   - a name like DateTime or Boolean means a FHIR primitive to as and ofType, and
//     FHIRPath's own type, System.DateTime, to is.
//
// # Values
//
// Integers have 32 bits, decimals 28 digits; a result beyond is the empty collection,
// by the specification. Dates and times keep their written precision; if it leaves a
// comparison open, the result is empty. Quantities are compared and converted by UCUM;
// years and months of the calendar are not UCUM's. Regular expressions are RE2's: (?s),
// no look-around.
//
// # Services
//
// It fetches nothing. References within a resource and its Bundle, value sets of R4's
// required bindings and FHIR's own types are known; for the rest an [Evaluator] asks a
// [Resolver], a [Terminology] and [Profiles]. Without them resolve, memberOf, subsumes,
// slice and elementDefinition yield nothing, and conformsTo fails for an unknown
// profile.
//
// # Limits
//
// [MaxLength] and [MaxDepth] bound an expression. [Evaluator] has bounds for work,
// items and text of one evaluation, and for the bytes that resolve() brings in: each
// resource counts once. It looks at ctx every millisecond or so. Work is counted by
// its cost: texts by their bytes, patterns by the steps that they make, numbers
// and units by their arithmetic. By default an evaluation ends within a few seconds and
// some hundred megabytes. An [Expression] is immutable and safe for
// many goroutines; an Evaluator holds scratch memory and belongs to one.
package fhirpath
