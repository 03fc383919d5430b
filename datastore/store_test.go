package datastore_test

import (
	"context"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

func open(t *testing.T, opts *datastore.Options) *datastore.Store {
	t.Helper()
	store, err := datastore.Open(context.Background(), "mem:", opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func TestCreateReadUpdateDelete(t *testing.T) {
	ctx := context.Background()
	store := open(t, nil)
	v, err := store.Create(ctx, []byte(`{"resourceType":"Patient","name":[{"family":"Ångström","given":["Ann"]}],"birthDate":"1980-02-03","meta":{"tag":[{"code":"x"}]}}`))
	require.NoError(t, err)
	require.Equal(t, "1", v.VersionID)
	require.True(t, v.Created)
	got, err := store.Read(ctx, v.Ref)
	require.NoError(t, err)
	require.Equal(t, v.JSON, got.JSON)
	page, err := store.Search(ctx, "Patient", "name=angstrom&birthdate=ge1980")
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
}
