package datastore

import (
	"encoding/hex"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/txlog"
)

// A Head names the newest commit of a store in a way that no older copy of the store
// matches. A program that keeps it outside the store, as text, and opens the store with
// [Options.AtLeast], notices if an older copy, or another store, was put in its place.
// The zero Head asks for nothing.
type Head struct{ pin txlog.Pin }

// Head returns the head after the newest commit.
func (s *Store) Head() Head { return Head{s.engine.Head()} }

// Sequence returns the number of the commit, 0 for a store that has none.
func (h Head) Sequence() uint64 { return h.pin.Sequence }

// String returns the head as text that [ParseHead] reads: three parts with "-" between.
func (h Head) String() string {
	return fmt.Sprintf("%d-%d-%s", h.pin.Sequence, h.pin.Generation, hex.EncodeToString(h.pin.Tag[:]))
}

// ParseHead reads a text that Head.String wrote. It reports ErrInvalid.
func ParseHead(text string) (h Head, err error) {
	var tag []byte
	n, err := fmt.Sscanf(text, "%d-%d-%x", &h.pin.Sequence, &h.pin.Generation, &tag)
	if n == 3 && len(tag) == len(h.pin.Tag) {
		copy(h.pin.Tag[:], tag)
	}
	if err != nil || h.String() != text {
		return Head{}, fmt.Errorf("%w: not the head of a store", ErrInvalid)
	}
	return h, nil
}
