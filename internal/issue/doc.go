// Package issue has the words in which fhirlake reports faults of data: FHIR's issue
// severities and codes, the [Issue], and the one function that makes an
// OperationOutcome of issues.
//
// An issue never carries patient data: it names the place, by JSON Pointer and
// byte offset or by FHIRPath expression, and the rule. The expression begins with the
// type of the resource, and names a choice as FHIRPath does: Patient.deceased.
package issue
