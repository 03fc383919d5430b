// Package comprehend asks Amazon Comprehend Medical what clinical texts speak of.
//
// A [Detector] calls DetectEntitiesV2, InferICD10CM and InferRxNorm. What it is given
// leaves the machine: it needs an agreement with the service about patient data, and costs
// by the character.
//
// Texts that are longer than the service takes are cut at ends of paragraphs and
// sentences; offsets are those of the whole text. Throttling, errors of the service and
// broken connections are repeated with growing pauses. What the service returns is
// checked against the text ([nlp.Findings.Clean]).
package comprehend
