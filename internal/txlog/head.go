package txlog

import (
	"encoding/binary"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// The head file has two slots, each in a disk block of its own. The slot of a
// head is the parity of its sequence. Head is not synced with every commit, so
// both slots may be on their way to the disk when the power fails: a slot is
// one cache line, 64 bytes, so that a block written meanwhile has it old or new
// and never half.
const (
	headBlock    = 4096
	headFileSize = 2 * headBlock
	headBody     = 8 + 8 + 4 + 4 + 4 + 4 + seal.TagSize
	headSlotSize = headBody + seal.TagSize
)

// A head says how far the log was durable: everything up to it must be there.
type head struct {
	sequence uint64     // of the last durable record; 0 for none
	segment  uint64     // first sequence of the segment that holds it
	end      int64      // offset in that segment where the record ends
	next     uint32     // next ordinal
	key      seal.KeyID // data key in use
	seals    uint64     // that it has made
	tag      seal.Tag   // of the record; the store's id for none
}

// offset returns where in the head file the slot of this head is.
func (h *head) offset() int64 { return int64(h.sequence&1) * headBlock }

func (h *head) marshal(keys *seal.Keyset) []byte {
	b := make([]byte, 0, headSlotSize)
	b = binary.LittleEndian.AppendUint64(b, h.sequence)
	b = binary.LittleEndian.AppendUint64(b, h.segment)
	b = binary.LittleEndian.AppendUint32(b, uint32(h.end)) // segments end below 2 GiB
	b = binary.LittleEndian.AppendUint32(b, h.next)
	b = binary.LittleEndian.AppendUint32(b, uint32(h.key))
	b = binary.LittleEndian.AppendUint32(b, uint32(h.seals)) // at most seal.MaxSeals
	b = append(b, h.tag[:]...)
	tag := keys.MAC(purposeHead, b)
	return append(b, tag[:]...)
}

func unmarshalHead(b []byte, keys *seal.Keyset) (h head, ok bool) {
	if len(b) < headSlotSize || !keys.VerifyMAC(purposeHead, b[:headBody], b[headBody:headSlotSize]) {
		return head{}, false
	}
	h = head{
		sequence: binary.LittleEndian.Uint64(b),
		segment:  binary.LittleEndian.Uint64(b[8:]),
		end:      int64(binary.LittleEndian.Uint32(b[16:])),
		next:     binary.LittleEndian.Uint32(b[20:]),
		key:      seal.KeyID(binary.LittleEndian.Uint32(b[24:])),
		seals:    uint64(binary.LittleEndian.Uint32(b[28:])),
	}
	copy(h.tag[:], b[32:])
	return h, true
}

// unmarshalHeads returns the newer of the whole slots of a head file. One slot
// may be damaged: a write of it may have been cut.
func unmarshalHeads(b []byte, keys *seal.Keyset) (head, error) {
	if len(b) != headFileSize {
		return head{}, corruptf("head has %d bytes", len(b))
	}
	best, found := head{}, false
	for slot := range 2 {
		h, ok := unmarshalHead(b[slot*headBlock:], keys)
		if ok && (!found || h.sequence > best.sequence) {
			best, found = h, true
		}
	}
	if !found {
		return head{}, corruptf("neither slot of head is whole")
	}
	return best, nil
}

// newHeadFile returns the head file of an empty store.
func newHeadFile(h head, keys *seal.Keyset) []byte {
	b := make([]byte, headFileSize)
	slot := h.marshal(keys)
	copy(b, slot)
	copy(b[headBlock:], slot)
	return b
}
