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

// String returns the head as text: three parts with "-" between.
func (h Head) String() string {
	return fmt.Sprintf("%d-%d-%s", h.pin.Sequence, h.pin.Generation, hex.EncodeToString(h.pin.Tag[:]))
}

// MarshalText implements [encoding.TextMarshaler]: the text is that of String.
func (h Head) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler], so that a head may be a flag or
// stand in JSON. It reads what String wrote; it reports ErrInvalid, and then h is as before.
func (h *Head) UnmarshalText(text []byte) error {
	var read Head
	var tag []byte
	n, err := fmt.Sscanf(string(text), "%d-%d-%x", &read.pin.Sequence, &read.pin.Generation, &tag)
	if n == 3 && len(tag) == len(read.pin.Tag) {
		copy(read.pin.Tag[:], tag)
	}
	if err != nil || read.String() != string(text) {
		return fmt.Errorf("%w: not the head of a store", ErrInvalid)
	}
	*h = read
	return nil
}
