// Package httpnlp finds entities in clinical texts by any service over HTTP that answers in
// the JSON of Amazon Comprehend Medical.
//
// # Request
//
// A POST of {"Text": "…"} as application/json, to one URL for everything ([Options.URL]),
// or to further URLs for ICD-10-CM and RxNorm. Texts that are longer than
// [Options.MaxCharacters] are cut at ends of paragraphs and sentences; the offsets of the
// findings are those of the whole text.
//
// # Answer
//
// Status 200 and {"Entities": […], "ModelVersion": "…"}, entities as DetectEntitiesV2,
// InferICD10CM and InferRxNorm have them, offsets in code points. A service that answers
// everything at once adds the lists "ICD10CM" and "RxNorm". Without such a list, the
// entities with ICD10CMConcepts or RxNormConcepts are the list.
//
// Statuses 408, 429 and 5xx, and broken connections, are repeated with growing pauses. A
// redirect is an error: a patient's text goes to the URLs of the options alone.
package httpnlp
