// Package param has the search parameters of FHIR R4 and of a store, with the values of
// a resource that each sees.
//
// # Terms
//
//   - A [Param] is a parameter that a query names: Patient's birthdate.
//   - A [Stream] is the values at one place of a resource; the index knows it by
//     number. A parameter is a union of streams, and streams are shared: see
//     registry.go. The numbers depend on the tables of package schema; [Version]
//     changes with them.
//   - A [Registry] is all parameters of all types, with the tries by which package extract
//     finds their values. The tries are made of paths, and those of the syntax trees of the
//     parameters' expressions. A [Place] is an expression that is evaluated instead. Registries are immutable: custom parameters make another one.
//   - A [Definition] is a SearchParameter that a store uses beside R4's; a [Custom] is
//     its parameter, with streams of its own.
//   - A group is the number of an element of a composite parameter in a resource, so
//     that all components of a value match one element.
//
// # What it does not do
//
// It reads no resource but SearchParameters, and no query.
package param
