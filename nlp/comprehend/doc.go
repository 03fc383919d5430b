// Package comprehend finds entities in clinical texts by Amazon Comprehend Medical.
//
// A [Detector] calls DetectEntitiesV2, InferICD10CM and InferRxNorm. Texts leave the
// machine: this needs an agreement with the service about patient data, and costs by the
// character.
//
// Texts that are longer than the service takes are cut at ends of paragraphs and sentences;
// offsets are those of the whole text. Throttling, errors of the service and broken
// connections are repeated with growing pauses. Findings are checked against the text
// ([nlp.Findings.Clean]).
package comprehend
