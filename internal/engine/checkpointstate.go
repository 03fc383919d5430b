package engine

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/custom"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// A checkpointState is what a checkpoint holds beside the image of the index, and what
// the image depends on. Its layout is that of one version of this program.
type checkpointState struct {
	settings   []byte // as they were for the image
	extractors []extractorOf
	spans      []span
	states     map[string]txlog.Number
	customs    []custom.Saved
}

// An extractorOf says which version of the extractor made the values of a type.
type extractorOf struct {
	typ     schema.TypeID
	version uint32
}

const checkpointStateVersion = 1

func (s *checkpointState) marshal() []byte {
	b := binary.LittleEndian.AppendUint32(nil, checkpointStateVersion)
	number := func(n uint64) { b = binary.AppendUvarint(b, n) }
	text := func(s string) { number(uint64(len(s))); b = append(b, s...) }
	text(string(s.settings))
	number(uint64(len(s.extractors)))
	for _, e := range s.extractors {
		number(uint64(e.typ))
		number(uint64(e.version))
	}
	number(uint64(len(s.spans)))
	for _, s := range s.spans {
		number(uint64(s.ordinal))
		number(uint64(s.number))
	}
	number(uint64(len(s.states)))
	for name, n := range s.states {
		text(name)
		number(uint64(n))
	}
	number(uint64(len(s.customs)))
	for _, c := range s.customs {
		text(string(c.Identity[:]))
		number(uint64(len(c.Params)))
		for _, p := range c.Params {
			number(uint64(p))
		}
	}
	return b
}

var errCheckpoint = errors.New("datastore: checkpoint of another version")

func unmarshalCheckpointState(b []byte) (*checkpointState, error) {
	if len(b) < 4 || binary.LittleEndian.Uint32(b) != checkpointStateVersion {
		return nil, errCheckpoint
	}
	b = b[4:]
	failed := false
	number := func() uint64 {
		n, size := binary.Uvarint(b)
		if size <= 0 {
			failed = true
			return 0
		}
		b = b[size:]
		return n
	}
	count := func() int { // of things of a byte at least
		n := number()
		if n > uint64(len(b)) {
			failed = true
			return 0
		}
		return int(n)
	}
	text := func() []byte {
		n := count()
		t := b[:n:n]
		b = b[n:]
		return t
	}
	s := &checkpointState{settings: text(), states: map[string]txlog.Number{}}
	for range count() {
		s.extractors = append(s.extractors, extractorOf{schema.TypeID(number()), uint32(number())})
	}
	for range count() {
		s.spans = append(s.spans, span{index.Ordinal(number()), txlog.Number(number())})
	}
	for range count() {
		name := string(text())
		s.states[name] = txlog.Number(number())
	}
	for range count() {
		var c custom.Saved
		if copy(c.Identity[:], text()) != len(c.Identity) {
			failed = true
		}
		for range count() {
			c.Params = append(c.Params, index.Param(number()))
		}
		s.customs = append(s.customs, c)
	}
	if failed || len(b) > 0 {
		return nil, errCheckpoint
	}
	return s, nil
}

// stale returns the types whose values are extracted otherwise now.
func (s *checkpointState) stale() (types []index.TypeID) {
	for _, x := range s.extractors {
		if param.Version(x.typ) != x.version {
			types = append(types, index.TypeID(x.typ))
		}
	}
	return types
}

// checkpointState returns what a checkpoint holds beside the image. The writer calls it.
func (e *Engine) checkpointState(customs []custom.Saved) *checkpointState {
	s := &checkpointState{settings: e.options.meaning(), states: map[string]txlog.Number{}, customs: customs}
	view := e.index.View()
	for t := range schema.Types {
		if view.OfType(index.TypeID(t)).Len() > 0 {
			s.extractors = append(s.extractors, extractorOf{schema.TypeID(t), e.checkpoints.version(schema.TypeID(t))})
		}
	}
	if spans := e.numbers.spans.Load(); spans != nil {
		s.spans = slices.Clip(*spans)
	}
	e.states.mu.Lock()
	defer e.states.mu.Unlock()
	for name, n := range e.states.numbers {
		s.states[name] = n
	}
	return s
}
