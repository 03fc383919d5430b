package index

import "unsafe"

// Stats says how large an index is.
type Stats struct {
	// Ordinals, Entities and Records count the ordinals, entities and commits that were
	// applied. Superseded counts the ordinals that are not visible, and Swept the
	// ordinals that sweeps have removed.
	Ordinals, Entities, Records, Superseded, Swept int
	// Terms counts the terms in the tables, Texts the distinct folded texts, and
	// Postings the postings of more than one ordinal.
	Terms, Texts, Postings int
	// Bytes by part, estimated from the sizes of the structures.
	Bytes struct {
		Resources, Terms, Postings, Texts, Columns int64
	}
	// Values counts the applied values of each parameter, by kind, also of swept
	// versions.
	Values map[Param]map[Kind]int
	// Params are the shares of each parameter.
	Params map[Param]ParamStats
}

// ParamStats says how much of an index one parameter takes.
type ParamStats struct {
	// Versions is how many versions have a value of it, including superseded ones that
	// were not swept.
	Versions int
	// Bytes are its share of Stats.Bytes. The table of terms is divided by the number
	// of terms that a parameter has ever put into it: a term does not tell its
	// parameter.
	Bytes struct {
		Terms, Postings, Texts, Columns int64
	}
}

// Total returns the sum of the parameter's bytes.
func (p *ParamStats) Total() int64 {
	return p.Bytes.Terms + p.Bytes.Postings + p.Bytes.Texts + p.Bytes.Columns
}

// statsStep is how many postings or texts are counted under one lock, each in about
// 50 ns.
const statsStep = 4096

// Stats counts the index. It looks at all postings in steps; writers go on between the
// steps, so the counts may be of different moments.
func (x *Index) Stats() Stats {
	w := statsWalk{x: x, params: make(map[Param]*ParamStats)}
	state := x.state.Load()
	w.Ordinals, w.Records = int(state.last), int(state.records)
	w.Superseded, w.Swept = int(state.dead.n), x.swept()
	if d := x.purged(); d.set != nil {
		n := int(d.set.GetCardinality())
		w.Ordinals, w.Superseded = w.Ordinals-n, w.Superseded-n
		if swept := state.dead.swept; swept != nil {
			w.Swept -= int(d.set.AndCardinality(swept))
		}
	}
	x.resourceStats(&w.Stats)
	w.walkParams()
	w.walkPostings()
	w.walkTexts()
	w.shareTerms()
	w.Params = make(map[Param]ParamStats, len(w.params))
	for p, s := range w.params {
		w.Params[p] = *s
	}
	return w.Stats
}

func (x *Index) resourceStats(s *Stats) {
	s.Bytes.Resources = int64(x.versions.elements())*int64(unsafe.Sizeof(version{})) +
		int64(x.records.elements())*int64(unsafe.Sizeof(record{})) +
		int64(x.entities.records.elements())*int64(unsafe.Sizeof(entityRecord{}))
	if slots := x.entities.slots.Load(); slots != nil {
		s.Bytes.Resources += int64(len(*slots)) * 4
	}
	if blocks := x.entities.arena.Load(); blocks != nil {
		s.Bytes.Resources += int64(len(*blocks)) * arenaBlock
	}
	if sources := x.sources.Load(); sources != nil {
		s.Bytes.Resources += sources.bytes()
	}
	s.Entities = int(x.entities.n.Load())
}

// A statsWalk is one run of [Index.Stats].
type statsWalk struct {
	Stats
	x      *Index
	params map[Param]*ParamStats
	terms  map[Param]int // that were put into the table
}

// of returns the share of a param.
func (w *statsWalk) of(p Param) *ParamStats {
	s := w.params[p]
	if s == nil {
		s = new(ParamStats)
		w.params[p] = s
	}
	return s
}

func (w *statsWalk) walkParams() {
	w.Values, w.terms = make(map[Param]map[Kind]int), make(map[Param]int)
	view := w.x.View()
	for i, more := 0, true; more; i++ {
		more = w.step(func() bool {
			if i < len(w.x.mu.params) && w.x.mu.params[i] != nil {
				w.addParam(view, Param(i), w.x.mu.params[i])
			}
			return i < len(w.x.mu.params)
		})
	}
}

// addParam adds the columns and dictionaries of a param. REQUIRES: mu held.
func (w *statsWalk) addParam(view View, p Param, c *paramColumns) {
	kinds := make(map[Kind]int)
	for kind, n := range c.counts {
		if n > 0 {
			kinds[Kind(kind)] = n
		}
	}
	w.Values[p], w.terms[p] = kinds, c.terms
	s := w.of(p)
	s.Versions = view.postingLocked(c.present).Len()
	s.Bytes.Columns = c.dates.bytes() + c.numbers.bytes() + c.edges.bytes() + c.texts.bytes()
	w.Bytes.Columns += s.Bytes.Columns
}

func (w *statsWalk) walkPostings() {
	store := &w.x.mu.postings
	for from, more := uint32(0), true; more; from += statsStep {
		more = w.step(func() bool {
			for i := from; i < min(from+statsStep, store.n); i++ {
				bytes := store.postings.at(i).bytes()
				if owner := *store.owners.at(i); bytes > 0 && owner != noParam {
					w.of(owner).Bytes.Postings += bytes
				}
				w.Bytes.Postings += bytes
			}
			return from+statsStep < store.n
		})
	}
	w.step(func() bool {
		w.Postings = int(store.n) - len(store.free)
		spare := store.postings.elements() - w.Postings
		w.Bytes.Postings += int64(spare) * storedPostingSize
		return false
	})
}

func (w *statsWalk) walkTexts() {
	texts := &w.x.mu.texts
	for from, more := uint32(1), true; more; from += statsStep {
		more = w.step(func() bool {
			for i := from; i < min(from+statsStep, texts.n+1); i++ {
				t := texts.texts.at(i)
				if t.payload == 0 {
					continue
				}
				w.Texts++
				bytes := int64(len(t.text)) + textSize
				w.of(t.param).Bytes.Texts += bytes
				w.Bytes.Texts += bytes
			}
			return from+statsStep <= texts.n
		})
	}
	spare := texts.texts.elements() - w.Texts - w.shared()
	w.Bytes.Texts += int64(spare) * int64(unsafe.Sizeof(storedText{}))
}

// shared returns how many places for texts lie in the shared empty chunk.
func (w *statsWalk) shared() (n int) {
	w.step(func() bool {
		texts := &w.x.mu.texts
		if dir := texts.texts.dir.Load(); dir != nil && texts.empty != nil {
			for _, chunk := range *dir {
				if chunk == texts.empty {
					n += chunkSize
				}
			}
		}
		return false
	})
	return n
}

func (w *statsWalk) shareTerms() {
	w.step(func() bool {
		for _, table := range []*termTable{&w.x.mu.table, &w.x.mu.texts.table} {
			for i := range table.shards {
				w.Terms += table.shards[i].n
				w.Bytes.Terms += int64(len(table.shards[i].slots)) * int64(unsafe.Sizeof(termSlot{}))
			}
		}
		return false
	})
	all := 0
	for _, n := range w.terms {
		all += n
	}
	for p, n := range w.terms {
		if n > 0 {
			w.of(p).Bytes.Terms = int64(float64(w.Bytes.Terms) * float64(n) / float64(all))
		}
	}
}

// step runs a part of the walk under a read lock and returns what it returns.
func (w *statsWalk) step(part func() bool) bool {
	w.x.mu.RLock()
	defer w.x.mu.RUnlock()
	return part()
}

const (
	storedPostingSize = int64(unsafe.Sizeof(storedPosting{}) + unsafe.Sizeof(Param(0)))
	// textSize is the memory of a text beside its bytes: a key and a value in the tree,
	// whose nodes are two thirds full, and its place in the store.
	textSize = 36 + int64(unsafe.Sizeof(storedText{}))
)

// bytes returns the memory of a posting, 0 for one that is not in use.
func (p *storedPosting) bytes() int64 {
	if p.frozen == nil && p.tail == nil {
		return 0
	}
	n := storedPostingSize + int64(cap(p.tail))*4
	if p.frozen != nil {
		n += int64(p.frozen.GetSizeInBytes())
	}
	return n
}

// Bytes returns about how much memory the index takes, without a look at its postings.
func (x *Index) Bytes() int64 {
	var s Stats
	x.resourceStats(&s)
	n := s.Bytes.Resources
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, c := range x.mu.params {
		if c != nil {
			n += c.dates.bytes() + c.numbers.bytes() + c.edges.bytes() + c.texts.bytes()
		}
	}
	for _, t := range []*termTable{&x.mu.table, &x.mu.texts.table} {
		for i := range t.shards {
			n += int64(len(t.shards[i].slots)) * int64(unsafe.Sizeof(termSlot{}))
		}
	}
	// Postings and texts are a third of an index.
	return n + n/2
}
