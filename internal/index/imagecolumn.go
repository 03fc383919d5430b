package index

import (
	"context"
	"encoding/binary"
	"math"
)

// The columns of a param, as a section of columns names them.
const (
	imageDates = iota
	imageNumbers
	imageEdges
	imageTexts
	imageSources // of no param
)

// The forms of the values of a chunk.
const (
	imagePlain = iota
	imagePacked
)

// imageColumnHead appends how long a column is.
func imageColumnHead[T any](im *Image, c *column[T]) {
	repeats := uint64(0)
	if c.repeats {
		repeats = 1
	}
	im.uvarint(uint64(c.n)<<1 | repeats)
}

// writeColumns writes the chunks of all columns, as many to a section as it holds.
func (im *Image) writeColumns(ctx context.Context) error {
	im.begin(sectionColumns)
	if err := imageChunks(ctx, im, 0, imageSources, &im.sources, (*Image).dateChunk); err != nil {
		return err
	}
	for i := range im.params {
		p := &im.params[i]
		if err := imageChunks(ctx, im, p.param, imageDates, &p.dates, (*Image).dateChunk); err != nil {
			return err
		}
		if err := imageChunks(ctx, im, p.param, imageNumbers, &p.numbers, (*Image).numberChunk); err != nil {
			return err
		}
		if err := imageChunks(ctx, im, p.param, imageEdges, &p.edges, wordChunk[Entity]); err != nil {
			return err
		}
		if err := imageChunks(ctx, im, p.param, imageTexts, &p.texts, wordChunk[textID]); err != nil {
			return err
		}
	}
	return im.end()
}

// imageChunks appends the chunks of a column, each with its place.
func imageChunks[T any](ctx context.Context, im *Image, p Param, which byte, c *column[T], values func(*Image, *columnChunk[T], int)) error {
	chunk := 0
	for ordinals, of := range c.parts() {
		if len(im.buf) > imageSection {
			if err := im.end(); err != nil {
				return err
			}
			im.begin(sectionColumns)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		im.buf = append(im.buf, which)
		im.uvarint(uint64(p))
		im.uvarint(uint64(chunk))
		im.uvarint(uint64(len(ordinals)))
		im.words(asWords(ordinals))
		values(im, of, len(ordinals))
		chunk++
	}
	return nil
}

func wordChunk[T ~uint32](im *Image, c *columnChunk[T], n int) { im.words(asWords(c.values[:n])) }

func (im *Image) dateChunk(c *columnChunk[dateRange], n int) {
	if p, ok := c.packed.(*packedDates); ok {
		im.buf = append(im.buf, imagePacked)
		im.uint64(uint64(p.low))
		im.uint64(uint64(p.unit))
		im.words(p.from)
		im.uvarint(uint64(len(p.high)))
		for _, h := range p.high {
			im.buf = binary.LittleEndian.AppendUint16(im.buf, h)
		}
		im.uvarint(uint64(len(p.widths)))
		for _, w := range p.widths {
			im.uint64(uint64(w))
		}
		im.codes(p.codes, len(p.widths))
		return
	}
	im.buf = append(im.buf, imagePlain)
	for _, r := range c.values[:n] {
		im.uint64(uint64(r.from))
		im.uint64(uint64(r.to))
	}
}

// codes appends the codes of a packed chunk, but where there is only one.
func (im *Image) codes(codes []uint8, different int) {
	if different > 1 {
		im.buf = append(im.buf, codes...)
	}
}

func (im *Image) numberChunk(c *columnChunk[numberRange], n int) {
	if p, ok := c.packed.(*packedNumbers); ok {
		im.buf = append(im.buf, imagePacked)
		for _, point := range p.points {
			im.uint64(uint64(point))
		}
		im.uvarint(uint64(len(p.units)))
		for _, u := range p.units {
			im.uint32(u)
		}
		im.codes(p.codes, len(p.units))
		return
	}
	im.buf = append(im.buf, imagePlain)
	for _, r := range c.values[:n] {
		for _, w := range [...]uint32{r.lowHigh, r.lowLow, r.highHigh, r.highLow, r.unit} {
			im.uint32(w)
		}
	}
}

// readChunk reads a chunk of a column, and puts it where it belongs.
func readChunk[T any](r *imageReader, c *column[T], values func(r *imageReader, n int, chunk *columnChunk[T])) {
	place, size := r.uvarint(), r.uvarint()
	if r.failed || place >= uint64(len(c.chunks)) || size > columnChunkN {
		r.failed = true
		return
	}
	at, n := int(place), int(size)
	if n != min(c.n-at<<columnBits, columnChunkN) || c.chunks[at] != nil {
		r.failed = true
		return
	}
	// The last chunk has the room of one that grew.
	room := columnChunk0
	for room < n {
		room *= 2
	}
	chunk := &columnChunk[T]{ordinals: make([]Ordinal, room)}
	r.words(asWords(chunk.ordinals[:n]))
	chunk.values = make([]T, 0, room)
	values(r, n, chunk)
	if chunk.packed == nil {
		chunk.values = chunk.values[:room]
	}
	c.chunks[at] = chunk
}

func readWordChunk[T ~uint32](r *imageReader, n int, chunk *columnChunk[T]) {
	r.words(asWords(chunk.values[:n]))
}

func readDateChunk(r *imageReader, n int, chunk *columnChunk[dateRange]) {
	if r.byte() == imagePlain {
		b := r.bytes(16 * n)
		for ; len(b) >= 16; b = b[16:] {
			chunk.values = append(chunk.values, dateRange{int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint64(b[8:]))})
		}
		return
	}
	p := &packedDates{low: int64(r.uint64()), unit: int64(r.uint64()), from: make([]uint32, n)}
	r.words(p.from)
	if high := r.count(1); high > 0 {
		b := r.bytes(2 * n)
		p.high = make([]uint16, n)
		for i := 0; len(b) >= 2; i++ {
			p.high[i] = binary.LittleEndian.Uint16(b)
			b = b[2:]
		}
	}
	p.widths = make([]int64, r.count(1))
	for i := range p.widths {
		p.widths[i] = int64(r.uint64())
	}
	p.codes = r.codes(n, len(p.widths))
	chunk.packed, chunk.values = p, nil
	r.failed = r.failed || n != columnChunkN
}

// codes reads the codes of a packed chunk.
func (r *imageReader) codes(n, different int) []uint8 {
	codes := make([]uint8, n)
	if different == 0 || different > math.MaxUint8+1 {
		r.failed = true
	}
	if different > 1 {
		copy(codes, r.bytes(n))
		for _, c := range codes {
			r.failed = r.failed || int(c) >= different
		}
	}
	return codes
}

func readNumberChunk(r *imageReader, n int, chunk *columnChunk[numberRange]) {
	if r.byte() == imagePlain {
		b := r.bytes(20 * n)
		word := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
		for ; len(b) >= 20; b = b[20:] {
			chunk.values = append(chunk.values, numberRange{word(0), word(1), word(2), word(3), word(4)})
		}
		return
	}
	p := &packedNumbers{points: make([]image, n)}
	b := r.bytes(8 * n)
	for i := 0; len(b) >= 8; i++ {
		p.points[i] = image(binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	p.units = make([]uint32, r.count(1))
	for i := range p.units {
		p.units[i] = r.uint32()
	}
	p.codes = r.codes(n, len(p.units))
	chunk.packed, chunk.values = p, nil
	r.failed = r.failed || n != columnChunkN
}
