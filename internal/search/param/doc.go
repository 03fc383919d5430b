// Package param is the search parameters of FHIR R4 and of a store: which values of a
// resource each of them sees.
//
// # Terms
//
//   - A [Param] is what a query names: Patient's birthdate.
//   - A [Stream] is the values at one place of a resource, and what the index knows by
//     number. A parameter is a union of streams, and streams are shared: see registry.go.
//     The numbers depend on the tables of package schema; [Version] changes with them.
//   - A [Registry] is all parameters of all types, with the tries by which package extract
//     finds their values. The tries are made of paths, and those of the syntax trees of the
//     parameters' expressions. A [Place] is an expression that is evaluated instead. Registries are immutable: custom parameters make another one.
//   - A [Definition] is a SearchParameter that a store uses beside R4's, a [Custom] that
//     parameter with streams of its own.
//   - A group numbers the elements of a resource that composite parameters are about, so
//     that the parts of one match the same element.
//
// # What it does not do
//
// It reads no resource but SearchParameters, and no query.
package param
