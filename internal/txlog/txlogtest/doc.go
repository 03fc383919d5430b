// Package txlogtest is a log for tests of those who write to one: package txlog's,
// with everything that a log kept elsewhere could do to its writer. By a seeded
// schedule other writers' commits come first, acknowledgements are lost, appends
// fail or take their time.
package txlogtest
