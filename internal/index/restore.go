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
	params   []*paramColumns // that have an entry in the head
	custom   []int           // how many terms each has

	mu struct {
		sync.Mutex
		terms, folded int             // that were added
		rows          [4]int          // commits, versions, entities and slots that were added
		texts         int             // that were added
		sorted        [][]byte        // sections to be read when all texts are there
		ordered       map[uint64]bool // params whose texts are put into order
		ids           int
	}
}

// Restore begins to fill the index, which must be empty, from the head of an image: its
// last section. All sections together have size bytes, which bounds what memory is made.
// It reports [ErrImage].
func (x *Index) Restore(head []byte, size int64) (*Restorer, error) {
	r := imageReader{rest: head, most: uint64(size) * wordsBlock / wordsLeast}
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
	r.failed = r.failed || n[2] > uint64(MaxOrdinal) || n[4] > 1<<32-1 || n[9] > 1<<32-2 || n[11] > 1<<32-2 || n[14] >= postingBit
	for _, count := range []uint64{n[2], n[4], n[8], n[9], slots, n[11], n[14]} {
		r.failed = r.failed || count > r.most
	}
	if r.failed {
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
	if n>>1 > r.most {
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
	x.dead.countTypes(View{x, &to.state}, len(x.mu.types))
	to.state.dead = x.dead.publish()
	if x.mu.sources.n > 0 {
		x.publishSourcesLocked()
	}
	x.state.Store(&to.state)
	return nil
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
