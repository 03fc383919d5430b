package datastore_test

import (
	"encoding/base64"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// jsonPatch returns a Binary that holds a JSON Patch.
func jsonPatch(patch string) string {
	return `{"resourceType":"Binary","contentType":"application/json-patch+json","data":"` + base64.StdEncoding.EncodeToString([]byte(patch)) + `"}`
}

// pathPatch returns a FHIRPath Patch of one operation.
func pathPatch(kind, path, parts string) string {
	return `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"` + kind + `"},{"name":"path","valueString":"` + path + `"}` + parts + `]}]}`
}

// Patches of both kinds are entries of batches and transactions.
func TestPatchesInBundles(t *testing.T) {
	for _, kind := range []string{"transaction", "batch"} {
		t.Run(kind, func(t *testing.T) {
			store := open(t, nil)
			for _, id := range []string{"a", "b", "c"} {
				_, err := store.Update(ctx, patient(id, "Family"+id))
				require.NoError(t, err)
			}
			r := transact(t, store, bundleOf(kind,
				entry("GET", "Patient/a", "", ""),
				entry("PATCH", "Patient/a", "", jsonPatch(`[{"op":"replace","path":"/name/0/family","value":"New"}]`)),
				entry("PATCH", "Patient/b", "", pathPatch("replace", "Patient.name.family", `,{"name":"value","valueString":"Newer"}`), `,"ifMatch":"W/\"1\""`),
				entry("PATCH", "Patient?family=familyc", "", pathPatch("add", "Patient", `,{"name":"name","valueString":"birthDate"},{"name":"value","valueDate":"2000"}`)),
				entry("HEAD", "Patient/a", "", ""),
			))
			require.Equal(t, []string{"200 OK", "200 OK", "200 OK", "200 OK", "200 OK"}, statuses(r))
			require.Contains(t, r.Entry[1].Response.Location, "Patient/a/_history/2")
			require.Empty(t, r.Entry[4].Resource)
			for id, want := range map[string]string{"a": `"family":"New"`, "b": `"family":"Newer"`, "c": `"birthDate":"2000"`} {
				v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: id})
				require.NoError(t, err)
				require.Contains(t, string(v.JSON), want)
				require.Equal(t, "2", v.VersionID)
			}
		})
	}
}

func TestPatchesThatAreRefusedInBundles(t *testing.T) {
	store := open(t, nil)
	for _, id := range []string{"a", "b", "gone"} {
		_, err := store.Update(ctx, patient(id, "Same"))
		require.NoError(t, err)
	}
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: "gone"}))
	patch := jsonPatch(`[{"op":"replace","path":"/name/0/family","value":"New"}]`)
	for name, test := range map[string]struct {
		entries []string
		class   error
		pointer string
	}{
		"another version":     {[]string{entry("PATCH", "Patient/a", "", patch, `,"ifMatch":"W/\"7\""`)}, datastore.ErrPreconditionFailed, ""},
		"nothing there":       {[]string{entry("PATCH", "Patient/none", "", patch)}, datastore.ErrNotFound, "/entry/0"},
		"gone":                {[]string{entry("PATCH", "Patient/gone", "", patch)}, datastore.ErrGone, "/entry/0"},
		"several":             {[]string{entry("PATCH", "Patient?family=same", "", patch)}, datastore.ErrPreconditionFailed, "/entry/0"},
		"none matches":        {[]string{entry("PATCH", "Patient?family=none", "", patch)}, datastore.ErrNotFound, "/entry/0"},
		"a type":              {[]string{entry("PATCH", "Patient", "", patch)}, datastore.ErrInvalid, "/entry/0/request/url"},
		"a place that is not": {[]string{entry("PATCH", "Patient/a", "", jsonPatch(`[{"op":"remove","path":"/gender"}]`))}, datastore.ErrInvalid, ""},
		"another id":          {[]string{entry("PATCH", "Patient/a", "", jsonPatch(`[{"op":"replace","path":"/id","value":"z"}]`))}, datastore.ErrInvalid, ""},
		"an invalid result":   {[]string{entry("PATCH", "Patient/a", "", jsonPatch(`[{"op":"add","path":"/gender","value":"x"}]`))}, datastore.ErrInvalid, ""},
		"twice":               {[]string{entry("PATCH", "Patient/a", "", patch), entry("PATCH", "Patient/a", "", patch)}, datastore.ErrInvalid, "/entry/1"},
		"and an update":       {[]string{entry("PATCH", "Patient/a", "", patch), entry("PUT", "Patient/a", "", string(patient("a", "Other")))}, datastore.ErrInvalid, "/entry/1"},
		"no base64":           {[]string{entry("PATCH", "Patient/a", "", `{"resourceType":"Binary","contentType":"application/json-patch+json","data":"A==="}`)}, datastore.ErrInvalid, ""},
		"ifNoneMatch":         {[]string{entry("PATCH", "Patient/a", "", patch, `,"ifNoneMatch":"*"`)}, datastore.ErrInvalid, "/entry/0/request/ifNoneMatch"},
	} {
		t.Run(name, func(t *testing.T) {
			before := store.Snapshot().Sequence()
			_, err := store.Transact(ctx, bundleOf("transaction", test.entries...))
			require.ErrorIs(t, err, test.class)
			if test.pointer != "" {
				require.Equal(t, test.pointer, datastore.Issues(err)[0].Pointer)
			}
			require.Equal(t, before, store.Snapshot().Sequence())
		})
	}
}

// Of patches side by side none is lost.
func TestPatchesInBundlesSideBySide(t *testing.T) {
	store := open(t, nil)
	_, err := store.Update(ctx, patient("a", "A"))
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			patch := jsonPatch(fmt.Sprintf(`[{"op":"add","path":"/name/-","value":{"family":"N%d"}}]`, i))
			_, err := store.Transact(ctx, bundleOf("transaction", entry("PATCH", "Patient/a", "", patch)))
			require.NoError(t, err)
		})
	}
	wg.Wait()
	v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "a"})
	require.NoError(t, err)
	require.Equal(t, "9", v.VersionID)
	for i := range 8 {
		require.Contains(t, string(v.JSON), fmt.Sprintf(`"N%d"`, i))
	}
}
