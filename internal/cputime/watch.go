package cputime

import "time"

// A Watch adds up the CPU time between its Starts and Stops. The zero Watch stands.
type Watch struct{ sum, from time.Duration }

// Start lets the watch run.
func (w *Watch) Start() { w.from = Used() }

// Stop stops the watch.
func (w *Watch) Stop() { w.sum += Used() - w.from }

// Rate returns n for each second of CPU time between Starts and Stops; 0 where the
// system does not say.
func (w *Watch) Rate(n int) float64 {
	if w.sum <= 0 {
		return 0
	}
	return float64(n) / w.sum.Seconds()
}
