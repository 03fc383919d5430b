// Package bar shows progress on a terminal: a bar, the rate and the time left. In a pipe or
// a file it shows nothing.
package bar
