// Package etag writes and reads the ETags of versions: W/"3" (FHIR R4 §3.1.0.1,
// Resource Metadata and Versioning). It does not know whether a version exists.
package etag
