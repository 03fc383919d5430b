package smart

import "time"

// SetNow has a verifier go by another clock.
func (v *Verifier) SetNow(now func() time.Time) { v.now = now }
