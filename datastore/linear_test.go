package datastore_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
)

// Histories have resources that the test named, which all clients write, and resources
// that the store named.
const (
	linearNamed  = 5
	linearValues = 4 // identifiers
	linearLeast  = 3 // how many creates a history has room for, of each client
)

// linearBodies are resources under a patient's key and under the store's, by type.
var linearBodies = map[string]string{
	"Observation":  `{"resourceType":"Observation","id":"r%d","status":"final","identifier":[{"system":"urn:x","value":"%c"}],"subject":{"reference":"Patient/p"},"code":{"text":"tag%d."}}`,
	"Organization": `{"resourceType":"Organization","id":"r%d","identifier":[{"system":"urn:x","value":"%c"}],"name":"tag%d."}`,
}

// A linearRun is a store on a disk, and what clients asked of it and were told.
type linearRun struct {
	t          *testing.T
	typ        string
	durability datastore.Durability
	key        seal.KeyWrapper
	disk       *txlogtest.Disk
	store      *datastore.Store
	began      time.Time
	tags       atomic.Int64

	mu  sync.Mutex
	ops []linearCall
	ids map[string]int // cells of the resources that the store named
}

// A linearCall is an operation of a history. ordinal is that of the version which it
// wrote, 0 for none.
type linearCall struct {
	porcupine.Operation
	ordinal datastore.Ordinal
}

func newLinearRun(t *testing.T, typ string, durability datastore.Durability) *linearRun {
	h := &linearRun{t: t, typ: typ, durability: durability, key: seal.RandomKey(), disk: txlogtest.NewDisk(), began: time.Now(), ids: map[string]int{}}
	h.open()
	return h
}

func (h *linearRun) open() {
	log, err := txlog.Open(ctx, "", &txlog.Options{FS: h.disk, Wrapper: h.key, SegmentSize: 30_000, Durability: txlog.Durability(h.durability)})
	require.NoError(h.t, err)
	h.store, err = datastore.OpenLog(ctx, log, &datastore.Options{})
	require.NoError(h.t, err)
}

func (h *linearRun) now() int64 { return int64(time.Since(h.began)) }

// cell returns the cell of a resource.
func (h *linearRun) cell(id string) int {
	if n, err := strconv.Atoi(strings.TrimPrefix(id, "r")); err == nil && strings.HasPrefix(id, "r") {
		return n
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	n, known := h.ids[id]
	if !known {
		n = linearNamed + len(h.ids)
		h.ids[id] = n
	}
	return n
}

// read returns what a version says.
func (h *linearRun) read(v datastore.Version) linearCell {
	version, err := strconv.Atoi(v.VersionID)
	require.NoError(h.t, err)
	_, text, _ := strings.Cut(string(v.JSON), `"tag`)
	text, _, _ = strings.Cut(text, ".")
	tag, err := strconv.Atoi(text)
	require.NoError(h.t, err)
	_, value, _ := strings.Cut(string(v.JSON), `"value":"`)
	return linearCell{version: version, value: value[0], tag: tag}
}

// ask has one operation done, and notes it with its answer.
func (h *linearRun) ask(client int, op linearOp) {
	op.tag = int(h.tags.Add(1))
	if op.kind == "delete" {
		op.tag, op.value = 0, 0
	}
	call := linearCall{Operation: porcupine.Operation{ClientId: client, Call: h.now()}}
	r, ordinal, err := h.do(&op)
	call.Return, call.Input, call.Output, call.ordinal = h.now(), op, r, ordinal
	if err != nil {
		h.t.Errorf("%+v: %v", op, err)
	}
	h.mu.Lock()
	h.ops = append(h.ops, call)
	h.mu.Unlock()
}

func (h *linearRun) do(op *linearOp) (r linearResult, ordinal datastore.Ordinal, err error) {
	ref := datastore.Ref{Type: h.typ, ID: fmt.Sprint("r", op.id)}
	body := fmt.Appendf(nil, linearBodies[h.typ], op.id, op.value, op.tag)
	var opts []datastore.WriteOption
	if op.ifMatch > 0 {
		opts = append(opts, datastore.IfMatch(strconv.Itoa(op.ifMatch)))
	}
	var v datastore.Version
	switch op.kind {
	case "read":
		if v, err = h.store.Read(ctx, ref); err == nil {
			r.cell = h.read(v)
		}
	case "search":
		page, failed := h.store.Search(ctx, h.typ, fmt.Sprintf("identifier=urn:x|%c&_sort=_id&_count=100", op.value))
		if failed != nil {
			return r, 0, failed
		}
		cells := map[int]linearCell{}
		for _, v := range page.Matches {
			c := h.read(v)
			c.id = h.cell(v.Ref.ID)
			cells[c.id] = c
		}
		for id := range linearCells {
			if c, ok := cells[id]; ok {
				r.found = append(r.found, c)
			}
		}
		return r, 0, nil
	case "create":
		r.id = -1
		v, err = h.store.Create(ctx, body, datastore.IfNoneExist(fmt.Sprintf("identifier=urn:x|%c", op.value)))
		if err == nil {
			if r.id, r.made = h.cell(v.Ref.ID), v.Created; r.made {
				ordinal = v.Ordinal
			}
			r.cell.version, err = strconv.Atoi(v.VersionID)
		}
	case "delete":
		tx := h.store.Begin()
		if err = tx.Delete(ref, opts...); err == nil {
			var versions []datastore.Version
			if versions, err = tx.Commit(ctx); err == nil {
				ordinal = versions[0].Ordinal
			}
		}
	default:
		if op.kind == "new" {
			opts = append(opts, datastore.IfNoneMatch())
		}
		if v, err = h.store.Update(ctx, body, opts...); err == nil {
			ordinal = v.Ordinal
			r.cell.version, err = strconv.Atoi(v.VersionID)
		}
	}
	for _, refusal := range []error{datastore.ErrNotFound, datastore.ErrGone, datastore.ErrPreconditionFailed} {
		if errors.Is(err, refusal) {
			r.refused, err = true, nil
		}
	}
	if errors.Is(err, datastore.ErrConflict) {
		r.none, err = true, nil
	}
	return r, ordinal, err
}

// client asks so many operations at random.
func (h *linearRun) client(client, ops int, stop *atomic.Bool) {
	rng := rand.New(rand.NewPCG(uint64(h.tags.Load()), uint64(client)))
	known := map[int]int{} // versions that the client has seen
	creates := 0
	for range ops {
		if stop.Load() || h.t.Failed() {
			return
		}
		op := linearOp{id: rng.IntN(linearNamed), value: byte('A' + rng.IntN(linearValues))}
		switch n := rng.IntN(20); {
		case n < 5:
			op.kind = "read"
		case n < 9:
			op.kind, op.id = "search", -1
		case n < 11:
			op.kind = "new"
		case n < 13:
			op.kind = "delete"
		case n < 14 && creates < linearLeast:
			creates++
			op.kind, op.id = "create", -1
		default:
			op.kind = "update"
		}
		if op.kind == "update" || op.kind == "delete" {
			if rng.IntN(2) == 0 {
				op.ifMatch = known[op.id]
			}
		}
		h.ask(client, op)
		h.mu.Lock()
		for _, call := range h.ops[max(0, len(h.ops)-3):] {
			if o := call.Input.(linearOp); o.id >= 0 && call.Output.(linearResult).cell.version > 0 {
				known[o.id] = call.Output.(linearResult).cell.version
			}
		}
		h.mu.Unlock()
	}
}

// beside does what replaces the files of the store, until stop.
func (h *linearRun) beside(stop *atomic.Bool, running *sync.WaitGroup) {
	for name, f := range map[string]func() error{
		"rotate":     func() error { return h.store.RotateKey(ctx, nil) },
		"compact":    func() error { return h.store.Compact(ctx, nil, nil) },
		"checkpoint": func() error { return tolerate(h.store.Checkpoint(), datastore.ErrNoCheckpoint) },
		"sweep":      func() error { return h.store.SweepAll() },
		"rewrap":     func() error { return h.store.Rewrap(ctx, h.key) },
	} {
		running.Go(func() {
			for !stop.Load() && !h.t.Failed() {
				if err := f(); err != nil {
					h.t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

// lookAgain reads every resource and asks each search.
func (h *linearRun) lookAgain() {
	for id := range linearNamed {
		h.ask(99, linearOp{kind: "read", id: id})
	}
	for v := range byte(linearValues) {
		h.ask(99, linearOp{kind: "search", id: -1, value: 'A' + v})
	}
}

// requireLinearizable checks the history, and returns how many operations it has.
func (h *linearRun) requireLinearizable() int {
	h.t.Helper()
	history := make([]porcupine.Operation, len(h.ops))
	for i, call := range h.ops {
		history[i] = call.Operation
	}
	for name, model := range map[string]porcupine.Model{"of each resource": linearModelOfOne(), "of all, and searches": linearModel()} {
		require.Equal(h.t, porcupine.Ok, porcupine.CheckOperationsTimeout(model, history, time.Minute), "%s is not linearizable: %s, %v", name, h.typ, h.durability)
	}
	return len(history)
}

// TestLinearizable has clients write, read and search at once, with keys that are
// rotated and segments that are rewritten beside them. What they are told is what one
// client would be told who does all of it, one after the other.
func TestLinearizable(t *testing.T) {
	var counts longrun.Counts
	for round := range longrun.Of(1, 40) {
		for _, durability := range []datastore.Durability{0, datastore.SyncInterval, datastore.SyncNone} {
			for typ := range linearBodies {
				h := newLinearRun(t, typ, durability)
				var stop atomic.Bool
				var clients, others sync.WaitGroup
				if round%4 != 3 {
					h.beside(&stop, &others)
				}
				for c := range 5 {
					clients.Go(func() { h.client(c, longrun.Of(40, 100), &stop) })
				}
				clients.Wait()
				stop.Store(true)
				others.Wait()
				h.lookAgain()
				require.False(t, t.Failed())
				counts.Add("runs")
				counts.AddN("operations", h.requireLinearizable())
				h.requireLiesNoticed(rand.New(rand.NewPCG(uint64(round), 1)))
				require.NoError(t, h.store.Verify(ctx))
				require.NoError(t, h.store.Close())
			}
		}
	}
	counts.Tell(t)
}

// requireLiesNoticed changes an answer of the history at a time: the models refuse it.
func (h *linearRun) requireLiesNoticed(rng *rand.Rand) {
	for range 10 {
		at := rng.IntN(len(h.ops))
		call := h.ops[at]
		lie := call.Output.(linearResult)
		switch op := call.Input.(linearOp); {
		case op.kind == "search" && len(lie.found) > 0:
			lie.found = slices.Clone(lie.found)
			lie.found[0].version += 7
		case op.kind == "read" || op.kind == "update" && !lie.refused:
			lie.cell.version += 7
			lie.refused = false
		default:
			continue
		}
		history := make([]porcupine.Operation, len(h.ops))
		for i, call := range h.ops {
			history[i] = call.Operation
		}
		history[at].Output = lie
		require.NotEqual(h.t, porcupine.Ok, porcupine.CheckOperationsTimeout(linearModel(), history, time.Second), "a lie is not noticed: %+v", call)
	}
}

// TestLinearizableCrash ends the process, or the power, while clients write. The history
// goes on in the store that is opened again: nothing acknowledged is lost, unless the
// power failed where commits are not synced. Then the first commits are left.
func TestLinearizableCrash(t *testing.T) {
	var counts longrun.Counts
	for round := range uint64(longrun.Of(1, 60)) {
		for _, durability := range []datastore.Durability{0, datastore.SyncInterval, datastore.SyncNone} {
			for _, power := range []bool{false, true} {
				for typ := range linearBodies {
					h := newLinearRun(t, typ, durability)
					lost := h.crash(rand.New(rand.NewPCG(round, uint64(durability))), power)
					require.False(t, t.Failed())
					counts.Add("crashes")
					counts.AddN("unsynced and gone", lost)
					if durability == 0 || !power {
						require.Zero(t, lost)
						h.lookAgain()
						counts.AddN("operations", h.requireLinearizable())
					}
					require.NoError(t, h.store.Verify(ctx))
					require.NoError(t, h.store.Close())
				}
			}
		}
	}
	counts.Tell(t)
}

// crash takes the disk away while clients write, and opens the store again. It returns
// how many acknowledged writes are not there, all of them newer than what is.
func (h *linearRun) crash(rng *rand.Rand, power bool) (lost int) {
	var stop atomic.Bool
	var running sync.WaitGroup
	h.beside(&stop, &running)
	for c := range 5 {
		running.Go(func() { h.client(c, math.MaxInt, &stop) })
	}
	enough := 60 + rng.IntN(longrun.Of(60, 200))
	for h.done() < enough && !h.t.Failed() {
		h.client(5, 1, &stop)
	}
	acknowledged := h.now()
	after := txlogtest.DiskOf(h.disk.Files())
	if power {
		after = h.disk.Crash(rng)
	}
	stop.Store(true)
	running.Wait()
	require.NoError(h.t, h.store.Close())
	h.disk = after
	h.open()
	opened := h.now()

	newest, tags := datastore.Ordinal(0), map[int]bool{}
	there := map[datastore.Ordinal]bool{}
	for v, err := range h.store.History(ctx, datastore.Ref{Type: h.typ}, nil) {
		require.NoError(h.t, err)
		there[v.Ordinal] = true
		newest = max(newest, v.Ordinal)
		if !v.Deleted {
			tags[h.read(v).tag] = true
		}
	}
	require.Len(h.t, there, int(newest), "the versions that are there are the first ones")
	var kept []linearCall
	written := 0
	for _, call := range h.ops {
		answered, survived := call.Return < acknowledged, call.ordinal > 0 && call.ordinal <= newest
		if survived {
			written++
			if op := call.Input.(linearOp); op.kind != "delete" {
				require.True(h.t, tags[op.tag], "%+v", op)
			}
		}
		switch {
		case call.ordinal == 0 && answered, survived:
			if !answered {
				call.Return = opened // nobody was told
			}
			kept = append(kept, call)
		case answered:
			lost++
		}
	}
	require.Equal(h.t, int(newest), written, "nothing is there that nobody wrote")
	h.ops = kept
	return lost
}

func (h *linearRun) done() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.ops)
}
