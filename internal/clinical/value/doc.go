// Package value finds the attributes of the terms of a note: values and units of tests,
// acuity and side of conditions, and expressions of time.
//
// It knows numbers, units and a few dozen words, and no vocabulary of terms. All
// functions look at a bounded number of tokens, except Times, which reads a sentence once.
package value
