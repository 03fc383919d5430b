// Package extract turns a parsed resource into the values that package index keeps: those
// of R4's search parameters by the tries of a registry, in one walk over the document, and
// those of custom parameters by their FHIRPath expressions.
//
// An [Extractor] is for one goroutine, and keeps its scratch memory for the next resource.
package extract
