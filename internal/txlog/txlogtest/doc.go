// Package txlogtest is a log for tests of the log's writers. It wraps a log of package
// txlog and does to its writer what a remote log could do: by a seeded schedule other
// writers' commits come first, acknowledgements are lost, appends fail or take their
// time. It also has a disk that fails at any operation and loses power.
package txlogtest
