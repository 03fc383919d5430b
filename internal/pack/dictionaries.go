package pack

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"sync"
)

// Dictionaries are the dictionaries of a store, by the numbers that its blocks give
// them. They may be used by several goroutines at once.
type Dictionaries struct {
	byNumber map[uint64]*Dictionary
	scratch  sync.Pool // of *unpacker
}

// NewDictionaries returns the dictionaries of a store. The map is copied. A nil
// Dictionary is one that this version cannot read.
func NewDictionaries(byNumber map[uint64]*Dictionary) *Dictionaries {
	return &Dictionaries{
		byNumber: maps.Clone(byNumber),
		scratch:  sync.Pool{New: func() any { return new(unpacker) }},
	}
}

// An unpacker is the memory for unpacking a block. It is used again.
type unpacker struct {
	splitter splitter
	template []byte
}

// Unpack appends the text of a block to dst. It reports [ErrDamaged],
// [ErrUnsupported] for a codec or a dictionary that it cannot read, or [ErrDictionary] for a number
// that no dictionary has; dst then comes back as it was.
func (d *Dictionaries) Unpack(dst, block []byte) ([]byte, error) {
	if len(block) == 0 {
		return dst, nil
	}
	head, n := binary.Uvarint(block)
	if n <= 0 {
		return dst, fmt.Errorf("%w: head of a block", ErrDamaged)
	}
	c, number := codec(head&(1<<codecBits-1)), head>>codecBits
	block = block[n:]
	switch {
	case c >= codecCount:
		return dst, fmt.Errorf("%w: block of codec %d: open the store with a newer fhirlake", ErrUnsupported, c)
	case c == codecStored:
		if number != 0 {
			return dst, fmt.Errorf("%w: head of a block", ErrDamaged)
		}
		return append(dst, block...), nil
	}
	dictionary, ok := d.byNumber[number]
	switch {
	case !ok:
		return dst, fmt.Errorf("%w: number %d", ErrDictionary, number)
	case dictionary == nil:
		return dst, fmt.Errorf("%w: dictionary %d of another format version than %d: open the store with a newer fhirlake", ErrUnsupported, number, magic[len(magic)-1])
	}
	u := d.scratch.Get().(*unpacker)
	defer d.scratch.Put(u)
	out, err := u.unpack(dst, block, dictionary.section(c), c == codecDenseBody)
	if cap(u.template) > keptBuffer {
		u.template = nil
	}
	if err != nil {
		return dst, err
	}
	return out, nil
}

func (u *unpacker) unpack(dst, block []byte, s *section, dense bool) ([]byte, error) {
	claim, n := binary.Uvarint(block)
	if n <= 0 {
		return dst, fmt.Errorf("%w: length of a template", ErrDamaged)
	}
	block = block[n:]
	yield := uint64(fastYield)
	if dense {
		yield = denseYield
	}
	if claim > maxUnpacked || claim > yield*uint64(len(block)) || claim > math.MaxInt {
		return dst, fmt.Errorf("%w: length of a template", ErrDamaged)
	}
	var fields []byte
	var ok bool
	if dense {
		u.template, fields, ok = readDense(u.template[:0], block, s.model, int(claim))
	} else {
		u.template, fields, ok = readFast(u.template[:0], block, s.text, int(claim))
	}
	if !ok {
		return dst, fmt.Errorf("%w: template", ErrDamaged)
	}
	// A UUID of sixteen bytes makes thirty-six, a time of two makes twenty-five.
	if need := len(dst) + len(u.template) + 2*len(fields) + 64; cap(dst) < need {
		dst = append(make([]byte, 0, need), dst...)
	}
	return u.splitter.join(dst, u.template, fields, maxUnpacked)
}
