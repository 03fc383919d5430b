// Package annotator makes the annotator of a store from a detector: it reads the
// attachments of a document, has the detector find what they speak of, writes that down as
// AWS HealthLake does, and derives resources from it.
//
//	store, err := datastore.Open(ctx, path, &datastore.Options{
//		Annotator: annotator.New(detector, nil),
//	})
//
// # The extension
//
// Each attachment with a text has one extension [nlp.RootURL], in the order of the
// document's content: what was found, and a status, which is SUCCESS, or VALIDATION_ERROR
// with a message and nothing else. Findings that do not fit to the text are
// VALIDATION_ERROR; if a part of a detector failed, a message beside SUCCESS says so. An attachment of a kind that has no text, such as a
// picture, or whose data lies elsewhere than in the store, has none. Entities that the 1 MiB of
// one raw-response cannot hold are in another one.
//
// # Derived resources
//
// What is affirmed, or only possible, is derived, once for each code: a Condition for what
// is a diagnosis, an Observation for a sign or a symptom, a MedicationStatement for a
// medication, and a Linkage of all of them with the document. Nothing is derived from a mention
// that is negated, hypothetical, in the future, or about somebody else, nor from a document
// whose subject is neither a Patient nor a Group. If a code is mentioned several times, the
// strongest mention counts: affirmed before possible, present before past.
//
// The first coding has HealthLake's system, the second the official one. A mention that is
// only possible makes a Condition with verificationStatus provisional, any other with
// unconfirmed: nobody has looked at it yet.
package annotator
