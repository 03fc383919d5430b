// Package engine owns an open store: its log, its index, and the goroutines that work
// on them.
//
// # Terms
//
//   - Preparing turns the bytes of a resource into the writer's input, in the goroutine
//     that asks ([Engine.Prepare]).
//   - A [Commit] has the operations of one caller. The writer takes the waiting commits
//     as one group, which becomes one record of the log with a run for each commit.
//   - An [Expectation] is a search on whose answer a commit depends.
//   - A [View] is the state after one commit; a [Hold] is a view that no sweep passes.
//   - Named state ([State]) is kept in the log beside resources.
//
// # Invariants
//
//   - The state changes by applying the log alone, in its order.
//   - Nothing is appended that could not be applied: limits, ids, versions and times are
//     checked before.
//   - No function of a user, no long search and no key service runs in the writer.
//   - After an error of a write nothing was written, unless it is [ErrOutcomeUnknown].
//
// It knows nothing of HTTP, of Bundles and of protos.
package engine
