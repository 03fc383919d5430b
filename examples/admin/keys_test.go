package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// dataKeys returns the ids of the data keys that inspect tells.
func (p *place) dataKeys() []string {
	var told struct{ Keys []string }
	require.NoError(p.t, json.Unmarshal([]byte(p.ok("inspect", "-json")), &told))
	require.NotEmpty(p.t, told.Keys)
	return told.Keys
}

func TestRotate(t *testing.T) {
	p := newPlace(t)
	p.fill(4)
	before := p.dataKeys()
	keyset, err := os.ReadFile(p.path("store/keyset"))
	require.NoError(t, err)
	require.Regexp(t, `^[0-9.]+ (KiB|B) are sealed with new keys, and the old ones are destroyed\n$`, p.ok("rotate"))
	for _, id := range p.dataKeys() {
		require.False(t, slices.Contains(before, id))
	}
	require.Equal(t, "ok\n", p.ok("verify"))
	now, err := os.ReadFile(p.path("store/keyset"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(p.path("store/keyset"), keyset, 0o600))
	p.fails(1, "damaged", "search", "Patient")
	require.NoError(t, os.WriteFile(p.path("store/keyset"), now, 0o600))
	require.Equal(t, "3\n", p.ok("search", "-count", "Patient"))

	// What is interrupted goes on.
	stopped, stop := context.WithCancel(t.Context())
	stop()
	args := []string{"-store", p.store, "-key-file", p.key, "rotate"}
	require.Equal(t, 1, run(stopped, args, io.Discard, io.Discard))
	p.ok("rotate")
	require.Equal(t, "ok\n", p.ok("verify"))
}

func TestRewrap(t *testing.T) {
	p := newPlace(t)
	p.fill(4)
	secret, other := p.path("secret"), p.path("other")
	require.NoError(t, os.WriteFile(secret, []byte("open sesame\n"), 0o600))
	before, segment := files(t, p.store), p.path("store/log/00000001.bunt")
	require.NotEmpty(t, before[segment])
	p.fails(1, "passphrase is empty", "rewrap", "-to-passphrase-file", os.DevNull)
	p.fails(1, "no such file", "rewrap", "-to-passphrase-file", p.path("missing"))
	require.Equal(t, before[segment], files(t, p.store)[segment])

	require.Contains(t, p.ok("rewrap", "-to-passphrase-file", secret), "the old one does not open it")
	p.fails(1, "wrong key", "verify")
	opened, err := datastore.Open(t.Context(), p.store, &datastore.Options{Key: datastore.Passphrase("open sesame")})
	require.NoError(t, err)
	require.NoError(t, opened.Close())
	status := run(t.Context(), []string{"-store", p.store, "-passphrase-file", secret, "rewrap", "-to-key-file", other}, io.Discard, io.Discard)
	require.Zero(t, status)
	p.key = other
	require.Equal(t, "ok\n", p.ok("verify"))
	require.Equal(t, before[segment], files(t, p.store)[segment], "no data is touched")
}

// TestInterrupted stops each command that takes its time at its beginning, as a signal
// does: the store is closed in order and whole, and the command can be given again.
func TestInterrupted(t *testing.T) {
	p := newPlace(t)
	p.fill(4)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, args := range [][]string{
		{"verify"}, {"compact"}, {"rotate"}, {"backup", p.path("backup")}, {"export", p.path("out")}, {"changes"},
	} {
		var told bytes.Buffer
		all := append([]string{"-store", p.store, "-key-file", p.key}, args...)
		require.Equal(t, 1, run(stopped, all, io.Discard, &told), args)
		require.NotContains(t, told.String(), "panic")
		require.NotEmpty(t, told.String(), args)
		require.Equal(t, "ok\n", p.ok("verify"), args)
		require.Equal(t, "3\n", p.ok("search", "-count", "Patient"), args)
		p.ok(args...)
	}
}
