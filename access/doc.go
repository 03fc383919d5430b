// Package access says what one caller may see and do in a store.
//
//	mine := store.For(&access.Rights{
//		Caller: "dr-who",
//		Grants: []access.Grant{{Type: "*", Permissions: "rs", Patient: "p1"}},
//	})
//
// The store that For returns reads, searches and writes as far as the rights go. What the
// caller may not see is for it as if it were not there: it is not found, not counted, not
// included, and no chain, sort or condition comes upon it.
//
// # Choices
//
//   - Rights are a sum: a caller may do to a resource what any grant permits. Without a
//     grant nothing is permitted.
//   - A permission counts for the resources that its grant describes. What a caller may
//     search is what includes, chains, "_has", conditions of writes and the histories of
//     types see; what it may read is what a read by id and the history of a resource see.
//   - A version is judged by its own content, and a deletion by the version before it. So a
//     resource that went from one patient to another shows each the versions about them.
//   - An update needs the permission for the resource as it is and as it becomes. It may
//     create the resource, as SMART App Launch says of the letter u.
//   - A write may only be restricted by conditions that the written resource itself
//     decides. A grant with a chain in its query permits no create and no update.
//
// # What it does not do
//
// It does not find out who calls; package datastore/rest/smart does that for access tokens.
package access
