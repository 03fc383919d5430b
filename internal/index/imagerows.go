package index

import (
	"context"
	"slices"
)

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
