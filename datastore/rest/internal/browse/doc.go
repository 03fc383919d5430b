// Package browse shows a FHIR API to people: pages for browsers.
//
// A [Handler] makes each page of the answers that the API gives to the same caller: it asks
// the API's own handler, in JSON and with the caller's headers, as any client would. So a
// page shows what the caller may see and nothing else, whatever decides that.
//
// # Pages
//
//   - the start: what the store holds
//   - a resource as JSON or XML, with links, its narrative, and the note of a document
//   - a search: the form, the matches as a table, the plan
//   - a history, with what each version changed
//   - a patient's timeline and curves
//   - the capabilities, and every error
//
// Parameters of pages begin with a colon, as no parameter of FHIR does: ":view" names the
// page of a resource, ":name" and ":value" are rows of the search form, and ":go" is the
// field at the top.
//
// # Terms
//
// An answer is what the API gave. A markup is HTML while it is written. A frame is what all
// pages have around their content. A literal is HTML of this package, a constant.
//
// # Invariants
//
//   - All that is not a literal is escaped; only a literal has tags.
//   - A link leads to a path below the base, or to http or https.
//   - A page needs no script and no other file, and its Content-Security-Policy lets none in.
//   - A page has at most MaxBytes. What has no room is left out, and the page says so.
//   - Pages change nothing: they ask by GET, or by POST to _search.
package browse
