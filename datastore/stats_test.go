package datastore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/search"
)

func TestStats(t *testing.T) {
	store, err := datastore.Open(ctx, "mem:", nil)
	require.NoError(t, err)
	_, err = store.Write(ctx, func(tx *datastore.Transaction) error {
		for i := range 300 {
			for _, json := range []string{
				fmt.Sprintf(`{"resourceType":"Patient","id":"p%d","name":[{"family":"Family %d","given":["Given"]}],"gender":"male"}`, i, i),
				fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"%d"}]},"subject":{"reference":"Patient/p%d"},"effectiveDateTime":"2020-01-01"}`, i, i%5, i),
			} {
				if _, err := tx.Update(ctx, []byte(json)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	require.NoError(t, err)
	s, err := store.Stats()
	require.NoError(t, err)
	require.Equal(t, 600, s.Versions)
	of := func(typ string, codes ...string) search.ParameterMemory {
		i := slices.IndexFunc(s.Parameters, func(p search.ParameterMemory) bool {
			return p.Type == typ && slices.Equal(p.Codes, codes)
		})
		require.GreaterOrEqual(t, i, 0, "%s %v in\n%s", typ, codes, s)
		return s.Parameters[i]
	}
	gender := of("Patient", "gender")
	require.Equal(t, 300, gender.Versions)
	require.Equal(t, 300, gender.Values)
	// Seen by several, told once.
	require.Greater(t, of("Patient", "family", "name", "phonetic").Bytes, gender.Bytes)
	require.Equal(t, 300, of("Observation", "patient", "subject").Values)
	sum := int64(0)
	for _, p := range s.Parameters {
		require.Positive(t, p.Bytes)
		sum += p.Bytes
	}
	require.LessOrEqual(t, sum, s.Bytes.Columns+s.Bytes.Postings+s.Bytes.Terms+s.Bytes.Texts)
	require.Equal(t, len(s.Parameters)+3, strings.Count(s.String(), "\n"))
	require.Zero(t, s.Held)
	require.Positive(t, s.Limit)
	require.Less(t, s.Limit, 0.01)
	before := time.Now()
	snapshot := store.Snapshot()
	s, err = store.Stats()
	require.NoError(t, err)
	require.Equal(t, 1, s.Held)
	require.WithinRange(t, s.HeldSince, before, time.Now())
	require.Contains(t, s.String(), "1 states held, the oldest since")
	snapshot.Close()
	require.NoError(t, store.Close())
	_, err = store.Stats()
	require.ErrorIs(t, err, datastore.ErrClosed)
}
