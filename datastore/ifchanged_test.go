package datastore_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestIfChanged writes nothing where the current version holds the same.
func TestIfChanged(t *testing.T) {
	store := open(t, nil)
	update := func(json string, opts ...datastore.WriteOption) datastore.Version {
		v, err := store.Update(ctx, []byte(json), append(opts, datastore.IfChanged())...)
		require.NoError(t, err)
		return v
	}
	ann := `{"resourceType":"Patient","id":"a","name":[{"family":"Ann"}]}`
	first := update(ann)
	require.True(t, first.Created)
	require.False(t, first.Unchanged)
	for _, same := range []string{
		ann,
		`{ "id":"a", "name":[{"family":"\u0041nn"}], "resourceType":"Patient" }`,
		`{"resourceType":"Patient","id":"a","meta":{"versionId":"9","lastUpdated":"2020-01-01T00:00:00Z"},"name":[{"family":"Ann"}]}`,
	} {
		v := update(same)
		require.True(t, v.Unchanged)
		require.Equal(t, "1", v.VersionID)
		require.Equal(t, first.LastUpdated, v.LastUpdated)
		require.Equal(t, string(first.JSON), string(v.JSON))
	}
	for i, other := range []string{
		`{"resourceType":"Patient","id":"a","name":[{"family":"Bea"}]}`, ann,
		`{"resourceType":"Patient","id":"a","meta":{"tag":[{"code":"x"}]},"name":[{"family":"Ann"}]}`,
	} {
		v := update(other)
		require.False(t, v.Unchanged)
		require.Equal(t, fmt.Sprint(i+2), v.VersionID)
	}
	ref := datastore.Ref{Type: "Patient", ID: "a"}
	require.NoError(t, store.Delete(ctx, ref))
	v := update(`{"resourceType":"Patient","id":"a","meta":{"tag":[{"code":"x"}]},"name":[{"family":"Ann"}]}`)
	require.False(t, v.Unchanged, "what was deleted is not there")
	require.True(t, v.Created)

	_, err := store.Update(ctx, []byte(ann), datastore.IfChanged(), datastore.IfMatch("1"))
	require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
	_, err = store.Create(ctx, []byte(ann), datastore.IfChanged())
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.ErrorIs(t, store.Delete(ctx, ref, datastore.IfChanged()), datastore.ErrInvalid)
	_, err = store.Patch(ctx, ref, []byte(`[]`), datastore.IfChanged())
	require.ErrorIs(t, err, datastore.ErrInvalid)
	_, err = store.Transact(ctx, []byte(`{"resourceType":"Bundle","type":"batch"}`), datastore.IfChanged())
	require.ErrorIs(t, err, datastore.ErrInvalid)
}

// TestIfChangedTogether writes the same, and other, versions of a resource in one
// transaction.
func TestIfChangedTogether(t *testing.T) {
	store := open(t, nil)
	line := func(family string) []byte {
		return fmt.Appendf(nil, `{"resourceType":"Patient","id":"a","name":[{"family":"%s"}]}`, family)
	}
	write := func(families ...string) (numbers []string) {
		versions, err := store.Write(ctx, func(tx *datastore.Transaction) error {
			for _, f := range families {
				if _, err := tx.Update(ctx, line(f), datastore.IfChanged()); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(t, err)
		for _, v := range versions {
			numbers = append(numbers, v.VersionID)
		}
		return numbers
	}
	require.Equal(t, []string{"1", "1"}, write("A", "A"))
	require.Equal(t, []string{"1", "2", "3", "3"}, write("A", "B", "A", "A"))
	require.Equal(t, []string{"3"}, write("A"))
	v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "a"})
	require.NoError(t, err)
	require.Equal(t, "3", v.VersionID)
}

// TestIfChangedAtOnce has many write one of two contents: there are as many versions as
// there were changes.
func TestIfChangedAtOnce(t *testing.T) {
	store := open(t, nil)
	var group sync.WaitGroup
	for w := range 6 {
		group.Go(func() {
			for i := range 60 {
				_, err := store.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Patient","id":"a","active":%t}`, (w+i)%3 == 0), datastore.IfChanged())
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()
	before := ""
	for v, err := range store.History(ctx, datastore.Ref{Type: "Patient", ID: "a"}, nil) {
		require.NoError(t, err)
		active := fmt.Sprint(assertActive(string(v.JSON)))
		require.NotEqual(t, before, active, "two versions that follow each other hold the same")
		before = active
	}
}

func assertActive(json string) bool {
	return len(json) > 0 && json[len(json)-len(`true}`):] == `true}`
}
