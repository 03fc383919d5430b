// Package nlp is the hook through which clinical notes are read.
//
// A store that has [Enricher]s calls each of them for every DocumentReference on
// its way in, by create, update, patch, transaction or import alike, before the
// resource is indexed and sealed, and adds the extensions they return to the
// resource. What an enricher adds is so stored, versioned and searched like
// everything else.
//
// An enricher that fails never fails the write: its error is recorded on the
// resource, in the extension [StatusURL] (see [Failure]), and the other
// enrichers still run.
//
// The package has the interface and the rules for adding; package clinical, when
// linked, has an annotator that works offline.
package nlp
