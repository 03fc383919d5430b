// Package phi finds protected health information in a note: names by their context, dates,
// ages, telephone numbers, e-mail addresses, URLs, identifiers, addresses and professions.
//
// A name is found by the words around it (a title, a label, a credential), not by a
// list of names. Find reads a note once.
package phi
