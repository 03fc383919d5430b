// Package killpoint names moments at which a process can be ended, so that a
// harness can look at what a crash there leaves behind.
//
// Points exist in builds with the tag "killpoints" alone; in all others [Here]
// does nothing and costs nothing. In a build with the tag, the environment
// variable FHIRLAKE_KILL=name[:n] ends the process by SIGKILL when it passes
// the named point for the n-th time, by default the first.
//
// Names are words with dots between them, the moment first: "before.sync.head",
// "after.rename.manifest". Package txlog has points around each write, sync,
// rename and removal; the engine has "before" and "after" of "apply" and
// "acknowledge".
package killpoint
