// Package issue has the words in which fhirlake reports what is wrong with data:
// FHIR's issue severities and codes, one [Issue], the error that carries a list of them,
// [Failure], and the one place where a list becomes an OperationOutcome.
//
// An issue never carries patient data: it names the place, by JSON Pointer and
// byte offset or by FHIRPath expression, and the rule. The expression begins with the
// type of the resource, and names a choice as FHIRPath does: Patient.deceased.
package issue
