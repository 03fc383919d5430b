// Package cputime tells benchmarks what CPU time the process has used, which says more
// than the time on the wall where cores are shared.
package cputime
