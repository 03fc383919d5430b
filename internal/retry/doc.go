// Package retry repeats requests that a network fails ([Policy.Do]), and goes on
// reading a body that can be opened again at an offset ([Reader]).
//
// # Terms
//
// An attempt is one call of the function that may fail. Failures count in a row: an
// attempt with progress starts the count again.
//
// # Invariants
//
//   - A Reader gives each byte once and in order, however often it opens.
//   - Nothing waits longer than its context lives.
//   - Nothing waits for ever: an attempt with too little progress is ended with
//     [ErrSlow].
//
// The package knows no protocol. Its callers say which errors are worth another
// attempt.
package retry
