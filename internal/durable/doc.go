// Package durable makes the names of files last: what was made, renamed or removed in a
// folder is there after a power failure once [SyncFolder] has returned.
package durable
