package index

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/bits-and-blooms/bitset"
)

// Sweep removes from postings and columns the ordinals that are not visible in the view
// of a sequence nor in any later one. It goes no further than the oldest hold, and
// never back. Ordinals do not change, and the resource table, the postings of types and
// the values of visible versions stay as they are.
//
// It may take seconds, and may run beside Apply and beside readers: it works out the
// new postings and columns without a lock and puts them in place in steps of some
// hundred microseconds. If ctx ends a sweep, the index stays exact, and the next sweep
// begins anew.
func (x *Index) Sweep(ctx context.Context, seq uint64) error {
	x.sweeping.Lock()
	defer x.sweeping.Unlock()
	at := x.advance(seq)
	if x.swept() == int(at.dead) {
		return nil
	}
	s := newSweep(x, at)
	if err := s.run(ctx); err != nil {
		return err
	}
	x.publishSwept(s.dead)
	return nil
}

// run removes the dead from postings and columns.
func (s *sweep) run(ctx context.Context) error {
	if err := s.sweepTexts(ctx, &s.x.mu.texts); err != nil {
		return err
	}
	for shard := range s.x.mu.table.shards {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.sweepShard(&s.x.mu.table.shards[shard])
	}
	return s.sweepParams(ctx)
}

// swept returns how many ordinals sweeps have removed.
func (x *Index) swept() int {
	if swept := x.state.Load().dead.swept; swept != nil {
		return int(swept.GetCardinality())
	}
	return 0
}

// Sweepable returns how many ordinals a sweep of a sequence would remove, and among how
// many it would look for them, so that a caller can tell whether the sweep pays.
func (x *Index) Sweepable(seq uint64) (dead, all int) {
	x.horizon.mu.Lock()
	at := x.reachLocked(seq)
	x.horizon.mu.Unlock()
	swept := x.swept()
	return int(at.dead) - swept, int(at.last) - swept
}

// publishSwept tells views that postings and columns have no swept ordinals.
func (x *Index) publishSwept(swept *roaring.Bitmap) {
	x.applying.Lock()
	defer x.applying.Unlock()
	x.dead = x.dead.sweep(swept)
	s := *x.state.Load()
	s.dead = x.dead.publish()
	x.state.Store(&s)
}

// A sweep is one run of [Index.Sweep].
type sweep struct {
	x    *Index
	dead *roaring.Bitmap // all that was dead at the horizon
	bits *bitset.BitSet  // the same
	work []sweptPosting  // used again
	// freed is how many payloads Drop had freed when work was seen. If it frees more, a
	// posting's number may belong to another posting.
	freed uint64
}

func newSweep(x *Index, at record) *sweep {
	state := x.state.Load()
	view := View{x, &published{record: at}}
	dead := roaring.New()
	if state.dead.swept != nil {
		dead.Or(state.dead.swept)
	}
	var found []uint32
	add := func(o uint32) {
		if o <= uint32(at.last) && !view.Visible(Ordinal(o)) {
			found = append(found, o)
		}
	}
	if state.dead.frozen != nil {
		for o := range ordinalsOf(state.dead.frozen) {
			add(uint32(o))
		}
	}
	for _, o := range state.dead.tail {
		add(o)
	}
	dead.AddMany(found)
	dead.RunOptimize()
	return newSweepOf(x, dead)
}

// newSweepOf returns a sweep of some ordinals.
func newSweepOf(x *Index, dead *roaring.Bitmap) *sweep {
	return &sweep{x: x, dead: dead, bits: bitset.From(dead.ToDense())}
}

func (s *sweep) isDead(o uint32) bool { return s.bits.Test(uint(o)) }
