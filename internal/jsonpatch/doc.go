// Package jsonpatch applies a JSON Patch (RFC 6902) to JSON text.
//
// It knows no FHIR: what a patch makes of a resource is parsed and validated like
// any other. Numbers keep their digits and members their order; what is added
// goes to the end of its object. A patch is applied whole or not at all.
//
// Work and memory are bounded, since a patch of a few lines can copy a document
// into itself until nothing is left: see [MaxBytes], [MaxDepth] and [MaxWork]. What a
// patch does not look into stays text, and copies share it, so that a patch beyond
// the limits is refused before it has cost anything. An error says which operation it
// is about, and speaks of no offset but one in the patch.
package jsonpatch
