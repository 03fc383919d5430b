package index

import "github.com/RoaringBitmap/roaring/v2"

// A purging is what left the log since the index was made: ordinals that stand for
// nothing any more. It never changes.
type purging struct {
	set *roaring.Bitmap // nil if there are none
	// at is the sequence of the newest commit that announced a removal: histories of
	// states before it may lack versions.
	at uint64
}

// purged returns what left the log.
func (x *Index) purged() purging {
	if d := x.purges.Load(); d != nil {
		return *d
	}
	return purging{}
}

// Forget notes that versions are about to leave the log. Histories of states before the
// sequence are then not complete any more, and the horizon moves as far as it may. It
// belongs to the goroutine that applies, after the commit of the sequence.
func (x *Index) Forget(sequence uint64) {
	x.applying.Lock()
	defer x.applying.Unlock()
	d := x.purged()
	d.at = max(d.at, sequence)
	x.purges.Store(&d)
	x.advance(sequence)
}

// Purge makes holes of ordinals whose items left the log. Each must have been superseded,
// or be a deletion, at the horizon. What postings and columns have of them goes with the
// next sweep. It waits for a sweep that runs.
func (x *Index) Purge(set *roaring.Bitmap) {
	x.sweeping.Lock()
	defer x.sweeping.Unlock()
	x.addPurged(set)
	x.sweepTypes()
}

func (x *Index) addPurged(set *roaring.Bitmap) {
	x.applying.Lock()
	defer x.applying.Unlock()
	d := x.purged()
	if d.set != nil {
		d.set = roaring.Or(d.set, set)
	} else {
		d.set = set.Clone()
	}
	d.set = shareable(d.set)
	x.purges.Store(&d)
}

// Purges reports whether any ordinal's item left the log.
func (x *Index) Purges() bool { return x.purged().set != nil }

// Purged reports whether an ordinal's item left the log.
func (x *Index) Purged(o Ordinal) bool {
	d := x.purges.Load()
	return d != nil && d.set != nil && d.set.Contains(uint32(o))
}

// Complete reports whether no version that the view has left the log since.
func (v View) Complete() bool { return v.s.sequence >= v.x.purged().at }

// Horizon returns the newest ordinal of the horizon's state: what was superseded up to
// there is visible in no view that is held.
func (x *Index) Horizon() Ordinal { return x.View().recordAt(x.horizon.at.Load()).last }

// SupersededBy returns the version of the same resource after o, as of the view, 0 if
// there is none.
func (v View) SupersededBy(o Ordinal) Ordinal {
	if w := v.version(o); w != nil {
		return v.after(w)
	}
	return 0
}

// sweepTypes takes what left the log out of the postings of types.
func (x *Index) sweepTypes() {
	d := x.purged()
	if d.set == nil {
		return
	}
	s := newSweepOf(x, d.set)
	for t := 0; ; t++ {
		x.mu.RLock()
		more := t < len(x.mu.types)
		x.mu.RUnlock()
		if !more {
			return
		}
		of := payloads{
			at:   func(*sweptPosting) *uint32 { return &x.mu.types[t] },
			drop: func(*sweptPosting) {},
		}
		for again := true; again; again = s.sweepSeen(of) {
			x.mu.RLock()
			s.see(sweptPosting{payload: x.mu.types[t]})
			x.mu.RUnlock()
		}
	}
}

// Swept returns the ordinals that sweeps took out of postings and columns. The caller
// does not change them.
func (x *Index) Swept() *roaring.Bitmap {
	if swept := x.state.Load().dead.swept; swept != nil {
		return swept
	}
	return roaring.New()
}

// Referring returns the ordinals that refer to one of a set of entities by any parameter
// of R4, superseded versions that were not swept included. The result is the caller's.
func (v View) Referring(entities *roaring.Bitmap) *roaring.Bitmap {
	found := roaring.New()
	for p := Param(0); p < FirstCustom; p++ {
		v.x.mu.RLock()
		last := int(p) >= len(v.x.mu.params)
		v.x.mu.RUnlock()
		if last {
			break
		}
		if refs := v.References(p); refs.Len() > 0 {
			found.Or(refs.Sources(entities))
		}
	}
	return found
}
