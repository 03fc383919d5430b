package engine

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/custom"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// filesOf reads the files of a folder in memory.
func filesOf(t require.TestingT, disk *txlog.Memory) map[string][]byte {
	folder, err := disk.Mount(false)
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, dir := range []string{".", "log", "dictionaries"} {
		entries, err := folder.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			if e.Mode.IsDir() {
				continue
			}
			f, err := folder.Open(path.Join(dir, e.Name), os.O_RDONLY)
			require.NoError(t, err)
			b := make([]byte, e.Size)
			if e.Size > 0 {
				_, err = f.ReadAt(b, 0)
				require.NoError(t, err)
			}
			require.NoError(t, f.Close())
			files[path.Join(dir, e.Name)] = b
		}
	}
	return files
}

// diskOf makes a folder in memory.
func diskOf(t require.TestingT, files map[string][]byte) *txlog.Memory {
	disk := txlog.NewMemory()
	folder, err := disk.Mount(true)
	require.NoError(t, err)
	for _, dir := range []string{"log", "dictionaries"} {
		require.NoError(t, folder.Mkdir(dir))
	}
	for name, b := range files {
		f, err := folder.Open(name, os.O_RDWR|os.O_CREATE)
		require.NoError(t, err)
		_, err = f.WriteAt(b, 0)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	return disk
}

// startOn opens the store of a folder in memory.
func (r *raw) startOn(disk *txlog.Memory, options Options) *Engine {
	log, err := txlog.Open(context.Background(), "", &txlog.Options{FS: disk, Wrapper: r.key, SegmentSize: 8000, Logger: options.Logger})
	require.NoError(r.t, err)
	e, err := Start(context.Background(), log, options)
	require.NoError(r.t, err)
	return e
}

// requireSameIndex requires that two stores hold the same, and have the same named states.
func requireSameIndex(t require.TestingT, a, b *Engine) {
	require.NoError(t, a.WaitIndexed(context.Background()))
	require.NoError(t, b.WaitIndexed(context.Background()))
	for _, pair := range [][2]*Engine{{a, b}, {b, a}} {
		require.NoError(t, index.Diff(context.Background(), pair[0].index.View(), pair[1].index.View(), nil, func(d index.Difference) bool {
			require.Fail(t, "the indexes differ", d.String())
			return false
		}))
	}
	require.Equal(t, a.sequence, b.sequence)
	require.Equal(t, a.time, b.time)
	require.Equal(t, a.StateNames(""), b.StateNames(""))
	for _, name := range a.StateNames("") {
		one, err := a.State(context.Background(), name)
		require.NoError(t, err)
		other, err := b.State(context.Background(), name)
		require.NoError(t, err)
		require.Equal(t, one, other)
	}
	for o := index.FirstOrdinal; o <= a.Last().Last(); o++ {
		require.Equal(t, a.numbers.of(o), b.numbers.of(o))
	}
}

// A damaged checkpoint costs time and nothing else.
func TestDamagedCheckpoint(t *testing.T) {
	ctx := t.Context()
	r := newRaw(t)
	e := r.startOn(r.disk, testOptions())
	for i := range 10 {
		require.NoError(t, put(ctx, e, patients(fmt.Sprint("g", i), 3)...))
		_, err := e.Commit(ctx, &Commit{States: []State{{Name: fmt.Sprint("state ", i%3), Value: []byte{byte(i)}}}})
		require.NoError(t, err)
	}
	require.NoError(t, e.Checkpoint(ctx))
	require.NoError(t, put(ctx, e, patients("after", 2)...))
	require.NoError(t, e.Close())
	files := filesOf(t, r.disk)
	whole := files["checkpoint"]
	require.Greater(t, len(whole), 1000)
	without := maps.Clone(files)
	delete(without, "checkpoint")
	replayed := r.startOn(diskOf(t, without), testOptions())
	defer func() { require.NoError(t, replayed.Close()) }()
	require.False(t, replayed.Restored())
	try := func(checkpoint []byte, restored bool) {
		with := maps.Clone(files)
		with["checkpoint"] = checkpoint
		e := r.startOn(diskOf(t, with), testOptions())
		require.Equal(t, restored, e.Restored())
		requireSameIndex(t, replayed, e)
		require.NoError(t, e.Close())
	}
	try(whole, true)
	step := 11
	if testing.Short() {
		step = 499
	}
	for i := 0; i < len(whole); i += step {
		harmed := slices.Clone(whole)
		harmed[i] ^= 0x10
		try(harmed, false)
		try(whole[:i], false)
	}
}

// Stores that are opened from checkpoints, whatever was written since, are as those whose
// log was read, and answer the same: named states, deletions, sweeps, rewriting and search
// parameters that come and go included.
func TestModelOfCheckpoints(t *testing.T) {
	restored := 0
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		r, reopens := newRaw(t), 0
		options := testOptions()
		e := r.startOn(r.disk, options)
		defer func() { require.NoError(t, e.Close()) }()
		parameter := func(i int, status string) string {
			return fmt.Sprintf(`{"resourceType":"SearchParameter","id":"sp%d","url":"http://example.org/sp%d","name":"sp","status":"%s","description":"d",
	"code":"initial%d","base":["Patient"],"type":"%s","expression":"Patient.name.family.substring(0, %d)"}`, i, i, status, i, []string{"token", "string"}[i%2], i+1)
		}
		for _, i := range []int{0, 1} {
			if rapid.Bool().Draw(t, "given") {
				options.SearchParameters = append(options.SearchParameters, []byte(parameter(i+5, "active")))
			}
		}
		ask := func(e *Engine) (answers []string) {
			require.NoError(t, e.WaitIndexed(ctx))
			for _, q := range []string{"", "family=a", "family=b,c", "initial0=A", "initial1=a", "initial1=b", "initial5=Bob", "initial6=ann", "_lastUpdated=gt2000"} {
				q, err := e.search.Parse(schema.TypePatient, q, false)
				if err != nil {
					answers = append(answers, err.Error())
					continue
				}
				set, err := e.search.Ordinals(ctx, e.index.View(), q)
				require.NoError(t, err)
				answers = append(answers, fmt.Sprint(set.ToArray()))
			}
			return answers
		}
		compare := func(t *rapid.T) {
			files := filesOf(t, r.disk)
			delete(files, "checkpoint")
			replayed := r.startOn(diskOf(t, files), options)
			defer func() { require.NoError(t, replayed.Close()) }()
			require.False(t, replayed.Restored())
			requireSameIndex(t, replayed, e)
			require.Equal(t, ask(replayed), ask(e))
			require.NoError(t, e.Verify(ctx, Verification{}))
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				var sources []string
				for range rapid.IntRange(1, 4).Draw(t, "n") {
					id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "id")
					sources = append(sources, patient(id, rapid.SampledFrom([]string{"Ann", "Bob", "Bea", "Cid"}).Draw(t, "family")))
				}
				require.NoError(t, put(ctx, e, sources...))
			},
			"parameter": func(t *rapid.T) {
				i := rapid.IntRange(0, 1).Draw(t, "i")
				require.NoError(t, put(ctx, e, parameter(i, rapid.SampledFrom([]string{"active", "retired"}).Draw(t, "status"))))
			},
			"state": func(t *rapid.T) {
				value := rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "value")
				_, err := e.Commit(ctx, &Commit{States: []State{{Name: rapid.SampledFrom([]string{"s", "t"}).Draw(t, "name"), Value: []byte(value)}}})
				require.NoError(t, err)
			},
			"sweep": func(t *rapid.T) { require.NoError(t, e.SweepAll(ctx)) },
			"rewrite": func(t *rapid.T) {
				_, err := e.Compact(ctx, nil, nil)
				require.NoError(t, err)
			},
			"checkpoint": func(t *rapid.T) {
				require.NoError(t, e.WaitIndexed(ctx))
				e.checkpoints.version = param.Version
				if other := rapid.SampledFrom([]schema.TypeID{0, schema.TypePatient, schema.TypeSearchParameter}).Draw(t, "other extractor"); other != 0 {
					e.checkpoints.version = func(t schema.TypeID) uint32 {
						if t == other {
							return param.Version(t) + 1
						}
						return param.Version(t)
					}
				}
				require.NoError(t, e.Checkpoint(ctx))
			},
			"reopen": func(t *rapid.T) {
				if reopens++; reopens > 3 {
					t.Skip("the store was opened again often enough; another action is drawn")
				}
				require.NoError(t, e.Close())
				e = r.startOn(r.disk, options)
				if e.Restored() {
					restored++
				}
				compare(t)
			},
		})
	})
	require.NotZero(t, restored, "no checkpoint was ever used")
}

// Search parameters whose values a checkpoint has are complete when the store is open.
func TestCheckpointOfParameters(t *testing.T) {
	ctx := t.Context()
	r := newRaw(t)
	e := r.startOn(r.disk, testOptions())
	require.NoError(t, put(ctx, e, append(patients("p", 10), someParameter)...))
	require.NoError(t, e.WaitIndexed(ctx))
	require.NoError(t, e.Checkpoint(ctx))
	require.NoError(t, e.Close())
	e = r.startOn(r.disk, testOptions())
	require.True(t, e.Restored())
	require.Nil(t, e.search.Custom().Begin(nil), "nothing is left to fill")
	n, err := count(ctx, e, schema.TypePatient, "initial=A")
	require.NoError(t, err)
	require.Equal(t, 10, n)
	require.NoError(t, put(ctx, e, patients("q", 5)...))
	require.NoError(t, e.Close())

	e = r.startOn(r.disk, testOptions())
	require.True(t, e.Restored())
	require.NoError(t, e.WaitIndexed(ctx))
	n, err = count(ctx, e, schema.TypePatient, "initial=A")
	require.NoError(t, err)
	require.Equal(t, 15, n)
	require.NoError(t, e.Checkpoint(ctx))
	require.NoError(t, e.Close())

	changed := bytes.ReplaceAll([]byte(someParameter), []byte("(0, 1)"), []byte("(0, 2)"))
	e = r.startOn(r.disk, testOptions())
	require.NoError(t, put(ctx, e, string(changed)))
	require.NoError(t, e.Close())
	e = r.startOn(r.disk, testOptions())
	require.True(t, e.Restored())
	require.NoError(t, e.WaitIndexed(ctx))
	for query, want := range map[string]int{"initial=A": 0, "initial=An": 15} {
		n, err = count(ctx, e, schema.TypePatient, query)
		require.NoError(t, err)
		require.Equal(t, want, n, query)
	}
	require.NoError(t, e.Close())
}

// What an opening from a checkpoint has not read is read in the background, and damage
// there is told.
func TestScrub(t *testing.T) {
	ctx := t.Context()
	r := newRaw(t)
	e := r.startOn(r.disk, testOptions())
	for i := range 40 {
		require.NoError(t, put(ctx, e, patients(fmt.Sprint("g", i), 5)...))
	}
	segments := e.log.Segments()
	require.Greater(t, len(segments), 4)
	require.NoError(t, e.Checkpoint(ctx))
	require.NoError(t, e.Close())
	files := filesOf(t, r.disk)
	open := func() (*Engine, *bytes.Buffer) {
		var told bytes.Buffer
		options := testOptions()
		options.Logger = slog.New(slog.NewTextHandler(&told, nil))
		e := r.startOn(diskOf(t, files), options)
		require.True(t, e.Restored())
		e.scrub.running.Wait()
		return e, &told
	}
	e, told := open()
	status := e.Scrubbed()
	require.Positive(t, status.Total)
	require.Equal(t, status.Total, status.Done)
	require.Empty(t, status.Faults)
	require.NotContains(t, told.String(), "ERROR")
	require.NoError(t, e.Close())

	harmed := files[fmt.Sprintf("log/%08d.bunt", segments[1].Name)]
	harmed[len(harmed)/2] ^= 1
	e, told = open()
	status = e.Scrubbed()
	require.Equal(t, status.Total, status.Done)
	require.Len(t, status.Faults, 1)
	require.Equal(t, fmt.Sprintf("segment %d", segments[1].Name), status.Faults[0].Place)
	require.Contains(t, told.String(), "damaged")
	require.ErrorIs(t, e.Verify(ctx, Verification{}), ErrCorrupt)
	bad, good := 0, 0
	for o := index.FirstOrdinal; o <= e.Last().Last(); o++ {
		if _, err := e.Last().AppendJSON(nil, o); err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
			bad++
		} else {
			good++
		}
	}
	require.Equal(t, segments[1].Items, bad)
	require.Positive(t, good)
	require.NoError(t, e.Close())
}

// Without a checkpoint in the folder there is nothing to scrub, and in memory no
// checkpoint.
func TestNoCheckpoint(t *testing.T) {
	e := openMemory(t, testOptions())
	require.ErrorIs(t, e.Checkpoint(t.Context()), ErrNoCheckpoint)
	require.Zero(t, e.CheckpointInfo())
	require.Zero(t, e.Scrubbed())
	require.NoError(t, e.DropCheckpoint())
}

func TestWhenCheckpoints(t *testing.T) {
	for _, c := range []struct {
		fresh, covered int
		rests, want    bool
	}{
		{0, 0, true, false}, {checkpointLeast - 1, 0, true, false}, {checkpointLeast, 0, false, true},
		{2_000_000, 1_000_000, false, false}, {3_000_000, 1_000_000, false, true},
		{500_000, 1_000_000, true, true}, {100_000, 1_000_000, true, false},
	} {
		require.Equal(t, c.want, worthCheckpoint(c.fresh, c.covered, c.rests), c)
	}
	require.True(t, worthClosing(400_000, 300<<20, 0))
	require.False(t, worthClosing(300_000, 1, 0), "it saves too little")
	require.False(t, worthClosing(4_000_000, 600<<20, 0), "it takes too long")
	require.True(t, worthClosing(4_000_000, 600<<20, 200<<20))
}

func TestCheckpointState(t *testing.T) {
	s := &checkpointState{
		settings: []byte("x"), extractors: []extractorOf{{schema.TypePatient, 7}}, spans: []span{{1, 1}, {5, 9}},
		states: map[string]txlog.Number{"\xff": 3, "": 4}, customs: []custom.Saved{{Identity: [32]byte{1}, Params: []index.Param{index.FirstCustom}}, {}},
	}
	b := s.marshal()
	got, err := unmarshalCheckpointState(b)
	require.NoError(t, err)
	require.Equal(t, s, got)
	for i := range b {
		_, err := unmarshalCheckpointState(b[:i])
		require.Error(t, err)
	}
	_, err = unmarshalCheckpointState(append(b, 0))
	require.Error(t, err)
}

func FuzzCheckpointState(f *testing.F) {
	f.Add((&checkpointState{settings: []byte("x"), spans: []span{{1, 1}}, states: map[string]txlog.Number{"a": 1}}).marshal())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := unmarshalCheckpointState(b)
		if err != nil {
			require.ErrorIs(t, err, errCheckpoint)
			return
		}
		again, err := unmarshalCheckpointState(s.marshal())
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}

// Terms of a checkpoint are made with the hash key of its opening. After a rotation the
// next opening has another one, and reads the log.
func TestCheckpointBesideRotation(t *testing.T) {
	ctx := t.Context()
	r := newRaw(t)
	e := r.startOn(r.disk, testOptions())
	require.NoError(t, put(ctx, e, patients("a", 9)...))
	require.NoError(t, e.Checkpoint(ctx))
	require.NoError(t, e.RotateKey(ctx, nil))
	require.NoError(t, put(ctx, e, patients("b", 9)...))
	require.NoError(t, e.Checkpoint(ctx)) // with the hash key of before
	require.NoError(t, put(ctx, e, patients("c", 9)...))
	require.NoError(t, e.Close())
	e = r.startOn(r.disk, testOptions())
	require.False(t, e.Restored())
	q, err := e.search.Parse(schema.TypePatient, "_id=a-0,b-0,c-0", false)
	require.NoError(t, err)
	set, err := e.search.Ordinals(ctx, e.index.View(), q)
	require.NoError(t, err)
	require.EqualValues(t, 3, set.GetCardinality())
	require.NoError(t, e.Checkpoint(ctx))
	require.NoError(t, e.Close())
	e = r.startOn(r.disk, testOptions())
	require.True(t, e.Restored())
	require.NoError(t, e.Close())
}
