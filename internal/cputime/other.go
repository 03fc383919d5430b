//go:build !unix

package cputime

import "time"

// Used returns the CPU time of the process so far; 0 where the system does not say.
func Used() time.Duration { return 0 }
