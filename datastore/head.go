package datastore

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/txlog2"
)

// A Head names the newest commit of a store in a way that no older copy of the store
// can match. Who keeps it outside the store, as text, and opens the store with
// [Options.AtLeast], notices that an older copy was put in its place.
type Head struct {
	// Sequence is the number of the commit, 0 for an empty store.
	Sequence uint64
	tag      [16]byte
}

// Head returns the head after the newest commit.
func (s *Store) Head() Head {
	pin := s.engine.Head()
	return Head{pin.Sequence, pin.Tag}
}

func (h Head) pin() txlog.Pin { return txlog.Pin{Sequence: h.Sequence, Tag: h.tag} }

// String returns the head as text that [ParseHead] reads.
func (h Head) String() string {
	return strconv.FormatUint(h.Sequence, 10) + "-" + hex.EncodeToString(h.tag[:])
}

// ParseHead reads what Head.String wrote. It reports ErrInvalid.
func ParseHead(text string) (h Head, err error) {
	sequence, tag, ok := strings.Cut(text, "-")
	if h.Sequence, err = strconv.ParseUint(sequence, 10, 64); err != nil || !ok || len(tag) != 2*len(h.tag) {
		return Head{}, fmt.Errorf("%w: not the head of a store", ErrInvalid)
	}
	if _, err := hex.Decode(h.tag[:], []byte(tag)); err != nil {
		return Head{}, fmt.Errorf("%w: not the head of a store", ErrInvalid)
	}
	return h, nil
}
