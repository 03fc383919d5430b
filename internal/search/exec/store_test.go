package exec_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// now is the time of the clock in tests; ap measures to it.
var now = time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)

// A store is what a real one does for search, with everything in memory.
type store struct {
	t       require.TestingT
	index   *index.Index
	engine  *exec.Engine
	blocks  [][]byte // by ordinal
	sources [][]byte // by ordinal, nil for deletions
	seq     uint64
	time    int64
	builder index.Builder
	records []record
	level   *fhirjson.Options // nil is strict
	// settings are what the values are read with.
	settings param.Settings
	forget   bool         // the sources
	filter   *exec.Filter // of the views that answers are asked of, or nil
}

// A record is what one log record did to the index.
type record struct {
	sequence uint64
	time     int64
	first    index.Ordinal
	items    []index.Item
}

func newStore(t require.TestingT) *store {
	s := &store{t: t, blocks: [][]byte{nil}, sources: [][]byte{nil}}
	s.time = now.Add(-time.Hour).UnixMicro()
	s.settings.Base = "https://example.org/fhir"
	s.open([16]byte{1})
	return s
}

// open makes a new index, whose terms are hashed under a key.
func (s *store) open(key [16]byte) {
	s.index = index.New(key, s.settings.Settle())
	s.engine = exec.New(s.index, exec.Options{
		Settings: s.settings,
		PageKey:  []byte("a key of pages"),
		Now:      func() time.Time { return now },
		Values: func(o index.Ordinal, dst []byte) ([]byte, error) {
			return append(dst, s.blocks[o]...), nil
		},
		Documents: func(o index.Ordinal, doc *fhirjson.Document) error { return fhirjson.Parse(s.sources[o], doc, s.level) },
	})
}

// reopen makes index and engine anew out of the values of all records, under another
// key, as opening a store does.
func (s *store) reopen() {
	s.open([16]byte{2})
	for _, r := range s.records {
		for i := range r.items {
			if !r.items[i].Deleted {
				r.items[i].Values = s.prepare(s.blocks[int(r.first)+i])
			}
		}
		require.NoError(s.t, s.index.Apply(r.sequence, r.time, r.first, r.items))
	}
}

func (s *store) prepare(block []byte) *index.Prepared {
	prepared := new(index.Prepared)
	require.NoError(s.t, s.index.Prepare(prepared, block))
	return prepared
}

// put writes resources in one record.
func (s *store) put(sources ...string) {
	items := make([]index.Item, len(sources))
	for i, source := range sources {
		items[i] = s.item([]byte(source))
	}
	s.apply(items)
}

// item extracts one resource, and remembers its source and values.
func (s *store) item(source []byte) index.Item {
	var doc fhirjson.Document
	require.NoError(s.t, fhirjson.Parse(source, &doc, s.level))
	s.builder.Reset()
	require.NoError(s.t, s.engine.Extract(&doc, &s.builder))
	block := bytes.Clone(s.builder.Payload())
	prepared := s.prepare(block)
	s.blocks = append(s.blocks, block)
	if s.forget {
		source = nil
	}
	s.sources = append(s.sources, source)
	own := s.engine.Custom().Values()
	if own.Wanted(doc.Type()) {
		require.NoError(s.t, s.engine.Custom().Extract(&own, &doc, &s.builder))
	}
	return index.Item{Type: index.TypeID(doc.Type()), ID: string(doc.ID()), Values: prepared, Custom: own.InUse()}
}

func (s *store) remove(typ, id string) {
	s.blocks, s.sources = append(s.blocks, nil), append(s.sources, nil)
	s.apply([]index.Item{{Type: index.TypeID(typeOf(s.t, typ)), ID: id, Deleted: true}})
}

func (s *store) apply(items []index.Item) {
	s.seq++
	s.time += int64(time.Second / time.Microsecond)
	first := index.Ordinal(len(s.blocks) - len(items))
	require.NoError(s.t, s.index.Apply(s.seq, s.time, first, items))
	s.records = append(s.records, record{s.seq, s.time, first, items})
}

// search answers a query, which must be right, with the ids of its matches.
func (s *store) search(typ, query string) (ids []string, r *exec.Result) {
	q, err := s.engine.Parse(typeOf(s.t, typ), query, false)
	require.NoError(s.t, err, query)
	r, err = s.engine.Search(context.Background(), s.index.View(), q)
	require.NoError(s.t, err, query)
	return s.keys(r.Matches), r
}

func (s *store) keys(ordinals []index.Ordinal) []string {
	keys := make([]string, len(ordinals))
	for i, o := range ordinals {
		_, keys[i] = s.index.View().Key(o)
	}
	return keys
}

func typeOf(t require.TestingT, name string) schema.TypeID {
	typ, ok := schema.ResourceType(name)
	require.True(t, ok, name)
	return typ
}

// shared returns the lines of shared test data.
func shared(t testing.TB, pattern string) [][]byte {
	t.Helper()
	return fhirjsontest.Lines(t, pattern)
}
