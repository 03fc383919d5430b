// Package pagetoken makes authenticated tokens of the positions at which pages of an
// answer begin.
//
// A [Token] names a state by its sequence and a place in the answer as of that state.
// [Key.Seal] makes a text of it that only a holder of the key can make, and [Key.Open]
// reads it again. A token also has two hashes: of the request, and of the settings
// under which it was answered. A token of another request is invalid; a token of other
// settings is stale.
//
// # What it does not do
//
// A token is authentic, not secret: anybody can read its numbers. It does not expire:
// the caller of Open decides whether the state is still there.
package pagetoken
