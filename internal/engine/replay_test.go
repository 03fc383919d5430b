package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// A raw log is one that a test writes items to by hand.
type raw struct {
	t    require.TestingT
	disk *txlog.Memory
	key  seal.KeyWrapper
}

func newRaw(t require.TestingT) *raw { return &raw{t, txlog.NewMemory(), seal.RandomKey()} }

func (r *raw) log() *txlog.Log {
	log, err := txlog.Open(context.Background(), "", &txlog.Options{FS: r.disk, Wrapper: r.key})
	require.NoError(r.t, err)
	return log
}

// start opens the store of the log.
func (r *raw) start() (*Engine, error) {
	log := r.log()
	e, err := Start(context.Background(), log, testOptions())
	if err != nil {
		require.NoError(r.t, log.Close())
	}
	return e, err
}

// startReading opens the store for reading.
func (r *raw) startReading() (*Engine, error) {
	log, err := txlog.Open(context.Background(), "", &txlog.Options{FS: r.disk, Wrapper: r.key, ReadOnly: true})
	require.NoError(r.t, err)
	o := testOptions()
	o.ReadOnly = true
	return Start(context.Background(), log, o)
}

// appendTo appends a commit of items to a log.
func appendTo(log *txlog.Log, items ...txlog.Item) error {
	last := log.Last()
	_, err := log.Append(context.Background(), &txlog.Batch{Expect: last.Sequence, Term: log.Term(), Commits: []txlog.Commit{{Time: last.Time + 1, Items: items}}})
	return err
}

// fill writes a patient the usual way, so that the log has all that a store needs.
func (r *raw) fill() {
	e, err := r.start()
	require.NoError(r.t, err)
	require.NoError(r.t, put(context.Background(), e, patient("first", "Ann")))
	require.NoError(r.t, e.Close())
}

// item is a version of a patient as a log has it.
func (r *raw) item(id string, version uint32) txlog.Item {
	e, err := r.start()
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, e.Close()) }()
	p, err := e.Prepare(context.Background(), []byte(patient(id, "Bob")), &How{})
	require.NoError(r.t, err)
	setItem(p.part, version, Update)
	return txlog.Item{Values: p.part, Body: p.body}
}

// nonsense is what may be wrong with an item, and how a store with it opens: not at all, or,
// with ErrUnsupported, for reading up to there if that is asked for.
var nonsense = map[string]struct {
	want error
	harm func(it *txlog.Item)
}{
	"format of later": {ErrUnsupported, func(it *txlog.Item) { it.Values[0] = itemFormat + 1 }},
	"flag of later":   {ErrUnsupported, func(it *txlog.Item) { it.Values[1] |= 0x80 }},
	"a time that is none": {ErrCorrupt, func(it *txlog.Item) {
		it.Values[1] |= itemSource
		it.Values = slices.Insert(it.Values, itemFixed+1+int(it.Values[itemFixed]), bytes.Repeat([]byte{0xff, 0x7f}, 4)...)
	}},
	"half a time": {ErrCorrupt, func(it *txlog.Item) {
		it.Values[1] |= itemSource
		it.Values = it.Values[:itemFixed+1+int(it.Values[itemFixed])+7]
	}},
	"interaction of later": {ErrUnsupported, func(it *txlog.Item) { it.Values[itemInteractionAt] = byte(Erasure) + 1 }},
	"type of later":        {ErrUnsupported, func(it *txlog.Item) { binary.LittleEndian.PutUint16(it.Values[itemVersionAt+4:], 65_000) }},
	"no type":              {ErrUnsupported, func(it *txlog.Item) { binary.LittleEndian.PutUint16(it.Values[itemVersionAt+4:], 0) }},
	"nothing":              {ErrCorrupt, func(it *txlog.Item) { it.Values = nil }},
	"short":                {ErrCorrupt, func(it *txlog.Item) { it.Values = it.Values[:itemFixed-1] }},
	"without an id":        {ErrCorrupt, func(it *txlog.Item) { it.Values = it.Values[:itemFixed] }},
	"id too long":          {ErrCorrupt, func(it *txlog.Item) { it.Values[itemFixed] = 255 }},
	"id empty":             {ErrCorrupt, func(it *txlog.Item) { it.Values[itemFixed] = 0 }},
	"id of a quote":        {ErrCorrupt, func(it *txlog.Item) { it.Values[itemFixed+1] = '"' }},
	"half a UUID": {ErrCorrupt, func(it *txlog.Item) {
		it.Values[1] |= itemUUID
		it.Values = it.Values[:itemFixed+8]
	}},
	"version 0":          {ErrCorrupt, func(it *txlog.Item) { setItem(it.Values, 0, Update) }},
	"values cut":         {ErrCorrupt, func(it *txlog.Item) { it.Values = it.Values[:len(it.Values)-1] }},
	"values of nonsense": {ErrCorrupt, func(it *txlog.Item) { copy(it.Values[itemFixed+1+len("first"):], bytes.Repeat([]byte{0xff}, 99)) }},
	"body of nonsense, values of another extractor": {ErrCorrupt, func(it *txlog.Item) {
		binary.LittleEndian.PutUint32(it.Values[itemExtractorAt:], 1<<30)
		it.Body = []byte{0xff, 0xff, 0xff}
	}},
	"no body, values of another extractor": {ErrCorrupt, func(it *txlog.Item) {
		binary.LittleEndian.PutUint32(it.Values[itemExtractorAt:], 1<<30)
		it.Body = nil
	}},
}

// TestNonsenseAtOpening opens logs whose last item makes no sense.
func TestNonsenseAtOpening(t *testing.T) {
	for name, test := range nonsense {
		t.Run(name, func(t *testing.T) {
			r := newRaw(t)
			r.fill()
			it := r.item("first", 2)
			test.harm(&it)
			log := r.log()
			require.NoError(t, appendTo(log, it))
			require.NoError(t, log.Close())
			_, err := r.start()
			if test.want == ErrCorrupt {
				require.ErrorIs(t, err, ErrCorrupt)
				require.NotErrorIs(t, err, ErrUnsupported)
				return
			}
			require.ErrorIs(t, err, ErrUnsupported)
			require.ErrorContains(t, err, "open it with a newer fhirlake")
			e, err := r.startReading()
			require.NoError(t, err)
			requireReadOnly(t, e)
			require.NoError(t, e.Close())
		})
	}
}

// TestNonsenseOfOthers has another writer append an item that makes no sense: who
// writes next hears of it, and the store is for reading only.
func TestNonsenseOfOthers(t *testing.T) {
	for name, test := range nonsense {
		t.Run(name, func(t *testing.T) {
			r := newRaw(t)
			r.fill()
			it := r.item("first", 2)
			test.harm(&it)
			log := r.log()
			e, err := Start(t.Context(), log, testOptions())
			require.NoError(t, err)
			require.NoError(t, appendTo(log, it))
			require.ErrorIs(t, put(t.Context(), e, patient("next", "Ann")), test.want)
			requireReadOnly(t, e)
			require.NoError(t, e.Close())
		})
	}
}

// requireReadOnly wants a store to read what was before the nonsense, and to write
// nothing.
func requireReadOnly(t *testing.T, e *Engine) {
	n, err := count(t.Context(), e, schema.TypePatient, "name=ann")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.ErrorIs(t, put(t.Context(), e, patient("next", "Ann")), ErrReadOnly)
	o, ok := e.Last().Find(schema.TypePatient, "first")
	require.True(t, ok)
	require.EqualValues(t, 1, e.Last().VersionNumber(o))
	_, err = e.Last().AppendJSON(nil, o)
	require.NoError(t, err)
	require.NoError(t, e.SweepAll(t.Context()))
}

// TestValuesOfAnotherExtractor has values that another extractor wrote, and that mean
// nothing to this one: they are made again from the body, at opening, of another
// writer's, by searches and by Verify.
func TestValuesOfAnotherExtractor(t *testing.T) {
	r := newRaw(t)
	r.fill()
	foreign := func(id string) txlog.Item {
		it := r.item(id, 1)
		binary.LittleEndian.PutUint32(it.Values[itemExtractorAt:], param.Version(schema.TypePatient)+1)
		at := itemFixed + 1 + len(id)
		copy(it.Values[at:], bytes.Repeat([]byte{0xff}, len(it.Values)-at))
		return it
	}
	before, later := foreign("before"), foreign("later")
	log := r.log()
	require.NoError(t, appendTo(log, before))
	e, err := Start(t.Context(), log, testOptions())
	require.NoError(t, err)
	require.NoError(t, appendTo(log, later))
	require.NoError(t, put(t.Context(), e, patient("own", "Bob")))
	for query, want := range map[string]int{"name=bob": 3, "family:exact=Bob&_sort=family": 3, "_id=later": 1} {
		n, err := count(t.Context(), e, schema.TypePatient, query)
		require.NoError(t, err)
		require.Equal(t, want, n, query)
	}
	require.NoError(t, e.Verify(t.Context(), Verification{}))
	require.NoError(t, e.Close())
}

// TestItemsThatVerifyFinds opens logs whose items can be applied and are not right: the
// store reads and writes, and Verify says what is wrong.
func TestItemsThatVerifyFinds(t *testing.T) {
	deletion := func(version uint32) txlog.Item {
		p := PrepareDeletion(schema.TypePatient, "first")
		setItem(p.part, version, Delete)
		return txlog.Item{Values: p.part}
	}
	for name, test := range map[string]struct {
		check string
		items func(r *raw) []txlog.Item
	}{
		"a version twice":         {"history", func(r *raw) []txlog.Item { return []txlog.Item{r.item("first", 1)} }},
		"a version twice at once": {"history", func(r *raw) []txlog.Item { return []txlog.Item{r.item("first", 2), r.item("first", 2)} }},
		"versions backwards":      {"history", func(r *raw) []txlog.Item { return []txlog.Item{r.item("first", 3), r.item("first", 2)} }},
		"a deletion twice":        {"history", func(*raw) []txlog.Item { return []txlog.Item{deletion(2), deletion(2)} }},
		"a deletion, version 1":   {"history", func(*raw) []txlog.Item { return []txlog.Item{deletion(1)} }},
		"no values": {"values", func(r *raw) []txlog.Item {
			it := r.item("first", 2)
			it.Values = it.Values[:itemFixed+1+len("first")]
			return []txlog.Item{it}
		}},
		"the body of another": {"body", func(r *raw) []txlog.Item {
			it := r.item("first", 2)
			it.Body = r.item("other", 1).Body
			return []txlog.Item{it}
		}},
		"a body that is nonsense": {"body", func(r *raw) []txlog.Item {
			it := r.item("first", 2)
			it.Body = []byte{0xff, 1, 2}
			return []txlog.Item{it}
		}},
		"no body":                  {"body", func(r *raw) []txlog.Item { it := r.item("first", 2); it.Body = nil; return []txlog.Item{it} }},
		"a body that is no object": {"body", func(r *raw) []txlog.Item { it := r.item("first", 2); it.Body = r.text("[]"); return []txlog.Item{it} }},
		"a body that is no FHIR": {"body", func(r *raw) []txlog.Item {
			it := r.item("first", 2)
			it.Body = r.text(`{"resourceType":"Nobody"}`)
			return []txlog.Item{it}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRaw(t)
			r.fill()
			items := test.items(r)
			log := r.log()
			require.NoError(t, appendTo(log, items...))
			require.NoError(t, log.Close())
			e, err := r.start()
			require.NoError(t, err)
			var checks []string
			require.ErrorIs(t, e.Verify(t.Context(), Verification{Fault: func(f Fault) bool { checks = append(checks, f.Check); return true }}), ErrCorrupt)
			require.Contains(t, checks, test.check)
			for _, end := range []func(){func() { panic("secret") }, runtime.Goexit} {
				require.ErrorIs(t, e.Verify(t.Context(), Verification{Fault: func(Fault) bool { end(); return true }}), ErrCallback)
			}
			view := e.Last()
			for o := range view.Last() {
				if view.Deleted(o + 1) {
					continue
				}
				var doc fhirjson.Document
				if err := e.Document(o+1, &doc); err != nil {
					requireTold(t, err)
					require.GreaterOrEqual(t, Status(err), 500)
				}
			}
			require.NoError(t, put(t.Context(), e, patient("first", "Ann"), patient("after", "Ann")))
			require.NoError(t, e.Close())
		})
	}
}

// text packs a text as a body.
func (r *raw) text(text string) []byte {
	e, err := r.start()
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, e.Close()) }()
	return e.packing.body([]byte(text))
}

// TestAnyHarm changes bytes of an item at random. The store opens or says why not, and
// whatever is asked of one that opens is an answer or an error.
func TestAnyHarm(t *testing.T) {
	r := newRaw(t)
	r.fill()
	good := r.item("second", 1)
	rapid.Check(t, func(t *rapid.T) {
		it := txlog.Item{Values: bytes.Clone(good.Values), Body: bytes.Clone(good.Body)}
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			part := it.Values
			if rapid.Bool().Draw(t, "body") {
				part = it.Body
			}
			part[rapid.IntRange(0, len(part)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		again := newRaw(t)
		again.fill()
		log := again.log()
		require.NoError(t, appendTo(log, it))
		require.NoError(t, log.Close())
		e, err := again.start()
		if err != nil {
			requireTold(t, err)
			return
		}
		for _, query := range []string{"", "name=bob", "_sort=family", "_text=bob"} {
			_, err := count(t.Context(), e, schema.TypePatient, query)
			requireTold(t, err)
		}
		view := e.Last()
		for o := range view.Last() {
			_, err := view.AppendJSON(nil, o+1)
			requireTold(t, err)
		}
		requireTold(t, e.Verify(t.Context(), Verification{}))
		require.NoError(t, e.Close())
	})
}

// requireTold wants an error, if there is one, to say that something is damaged, or of
// a later version.
func requireTold(t require.TestingT, err error) {
	if err != nil && !errors.Is(err, ErrUnsupported) {
		require.ErrorIs(t, err, ErrCorrupt)
	}
}

// TestStatesOfLaterVersion opens logs with an erasure that only a later version knows, and
// with an item that is neither a version nor a state.
func TestStatesOfLaterVersion(t *testing.T) {
	for text, body := range map[string][]byte{"erasure of format version 2": {2, 0, 0, 0, 0}, "erasure at stage 2": {1, 2, 0, 0, 0}} {
		r := newRaw(t)
		r.fill()
		log := r.log()
		require.NoError(t, appendTo(log, txlog.Item{Kind: txlog.State, Values: []byte(erasedKey), Body: make([]byte, 16)},
			txlog.Item{Kind: txlog.State, Values: []byte(erasedPrefix + "0123456789abcdef"), Body: body}))
		require.NoError(t, log.Close())
		_, err := r.start()
		require.ErrorIs(t, err, ErrUnsupported)
		require.ErrorContains(t, err, text)
		require.ErrorContains(t, err, "open it with a newer fhirlake")
	}
}
