// Package nlp is the hook through which clinical notes are read.
//
// A store that has an [Annotator] calls it for every DocumentReference that is written,
// by create, update, patch, transaction or import alike, in the write itself or later in
// the background. The extensions that it returns are added to the document; the resources
// that it returns are stored beside it, in the same commit, and follow it: another version
// of the document replaces them, its deletion removes them. All of them are stored,
// versioned and searched like everything else.
//
// # Failures
//
// An Annotator never loses a write. If it fails, panics, hangs or returns what the store
// does not take, the document is stored with the extension [StatusURL], which says so (see
// [Failure]), and without derived resources.
//
// # Terms
//
//   - A Document is a DocumentReference with the data of its attachments.
//   - A [Detector] finds entities in one text. Package clinical has one that works
//     offline, packages comprehend and httpnlp have some that ask a service; [Chain] joins
//     several.
//   - Package annotator makes an Annotator of a Detector.
//   - A derived resource is what an Annotator makes of a document, such as a Condition.
//
// # What it does not do
//
// It reads no attachments and finds nothing by itself.
package nlp
