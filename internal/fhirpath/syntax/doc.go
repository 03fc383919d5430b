// Package syntax reads FHIRPath: text to tree, and back to text.
//
// It is the one parser of expressions. Package fhirpath compiles its trees to operations,
// and the search parameters of R4 to paths.
//
// A tree says what was written and nothing of what it means: whether an element or a
// function exists is asked by those who compile it. Only names of types are looked up here,
// since all compilers must take them alike.
package syntax
