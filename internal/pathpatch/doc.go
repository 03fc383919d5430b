// Package pathpatch applies a FHIRPath Patch (FHIR R4 §3.1.7, a Parameters resource) to a
// resource in JSON.
//
// An operation takes the items of one field of one element, changes them, and puts them
// back; the next operation sees the result. A patch is applied whole or not at all. The
// caller validates the result.
//
// # Choices
//
//   - add and replace give an element with a choice of types the alternative that the
//     value has: deceased with a valueBoolean is deceasedBoolean.
//   - replace and delete take the extensions of a primitive along.
//   - An element that has nothing left after a delete is deleted as well, since FHIR has no
//     empty elements.
//   - delete does nothing if its path finds nothing. Every other operation fails then,
//     insert and move into an absent list included.
//   - Paths do not leave the resource: resolve() finds what it contains.
package pathpatch
