package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

func TestChanges(t *testing.T) {
	p := newPlace(t)
	p.fill(6)
	s := p.open()
	tx := s.Begin()
	for i := range 5 {
		_, err := tx.Update(t.Context(), fmt.Appendf(nil, `{"resourceType":"Patient","id":"q%d"}`, i))
		require.NoError(t, err)
	}
	require.NoError(t, tx.Annotate([]byte("moved in")))
	_, err := tx.Commit(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Delete(t.Context(), datastore.Ref{Type: "Patient", ID: "q1"}))
	require.NoError(t, s.Close())

	lines := strings.Split(strings.TrimSpace(p.ok("changes")), "\n")
	require.Len(t, lines, 8)
	require.Regexp(t, `^1 +\d{4}-.*Z  update Patient/p1 version 1$`, lines[0])
	require.Regexp(t, `^ +7 .* update Patient/q0 version 1, .*, update Patient/q2 version 1, 2 more  "moved in"$`, lines[6])
	require.Regexp(t, `^ +8 .* delete Patient/q1 version 2$`, lines[7])
	require.Equal(t, strings.Join(lines[6:], "\n"), strings.TrimRight(p.ok("changes", "-from", "7"), "\n"))
	require.Empty(t, p.ok("changes", "-from", "9"))
	p.fails(1, "there is no commit 9", "changes", "-from", "10")

	var all []changed
	for line := range strings.Lines(p.ok("changes", "-json")) {
		var c changed
		require.NoError(t, json.Unmarshal([]byte(line), &c))
		all = append(all, c)
	}
	require.Len(t, all, 8)
	require.Len(t, all[6].Versions, 5)
	require.Equal(t, "moved in", all[6].Annotation)
	require.Equal(t, changedVersion{"Patient", "q1", "2", "delete"}, all[7].Versions[0])
	var at datastore.Head
	require.NoError(t, at.UnmarshalText([]byte(all[7].Position)))
	require.Equal(t, uint64(8), at.Sequence())
}

// ended returns the commit with which a backup ends, as backup printed it.
func ended(t *testing.T, out string) string {
	found := regexp.MustCompile(`it ends with commit (\d+): the next increment is -since (\d+)\n`).FindStringSubmatch(out)
	require.NotNil(t, found, out)
	require.Equal(t, found[1], found[2])
	return found[1]
}

func TestBackupAndRestore(t *testing.T) {
	for _, apart := range []bool{false, true} {
		t.Run(fmt.Sprintf("apart=%v", apart), func(t *testing.T) {
			p := newPlace(t)
			p.fill(10)
			keys := func(args ...string) []string {
				if apart {
					args = append(args, "-keys", p.path("keys"))
				}
				return args
			}
			full, more := p.path("full"), p.path("more")
			out := p.ok(keys("backup", full)...)
			require.Contains(t, out, "full backup")
			p.fails(1, "is there already", keys("backup", full)...)
			s := p.open()
			for i := range 10 {
				put(t, s, 100+i)
			}
			require.NoError(t, s.Close())
			since := ended(t, out)
			out = p.ok(keys("backup", "-since", since, more)...)
			require.Contains(t, out, "increment after commit "+since)
			require.Contains(t, p.ok(keys("verify-backup", full)...), "\nok\n")
			require.Contains(t, p.ok(keys("verify-backup", more)...), "\nok\n")
			p.fails(1, "there is no commit 999", "backup", "-since", "999", p.path("none"))
			require.NoFileExists(t, p.path("none"))
			before := p.ok("changes", "-json")
			info, err := os.Stat(full)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
			if apart {
				p.fails(1, "its keys lie apart", "verify-backup", full)
				p.fails(1, "its keys lie apart", "restore", full)
			}

			p.fails(1, "there is a store in it", keys("restore", full, more)...)
			p.store = p.path("copy")
			p.fails(1, "piece 1 of the backup", keys("restore", more, full)...)
			p.fails(1, "they end with commit", keys("restore", "-until", "999", full, more)...)
			p.fails(2, "neither the number of a commit nor a time", "restore", "-until", "yesterday", full)
			p.fails(2, "usage: restore", "restore")
			require.Contains(t, p.ok(keys("restore", full, more)...), "restored up to commit "+ended(t, out))
			require.Equal(t, before, p.ok("changes", "-json"))
			require.Equal(t, "ok\n", p.ok("verify"))

			p.store = p.path("early")
			p.ok(keys("restore", "-until", "5", full, more)...)
			require.Len(t, strings.Split(strings.TrimSpace(p.ok("changes")), "\n"), 5)
			p.store = p.path("past")
			p.ok(keys("restore", "-until", "2001-01-01T00:00:00+01:00", full, more)...)
			require.Empty(t, p.ok("changes"))

			// A damaged piece is no backup, and the store is not there.
			b, err := os.ReadFile(more)
			require.NoError(t, err)
			b[len(b)-5] ^= 1
			require.NoError(t, os.WriteFile(p.path("damaged"), b, 0o600))
			p.fails(1, "piece 1 of the backup", keys("verify-backup", p.path("damaged"))...)
			p.store = p.path("broken")
			p.fails(1, "piece 2 of the backup", keys("restore", full, p.path("damaged"))...)
			p.fails(1, "there is no store", "verify")
		})
	}
}

// A backup that would lie in the store's folder is refused, and so is one of a store that
// is in use.
func TestBackupRefuses(t *testing.T) {
	p := newPlace(t)
	p.fill(3)
	p.fails(2, "lies in the store's folder", "backup", p.store+"/backup")
	p.fails(2, "lies in the store's folder", "backup", "-keys", p.store+"/keys", p.path("backup"))
	s := p.open()
	p.fails(1, "in use", "backup", p.path("backup"))
	require.NoError(t, s.Close())
	p.fails(1, "no such file", "restore", p.path("backup"))
	p.fails(2, "usage: backup", "backup")
	entries, err := os.ReadDir(p.folder)
	require.NoError(t, err)
	require.Len(t, entries, 2, "nothing is left behind: %v", entries)
}
