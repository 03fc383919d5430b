package index

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"
)

// A Restorer fills an empty index from the sections of an [Image]. Add may be called by
// several goroutines at once. Until Finish has returned without an error the index is of
// no use, and after an error for good.
type Restorer struct {
	x        *Index
	state    published
	postings uint32
	terms    int
	folded   int
	texts    uint32
	horizon  uint64
	used     uint64
	arena    []*[arenaBlock]byte
	params   []*paramColumns // those that there are
	custom   []int           // how many terms each has

	mu struct {
		sync.Mutex
		terms, folded int      // that were added
		rows          [4]int   // commits, versions, entities and slots that were added
		texts         int      // that were added
		sorted        [][]byte // sections to be read when all texts are there
		ids           int
	}
}

// Restore begins to fill the index, which must be empty, from the head of an image: its
// last section. It reports [ErrImage].
func (x *Index) Restore(head []byte) (*Restorer, error) {
	r := imageReader{rest: head}
	if r.byte() != sectionHead || r.uint32() != ImageVersion || r.failed {
		return nil, ErrImage
	}
	to := &Restorer{x: x}
	to.head(&r)
	if r.failed || len(r.rest) > 0 {
		return nil, fmt.Errorf("%w: its head", ErrImage)
	}
	return to, nil
}

// head reads the head and makes room for all else.
func (to *Restorer) head(r *imageReader) {
	x := to.x
	var n [15]uint64
	for i := range n {
		n[i] = r.uint64()
	}
	to.state = published{record: record{n[0], int64(n[1]), Ordinal(n[2]), uint32(n[3])}, records: uint32(n[4]), exact: true}
	x.foreign.Store(n[5])
	to.horizon = n[6]
	x.entities.bytes.Store(n[7])
	to.used = n[8]
	entities, slots := uint32(n[9]), n[10]
	to.texts, to.terms, to.folded, to.postings = uint32(n[11]), int(n[12]), int(n[13]), uint32(n[14])
	if r.failed || n[2] > uint64(MaxOrdinal) || n[4] > 1<<32-1 || n[9] > 1<<32-2 || slots > 1<<33 || n[11] > 1<<32-2 || n[14] >= postingBit ||
		n[8] > (1<<32)*arenaAlign {
		r.failed = true
		return
	}
	to.state.dead = deadSet{swept: r.bitmap(), frozen: r.bitmap(), tail: make([]uint32, r.count(wordsBlock))}
	r.words(to.state.dead.tail)
	to.state.dead.n = r.uint32()
	units := r.count(1)
	for range units {
		u := preparedUnit{system: r.text(), code: r.text(), text: r.text()}
		u.key = x.terms.unit(u.system, u.code, u.text)
		x.mu.units.number(&u)
	}
	r.failed = r.failed || len(x.mu.units.units) != units
	readColumnHead(r, &x.mu.sources)
	types := r.count(wordsBlock)
	params := r.count(1)
	for range params {
		to.param(r)
	}
	if r.failed {
		return
	}
	if to.state.last > 0 {
		x.versions.grow(uint32(to.state.last) + 1)
	}
	x.records.grow(to.state.records)
	if entities > 0 {
		x.entities.records.grow(entities + 1)
	}
	if slots > 0 {
		table := make([]atomic.Uint32, slots)
		x.entities.slots.Store(&table)
	}
	x.entities.n.Store(entities)
	to.arena = make([]*[arenaBlock]byte, (to.used+arenaBlock-1)/arenaBlock)
	if to.texts > 0 {
		x.mu.texts.texts.grow(to.texts + 1)
	}
	x.mu.texts.n = to.texts
	x.mu.postings.n = to.postings
	x.mu.postings.postings.grow(to.postings)
	x.mu.postings.owners.grow(to.postings)
	payloads := make([]uint32, types+params)
	to.payloads(r, payloads)
	x.mu.types = payloads[:types:types]
	for i, c := range to.params {
		c.present = payloads[types+i]
	}
}

// param reads what the head has of a param.
func (to *Restorer) param(r *imageReader) {
	p := r.uvarint()
	if p > uint64(noParam) || int(p) < len(to.x.mu.params) {
		r.failed = true
		return
	}
	c := to.x.makeColumnsLocked(Param(p))
	c.terms = int(r.uvarint())
	for i := range c.counts {
		c.counts[i] = int(r.uvarint())
	}
	to.custom = append(to.custom, int(r.uvarint()))
	for range r.count(1) {
		c.systems = append(c.systems, digest{r.uint64(), r.uint64()})
	}
	readColumnHead(r, &c.dates)
	readColumnHead(r, &c.numbers)
	readColumnHead(r, &c.edges)
	readColumnHead(r, &c.texts)
	to.params = append(to.params, c)
}

// CustomParams returns the custom params that have or had values.
func (x *Index) CustomParams() (params []Param) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for p := int(FirstCustom); p < len(x.mu.params); p++ {
		if x.mu.params[p] != nil {
			params = append(params, Param(p))
		}
	}
	return params
}

func readColumnHead[T any](r *imageReader, c *column[T]) {
	n := r.uvarint()
	if n>>1 > 1<<40 {
		r.failed = true
		return
	}
	c.n, c.repeats = int(n>>1), n&1 != 0
	c.chunks = make([]*columnChunk[T], (c.n+columnChunkN-1)>>columnBits)
}

// bitmap reads a bitmap, nil for none.
func (r *imageReader) bitmap() *roaring.Bitmap {
	n := r.uvarint()
	if n == 0 || n > uint64(len(r.rest)) {
		r.failed = r.failed || n > 0
		return nil
	}
	set := roaring.New()
	// The bitmap keeps its bytes, so it gets its own.
	if read, err := set.FromBuffer(slices.Clone(r.bytes(int(n)))); err != nil || uint64(read) != n || set.IsEmpty() {
		r.failed = true
		return nil
	}
	return shareable(set)
}

// text reads a text.
func (r *imageReader) text() string { return string(r.bytes(r.count(1))) }

// Add reads a section other than the head. It reports [ErrImage]. The section is not
// kept.
func (to *Restorer) Add(section []byte) error {
	r := &imageReader{rest: section}
	kind := r.byte()
	switch kind {
	case sectionCommits:
		to.commits(r)
	case sectionVersions:
		to.versions(r)
	case sectionEntities:
		to.entities(r)
	case sectionIDs:
		to.ids(r)
	case sectionSlots:
		to.slots(r)
	case sectionTerms:
		to.addTerms(r)
	case sectionTexts:
		to.addTexts(r)
	case sectionFolded:
		to.addFolded(r)
	case sectionColumns:
		to.columns(r)
	case sectionSorted:
		to.mu.Lock()
		to.mu.sorted = append(to.mu.sorted, slices.Clone(r.rest))
		to.mu.Unlock()
		r.rest = nil
	case sectionCustom:
		to.customTerms(r)
	default:
		r.failed = true
	}
	if r.failed || len(r.rest) > 0 {
		return fmt.Errorf("%w: a section of kind %d", ErrImage, kind)
	}
	return nil
}

// Finish ends the restoring. It reports [ErrImage] where sections are missing.
func (to *Restorer) Finish() error {
	x, m := to.x, &to.mu
	want := [4]int{int(to.state.records), int(to.state.last), int(x.entities.n.Load()), 0}
	if p := x.entities.slots.Load(); p != nil {
		want[3] = len(*p)
	}
	texts := 0
	if to.texts > 0 {
		texts = int(to.texts) + 1
	}
	missing := m.rows != want || m.terms != to.terms || m.folded != to.folded || m.texts != texts || m.ids != len(to.arena) ||
		slices.Contains(x.mu.sources.chunks, nil)
	for i, c := range to.params {
		missing = missing || len(c.custom) != to.custom[i] || slices.Contains(c.dates.chunks, nil) || slices.Contains(c.numbers.chunks, nil) ||
			slices.Contains(c.edges.chunks, nil) || slices.Contains(c.texts.chunks, nil)
	}
	if missing {
		return fmt.Errorf("%w: sections are missing", ErrImage)
	}
	var g errgroup.Group
	var sorted atomic.Int64
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, section := range m.sorted {
		g.Go(func() error {
			n, err := to.sorted(&imageReader{rest: section})
			sorted.Add(int64(n))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if sorted.Load() != int64(to.folded) {
		return fmt.Errorf("%w: texts are missing in their order", ErrImage)
	}
	x.entities.used = to.used
	if len(to.arena) > 0 {
		x.entities.arena.Store(&to.arena)
	}
	x.horizon.at.Store(to.horizon)
	x.dead = to.state.dead
	if x.mu.sources.n > 0 {
		x.publishSourcesLocked()
	}
	x.state.Store(&to.state)
	return nil
}

// rows reads where a section of rows begins, how many it has, and their fields. It
// reports how many rows there are in all, from first on.
func (to *Restorer) rows(r *imageReader, what int, first, all uint32, fields ...*[]uint32) (from, n uint32) {
	from, n = r.uint32(), r.uint32()
	if from < first || uint64(from)+uint64(n) > uint64(first)+uint64(all) || n > 1<<20 {
		r.failed = true
		return 0, 0
	}
	for _, f := range fields {
		*f = make([]uint32, n)
		r.words(*f)
	}
	if r.failed {
		return 0, 0
	}
	to.mu.Lock()
	to.mu.rows[what] += int(n)
	to.mu.Unlock()
	return from, n
}

func (to *Restorer) commits(r *imageReader) {
	var f [6][]uint32
	from, n := to.rows(r, 0, 0, to.state.records, &f[0], &f[1], &f[2], &f[3], &f[4], &f[5])
	for i := range n {
		*to.x.records.at(from + i) = record{
			uint64(f[1][i])<<32 | uint64(f[0][i]), int64(uint64(f[3][i])<<32 | uint64(f[2][i])), Ordinal(f[4][i]), f[5][i],
		}
	}
}

func (to *Restorer) versions(r *imageReader) {
	var f [4][]uint32
	from, n := to.rows(r, 1, 1, uint32(to.state.last), &f[0], &f[1], &f[2], &f[3])
	for i := range n {
		v := to.x.versions.at(from + i)
		v.entity, v.previous, v.number = Entity(f[0][i]), Ordinal(f[1][i]), f[2][i]
		v.next.Store(f[3][i])
	}
}

func (to *Restorer) entities(r *imageReader) {
	var f [4][]uint32
	from, n := to.rows(r, 2, 1, to.x.entities.n.Load(), &f[0], &f[1], &f[2], &f[3])
	for i := range n {
		e := to.x.entities.records.at(from + i)
		e.key, e.typ, e.tag = f[0][i], TypeID(f[2][i]), uint16(f[3][i])
		e.newest.Store(f[1][i])
	}
}

func (to *Restorer) ids(r *imageReader) {
	at := int(r.uint32())
	for ; len(r.rest) > 0 && !r.failed; at++ {
		if at >= len(to.arena) {
			r.failed = true
			return
		}
		block := new([arenaBlock]byte)
		copy(block[:], r.bytes(min(len(r.rest), arenaBlock)))
		to.mu.Lock()
		to.arena[at] = block
		to.mu.ids++
		to.mu.Unlock()
	}
}

func (to *Restorer) slots(r *imageReader) {
	p := to.x.entities.slots.Load()
	if p == nil {
		r.failed = true
		return
	}
	var words []uint32
	from, _ := to.rows(r, 3, 0, uint32(len(*p)), &words)
	for i, e := range words {
		(*p)[int(from)+i].Store(e)
	}
}

// hashes reads hashes of terms.
func (r *imageReader) hashes(n int) []termHash {
	high := imageReader{rest: r.bytes(8 * n)}
	low := make([]uint32, n)
	r.words(low)
	hashes := make([]termHash, n)
	if r.failed {
		return nil
	}
	for i := range hashes {
		hashes[i] = termHash{high.uint64(), low[i]}
	}
	return hashes
}

// hashCount reads how many hashes follow.
func (r *imageReader) hashCount() int {
	n := r.uint32()
	if uint64(n)*8 > uint64(len(r.rest)) {
		r.failed = true
		return 0
	}
	return int(n)
}

// fill puts terms into a table, those of one shard together, all of them new.
func (t *termTable) fill(hashes []termHash, payloads []uint32) bool {
	for len(hashes) > 0 {
		s := t.shard(hashes[0])
		n := 1
		for n < len(hashes) && t.shard(hashes[n]) == s {
			n++
		}
		if s.n > 0 {
			return false
		}
		s.slots, s.n = make([]termSlot, max(minSlots, n+n/4+1)), n
		for i, h := range hashes[:n] {
			if payloads[i] == 0 {
				return false
			}
			at := s.first(h)
			for s.slots[at].payload != 0 {
				if at++; at == len(s.slots) {
					at = 0
				}
			}
			s.slots[at] = termSlot{h.hi, h.lo, payloads[i]}
		}
		hashes, payloads = hashes[n:], payloads[n:]
	}
	return true
}

func (to *Restorer) addTerms(r *imageReader) {
	hashes := r.hashes(r.hashCount())
	payloads := make([]uint32, len(hashes))
	to.payloads(r, payloads)
	// Sections have whole shards, so no two goroutines are at one.
	if r.failed || !to.x.mu.table.fill(hashes, payloads) {
		r.failed = true
		return
	}
	to.mu.Lock()
	to.mu.terms += len(hashes)
	to.mu.Unlock()
}

func (to *Restorer) addFolded(r *imageReader) {
	hashes := r.hashes(r.hashCount())
	ids := make([]uint32, len(hashes))
	r.words(ids)
	if r.failed || !to.x.mu.texts.table.fill(hashes, ids) {
		r.failed = true
		return
	}
	to.mu.Lock()
	to.mu.folded += len(hashes)
	to.mu.Unlock()
}

// payloads reads payloads and their postings.
func (to *Restorer) payloads(r *imageReader, payloads []uint32) {
	number, n := r.uint32(), r.count(wordsBlock)
	r.words(payloads)
	owners := make([]uint32, n)
	r.words(owners)
	if r.failed || uint64(number)+uint64(n) > uint64(to.postings) {
		r.failed = true
		return
	}
	store, at := &to.x.mu.postings, 0
	for i, p := range payloads {
		switch {
		case p == postingBit && at < n:
			posting := store.postings.at(number)
			tail := r.count(wordsBlock)
			posting.frozen = r.bitmap()
			if tail > 0 {
				posting.tail = make([]uint32, tail)
				r.words(posting.tail)
			}
			if r.failed || posting.frozen == nil && tail < 2 {
				r.failed = true
				return
			}
			*store.owners.at(number) = Param(owners[at])
			payloads[i] = number | postingBit
			number++
			at++
		case p > uint32(to.state.last):
			r.failed = true
			return
		}
	}
	r.failed = r.failed || at != n
}

func (to *Restorer) addTexts(r *imageReader) {
	from, n := r.uint32(), r.uint32()
	if to.texts == 0 || n > chunkSize || from%chunkSize != 0 || uint64(from)+uint64(n) > uint64(to.texts)+1 {
		r.failed = true
		return
	}
	params, lengths, payloads := make([]uint32, n), make([]uint32, n), make([]uint32, n)
	r.words(params)
	r.words(lengths)
	size := 0
	for _, l := range lengths {
		size += int(l)
	}
	all := string(r.bytes(size))
	to.payloads(r, payloads)
	if r.failed {
		return
	}
	gone := true
	for i := range payloads {
		text := all[:lengths[i]]
		all = all[lengths[i]:]
		t := to.x.mu.texts.texts.at(from + uint32(i))
		*t = storedText{text, payloads[i], Param(params[i])}
		gone = gone && *t == storedText{}
	}
	to.mu.Lock()
	to.mu.texts += int(n)
	to.mu.Unlock()
	if gone && n == chunkSize {
		to.shareEmpty(from)
	}
}

// shareEmpty has a chunk whose texts are gone share its memory with others.
func (to *Restorer) shareEmpty(from uint32) {
	to.mu.Lock()
	defer to.mu.Unlock()
	texts := &to.x.mu.texts
	if texts.empty == nil {
		texts.empty = texts.texts.copyOf(from)
	}
	(*texts.texts.dir.Load())[from>>chunkBits] = texts.empty
}

// sorted puts the texts of params into their order, and returns how many there are.
func (to *Restorer) sorted(r *imageReader) (all int, err error) {
	for len(r.rest) > 0 && !r.failed {
		p, n := r.uvarint(), r.count(wordsBlock)
		ids := make([]uint32, n)
		r.words(ids)
		if p >= uint64(len(to.x.mu.params)) || to.x.mu.params[p] == nil {
			r.failed = true
			break
		}
		sorted, last := &to.x.mu.params[p].sorted, ""
		for i, id := range ids {
			if id > to.texts {
				r.failed = true
				break
			}
			text := to.x.mu.texts.texts.at(id).text
			r.failed = r.failed || i > 0 && text <= last
			sorted.Load(text, textID(id))
			last = text
		}
		all += n
	}
	if r.failed {
		return all, fmt.Errorf("%w: texts in their order", ErrImage)
	}
	return all, nil
}

func (to *Restorer) columns(r *imageReader) {
	for len(r.rest) > 0 && !r.failed {
		which, p := r.byte(), r.uvarint()
		if which == imageSources {
			readChunk(r, &to.x.mu.sources, readDateChunk)
			continue
		}
		if p >= uint64(len(to.x.mu.params)) || to.x.mu.params[p] == nil {
			r.failed = true
			return
		}
		c := to.x.mu.params[p]
		switch which {
		case imageDates:
			readChunk(r, &c.dates, readDateChunk)
		case imageNumbers:
			readChunk(r, &c.numbers, readNumberChunk)
		case imageEdges:
			readChunk(r, &c.edges, readWordChunk[Entity])
		case imageTexts:
			readChunk(r, &c.texts, readWordChunk[textID])
		default:
			r.failed = true
		}
	}
}

func (to *Restorer) customTerms(r *imageReader) {
	p := r.uint32()
	hashes := r.hashes(r.hashCount())
	if r.failed || int64(p) >= int64(len(to.x.mu.params)) || to.x.mu.params[p] == nil {
		r.failed = true
		return
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	to.x.mu.params[p].custom = append(to.x.mu.params[p].custom, hashes...)
}
