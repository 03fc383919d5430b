// Package jsonpatch applies a JSON Patch (RFC 6902) to JSON text.
//
// It knows no FHIR: a patched resource is parsed and validated like any other. Numbers
// keep their digits and members their order; a new member goes to the end of its
// object. A patch is applied whole or not at all.
//
// Work and memory are bounded, since a patch of a few lines can copy a document into
// itself until nothing is left: see [MaxBytes], [MaxDepth] and [MaxWork]. Values into
// which a patch does not look stay text, and copies share it, so that a patch beyond
// the limits is refused at little cost. An error names its operation; its offset is one
// in the patch.
package jsonpatch
