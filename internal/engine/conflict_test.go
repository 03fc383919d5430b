package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
)

// A wroteVersion is one version of a patient, as the log should have it.
type wroteVersion struct {
	id          string
	number      uint64
	deleted     bool
	family, key string
}

// A shared is an engine over a log that does what it likes, and a plain list of what
// should be in it.
type shared struct {
	t       *rapid.T
	disk    *txlog.Memory
	options Options
	faults  txlogtest.Faults
	log     *txlogtest.Log
	e       *Engine

	injected *txlogtest.Counts // by the logs of all runs

	now    time.Time
	model  []wroteVersion
	states map[string]string

	other *Engine // prepares what other writers append
	rng   *rand.Rand
}

func newShared(t *rapid.T, other *Engine) *shared {
	seed := rapid.Uint64().Draw(t, "seed")
	s := &shared{
		t: t, disk: txlog.NewMemory(), options: testOptions(), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		states: map[string]string{}, other: other, rng: rand.New(rand.NewPCG(seed, 2)),
	}
	s.options.Key = seal.RandomKey()
	s.options.Now = func() time.Time { return s.now }
	s.faults = txlogtest.Faults{Seed: seed, Conflict: 0.3, Lost: 0.1, Vanished: 0.1, Fail: 0.1, Delay: 0.2, Foreign: s.foreign}
	s.open()
	return s
}

// open opens the store.
func (s *shared) open() {
	log, err := txlog.Open(context.Background(), "", &txlog.Options{FS: s.disk, Wrapper: s.options.Key, SegmentSize: 20_000})
	require.NoError(s.t, err)
	s.faults.Seed++
	s.log = txlogtest.Wrap(log, s.faults)
	s.e, err = Start(context.Background(), s.log, s.options)
	require.NoError(s.t, err)
}

func (s *shared) reopen() {
	counts := s.log.Counts()
	s.injected.Conflict += counts.Conflict
	s.injected.Lost += counts.Lost
	s.injected.Vanished += counts.Vanished
	require.NoError(s.t, s.e.Close())
	s.open()
}

// foreign is what another writer appends: versions, a named state, or both. The
// writer of the engine calls it while the test waits.
func (s *shared) foreign(last txlog.Last) txlog.Commit {
	c := txlog.Commit{Time: last.Time + s.rng.Int64N(1000)}
	if s.rng.IntN(3) == 0 {
		value := fmt.Sprint("foreign ", last.Sequence)
		s.states["shared"] = value
		c.Items = append(c.Items, txlog.Item{Kind: txlog.State, Values: []byte("shared"), Body: []byte(value)})
	}
	for n := s.rng.IntN(3); n > 0 || len(c.Items) == 0; n-- {
		v := wroteVersion{id: fmt.Sprint("p", s.rng.IntN(4)), deleted: s.rng.IntN(4) == 0, family: "Other", key: fmt.Sprint("k", s.rng.IntN(3))}
		v.number = s.newest(v.id).number + 1
		p := PrepareDeletion(schema.TypePatient, v.id)
		if !v.deleted {
			var err error
			if p, err = s.other.Prepare(context.Background(), v.source(), &How{Check: Check{Level: StructureOnly}}); err != nil {
				panic(err)
			}
		}
		setItem(p.part, uint32(v.number), Restore)
		c.Items = append(c.Items, txlog.Item{Values: p.part, Body: p.body})
		s.model = append(s.model, v)
	}
	return c
}

func (v wroteVersion) source() []byte {
	return fmt.Appendf(nil, `{"resourceType":"Patient","id":"%s","identifier":[{"value":"%s"}],"name":[{"family":"%s"}]}`, v.id, v.key, v.family)
}

// newest returns the newest version of a patient, of number 0 if there is none.
func (s *shared) newest(id string) (v wroteVersion) {
	for _, v := range slices.Backward(s.model) {
		if v.id == id {
			return v
		}
	}
	return v
}

// current are the patients that can be read.
func (s *shared) current() (all []wroteVersion) {
	for i, v := range s.model {
		later := slices.ContainsFunc(s.model[i+1:], func(w wroteVersion) bool { return w.id == v.id })
		if !v.deleted && !later {
			all = append(all, v)
		}
	}
	return all
}

func (s *shared) withKey(key string) (ids []string) {
	for _, v := range s.current() {
		if v.key == key {
			ids = append(ids, v.id)
		}
	}
	return ids
}

// settle wants the error of a commit to be what the model says, and notes what was
// written. Others' commits are in the model by then: they came first.
func (s *shared) settle(versions []Version, err, want error, wrote []wroteVersion) {
	switch {
	case errors.Is(err, txlogtest.ErrFault) && !errors.Is(err, ErrOutcomeUnknown):
		return // nothing was written
	case errors.Is(err, ErrOutcomeUnknown):
		// Only opening tells, and then it is there whole or not at all.
		require.ErrorIs(s.t, s.e.readOnly(), ErrReadOnly)
		s.reopen()
		if want == nil && s.there(wrote) {
			s.model = append(s.model, wrote...)
		}
	case want != nil:
		require.ErrorIs(s.t, err, want)
	default:
		require.NoError(s.t, err)
		for i, v := range wrote {
			require.Equal(s.t, v.number, versions[i].Number)
			require.Equal(s.t, v.deleted, versions[i].Deleted)
		}
		s.model = append(s.model, wrote...)
	}
}

// there reports whether versions were written.
func (s *shared) there(wrote []wroteVersion) bool {
	found := 0
	for _, v := range wrote {
		if o, ok := s.e.Last().Find(schema.TypePatient, v.id); ok && s.e.Last().VersionNumber(o) >= v.number {
			found++
		}
	}
	require.Contains(s.t, []int{0, len(wrote)}, found, "all of it or nothing")
	return found > 0
}

// write commits versions and deletions of some patients, with conditions.
func (s *shared) write(t *rapid.T) {
	c := new(Commit)
	var drawn []wroteVersion
	for range rapid.IntRange(1, 3).Draw(t, "ops") {
		v := wroteVersion{id: rapid.SampledFrom([]string{"p0", "p1", "p2", "p3"}).Draw(t, "id"), deleted: rapid.IntRange(0, 3).Draw(t, "delete") == 0}
		op := Op{Prepared: PrepareDeletion(schema.TypePatient, v.id)}
		if v.deleted {
			op.MustExist = true
		} else {
			v.family, v.key = "Own", rapid.SampledFrom([]string{"k0", "k1", "k2"}).Draw(t, "key")
			var err error
			op.Prepared, err = s.e.Prepare(t.Context(), v.source(), &How{Check: Check{Level: StructureOnly}})
			require.NoError(t, err)
			switch rapid.IntRange(0, 3).Draw(t, "condition") {
			case 0:
				op.IfMatch = max(1, s.newest(v.id).number)
			case 1:
				op.MustNot = true
			}
		}
		c.Ops, drawn = append(c.Ops, op), append(drawn, v)
	}
	value := rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "state")
	if value != "" {
		c.States = []State{{Name: "own", Value: []byte(value)}}
	}
	s.now = s.now.Add(time.Second)
	versions, err := s.e.Commit(t.Context(), c)

	// What the model says, now that it has what others wrote meanwhile.
	var want error
	var wrote []wroteVersion
	at := len(s.model)
	for i, v := range drawn {
		old := s.newest(v.id)
		if want == nil {
			want = c.Ops[i].check(known{version: old.number, deleted: old.deleted})
		}
		v.number = old.number + 1
		wrote = append(wrote, v)
		s.model = append(s.model, v)
	}
	s.model = s.model[:at]
	s.settle(versions, err, want, wrote)
	if value != "" && len(s.model) > at {
		s.states["own"] = value
	}
}

// createOnce creates a patient unless one has its key.
func (s *shared) createOnce(t *rapid.T) {
	v := wroteVersion{id: fmt.Sprint("n", len(s.model)), number: 1, family: "Own", key: rapid.SampledFrom([]string{"k0", "k1", "k2"}).Draw(t, "key")}
	p, err := s.e.Prepare(t.Context(), v.source(), &How{Check: Check{Level: StructureOnly}})
	require.NoError(t, err)
	criterion, err := s.e.Criterion(schema.TypePatient, "identifier="+v.key, "")
	require.NoError(t, err)
	x, err := s.e.Expect(t.Context(), criterion, nil)
	before := s.withKey(v.key)
	if len(before) > 1 {
		require.ErrorIs(t, err, ErrPreconditionFailed)
		return
	}
	require.NoError(t, err)
	require.Equal(t, len(before) == 1, x.Found != 0)
	if x.Found != 0 {
		return
	}
	s.now = s.now.Add(time.Second)
	versions, err := s.e.Commit(t.Context(), &Commit{Ops: []Op{{Prepared: p, Condition: Condition{MustNot: true}}}, Expects: []Expectation{x}})
	var want error
	switch len(s.withKey(v.key)) {
	case 0:
	case 1:
		want = ErrOvertaken
	default:
		want = ErrPreconditionFailed
	}
	s.settle(versions, err, want, []wroteVersion{v})
}

// sweep sweeps what is superseded.
func (s *shared) sweep(t *rapid.T) { require.NoError(t, s.e.SweepAll(t.Context())) }

// look compares the store with the model.
func (s *shared) look(t *rapid.T) {
	require.NoError(t, s.e.readOnly())
	view := s.e.Last()
	for _, id := range []string{"p0", "p1", "p2", "p3"} {
		want := s.newest(id)
		o, ok := view.Find(schema.TypePatient, id)
		require.Equal(t, want.number > 0, ok)
		if !ok {
			continue
		}
		require.Equal(t, want.number, view.VersionNumber(o))
		require.Equal(t, want.deleted, view.Deleted(o))
		if !want.deleted {
			text, err := view.AppendJSON(nil, o)
			require.NoError(t, err)
			require.Contains(t, string(text), want.family)
			require.Contains(t, string(text), want.key)
		}
	}
	for _, family := range []string{"Own", "Other"} {
		n := 0
		for _, v := range s.current() {
			if v.family == family {
				n++
			}
		}
		found, err := count(t.Context(), s.e, schema.TypePatient, "family:exact="+family)
		require.NoError(t, err)
		require.Equal(t, n, found)
	}
	for _, key := range []string{"k0", "k1", "k2"} {
		found, err := count(t.Context(), s.e, schema.TypePatient, "identifier="+key)
		require.NoError(t, err)
		require.Equal(t, len(s.withKey(key)), found)
	}
	for name, value := range s.states {
		got, err := s.e.State(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, value, string(got))
	}
}

// lookAtLog wants the log to have each version of the model once, in its order, and
// times that never fall.
func (s *shared) lookAtLog(t *rapid.T) {
	all := []wroteVersion{}
	last := int64(0)
	for r, err := range s.log.Records(t.Context(), 1) {
		require.NoError(t, err)
		for _, run := range r.Runs() {
			require.GreaterOrEqual(t, run.Time, last)
			last = run.Time
		}
		for i := range r.Len() {
			if r.Kind(i) != txlog.Version {
				continue
			}
			part, err := r.Values(i, nil)
			require.NoError(t, err)
			h, _, err := splitItem(part)
			require.NoError(t, err)
			all = append(all, wroteVersion{id: h.id, number: uint64(h.version), deleted: h.deleted})
		}
	}
	want := append([]wroteVersion{}, s.model...)
	for i := range want {
		want[i].family, want[i].key = "", ""
	}
	require.Equal(t, want, all)
}

// TestModelOverConflicts runs random operations on an engine whose log conflicts, has
// others' commits, loses acknowledgements and fails, and wants what a plain list says,
// at each step and after opening again.
func TestModelOverConflicts(t *testing.T) {
	other := openMemory(t, testOptions())
	var injected txlogtest.Counts
	rapid.Check(t, func(r *rapid.T) {
		s := newShared(r, other)
		s.injected = &injected
		r.Repeat(map[string]func(*rapid.T){
			"write": s.write, "create once": s.createOnce, "sweep": s.sweep, "reopen": func(*rapid.T) { s.reopen() }, "": s.look,
		})
		s.lookAtLog(r)
		s.reopen()
		s.look(r)
		require.NoError(r, s.e.Verify(r.Context(), Verification{}))
		require.NoError(r, s.e.Close())
	})
	for _, n := range []int{injected.Conflict, injected.Lost, injected.Vanished} {
		require.Positive(t, n)
	}
}

// A borrowed log is one that several engines share: closing an engine leaves it open.
type borrowed struct{ Log }

func (borrowed) Close() error { return nil }

// TestTwoEnginesOfOneLog lets two engines write to one log from many goroutines:
// counters that are raised under If-Match lose nothing, and what is created under a
// condition is created once.
func TestTwoEnginesOfOneLog(t *testing.T) {
	ctx := context.Background()
	inner, err := txlog.Open(ctx, "mem:", nil)
	require.NoError(t, err)
	defer inner.Close()
	faulty := func(seed uint64) Log {
		return borrowed{txlogtest.Wrap(inner, txlogtest.Faults{Seed: seed, Conflict: 0.05, Lost: 0.05, Vanished: 0.05, Delay: 0.3})}
	}
	engines := make([]*Engine, 2)
	for i := range engines {
		engines[i], err = Start(ctx, faulty(uint64(i)), testOptions())
		require.NoError(t, err)
		defer func() { require.NoError(t, engines[i].Close()) }()
	}
	const rounds, keys = 30, 10
	var writers sync.WaitGroup
	var mu sync.Mutex
	raised, created := 0, map[string]int{}
	for w := range 4 {
		e := engines[w%len(engines)]
		writers.Go(func() {
			for i := range rounds {
				ok, err := raise(ctx, e)
				assert.NoError(t, err)
				key := fmt.Sprint("k", i%keys)
				made, err := createOnce(ctx, e, fmt.Sprintf("w%d-%d", w, i), key)
				assert.NoError(t, err)
				mu.Lock()
				if ok {
					raised++
				}
				if made {
					created[key]++
				}
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	require.Len(t, created, keys)
	for key, n := range created {
		require.Equal(t, 1, n, key)
	}
	require.Positive(t, raised)
	last, err := Start(ctx, borrowed{inner}, testOptions())
	require.NoError(t, err)
	defer func() { require.NoError(t, last.Close()) }()
	o, ok := last.Last().Find(schema.TypePatient, "counter")
	require.True(t, ok)
	require.EqualValues(t, raised, last.Last().VersionNumber(o))
	n, err := count(ctx, last, schema.TypePatient, "identifier:missing=false")
	require.NoError(t, err)
	require.Equal(t, keys, n)
	require.NoError(t, last.Verify(ctx, Verification{}))
	for i, e := range engines {
		require.NoError(t, put(ctx, e, patient(fmt.Sprint("last", i), "Ann")))
		require.NoError(t, e.Verify(ctx, Verification{}))
	}
}

// raise writes the next version of the counter, if nobody does before.
func raise(ctx context.Context, e *Engine) (bool, error) {
	now, condition := e.Last(), Condition{MustNot: true}
	if o, ok := now.Find(schema.TypePatient, "counter"); ok {
		condition = Condition{IfMatch: now.VersionNumber(o)}
	}
	p, err := e.Prepare(ctx, []byte(patient("counter", "Ann")), &How{})
	if err != nil {
		return false, err
	}
	_, err = e.Commit(ctx, &Commit{Ops: []Op{{Prepared: p, Condition: condition}}})
	if errors.Is(err, ErrPreconditionFailed) {
		return false, nil
	}
	return err == nil, err
}

// createOnce creates a patient unless one has the key.
func createOnce(ctx context.Context, e *Engine, id, key string) (bool, error) {
	source := strings.Replace(patient(id, "Bob"), `"name"`, fmt.Sprintf(`"identifier":[{"value":"%s"}],"name"`, key), 1)
	for {
		criterion, err := e.Criterion(schema.TypePatient, "identifier="+key, "")
		if err != nil {
			return false, err
		}
		x, err := e.Expect(ctx, criterion, nil)
		if err != nil || x.Found != 0 {
			return false, err
		}
		p, err := e.Prepare(ctx, []byte(source), &How{})
		if err != nil {
			return false, err
		}
		_, err = e.Commit(ctx, &Commit{Ops: []Op{{Prepared: p}}, Expects: []Expectation{x}})
		if !errors.Is(err, ErrOvertaken) {
			return err == nil, err
		}
	}
}
