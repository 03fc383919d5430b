package datastore_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/issue"
)

func TestPatch(t *testing.T) {
	store := open(t, nil)
	ref := datastore.Ref{Type: "Patient", ID: "a"}
	_, err := store.Patch(ctx, ref, []byte(`[]`))
	require.ErrorIs(t, err, datastore.ErrNotFound)
	_, err = store.Update(ctx, patient("a", "One"))
	require.NoError(t, err)

	v, err := store.Patch(ctx, ref, []byte(`[{"op":"test","path":"/meta/versionId","value":"1"},`+
		`{"op":"replace","path":"/name/0/family","value":"Two"},{"op":"add","path":"/birthDate","value":"1980"}]`))
	require.NoError(t, err)
	require.Equal(t, "2", v.VersionID)
	require.False(t, v.Created)
	require.Contains(t, string(v.JSON), `"name":[{"family":"Two"}],"birthDate":"1980"}`)
	got, err := store.Read(ctx, ref)
	require.NoError(t, err)
	require.Equal(t, v, got)
	page, err := store.Search(ctx, "Patient", "birthdate=1980")
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)

	v, err = store.Patch(ctx, ref, []byte(`[{"op":"remove","path":"/birthDate"}]`), datastore.IfMatch("2"))
	require.NoError(t, err)
	require.Equal(t, "3", v.VersionID)

	for _, test := range []struct {
		name, patch string
		opts        []datastore.WriteOption
		class       error
		code        issue.Code
		pointer     string
	}{
		{"another version", `[]`, []datastore.WriteOption{datastore.IfMatch("2")}, datastore.ErrPreconditionFailed, issue.Conflict, ""},
		{"no version", `[]`, []datastore.WriteOption{datastore.IfMatch("x")}, datastore.ErrPreconditionFailed, issue.Conflict, ""},
		{"condition that does not go", `[]`, []datastore.WriteOption{datastore.IfNoneMatch()}, datastore.ErrInvalid, issue.Invalid, ""},
		{"malformed", `[{"op":"add"}]`, nil, datastore.ErrInvalid, issue.Required, "/0"},
		{"test that fails", `[{"op":"test","path":"/id","value":"b"}]`, nil, datastore.ErrInvalid, issue.Conflict, "/0/value"},
		{"nothing there", `[{"op":"remove","path":"/birthDate"}]`, nil, datastore.ErrInvalid, issue.NotFound, "/0/path"},
		{"too deep", `[{"op":"add","path":"` + strings.Repeat("/a", 2000) + `","value":1}]`, nil, datastore.ErrTooCostly, issue.TooCostly, "/0"},
		{"result is not valid", `[{"op":"add","path":"/birthDate","value":"soon"}]`, nil, datastore.ErrInvalid, issue.Value, "/birthDate"},
		{"empty array", `[{"op":"remove","path":"/name/0"}]`, nil, datastore.ErrInvalid, issue.Structure, "/name"},
		{"other id", `[{"op":"replace","path":"/id","value":"b"}]`, nil, datastore.ErrInvalid, issue.BusinessRule, ""},
		{"no id", `[{"op":"remove","path":"/id"}]`, nil, datastore.ErrInvalid, issue.Required, "/id"},
		{"other type", `[{"op":"add","path":"","value":{"resourceType":"Basic","id":"a","code":{"text":"a"}}}]`, nil, datastore.ErrInvalid, issue.BusinessRule, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := store.Patch(ctx, ref, []byte(test.patch), test.opts...)
			require.ErrorIs(t, err, test.class)
			issues := datastore.Issues(err)
			require.Len(t, issues, 1)
			require.Equal(t, test.code, issues[0].Code)
			require.Equal(t, test.pointer, issues[0].Pointer)
		})
	}
	got, err = store.Read(ctx, ref)
	require.NoError(t, err)
	require.Equal(t, "3", got.VersionID)

	require.NoError(t, store.Delete(ctx, ref))
	_, err = store.Patch(ctx, ref, []byte(`[]`))
	require.ErrorIs(t, err, datastore.ErrGone)
}

// TestPatchesAtOnce checks that no patch is lost when many come at once.
func TestPatchesAtOnce(t *testing.T) {
	store := open(t, nil)
	ref := datastore.Ref{Type: "Patient", ID: "a"}
	_, err := store.Update(ctx, patient("a", "One"))
	require.NoError(t, err)
	var group sync.WaitGroup
	const n = 6
	for i := range n {
		group.Go(func() {
			_, err := store.Patch(ctx, ref, fmt.Appendf(nil, `[{"op":"add","path":"/name/-","value":{"family":"Added%d"}}]`, i))
			assert.NoError(t, err)
		})
	}
	group.Wait()
	v, err := store.Read(ctx, ref)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(n+1), v.VersionID)
	for i := range n {
		require.Contains(t, string(v.JSON), fmt.Sprintf(`"Added%d"`, i))
	}
}
