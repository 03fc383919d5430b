// Package storetest opens stores for the tests of any package, and checks each one
// when its test ends.
//
// Open opens a store in memory. When the test ends, Open verifies the whole store,
// the index against the bodies, and closes it. Main runs a package's tests and fails
// if a goroutine outlives them. A Sink keeps the files of a job in memory.
//
// Only tests import this package.
package storetest
