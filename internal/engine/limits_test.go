package engine

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestFull fills a store to each limit: what would pass one is ErrFull and leaves
// nothing behind, deletions are taken still, and the logger was told.
func TestFull(t *testing.T) {
	ctx := context.Background()
	for name, lower := range map[string]func(u *index.Usage){
		"versions": func(u *index.Usage) { u.Versions = 400 },
		"ids":      func(u *index.Usage) { u.IDs = 400 },
		"id bytes": func(u *index.Usage) { u.IDBytes = 6400 },
		"commits":  func(u *index.Usage) { u.Commits = 400 },
		"postings": func(u *index.Usage) { u.Postings = 400 },
		"texts":    func(u *index.Usage) { u.Texts = 400 },
	} {
		t.Run(name, func(t *testing.T) {
			var told bytes.Buffer
			options := testOptions()
			limits := index.MaxUsage()
			lower(&limits)
			options.Limits, options.Logger = &limits, slog.New(slog.NewTextHandler(&told, nil))
			e := openMemory(t, options)
			written := 0
			var err error
			for ; err == nil; written++ {
				err = put(ctx, e, fmt.Sprintf(`{"resourceType":"Patient","id":"p%d","name":[{"family":"name%d"}],"generalPractitioner":[{"reference":"http://other.example/Practitioner/%d"}]}`, written, written/2, written))
			}
			written--
			require.ErrorIs(t, err, ErrFull)
			require.Equal(t, 507, Status(err))
			require.Greater(t, written, 10)
			require.Equal(t, 1, strings.Count(told.String(), "nearly full"), told.String())

			n, err := count(ctx, e, schema.TypePatient, "")
			require.NoError(t, err)
			require.Equal(t, written, n, "what was refused is not there")
			_, err = e.Commit(ctx, &Commit{Ops: []Op{{Prepared: PrepareDeletion(schema.TypePatient, "p0")}}})
			require.NoError(t, err, "room is kept for deletions")
			require.NoError(t, e.Verify(ctx, Verification{}))
		})
	}
}

// TestAdmittedIsApplied draws commits near the limits: each is refused before it is
// durable, or applied.
func TestAdmittedIsApplied(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		limits := index.Usage{
			Commits: rapid.Uint64Range(5, 200).Draw(t, "commits"), Versions: rapid.Uint64Range(5, 200).Draw(t, "versions"),
			IDs: rapid.Uint64Range(5, 400).Draw(t, "ids"), IDBytes: rapid.Uint64Range(100, 20_000).Draw(t, "bytes"),
			Postings: rapid.Uint64Range(20, 2000).Draw(t, "postings"), Texts: rapid.Uint64Range(10, 500).Draw(t, "texts"), Units: rapid.Uint64Range(2, 20).Draw(t, "units"),
		}
		options := testOptions()
		options.Limits = &limits
		e, err := Open(ctx, "mem:", options)
		require.NoError(t, err)
		for range rapid.IntRange(1, 40).Draw(t, "writes") {
			c := new(Commit)
			seen := map[string]bool{}
			for range rapid.IntRange(1, 20).Draw(t, "size") {
				id := rapid.StringMatching(`[a-z]{1,64}`).Draw(t, "id")
				if seen[id] {
					continue
				}
				seen[id] = true
				if rapid.IntRange(0, 4).Draw(t, "delete") == 0 {
					c.Ops = append(c.Ops, Op{Prepared: PrepareDeletion(schema.TypeObservation, id)})
					continue
				}
				p, err := e.Prepare(ctx, fmt.Appendf(nil, `{"resourceType":"Observation","id":%q,"status":"final","code":{"text":%q},"subject":{"reference":"Patient/%s"},"valueQuantity":{"value":1,"unit":%q}}`,
					id, id, id, id[:1]), &How{Check: Check{Level: StructureOnly}})
				require.NoError(t, err)
				c.Ops = append(c.Ops, Op{Prepared: p})
			}
			if _, err := e.Commit(ctx, c); err != nil {
				require.ErrorIs(t, err, ErrFull)
				require.NotErrorIs(t, err, ErrOutcomeUnknown)
			}
		}
		require.NoError(t, e.readOnly())
		require.NoError(t, e.Verify(ctx, Verification{}))
		require.NoError(t, e.Close())
	})
}

// TestFullUnderAnotherBase fills a store of foreign references and opens it under the
// base that makes them all local, which needs an id for each.
func TestFullUnderAnotherBase(t *testing.T) {
	ctx := context.Background()
	for name, references := range map[string]string{
		"reference": `{"resourceType":"Patient","id":"p%d","generalPractitioner":[{"reference":"http://other.example/Practitioner/%[1]d"}]}`,
		"canonical": `{"resourceType":"CarePlan","id":"p%d","status":"active","intent":"plan","subject":{"reference":"Patient/a"},"instantiatesCanonical":["http://other.example/PlanDefinition/%[1]d"]}`,
	} {
		for _, bases := range [][2]string{{"", "http://other.example"}, {"http://other.example", ""}} {
			t.Run(name+" from "+bases[0], func(t *testing.T) {
				folder := t.TempDir()
				options := testOptions()
				options.Key = seal.KeyFile(filepath.Join(folder, "key"))
				limits := index.MaxUsage()
				limits.IDs = 400
				options.Limits, options.BaseURL = &limits, bases[0]
				e, err := Open(ctx, filepath.Join(folder, "store"), options)
				require.NoError(t, err)
				written := 0
				for ; err == nil; written++ {
					err = put(ctx, e, fmt.Sprintf(references, written))
				}
				require.ErrorIs(t, err, ErrFull)
				require.NoError(t, e.Close())

				options.BaseURL = bases[1]
				e, err = Open(ctx, filepath.Join(folder, "store"), options)
				require.NoError(t, err)
				require.NoError(t, e.readOnly())
				require.NoError(t, e.Verify(ctx, Verification{}))
				require.NoError(t, e.Close())
			})
		}
	}
}
