package index

import (
	"context"
	"encoding/binary"
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

// asWords returns numbers of another type as plain numbers, in the same memory.
func asWords[T ~uint32](list []T) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(list))), len(list))
}
