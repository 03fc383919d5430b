package index

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

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
