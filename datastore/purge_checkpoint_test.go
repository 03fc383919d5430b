package datastore_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// TestPurgeTakesTheCheckpoint purges a resource whose texts are in a checkpoint. That
// checkpoint is removed, and a new checkpoint has no text of the resource.
func TestPurgeTakesTheCheckpoint(t *testing.T) {
	path, key := filepath.Join(t.TempDir(), "store"), goldenKey()
	store, err := datastore.Open(ctx, path, &datastore.Options{Key: key, Now: clock()})
	require.NoError(t, err)
	eraseStory(t, store)
	putAll(t, store, `{"resourceType":"Patient","id":"lone","name":[{"family":"Lonequux"}]}`, `{"resourceType":"Patient","id":"lone","name":[{"family":"Other"}]}`)
	require.NoError(t, store.Checkpoint())
	require.Contains(t, string(sections(t, path, key)), "lonequux")
	require.NoError(t, store.Purge(ctx, datastore.Ref{Type: "Patient", ID: "lone"}))
	require.Empty(t, sections(t, path, key))
	require.ErrorIs(t, store.Checkpoint(), datastore.ErrNoCheckpoint, "the index still has holes")
	require.NoError(t, store.Close())
	require.Empty(t, sections(t, path, key))
	store, err = datastore.Open(ctx, path, &datastore.Options{Key: key, Now: clock()})
	require.NoError(t, err)
	require.NoError(t, store.Checkpoint())
	after := string(sections(t, path, key))
	require.NotEmpty(t, after)
	require.NotContains(t, after, "lonequux")
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.Close())
}
