// Command gen makes the tables of package schema.
//
// It reads the R4 definitions, one resource a line, gzip, from the folder that
// -definitions names, and the message descriptors of google/fhir for the proto
// numbers, and writes the *_gen.go files of the folder above it. With -check it
// writes nothing and fails where a file would change. Where the definitions are
// absent it says so and fails.
//
// The definitions are the source; google/fhir gives numbers only, and a field
// that the definitions have and the protos lack is an error.
package main
