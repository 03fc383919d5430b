package datastore_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// removals remove what eraseStory has written, by kind.
var removals = map[string]func(*datastore.Store) error{
	"erase":   func(s *datastore.Store) error { _, err := s.Erase(ctx, "p"); return err },
	"compact": func(s *datastore.Store) error { return s.Compact(ctx, &datastore.Retention{Versions: 1}, nil) },
	"purge": func(s *datastore.Store) error {
		return s.Purge(ctx, datastore.Ref{Type: "Condition", ID: "gone"})
	},
}

// requireRemoved checks a store of eraseStory that was opened after a removal was
// interrupted, or told to be whole, and has the removal done again. current is what was
// current before. It reports whether the patient was found erased.
func requireRemoved(t testing.TB, store *datastore.Store, kind string, current map[string]string, whole bool) (erased bool) {
	t.Helper()
	require.NoError(t, store.Verify(ctx))
	_, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "p"})
	if kind == "erase" && (err != nil || whole) {
		requireErased(t, store)
		return true
	}
	require.NoError(t, err)
	now := currentOf(t, store)
	for ref, json := range current {
		if ref == "Condition/gone" && now[ref] == "" {
			_, err := store.Read(ctx, datastore.Ref{Type: "Condition", ID: "gone"})
			require.Error(t, err, "what was deleted is not brought back")
			continue
		}
		require.Equal(t, json, now[ref], ref)
	}
	if err := removals[kind](store); kind != "purge" || !errors.Is(err, datastore.ErrNotFound) {
		require.NoError(t, err)
	}
	require.NoError(t, store.Verify(ctx))
	return false
}
