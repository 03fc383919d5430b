package index

import (
	"context"
	"encoding/binary"
	"slices"
	"unsafe"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/tidwall/btree"
)

// ImageVersion is the version of the sections of an image. An image of another version
// is not read. It changes with whatever the sections say, or mean: their layout, and how
// terms are hashed.
const ImageVersion = 1

// An Image is the state of an index after one commit, on its way to where it is kept:
// [Index.Restore] makes an index of it again. It is made of sections, byte strings of a
// megabyte or so, whose layout is the affair of this package and of one version of it.
//
// An Image is for one goroutine, but for Capture. No sweep runs before it is closed, so
// it must be closed soon.
type Image struct {
	x       *Index
	changes uint64 // of custom values, when it was captured
	add     func([]byte) error
	buf     []byte
	numbers uint32 // of postings that were written
	stats   imageCounts

	state    published
	foreign  uint64
	horizon  uint64
	idBytes  uint64
	arena    []*[arenaBlock]byte
	used     uint64
	entities uint32
	slots    int
	texts    uint32
	units    []storedUnit
	types    []imagePosting
	params   []imageParam
	sources  column[dateRange]
}

// imageCounts say how many terms of each table have been written.
type imageCounts struct{ terms, folded int }

// An imageParam is what was captured of a param.
type imageParam struct {
	param   Param
	dates   column[dateRange]
	numbers column[numberRange]
	edges   column[Entity]
	texts   column[textID]
	sorted  *btree.Map[string, textID]
	counts  [KindWords + 1]int
	terms   int
	present imagePosting
	systems []digest
	custom  []termHash
}

// An imagePosting is a payload with its posting, if it has one.
type imagePosting struct {
	payload uint32
	posting storedPosting
	owner   Param
}

// The kinds of sections. The head is the last to be written and the first to be read.
const (
	sectionHead = iota
	sectionCommits
	sectionVersions
	sectionEntities
	sectionIDs
	sectionSlots
	sectionTerms
	sectionTexts
	sectionFolded
	sectionColumns
	sectionSorted
	sectionCustom
)

// imageSection is the size from which on a section ends.
const imageSection = 1 << 20

// Image begins an image. It waits for a sweep that runs.
func (x *Index) Image() *Image {
	x.sweeping.Lock()
	return &Image{x: x}
}

// Close lets sweeps go on. Closing again does nothing.
func (im *Image) Close() {
	if im.x != nil {
		im.x.sweeping.Unlock()
		im.x = nil
	}
}

// Capture takes the newest state. It is called by the goroutine that applies, and
// takes some ten microseconds for a thousand params.
func (im *Image) Capture() {
	x := im.x
	x.applying.Lock()
	defer x.applying.Unlock()
	im.changes = x.customChanges.Load()
	im.state = *x.state.Load()
	im.state.filter = nil
	im.foreign, im.horizon = x.foreign.Load(), x.horizon.at.Load()
	im.entities, im.idBytes, im.used = x.entities.n.Load(), x.entities.bytes.Load(), x.entities.used
	if p := x.entities.arena.Load(); p != nil {
		im.arena = *p
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	im.texts, im.units, im.sources = x.mu.texts.n, x.mu.units.units, x.mu.sources
	for _, payload := range x.mu.types {
		im.types = append(im.types, x.imagePostingLocked(payload))
	}
	for p, c := range x.mu.params {
		if c == nil {
			continue
		}
		of := imageParam{
			param: Param(p), dates: c.dates, numbers: c.numbers, edges: c.edges, texts: c.texts,
			counts: c.counts, terms: c.terms, present: x.imagePostingLocked(c.present), systems: c.systems, custom: c.custom,
		}
		if c.sorted.Len() > 0 {
			of.sorted = c.sorted.Copy()
		}
		im.params = append(im.params, of)
	}
}

// imagePostingLocked copies the header of a payload's posting. REQUIRES: mu held.
func (x *Index) imagePostingLocked(payload uint32) imagePosting {
	p := imagePosting{payload: payload}
	if payload&postingBit != 0 {
		number := payload &^ postingBit
		p.posting, p.owner = *x.mu.postings.postings.at(number), *x.mu.postings.owners.at(number)
	}
	return p
}

// Sequence returns the sequence of the commit whose state was captured.
func (im *Image) Sequence() uint64 { return im.state.sequence }

// Write hands the sections to add, one after the other, the head last. add must not
// keep them. Apply goes on meanwhile. It reports ErrChanged where custom values were
// filled or dropped since Capture, the error of ctx, or that of add.
func (im *Image) Write(ctx context.Context, add func(section []byte) error) error {
	im.add = add
	for _, part := range []func(context.Context) error{
		im.writeCommits, im.writeVersions, im.writeEntities, im.writeIDs, im.writeSlots,
		im.writeColumns, im.writeTerms, im.writeTexts, im.writeFolded, im.writeSorted, im.writeCustom,
	} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	if im.x.customChanges.Load() != im.changes {
		return ErrChanged
	}
	im.writeHead()
	return im.end()
}

// begin begins a section.
func (im *Image) begin(kind byte) { im.buf = append(im.buf[:0], kind) }

// end hands over the section.
func (im *Image) end() error { return im.add(im.buf) }

func (im *Image) uint32(n uint32)  { im.buf = binary.LittleEndian.AppendUint32(im.buf, n) }
func (im *Image) uint64(n uint64)  { im.buf = binary.LittleEndian.AppendUint64(im.buf, n) }
func (im *Image) uvarint(n uint64) { im.buf = binary.AppendUvarint(im.buf, n) }

func (im *Image) words(list []uint32) { im.buf = appendWords(im.buf, list) }

// text appends a text and its length.
func (im *Image) text(s string) { im.buf = appendText(im.buf, s) }

// appendBitmap appends a bitmap in roaring's own form, an empty one as no bytes.
func (im *Image) appendBitmap(set *roaring.Bitmap) {
	if set == nil || set.IsEmpty() {
		im.uvarint(0)
		return
	}
	im.uvarint(set.GetSerializedSizeInBytes())
	// Writing to memory does not fail.
	_, _ = set.WriteTo((*appender)(&im.buf))
}

// An appender writes to the end of a byte slice.
type appender []byte

func (a *appender) Write(b []byte) (int, error) {
	*a = append(*a, b...)
	return len(b), nil
}

// clamp cuts a posting after the last ordinal of the image. A posting of one ordinal
// is that ordinal as payload, one of none 0.
func (im *Image) clamp(p imagePosting) imagePosting {
	last := uint32(im.state.last)
	if p.payload&postingBit == 0 {
		if p.payload > last {
			p.payload = 0
		}
		return p
	}
	tail, frozen := p.posting.tail, p.posting.frozen
	if n := len(tail); n > 0 && tail[n-1] > last {
		at, _ := slices.BinarySearch(tail, last+1)
		tail = tail[:at]
	}
	if frozen != nil && frozen.Maximum() > last {
		frozen = roaring.And(frozen, bitmapUpTo(last))
		if frozen.IsEmpty() {
			frozen = nil
		}
	}
	p.posting = storedPosting{frozen, tail}
	switch {
	case frozen != nil || len(tail) > 1:
	case len(tail) == 1:
		p.payload = tail[0]
	default:
		p.payload = 0
	}
	return p
}

// bitmapUpTo returns the numbers from 0 to last.
func bitmapUpTo(last uint32) *roaring.Bitmap {
	set := roaring.New()
	set.AddRange(0, uint64(last)+1)
	return set
}

// payloads appends clamped payloads with their postings. In the place of the number of a
// posting comes the bit for one; its number follows from its place.
func (im *Image) payloads(all []imagePosting) {
	words := make([]uint32, len(all))
	var owners []uint32
	for i, p := range all {
		words[i] = p.payload
		if p.payload&postingBit != 0 {
			words[i] = postingBit
			owners = append(owners, uint32(p.owner))
		}
	}
	im.uint32(im.numbers)
	im.uvarint(uint64(len(owners)))
	im.words(words)
	im.words(owners)
	for _, p := range all {
		if p.payload&postingBit != 0 {
			im.uvarint(uint64(len(p.posting.tail)))
			im.appendBitmap(p.posting.frozen)
			im.words(p.posting.tail)
		}
	}
	im.numbers += uint32(len(owners))
}

// hashes appends hashes of terms.
func (im *Image) hashes(n int, at func(i int) termHash) {
	low := make([]uint32, n)
	for i := range n {
		h := at(i)
		im.uint64(h.hi)
		low[i] = h.lo
	}
	im.words(low)
}

func (im *Image) writeCommits(ctx context.Context) error {
	const some = 1 << 16
	for from := uint32(0); from < im.state.records; from += some {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(some, im.state.records-from)
		var fields [6][]uint32
		for i := range n {
			r := im.x.records.at(from + i)
			for f, w := range [...]uint32{
				uint32(r.sequence), uint32(r.sequence >> 32), uint32(r.time), uint32(r.time >> 32), uint32(r.last), r.dead,
			} {
				fields[f] = append(fields[f], w)
			}
		}
		if err := im.fields(sectionCommits, from, n, fields[:]); err != nil {
			return err
		}
	}
	return nil
}

// fields writes a section of the fields of some things in a row.
func (im *Image) fields(kind byte, from, n uint32, fields [][]uint32) error {
	im.begin(kind)
	im.uint32(from)
	im.uint32(n)
	for _, f := range fields {
		im.words(f)
	}
	return im.end()
}

func (im *Image) writeVersions(ctx context.Context) error {
	const some = 1 << 16
	last := uint32(im.state.last)
	var fields [4][]uint32
	for from := uint32(1); from <= last; from += some {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(some, last-from+1)
		for f := range fields {
			fields[f] = slices.Grow(fields[f][:0], int(n))[:n]
		}
		for i := range n {
			v := im.x.versions.at(from + i)
			next := v.next.Load()
			if next > last {
				next = 0
			}
			fields[0][i], fields[1][i], fields[2][i], fields[3][i] = uint32(v.entity), uint32(v.previous), v.number, next
		}
		if err := im.fields(sectionVersions, from, n, fields[:]); err != nil {
			return err
		}
	}
	return nil
}

func (im *Image) writeEntities(ctx context.Context) error {
	const some = 1 << 16
	var fields [4][]uint32
	for from := uint32(1); from <= im.entities; from += some {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(some, im.entities-from+1)
		for f := range fields {
			fields[f] = slices.Grow(fields[f][:0], int(n))[:n]
		}
		for i := range n {
			r := im.x.entities.records.at(from + i)
			newest := Ordinal(r.newest.Load())
			for newest > im.state.last {
				newest = im.x.versions.at(uint32(newest)).previous
			}
			fields[0][i], fields[1][i], fields[2][i], fields[3][i] = r.key, uint32(newest), uint32(r.typ), uint32(r.tag)
		}
		if err := im.fields(sectionEntities, from, n, fields[:]); err != nil {
			return err
		}
	}
	return nil
}

// writeIDs writes the arena of ids.
func (im *Image) writeIDs(ctx context.Context) error {
	const some = imageSection / arenaBlock
	for from := 0; uint64(from)*arenaBlock < im.used; from += some {
		if err := ctx.Err(); err != nil {
			return err
		}
		im.begin(sectionIDs)
		im.uint32(uint32(from))
		for at := from; at < from+some && uint64(at)*arenaBlock < im.used; at++ {
			n := min(im.used-uint64(at)*arenaBlock, arenaBlock)
			im.buf = append(im.buf, im.arena[at][:n]...)
		}
		if err := im.end(); err != nil {
			return err
		}
	}
	return nil
}

// writeSlots writes the table that finds entities. What was added after the image goes
// from it without harm, since whatever was there before is found without it.
func (im *Image) writeSlots(ctx context.Context) error {
	const some = 1 << 18
	p := im.x.entities.slots.Load()
	if p == nil {
		return nil
	}
	slots := *p
	im.slots = len(slots)
	words := make([]uint32, 0, some)
	for from := 0; from < len(slots); from += some {
		if err := ctx.Err(); err != nil {
			return err
		}
		words = words[:0]
		for i := range slots[from:min(from+some, len(slots))] {
			e := slots[from+i].Load()
			if e > im.entities {
				e = 0
			}
			words = append(words, e)
		}
		if err := im.fields(sectionSlots, uint32(from), uint32(len(words)), [][]uint32{words}); err != nil {
			return err
		}
	}
	return nil
}

// writeTerms writes the table of terms with their postings.
func (im *Image) writeTerms(ctx context.Context) error {
	table := &im.x.mu.table
	var hashes []termHash
	var payloads []imagePosting
	flush := func() error {
		im.begin(sectionTerms)
		im.uint32(uint32(len(hashes)))
		im.hashes(len(hashes), func(i int) termHash { return hashes[i] })
		im.payloads(payloads)
		im.stats.terms += len(hashes)
		hashes, payloads = hashes[:0], payloads[:0]
		return im.end()
	}
	size := 0
	for shard := range table.shards {
		if err := ctx.Err(); err != nil {
			return err
		}
		first := len(payloads)
		im.x.mu.RLock()
		for i := range table.shards[shard].slots {
			s := &table.shards[shard].slots[i]
			if s.payload != 0 {
				hashes = append(hashes, termHash{s.hi, s.lo})
				payloads = append(payloads, im.x.imagePostingLocked(s.payload))
			}
		}
		im.x.mu.RUnlock()
		kept := first
		for i := first; i < len(payloads); i++ {
			if p := im.clamp(payloads[i]); p.payload != 0 {
				payloads[kept], hashes[kept] = p, hashes[i]
				size += 16 + p.size()
				kept++
			}
		}
		hashes, payloads = hashes[:kept], payloads[:kept]
		if size > imageSection {
			size = 0
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// size returns about how many bytes a posting takes.
func (p *imagePosting) size() int {
	n := 2 * len(p.posting.tail)
	if p.payload&postingBit != 0 && p.posting.frozen != nil {
		n += int(p.posting.frozen.GetSerializedSizeInBytes())
	}
	return n
}

// writeTexts writes folded texts with their postings, those of one chunk a section.
func (im *Image) writeTexts(ctx context.Context) error {
	texts := &im.x.mu.texts.texts
	for from := uint32(0); im.texts > 0 && from <= im.texts; from += chunkSize {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(chunkSize, im.texts+1-from)
		stored := make([]storedText, n)
		payloads := make([]imagePosting, n)
		im.x.mu.RLock()
		for i := range n {
			stored[i] = *texts.at(from + i)
			payloads[i] = im.x.imagePostingLocked(stored[i].payload)
		}
		im.x.mu.RUnlock()
		params, lengths := make([]uint32, n), make([]uint32, n)
		for i := range stored {
			params[i], lengths[i] = uint32(stored[i].param), uint32(len(stored[i].text))
			payloads[i] = im.clamp(payloads[i])
		}
		im.begin(sectionTexts)
		im.uint32(from)
		im.uint32(n)
		im.words(params)
		im.words(lengths)
		for i := range stored {
			im.buf = append(im.buf, stored[i].text...)
		}
		im.payloads(payloads)
		if err := im.end(); err != nil {
			return err
		}
	}
	return nil
}

// writeFolded writes the table that finds folded texts.
func (im *Image) writeFolded(ctx context.Context) error {
	table := &im.x.mu.texts.table
	var hashes []termHash
	var ids []uint32
	flush := func() error {
		im.begin(sectionFolded)
		im.uint32(uint32(len(hashes)))
		im.hashes(len(hashes), func(i int) termHash { return hashes[i] })
		im.words(ids)
		im.stats.folded += len(ids)
		hashes, ids = hashes[:0], ids[:0]
		return im.end()
	}
	for shard := range table.shards {
		if err := ctx.Err(); err != nil {
			return err
		}
		im.x.mu.RLock()
		for i := range table.shards[shard].slots {
			if s := &table.shards[shard].slots[i]; s.payload != 0 && s.payload <= im.texts {
				hashes, ids = append(hashes, termHash{s.hi, s.lo}), append(ids, s.payload)
			}
		}
		im.x.mu.RUnlock()
		if len(ids) > imageSection/16 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// writeSorted writes the texts of each param in their order.
func (im *Image) writeSorted(ctx context.Context) error {
	im.begin(sectionSorted)
	for i := range im.params {
		p := &im.params[i]
		if p.sorted == nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		ids := make([]uint32, 0, p.sorted.Len())
		p.sorted.Scan(func(_ string, id textID) bool {
			ids = append(ids, uint32(id))
			return true
		})
		im.uvarint(uint64(p.param))
		im.uvarint(uint64(len(ids)))
		im.words(ids)
		if len(im.buf) > imageSection {
			if err := im.end(); err != nil {
				return err
			}
			im.begin(sectionSorted)
		}
	}
	return im.end()
}

// writeCustom writes which terms custom params have.
func (im *Image) writeCustom(ctx context.Context) error {
	const some = imageSection / 16
	for i := range im.params {
		p := &im.params[i]
		for hashes := range slices.Chunk(p.custom, some) {
			if err := ctx.Err(); err != nil {
				return err
			}
			im.begin(sectionCustom)
			im.uint32(uint32(p.param))
			im.uint32(uint32(len(hashes)))
			im.hashes(len(hashes), func(i int) termHash { return hashes[i] })
			if err := im.end(); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeHead writes what all else is read with.
func (im *Image) writeHead() {
	postings := im.numbers
	payloads := make([]imagePosting, 0, len(im.types)+len(im.params))
	add := func(p imagePosting) {
		p = im.clamp(p)
		if payloads = append(payloads, p); p.payload&postingBit != 0 {
			postings++
		}
	}
	for _, p := range im.types {
		add(p)
	}
	for i := range im.params {
		add(im.params[i].present)
	}
	im.begin(sectionHead)
	im.uint32(ImageVersion)
	s := &im.state
	for _, n := range []uint64{
		s.sequence, uint64(s.time), uint64(s.last), uint64(s.record.dead), uint64(s.records), im.foreign, im.horizon, im.idBytes, im.used,
		uint64(im.entities), uint64(im.slots), uint64(im.texts), uint64(im.stats.terms), uint64(im.stats.folded), uint64(postings),
	} {
		im.uint64(n)
	}
	im.appendBitmap(s.dead.swept)
	im.appendBitmap(s.dead.frozen)
	im.uvarint(uint64(len(s.dead.tail)))
	im.words(s.dead.tail)
	im.uint32(s.dead.n)
	im.uvarint(uint64(len(im.units)))
	for _, u := range im.units {
		im.text(u.system)
		im.text(u.code)
		im.text(u.text)
	}
	imageColumnHead(im, &im.sources)
	im.uvarint(uint64(len(im.types)))
	im.uvarint(uint64(len(im.params)))
	for i := range im.params {
		im.paramHead(&im.params[i])
	}
	im.payloads(payloads)
}

func (im *Image) paramHead(p *imageParam) {
	im.uvarint(uint64(p.param))
	im.uvarint(uint64(p.terms))
	for _, n := range p.counts {
		im.uvarint(uint64(n))
	}
	im.uvarint(uint64(len(p.custom)))
	im.uvarint(uint64(len(p.systems)))
	for _, d := range p.systems {
		im.uint64(d.hi)
		im.uint64(d.lo)
	}
	imageColumnHead(im, &p.dates)
	imageColumnHead(im, &p.numbers)
	imageColumnHead(im, &p.edges)
	imageColumnHead(im, &p.texts)
}

// asWords returns numbers of another type as what they are.
func asWords[T ~uint32](list []T) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(list))), len(list))
}
