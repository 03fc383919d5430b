package txlog

import (
	"encoding/binary"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// The head file has two slots, each in a disk block of its own, which are written in
// turn. Head is not synced with every commit, so both slots may be on their way to the
// disk when the power fails. A slot is one cache line, 64 bytes, so that the disk has
// the old slot or the new one and never half of each.
const (
	headBlock    = 4096
	headFileSize = 2 * headBlock
	headBody     = 8 + 8 + 8 + 4 + 4 + 8 + 8
	headSlotSize = headBody + seal.TagSize
)

// A head says how far the log was durable: everything up to it must be there.
// It refers to the manifest and to the record by the first half of their tags;
// its own tag authenticates both.
type head struct {
	generation uint64 // of the manifest; below 1<<56
	durability Durability
	sequence   uint64 // of the last durable commit; 0 for none
	next       Number // next number
	end        int64  // where its record ends in the segment that was open; 0 if it is in none
	term       uint32 // of the writer
	manifest   tagRef // of the manifest
	record     tagRef // of the record; the open segment's id while that is empty
}

// generationBits is the length of a generation in a head. The bits above it are the
// durability.
const generationBits = 56

// A tagRef is the first half of a tag. It tells a few authentic records and files
// apart.
type tagRef [8]byte

func refTo(t seal.Tag) tagRef { return tagRef(t[:8]) }

func (h *head) marshal(keys *seal.Keyset) []byte {
	b := make([]byte, 0, headSlotSize)
	b = binary.LittleEndian.AppendUint64(b, h.generation|uint64(h.durability)<<generationBits)
	b = binary.LittleEndian.AppendUint64(b, h.sequence)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.next))
	b = binary.LittleEndian.AppendUint32(b, uint32(h.end)) // segments end below 2 GiB
	b = binary.LittleEndian.AppendUint32(b, h.term)
	b = append(b, h.manifest[:]...)
	b = append(b, h.record[:]...)
	tag := keys.MAC(purposeHead, b)
	return append(b, tag[:]...)
}

// decodeHead reads a slot without checking its tag.
func decodeHead(b []byte) head {
	first := binary.LittleEndian.Uint64(b)
	return head{
		generation: first & (1<<generationBits - 1),
		durability: Durability(first >> generationBits),
		sequence:   binary.LittleEndian.Uint64(b[8:]),
		next:       Number(binary.LittleEndian.Uint64(b[16:])),
		end:        int64(binary.LittleEndian.Uint32(b[24:])),
		term:       binary.LittleEndian.Uint32(b[28:]),
		manifest:   tagRef(b[32:40]),
		record:     tagRef(b[40:48]),
	}
}

func unmarshalHead(b []byte, keys *seal.Keyset) (h head, ok bool) {
	if len(b) < headSlotSize || !keys.VerifyMAC(purposeHead, b[:headBody], b[headBody:headSlotSize]) {
		return head{}, false
	}
	return decodeHead(b), true
}

// before reports whether h was written before other. A generation never falls,
// and a sequence falls only when a store is cut, with a new generation.
func (h *head) before(other *head) bool {
	if h.generation != other.generation {
		return h.generation < other.generation
	}
	return h.sequence < other.sequence
}

// unmarshalHeads returns the newer whole slot of a head file, and its index. One slot
// may be damaged, by an interrupted write.
func unmarshalHeads(b []byte, keys *seal.Keyset) (best head, slot int, err error) {
	if len(b) != headFileSize {
		return head{}, 0, corruptf("head has %d bytes", len(b))
	}
	slot = -1
	for i := range 2 {
		h, ok := unmarshalHead(b[i*headBlock:], keys)
		if ok && (slot < 0 || best.before(&h)) {
			best, slot = h, i
		}
	}
	if slot < 0 {
		return head{}, 0, corruptf("neither slot of head is whole")
	}
	return best, slot, nil
}

// newHeadFile returns a head file with the same head in both slots.
func newHeadFile(h head, keys *seal.Keyset) []byte {
	b := make([]byte, headFileSize)
	slot := h.marshal(keys)
	copy(b, slot)
	copy(b[headBlock:], slot)
	return b
}
