// Package fhirproto turns a tape of package fhirjson into the wire format of the
// google/fhir protos of R4, and that wire format into canonical JSON.
//
// It knows the protos by the numbers in package schema alone and links none of them:
// [AppendWire] makes what proto.Unmarshal reads, [AppendJSON] reads what proto.Marshal
// makes. [AppendKept] gives values that a proto did not change the text that they have
// in a stored version.
//
// # How the protos hold a resource
//
//   - Each primitive is a message of value, id and extensions. One without a value
//     has the extension [NoValueURL].
//   - A choice is a message with a oneof, one field for each alternative.
//   - A code of a required value set is an enum, any other a string.
//   - Dates and times are microseconds since the Unix epoch, a zone and a
//     precision: seconds, milliseconds or microseconds below a day. What has no
//     zone in JSON has zone UTC.
//   - base64Binary is bytes. White space at regular distances is described by the
//     extension [StrideURL].
//   - A reference such as Patient/1 or Patient/1/_history/2 is a ReferenceId in the
//     field of its type, #a a fragment, any other a string.
//   - A resource in contained or Parameters.parameter is an Any of a
//     ContainedResource, one in Bundle.entry a ContainedResource.
//
// # What a proto cannot hold
//
// From JSON to proto and back every value keeps its text, except
//
//   - fractions of a second, which come out with three or six digits, and what is
//     below a microsecond, which is lost;
//   - the zone -00:00, which becomes +00:00, and second 60 of a dateTime or instant,
//     which becomes second 0 of the minute after it;
//   - white space in base64Binary that [StrideURL] cannot describe, bits that its
//     padding leaves unused, and the integer -0.
//
// AppendWire refuses values for which the protos have no place: Extension.valueMeta; a
// comparator where R4 wants a SimpleQuantity; a code outside its required value set; on
// a primitive an extension with one of the two URLs above, which the protos keep for
// themselves.
//
// jsonformat of google/fhir represents all this in the same way, with exceptions
// that the tests list by class.
package fhirproto
