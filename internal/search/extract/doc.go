// Package extract turns a parsed resource into the values that package index keeps.
// Values of R4's search parameters are found by the tries of a registry, in one walk
// over the document; values of custom parameters by their FHIRPath expressions.
//
// An [Extractor] is for one goroutine, and keeps its scratch memory for the next resource.
package extract
