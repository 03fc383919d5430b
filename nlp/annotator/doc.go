// Package annotator makes the annotator of a store from a detector: it reads the
// attachments of a document, calls the detector, writes the findings as AWS HealthLake
// does, and derives resources from them.
//
//	store, err := datastore.Open(ctx, path, &datastore.Options{
//		Annotator: annotator.New(detector, nil),
//	})
//
// # The extension
//
// Each attachment with a text has one extension [nlp.RootURL], in the order of the
// document's content: what was found, and a status, which is SUCCESS, or VALIDATION_ERROR
// with a message and nothing else. Findings that do not fit the text are VALIDATION_ERROR;
// if a part of a detector failed, a message beside SUCCESS says so. An attachment without
// text, such as a picture, or with data outside of the store, has none. A raw-response
// holds 1 MiB; entities beyond it are in another one.
//
// # Derived resources
//
// Resources are derived from affirmed and from possible mentions, once for each code: a
// Condition from a diagnosis, an Observation from a sign or a symptom, a
// MedicationStatement from a medication, and a Linkage of all of them with the document.
// Nothing is derived from a mention that is negated, hypothetical, in the future, about
// somebody else, or about a circumstance of life, nor from a document whose subject is
// neither a Patient nor a Group. If a code is mentioned several times, the strongest
// mention counts: affirmed before possible, present before past.
//
// The first coding has HealthLake's system, the second the official one. A mention that is
// only possible makes a Condition with verificationStatus provisional, any other with
// unconfirmed: nobody has looked at it yet.
package annotator
