// Package pagetoken seals the positions from which pages of an answer go on.
//
// A [Token] names a state by its sequence and a place in the answer as of that state.
// [Key.Seal] makes a text of it that only a holder of the key can make, and [Key.Open]
// reads it again. What the answer depends on beside the state is bound as two hashes:
// that of the request, and that of the settings under which it was answered. A token
// whose request is another was made for something else; one whose settings are others
// is stale.
//
// # What it does not do
//
// A token is authentic, not secret: whoever holds it can read its numbers. It does not
// end by itself: who opens it says whether the state is still there.
package pagetoken
