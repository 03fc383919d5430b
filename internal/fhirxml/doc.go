// Package fhirxml turns FHIR R4's XML into JSON and back, by a walk of the schema tables
// (FHIR R4 §2.6.2).
//
//   - [AppendJSON] reads XML. Package fhirjson then parses its output and holds values to
//     their types: the two together are as strict as JSON alone.
//   - [Append] writes the tape of package fhirjson as XML.
//
// The text of a narrative is the same in both forms, byte for byte, line ends included.
//
// # Choices
//
//   - Elements stand in the order of the specification, as its schemas demand: others
//     are refused.
//   - Comments and processing instructions are left out. A document type is refused, so
//     that there are no entities but XML's own.
//   - The div of a narrative declares its namespace itself, without a prefix.
//   - Loose properties, which level minimal keeps, and characters that XML cannot carry
//     have no XML: [ErrNoXML].
package fhirxml
