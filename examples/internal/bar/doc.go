// Package bar shows on a terminal how far something is: a bar, the rate and the time left.
// Where nobody looks, as in a pipe or a file, it shows nothing.
package bar
