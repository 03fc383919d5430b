// Package etag writes and reads the ETags of versions: W/"3" (FHIR R4 §3.1.0.1,
// Resource Metadata and Versioning). It knows one version id from another and no more:
// whether a version exists is for its caller.
package etag
