package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
)

// inOneGroup hands commits to the writer so that it takes them as one group, in order, and
// calls before when all are in its queue. It returns their errors.
func inOneGroup(t *testing.T, e *Engine, before func(), commits ...*Commit) []error {
	t.Helper()
	let, begun := make(chan struct{}), make(chan struct{})
	held := make(chan error, 1)
	go func() {
		held <- e.take(context.Background(), func() error {
			close(begun)
			<-let
			return nil
		})
	}()
	<-begun
	answers := make([]chan error, len(commits))
	for i, c := range commits {
		answers[i] = make(chan error, 1)
		go func() {
			_, err := e.Commit(context.Background(), c)
			answers[i] <- err
		}()
		for len(e.queue) <= i {
			runtime.Gosched()
		}
	}
	before()
	close(let)
	require.NoError(t, <-held)
	errs := make([]error, len(commits))
	for i, answer := range answers {
		errs[i] = <-answer
	}
	return errs
}

// What a commit is told never rests on another one that is not durable: if the group is
// not written, who was refused for a commit of the group is asked for again.
func TestRefusalsAreDurable(t *testing.T) {
	update := func(e *Engine, c Condition, sources ...string) *Commit {
		commit := new(Commit)
		for _, source := range sources {
			p, err := e.Prepare(t.Context(), []byte(source), &How{Check: Check{Level: StructureOnly}})
			require.NoError(t, err)
			commit.Ops = append(commit.Ops, Op{Prepared: p, Condition: c})
		}
		return commit
	}
	remove := func(id string, c Condition) *Commit {
		return &Commit{Ops: []Op{{Prepared: PrepareDeletion(schema.TypePatient, id), Condition: c}}}
	}
	large := func() string { // two such texts are more than a group
		text := make([]byte, 110_000)
		rand.Read(text)
		return hex.EncodeToString(text)
	}
	need := func(e *Engine, id string) *Commit {
		c := update(e, Condition{}, patient("other", large()))
		c.Needs = []Need{{schema.TypePatient, id}}
		return c
	}
	for name, c := range map[string]struct {
		first, second func(e *Engine) *Commit
		together      error  // of the second, if both are written
		after         error  // of the second, if the first is not written
		version       uint64 // of the patient, if the first is not written
	}{
		"a version that is not there": {
			func(e *Engine) *Commit { return update(e, Condition{IfMatch: 1}, patient("p", "Bob")) },
			func(e *Engine) *Commit { return update(e, Condition{IfMatch: 1}, patient("p", "Cid")) },
			ErrPreconditionFailed, nil, 2,
		},
		"a version that is none": {
			func(e *Engine) *Commit { return update(e, Condition{}, patient("p", "Bob")) },
			func(e *Engine) *Commit {
				return update(e, Condition{IfMatch: 1, SkipChanged: true}, patient("p", "Cid"))
			},
			nil, nil, 2,
		},
		"a resource that is not there": {
			func(e *Engine) *Commit { return update(e, Condition{}, patient("new", "Bob")) },
			func(e *Engine) *Commit { return update(e, Condition{MustNot: true}, patient("new", "Cid")) },
			ErrPreconditionFailed, nil, 1,
		},
		"a deletion of what is deleted": {
			func(*Engine) *Commit { return remove("p", Condition{}) },
			func(*Engine) *Commit { return remove("p", Condition{SkipAbsent: true}) },
			nil, nil, 2,
		},
		"a deletion of what is gone": {
			func(*Engine) *Commit { return remove("p", Condition{MustExist: true}) },
			func(*Engine) *Commit { return remove("p", Condition{MustExist: true}) },
			ErrGone, nil, 2,
		},
		"a resource that is needed, behind a full group": {
			func(e *Engine) *Commit { return update(e, Condition{}, patient("new", large())) },
			func(e *Engine) *Commit { return need(e, "new") },
			nil, ErrNotFound, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, fails := range []bool{false, true} {
				disk := txlogtest.NewDisk()
				e := startOn(t, disk, seal.RandomKey())
				require.NoError(t, put(t.Context(), e, patient("p", "Ann")))
				first, second := c.first(e), c.second(e)
				errs := inOneGroup(t, e, func() {
					if fails {
						disk.FailIn(1)
					}
				}, first, second)
				if fails {
					require.ErrorIs(t, errs[0], txlogtest.ErrFault)
					require.ErrorIs(t, errs[1], c.after)
					o, ok := e.Last().Find(schema.TypePatient, "p")
					require.True(t, ok)
					require.Equal(t, c.version, e.Last().VersionNumber(o))
				} else {
					require.NoError(t, errs[0])
					require.ErrorIs(t, errs[1], c.together)
				}
				require.NoError(t, e.Verify(t.Context(), Verification{}))
				require.NoError(t, e.Close())
			}
		})
	}
}
