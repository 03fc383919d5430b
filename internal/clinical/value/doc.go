// Package value finds what stands beside the terms of a note: the value and unit of a
// test, how acute a condition is and on which side, and expressions of time.
//
// It knows numbers, units and a few dozen words, and no vocabulary of terms. All
// functions look at a bounded number of tokens, except Times, which reads a sentence once.
package value
