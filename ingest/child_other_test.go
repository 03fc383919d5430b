//go:build !unix

package ingest_test

// childFolder is never set here: the tests that start children need unix.
const childFolder = "INGEST_TEST_FOLDER"

func child(string) {}
