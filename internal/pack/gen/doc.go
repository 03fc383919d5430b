// Command gen makes the built-in dictionary of package pack:
//
//	go run ./internal/pack/gen [-check]
//
// It runs in the project's root, beside which ../shared/data/fhir-r4 must be. With
// -check it writes nothing, and fails if the dictionary is another than it would
// write.
//
// The dictionary is made of HL7's examples of FHIR R4 and of resources of package synth,
// as a store would keep them. Its texts come from one set of synthetic patients; its
// codes are made from how they serve another set. No user's resources are in it.
//
// Run it when the stored form, the layout of values or the numbers of their streams
// change: older stores keep the dictionary that they have, and get the new one beside
// it.
package main
