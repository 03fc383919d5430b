package pack

import (
	"encoding/binary"
	"slices"
)

// A codec is how a block is written: the lowest three bits of its first number.
type codec uint8

const (
	codecStored codec = iota // the text as it is
	codecBody                // a template in whole bytes, and fields
	codecValues
	codecDenseBody // a template in prefix codes, and fields
	codecCount

	codecBits = 3
)

// maxUnpacked bounds the text of a block. A longer text is stored as it is.
const maxUnpacked = 256 << 20

// A Packer packs texts with one dictionary, and keeps its memory from text to text.
// It must not be used by several goroutines at once.
type Packer struct {
	number     uint64
	dictionary *Dictionary

	splitter splitter
	template []byte
	fields   []byte
	window   window
	dense    *denseWriter
}

// NewPacker returns a Packer that writes blocks with a dictionary, and names it by
// its number in the store. Without a dictionary it stores texts as they are.
func NewPacker(number uint64, d *Dictionary) *Packer {
	return &Packer{number: number, dictionary: d}
}

// Body appends the block of a resource in its stored form, made fast.
func (p *Packer) Body(dst, stored []byte) []byte { return p.pack(dst, stored, codecBody) }

// Values appends the block of a payload of search values, made fast. There is no dense
// form: all values are read whenever a store is opened.
func (p *Packer) Values(dst, payload []byte) []byte { return p.pack(dst, payload, codecValues) }

// DenseBody appends the smallest block of a resource in its stored form. It takes
// about thirty times as long as Body; reading it takes twice as long.
func (p *Packer) DenseBody(dst, stored []byte) []byte { return p.pack(dst, stored, codecDenseBody) }

// Smallest reports whether a block is empty, or was made by Values or DenseBody with
// this Packer's dictionary: then the Packer has no smaller block of its text.
func (p *Packer) Smallest(block []byte) bool {
	head, n := binary.Uvarint(block)
	c := codec(head & (1<<codecBits - 1))
	return len(block) == 0 || n > 0 && (c == codecValues || c == codecDenseBody) && head>>codecBits == p.number
}

func (p *Packer) pack(dst, text []byte, c codec) []byte {
	if len(text) == 0 {
		return dst
	}
	begin := len(dst)
	if cap(p.template) > keptBuffer || cap(p.fields) > keptBuffer {
		p.template, p.fields = nil, nil
	}
	if p.dictionary != nil && len(text) <= maxUnpacked {
		s := p.dictionary.section(c)
		p.template, p.fields = p.splitter.split(p.template[:0], p.fields[:0], text)
		dst = binary.AppendUvarint(dst, p.number<<codecBits|uint64(c))
		dst = binary.AppendUvarint(dst, uint64(len(p.template)))
		if c == codecDenseBody {
			if p.dense == nil {
				p.dense = new(denseWriter)
			}
			dst = p.dense.append(dst, s.model, s.index(), p.template)
		} else {
			if len(text) > keptBuffer {
				dst = slices.Grow(dst, len(p.template)/2+len(p.fields))
			}
			dst = appendFast(dst, p.template, s.fast(), &p.window)
		}
		dst = append(dst, p.fields...)
		if len(dst)-begin <= len(text) {
			return dst
		}
	}
	return append(append(dst[:begin], byte(codecStored)), text...)
}
