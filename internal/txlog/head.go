package txlog

import (
	"encoding/binary"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// The head file has two slots, each in a disk block of its own so that a write
// cut short by a power failure cannot harm both. The slot of a head is the
// parity of its sequence.
const (
	headMagic     = "FLHD"
	headVersion   = 1
	headBlock     = 4096
	headFileSize  = 2 * headBlock
	headBody      = 4 + 4 + 8 + 8 + 8 + 4 + 4 + 8 + seal.TagSize
	headSlotBytes = headBody + seal.TagSize
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
	b := make([]byte, 0, headSlotBytes)
	b = append(b, headMagic...)
	b = binary.LittleEndian.AppendUint32(b, headVersion)
	b = binary.LittleEndian.AppendUint64(b, h.sequence)
	b = binary.LittleEndian.AppendUint64(b, h.segment)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.end))
	b = binary.LittleEndian.AppendUint32(b, h.next)
	b = binary.LittleEndian.AppendUint32(b, uint32(h.key))
	b = binary.LittleEndian.AppendUint64(b, h.seals)
	b = append(b, h.tag[:]...)
	tag := keys.MAC(purposeHead, b)
	return append(b, tag[:]...)
}

func unmarshalHead(b []byte, keys *seal.Keyset) (h head, ok bool) {
	if len(b) < headSlotBytes || !keys.VerifyMAC(purposeHead, b[:headBody], b[headBody:headSlotBytes]) {
		return head{}, false
	}
	h = head{
		sequence: binary.LittleEndian.Uint64(b[8:]),
		segment:  binary.LittleEndian.Uint64(b[16:]),
		end:      int64(binary.LittleEndian.Uint64(b[24:])),
		next:     binary.LittleEndian.Uint32(b[32:]),
		key:      seal.KeyID(binary.LittleEndian.Uint32(b[36:])),
		seals:    binary.LittleEndian.Uint64(b[40:]),
	}
	copy(h.tag[:], b[48:])
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
