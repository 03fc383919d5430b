//go:build unix

package datastore_test

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// dumpFolder is where the child of TestEraseMemory finds the store and leaves its memory.
const dumpFolder = "DATASTORE_TEST_DUMP"

// TestEraseMemory looks for texts of a patient in the memory of a process that opens the
// store, before and after the erasure.
func TestEraseMemory(t *testing.T) {
	if folder := os.Getenv(dumpFolder); folder != "" {
		dumpMemory(t, folder)
		return
	}
	folder := t.TempDir()
	key := datastore.KeyFile(filepath.Join(folder, "key"))
	store, err := datastore.Open(ctx, filepath.Join(folder, "store"), &datastore.Options{Key: key})
	require.NoError(t, err)
	var random [8]byte
	rand.Read(random[:])
	secret, id := "family"+hex.EncodeToString(random[:]), "id-"+hex.EncodeToString(random[:])
	putAll(t, store,
		fmt.Sprintf(`{"resourceType":"Patient","id":"%s","name":[{"family":"%s"}]}`, id, secret),
		fmt.Sprintf(`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"%s"},"subject":{"reference":"Patient/%s"},"valueString":"%s"}`, secret, id, secret),
		`{"resourceType":"Patient","id":"other","name":[{"family":"Other"}]}`)
	require.NoError(t, store.Close())
	memory := func() string {
		child := exec.Command(os.Args[0], "-test.run=^TestEraseMemory$")
		child.Env = append(os.Environ(), dumpFolder+"="+folder)
		out, err := child.CombinedOutput()
		require.NoError(t, err, "%s", out)
		dump, err := os.ReadFile(filepath.Join(folder, "dump"))
		require.NoError(t, err)
		return strings.ToLower(string(dump))
	}
	require.Contains(t, memory(), secret)
	store, err = datastore.Open(ctx, filepath.Join(folder, "store"), &datastore.Options{Key: key})
	require.NoError(t, err)
	_, err = store.Erase(ctx, id)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	after := memory()
	require.NotContains(t, after, secret)
	require.NotContains(t, after, id)
	require.Contains(t, after, "other")
}

// dumpMemory opens the store, looks at it, and writes the memory of the process to a file.
func dumpMemory(t *testing.T, folder string) {
	store, err := datastore.Open(ctx, filepath.Join(folder, "store"), &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))})
	require.NoError(t, err)
	for _, query := range []string{"family=o", "_text=x", "_sort=family"} {
		_, err := store.Search(ctx, "Patient", query)
		require.NoError(t, err)
	}
	for _, err := range store.History(ctx, datastore.Ref{}, nil) {
		require.NoError(t, err)
	}
	f, err := os.Create(filepath.Join(folder, "dump"))
	require.NoError(t, err)
	debug.WriteHeapDump(f.Fd())
	require.NoError(t, f.Close())
	require.NoError(t, store.Close())
}
