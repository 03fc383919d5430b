package index

// A Usage counts the limited things of an index. The counts grow with the log and with
// the ids that references might name under another base URL; a sweep gives back
// postings alone.
type Usage struct {
	// Commits and Versions that were applied, holes included.
	Commits, Versions uint64
	// IDs are the ids of resources and of targets of references.
	IDs uint64
	// Foreign counts the references that some base URL makes local. A commit is
	// admitted only if each of them could have an id of its own, although only local
	// references of the present base URL take one.
	Foreign uint64
	// IDBytes is their length, each id rounded up to 8 bytes.
	IDBytes uint64
	// Postings of two ordinals and more.
	Postings uint64
	// Texts that are or were in a dictionary.
	Texts uint64
	// Units of quantities.
	Units uint64
}

// MaxUsage returns the limits of every index. They are sizes of numbers in its
// structures; memory ends first, save that of a machine with hundreds of gigabytes.
func MaxUsage() Usage {
	return Usage{
		// Records are found by 32 bits.
		Commits: 1<<32 - 2,
		// The top bit of a payload tells an ordinal from the number of a posting.
		Versions: uint64(MaxOrdinal) - 1,
		// 0 is no entity, and one is left for the size of the table.
		IDs: 1<<32 - 2,
		// A place in the arena is 32 bits that count 8 bytes, and its blocks have
		// ends that no id fits into any more: less than 72 bytes of 64 KiB.
		IDBytes: 1<<35 - 1<<26,
		// The top bit of a payload, as for Versions. This count depends on the
		// extractor.
		Postings: 1<<31 - 1,
		Texts:    1<<32 - 2,
		// The top bit of a unit says that a number is inexact.
		Units: 1<<31 - 1,
	}
}

// reserved is the share of each limit that is kept for commits of deletions alone: one
// in reserved. So a full store still takes deletions.
const reserved = 100

func (u Usage) plus(v Usage) Usage {
	return Usage{
		u.Commits + v.Commits, u.Versions + v.Versions, u.IDs + v.IDs, u.Foreign + v.Foreign, u.IDBytes + v.IDBytes,
		u.Postings + v.Postings, u.Texts + v.Texts, u.Units + v.Units,
	}
}

// withForeign counts an id for each foreign reference as used.
func (u Usage) withForeign() Usage {
	u.IDs += u.Foreign
	u.IDBytes += u.Foreign * maxIDSize
	return u
}

// within reports whether no count is over its limit.
func (u Usage) within(limits Usage) bool {
	return u.Commits <= limits.Commits && u.Versions <= limits.Versions && u.IDs <= limits.IDs &&
		u.IDBytes <= limits.IDBytes && u.Postings <= limits.Postings && u.Texts <= limits.Texts && u.Units <= limits.Units
}

// unreserved returns the limits for commits that are not deletions alone.
func (u Usage) unreserved() Usage {
	less := func(n uint64) uint64 { return n - n/reserved }
	return Usage{
		less(u.Commits), less(u.Versions), less(u.IDs), u.Foreign, less(u.IDBytes),
		less(u.Postings), less(u.Texts), less(u.Units),
	}
}

// Share returns the largest share of a limit that is used, from 0 to 1. A caller
// warns at 0.8; from 0.99 on only deletions are admitted.
func (u Usage) Share(limits Usage) float64 {
	u = u.withForeign()
	of := func(n, limit uint64) float64 { return float64(n) / float64(max(limit, 1)) }
	return max(of(u.Commits, limits.Commits), of(u.Versions, limits.Versions), of(u.IDs, limits.IDs),
		of(u.IDBytes, limits.IDBytes), of(u.Postings, limits.Postings), of(u.Texts, limits.Texts), of(u.Units, limits.Units))
}

// Limit lowers the limits of an empty index, for a test to reach.
func (x *Index) Limit(limits Usage) { x.limits = limits }

// Limits returns the limits of the index.
func (x *Index) Limits() Usage { return x.limits }

// Used returns the index's counts.
func (x *Index) Used() Usage {
	s := x.state.Load()
	return x.used(uint64(s.last), uint64(s.records))
}

func (x *Index) used(versions, commits uint64) Usage {
	u := Usage{
		Commits:  commits,
		Versions: versions,
		IDs:      uint64(x.entities.n.Load()),
		Foreign:  x.foreign.Load(),
		IDBytes:  x.entities.bytes.Load(),
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	u.Postings = uint64(x.mu.postings.n) - uint64(len(x.mu.postings.free))
	u.Texts = uint64(x.mu.texts.n)
	u.Units = uint64(len(x.mu.units.units))
	return u
}

// addItem adds the most that an item's application takes.
func (u *Usage) addItem(it *Item) {
	u.Versions++
	if it.Hole {
		return
	}
	u.IDs++
	u.IDBytes += roundID(1 + len(it.ID))
	u.Postings++ // of its type
	if v := it.values(); v != nil {
		u.addValues(v)
	}
	if v := it.custom(); v != nil {
		u.addValues(v)
	}
}

// addValues adds the most that the values of a version take.
func (u *Usage) addValues(p *Prepared) {
	targets := p.targets()
	if n := len(targets); n > 0 {
		// Their keys lie one behind the other.
		u.IDBytes += uint64(targets[n-1].end-targets[0].from) + uint64(n)*(arenaAlign-1)
	}
	u.IDs += uint64(len(targets))
	u.Foreign += p.foreign()
	u.Texts += uint64(len(p.texts()))
	// Two for a code: under its system, and under all systems of little use.
	u.Postings += uint64(len(p.terms()) + 2*len(p.tokens()) + len(p.texts()) + len(p.counts()))
	u.Units += uint64(p.end.units - p.from.units)
}

// foreign returns how many references some base URL makes local.
func (p *Prepared) foreign() uint64 { return uint64(p.end.foreign - p.from.foreign) }

// An Admission says whether the commits of a group can be applied, before any of them
// is made durable: once Admit has admitted each, [Index.ApplyAll] does not fail. It
// belongs to the goroutine that applies, which calls neither Apply nor Fill meanwhile.
// Sweeps may run.
type Admission struct {
	x    *Index
	need Usage
}

// Admission begins a group.
func (x *Index) Admission() Admission { return Admission{x: x} }

// Admit adds a commit to the group. It reports [ErrFull] or [ErrItem] for one that
// Apply would refuse, which is then not part of the group. A commit of deletions and
// holes alone may use the reserved share.
func (a *Admission) Admit(items []Item) error {
	need, deletions := a.need, true
	need.Commits++
	for i := range items {
		it := &items[i]
		if err := it.check(i); err != nil {
			return err
		}
		need.addItem(it)
		deletions = deletions && (it.Deleted || it.Hole)
	}
	limits := a.x.limits
	if !deletions {
		limits = limits.unreserved()
	}
	if !a.x.Used().plus(need).withForeign().within(limits) {
		return ErrFull
	}
	a.need = need
	return nil
}
