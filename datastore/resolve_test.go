package datastore_test

import (
	"context"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// TestResolveReferences has conditional references find one resource, none, and two, at
// every level and in every way to write.
func TestResolveReferences(t *testing.T) {
	ctx := context.Background()
	store := storetest.Open(t, nil)
	for _, p := range []string{`"id":"one","identifier":[{"system":"http://x.org/n","value":"1"}]`, `"id":"two","identifier":[{"value":"2"}]`, `"id":"three","identifier":[{"value":"2"}]`} {
		_, err := store.Update(ctx, []byte(`{"resourceType":"Practitioner",`+p+`}`))
		require.NoError(t, err)
	}
	patient := func(criteria string) []byte {
		return []byte(`{"resourceType":"Patient","id":"p","generalPractitioner":[{"reference":"Practitioner/two"},{"reference":"Practitioner?` + criteria + `"}]}`)
	}
	for _, level := range []datastore.Level{datastore.Strict, datastore.StructureOnly, datastore.Minimal} {
		options := []datastore.WriteOption{datastore.Validation(level), datastore.ResolveReferences()}
		v, err := store.Update(ctx, patient(`identifier=http://x.org/n|1`), options...)
		require.NoError(t, err)
		require.Contains(t, string(v.JSON), `{"reference":"Practitioner/one"}`)
		v, err = store.Create(ctx, patient(`identifier=http:\/\/x.org/n%7C1`), options...)
		require.NoError(t, err)
		require.Contains(t, string(v.JSON), `{"reference":"Practitioner/one"}`)
		for criteria, says := range map[string]string{"identifier=3": "finds no resource", "identifier=2": "finds 2 resources"} {
			tx := store.Begin()
			_, err = tx.Update(ctx, patient(criteria), options...)
			require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
			require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
			require.Equal(t, 412, datastore.Status(err))
			require.ErrorContains(t, err, says)
			require.Equal(t, "/generalPractitioner/1/reference", datastore.Issues(err)[0].Pointer)
		}
		_, err = store.Update(ctx, patient("nothing=1"), options...)
		require.ErrorIs(t, err, datastore.ErrInvalid)
	}
}
