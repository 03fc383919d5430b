package datastore_test

import (
	"fmt"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// identified is a patient with an identifier, and an id if it is not "".
func identified(id, value string) string {
	if id != "" {
		id = fmt.Sprintf(`"id":%q,`, id)
	}
	return fmt.Sprintf(`{"resourceType":"Patient",%s"identifier":[{"system":"urn:x","value":%q}]}`, id, value)
}

// A conditional update follows FHIR R4 §3.1.0.4.3, with or without an id in the
// resource.
func TestConditionalUpdate(t *testing.T) {
	store := open(t, nil)
	for _, id := range []string{"a", "other"} {
		_, err := store.Update(ctx, []byte(identified(id, id)))
		require.NoError(t, err)
	}
	put := func(query, resource string) (string, error) {
		text, err := store.Transact(ctx, bundleOf("transaction", entry("PUT", "Patient?identifier=urn:x|"+query, "", resource)))
		return string(text), err
	}
	for _, test := range []struct {
		name, query, resource string
		location              string
		err                   error
	}{
		{"one match, no id", "a", identified("", "a"), "Patient/a/_history/2", nil},
		{"one match, its id", "a", identified("a", "a"), "Patient/a/_history/3", nil},
		{"one match, another id", "a", identified("b", "a"), "", datastore.ErrInvalid},
		{"no match, no id", "new", identified("", "new"), "Patient/id-1/_history/1", nil},
		{"no match, an id", "mine", identified("mine", "mine"), "Patient/mine/_history/1", nil},
		{"no match, the id of another", "none", identified("other", "none"), "", datastore.ErrPreconditionFailed},
		{"no match, no valid id", "none", identified("a/b", "none"), "", datastore.ErrInvalid},
	} {
		t.Run(test.name, func(t *testing.T) {
			text, err := put(test.query, test.resource)
			require.ErrorIs(t, err, test.err)
			require.Contains(t, text, test.location)
		})
	}
	_, err := store.Create(ctx, []byte(identified("", "a")))
	require.NoError(t, err)
	_, err = put("a", identified("", "a"))
	require.ErrorIs(t, err, datastore.ErrPreconditionFailed, "several matches")
}

// A condition that does not go with an operation is refused, not left aside.
func TestConditionsThatDoNotFit(t *testing.T) {
	store := open(t, nil)
	v, err := store.Update(ctx, []byte(identified("a", "a")))
	require.NoError(t, err)
	for _, opt := range []datastore.WriteOption{datastore.IfNoneExist("_id=none"), datastore.IfNoneMatch()} {
		require.ErrorIs(t, store.Delete(ctx, v.Ref, opt), datastore.ErrInvalid)
		require.ErrorIs(t, store.Begin().Delete(v.Ref, opt), datastore.ErrInvalid)
	}
	_, err = store.Create(ctx, []byte(identified("", "a")), datastore.IfMatch("1"))
	require.ErrorIs(t, err, datastore.ErrInvalid)
	_, err = store.Update(ctx, []byte(identified("a", "a")), datastore.IfNoneExist("_id=none"))
	require.ErrorIs(t, err, datastore.ErrInvalid)
	_, err = store.Update(ctx, []byte(identified("a", "a")), datastore.IfMatch("first"))
	require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
	_, err = store.Read(ctx, v.Ref)
	require.NoError(t, err)
}
