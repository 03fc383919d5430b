// Package schema is FHIR R4 (4.0.1) as tables.
//
// The tables hold every resource type, data type, primitive type and backbone
// element with its fields in the order of the specification; cardinality,
// choices, content references, allowed reference targets, bindings with the
// codes of the required ones, summary and modifier flags, invariants; every
// search parameter with expression, targets and components; the compartments;
// and the numbers that the protos of google/fhir use for each of them.
//
// # Terms
//
// A [Type] is one shape of value: "Patient" (resource), "HumanName" (complex),
// "Patient.contact" (backbone), "code" (primitive). A [Field] is one property
// name of the JSON form of a type. An element with a choice of types, such as
// Observation.value[x], is one field for each alternative (valueQuantity,
// valueString, …), adjacent, with the same [Field.Element]. The fields of a type
// are adjacent, ascending in the order of the specification, inherited ones
// included, so a field number alone says which type it belongs to and where it
// stands in canonical order.
//
// Numbers ([TypeID], [FieldID], [ParamID]) index the tables. 0 is none. They change
// when the tables are made anew and so are never written to disk without a version of
// the tables.
//
// # Where the tables come from
//
// The generator in gen reads the R4 definitions, which are the source, and the
// descriptors of google/fhir, which give proto numbers only. All tables are
// constant data: nothing runs when a program starts.
package schema

//go:generate go run ./gen
