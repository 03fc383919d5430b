// Package cputime measures the CPU time of the process for benchmarks. On shared cores
// it says more than elapsed time.
package cputime
