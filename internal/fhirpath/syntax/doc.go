// Package syntax reads FHIRPath: text to tree, and back to text.
//
// It is the one parser of expressions. Package fhirpath compiles its trees to operations,
// and the search parameters of R4 to paths.
//
// A tree says what was written, not what it means: whoever compiles the tree asks whether an
// element or a function exists. Only names of types are looked up here, since all compilers
// must take them alike.
package syntax
