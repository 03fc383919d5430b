package engine

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// TestWhatACommitKeeps writes a commit with all that one may have, beside others in a
// group: which operations belonged together, what wrote each version, who asked, and
// named state are there after opening again, and after a rewrite of the log.
func TestWhatACommitKeeps(t *testing.T) {
	r := newRaw(t)
	e, err := r.start()
	require.NoError(t, err)
	release := hold(e)
	answers := make(chan error, 8)
	for i := range cap(answers) {
		c := &Commit{Annotation: fmt.Appendf(nil, `{"who":"%d"}`, i), States: []State{{Name: fmt.Sprint("job/", i), Value: []byte("at 7")}, {Name: "shared", Value: fmt.Append(nil, i)}}}
		for by := Create; by <= Derived; by++ {
			if by == Delete {
				continue
			}
			p, err := e.Prepare(t.Context(), []byte(patient(fmt.Sprintf("c%d-%d", i, by), "Ann")), &How{})
			require.NoError(t, err)
			c.Ops = append(c.Ops, Op{Prepared: p, Interaction: by})
		}
		go func() {
			_, err := e.Commit(t.Context(), c)
			answers <- err
		}()
	}
	release()
	for range cap(answers) {
		require.NoError(t, <-answers)
	}
	_, err = e.Commit(t.Context(), &Commit{States: []State{{Name: "job/3"}}})
	require.NoError(t, err)
	require.NoError(t, e.Close())

	for _, rewritten := range []bool{false, true} {
		log := r.log()
		if rewritten {
			var closed []uint64
			segments := log.Segments()
			for _, s := range segments[:len(segments)-1] {
				closed = append(closed, s.Name)
			}
			if len(closed) > 0 {
				require.NoError(t, log.Rewrite(t.Context(), closed, nil))
			}
		}
		who := map[string]int{}
		for record, err := range log.Records(t.Context(), 1) {
			require.NoError(t, err)
			for i := range record.Runs() {
				annotation, err := record.Annotation(i, nil)
				require.NoError(t, err)
				who[string(annotation)]++
			}
		}
		require.Len(t, who, cap(answers)+1)
		e, err = Start(t.Context(), log, testOptions())
		require.NoError(t, err)
		require.NotContains(t, e.StateNames("job/"), "job/3")
		require.Len(t, e.StateNames("job/"), cap(answers)-1)
		value, err := e.State(t.Context(), "job/5")
		require.NoError(t, err)
		require.Equal(t, "at 7", string(value))
		view := e.Last()
		commits := 0
		for c := range view.Commits(0) {
			commits++
			require.EqualValues(t, 6, c.Last-c.First+1)
			of := ""
			for o := c.First; o <= c.Last; o++ {
				_, id := view.Key(o)
				var n, by int
				_, err := fmt.Sscanf(id, "c%d-%d", &n, &by)
				require.NoError(t, err)
				if of == "" {
					of = id[:3]
				}
				require.Equal(t, of, id[:3], "operations of one commit stay together")
				interaction, err := view.Interaction(o)
				require.NoError(t, err)
				require.Equal(t, Interaction(by), interaction)
			}
		}
		require.Equal(t, cap(answers), commits)
		require.NoError(t, e.Close())
	}
}

// TestRewriteBesideAnotherEngine rewrites segments, which makes one record of several,
// before an engine has applied the last of them: none is applied twice.
func TestRewriteBesideAnotherEngine(t *testing.T) {
	r := newRaw(t)
	log, err := txlog.Open(t.Context(), "", &txlog.Options{FS: r.disk, Wrapper: r.key, SegmentSize: 2000})
	require.NoError(t, err)
	defer log.Close()
	engines := make([]*Engine, 2)
	for i := range engines {
		engines[i], err = Start(t.Context(), borrowed{log}, testOptions())
		require.NoError(t, err)
		defer func() { require.NoError(t, engines[i].Close()) }()
	}
	for n := range 40 {
		require.NoError(t, put(t.Context(), engines[0], patient(fmt.Sprint("p", n), "Ann")))
		if n == 10 {
			require.NoError(t, put(t.Context(), engines[1], patient("middle", "Ann")))
		}
	}
	var closed []uint64
	segments := log.Segments()
	for _, s := range segments[:len(segments)-1] {
		closed = append(closed, s.Name)
	}
	require.Greater(t, len(closed), 3)
	require.NoError(t, log.Rewrite(t.Context(), closed, nil))
	for _, e := range []*Engine{engines[1], engines[0], engines[1]} {
		require.NoError(t, put(t.Context(), e, patient("last", "Ann")))
		n, err := count(t.Context(), e, schema.TypePatient, "name=ann")
		require.NoError(t, err)
		require.Equal(t, 42, n)
		require.NoError(t, e.Verify(t.Context(), Verification{}))
	}
}
