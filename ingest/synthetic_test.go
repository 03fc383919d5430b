package ingest_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/stretchr/testify/require"
)

// A store that begins with synthetic patients has what an import of them has.
func TestPreload(t *testing.T) {
	store := open(t, &datastore.Options{Preload: ingest.Preload(1, 3)})
	imported := open(t, nil)
	_, err := run(t, imported, ingest.Options{Reader: ingest.Synthetic(1, 3)})
	require.NoError(t, err)
	require.Equal(t, contents(t, imported), contents(t, store))
	require.NoError(t, store.Verify(ctx))
}
