package datastore_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/pack"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// marker is in every text that is to be gone.
const marker = "Zanzibarquux"

// put writes resources one by one.
func putAll(t testing.TB, store *datastore.Store, resources ...string) {
	t.Helper()
	for _, r := range resources {
		_, err := store.Update(ctx, []byte(r), datastore.Validation(datastore.Minimal))
		require.NoError(t, err, r)
	}
}

// eraseStory writes what is about patient p, about q, and about both.
func eraseStory(t testing.TB, store *datastore.Store) {
	putAll(t, store,
		`{"resourceType":"Patient","id":"p","name":[{"family":"`+marker+`"}]}`,
		`{"resourceType":"Patient","id":"q","name":[{"family":"Queen"}]}`,
		`{"resourceType":"Patient","id":"p","name":[{"family":"`+marker+`two"}]}`,
		`{"resourceType":"Observation","id":"own","status":"final","code":{"text":"`+marker+`"},"subject":{"reference":"Patient/p"},"valueString":"`+marker+`"}`,
		`{"resourceType":"Observation","id":"hers","status":"final","code":{"text":"hers"},"subject":{"reference":"Patient/q"}}`,
		`{"resourceType":"Observation","id":"moved","status":"final","code":{"text":"`+marker+`"},"subject":{"reference":"Patient/p"}}`,
		`{"resourceType":"Observation","id":"moved","status":"final","code":{"text":"moved"},"subject":{"reference":"Patient/q"}}`,
		`{"resourceType":"Observation","id":"back","status":"final","code":{"text":"back"},"subject":{"reference":"Patient/q"}}`,
		`{"resourceType":"Observation","id":"back","status":"final","code":{"text":"`+marker+`"},"subject":{"reference":"Patient/p"}}`,
		`{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">`+marker+`</div>"}}`,
		`{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/p"}},{"entity":{"reference":"Patient/q"}}]}`,
		`{"resourceType":"Binary","id":"scan","contentType":"text/plain","data":"WmFuemliYXJxdXV4"}`,
		`{"resourceType":"Binary","id":"shared","contentType":"text/plain","data":"c2hhcmVk"}`,
		`{"resourceType":"DocumentReference","id":"doc","status":"current","subject":{"reference":"Patient/p"},"description":"`+marker+`","content":[{"attachment":{"url":"Binary/scan"}},{"attachment":{"url":"Binary/shared"}}]}`,
		`{"resourceType":"DocumentReference","id":"hersdoc","status":"current","subject":{"reference":"Patient/q"},"content":[{"attachment":{"url":"Binary/shared"}}]}`,
		`{"resourceType":"DocumentReference","id":"note","status":"current","description":"`+marker+`","content":[{"attachment":{"contentType":"text/plain"}}],"context":{"encounter":[{"reference":"Encounter/e"}]}}`,
		`{"resourceType":"Linkage","id":"link","item":[{"type":"source","resource":{"reference":"Observation/own","display":"`+marker+`"}}]}`,
		`{"resourceType":"Linkage","id":"mixed","item":[{"type":"source","resource":{"reference":"Observation/own"}},{"type":"alternate","resource":{"reference":"Observation/hers"}}]}`,
		`{"resourceType":"Bundle","id":"bundle","type":"collection","entry":[{"fullUrl":"urn:x","resource":{"resourceType":"Patient","id":"p","name":[{"family":"`+marker+`"}]}}]}`,
		`{"resourceType":"Bundle","id":"both","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"p"}},{"resource":{"resourceType":"Patient","id":"q"}}]}`,
		`{"resourceType":"Condition","id":"gone","subject":{"reference":"Patient/p"},"code":{"text":"`+marker+`"}}`,
		`{"resourceType":"Organization","id":"o","name":"Clinic"}`,
	)
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Condition", ID: "gone"}))
}

// requireErased checks what is left of the story.
func requireErased(t testing.TB, store *datastore.Store) {
	t.Helper()
	for _, ref := range []string{"Patient/p", "Observation/own", "Encounter/e", "Binary/scan", "DocumentReference/doc", "DocumentReference/note",
		"Linkage/link", "Bundle/bundle", "Condition/gone"} {
		typ, id, _ := strings.Cut(ref, "/")
		_, err := store.Read(ctx, datastore.Ref{Type: typ, ID: id})
		require.ErrorIs(t, err, datastore.ErrErased, ref)
		require.ErrorIs(t, err, datastore.ErrGone, ref)
		_, err = store.ReadVersion(ctx, datastore.Ref{Type: typ, ID: id}, "1")
		require.ErrorIs(t, err, datastore.ErrErased, ref)
		for _, err := range store.History(ctx, datastore.Ref{Type: typ, ID: id}, nil) {
			require.ErrorIs(t, err, datastore.ErrErased, ref)
		}
	}
	for _, ref := range []string{"Patient/q", "Observation/hers", "Observation/moved", "Group/g", "Binary/shared", "DocumentReference/hersdoc",
		"Linkage/mixed", "Bundle/both", "Organization/o"} {
		typ, id, _ := strings.Cut(ref, "/")
		_, err := store.Read(ctx, datastore.Ref{Type: typ, ID: id})
		require.NoError(t, err, ref)
	}
	moved := datastore.Ref{Type: "Observation", ID: "moved"}
	require.Equal(t, []string{"2"}, numbersOf(t, store, moved))
	_, err := store.ReadVersion(ctx, moved, "1")
	require.ErrorIs(t, err, datastore.ErrNotFound)
	back := datastore.Ref{Type: "Observation", ID: "back"}
	_, err = store.Read(ctx, back)
	require.ErrorIs(t, err, datastore.ErrGone, "an earlier version is not brought back")
	require.Equal(t, []string{"3", "1"}, numbersOf(t, store, back))
	for v, err := range store.History(ctx, datastore.Ref{}, nil) {
		require.NoError(t, err)
		require.NotContains(t, string(v.JSON), marker)
	}
	for _, typ := range []string{"Patient", "Observation", "Condition", "Encounter", "DocumentReference", "Bundle", "Linkage"} {
		for _, query := range []string{"_content=" + marker, "_text=" + marker} {
			page, err := store.Search(ctx, typ, query)
			require.NoError(t, err)
			require.Empty(t, page.Matches)
		}
	}
	require.NoError(t, store.Verify(ctx))
}

// everyText opens all that a folder holds with every key that there is, and returns it
// with the bytes of the files.
func everyText(t testing.TB, path string, key datastore.KeyWrapper) []byte {
	t.Helper()
	var all bytes.Buffer
	require.NoError(t, filepath.WalkDir(path, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		all.Write(b)
		return err
	}))
	log, err := txlog.Open(ctx, path, &txlog.Options{Wrapper: key, ReadOnly: true})
	require.NoError(t, err)
	defer log.Close()
	all.Write(textOf(t, log))
	return all.Bytes()
}

// textOf opens all that a log holds with every key that there is.
func textOf(t testing.TB, log *txlog.Log) []byte {
	t.Helper()
	var all bytes.Buffer
	for r, err := range log.Records(ctx, 1) {
		require.NoError(t, err)
		for i := range r.Len() {
			for _, part := range []func(int, []byte) ([]byte, error){r.Values, r.Body} {
				b, err := part(i, nil)
				if log.Erased(r.Slot(i)) {
					require.ErrorIs(t, err, txlog.ErrErased)
					continue
				}
				require.NoError(t, err)
				all.Write(b)
				all.Write(unpacked(t, log, b))
			}
		}
	}
	return all.Bytes()
}

func TestErase(t *testing.T) {
	folder := t.TempDir()
	path, key := filepath.Join(folder, "store"), datastore.KeyFile(filepath.Join(folder, "key"))
	options := &datastore.Options{Key: key, Now: clock()}
	store, err := datastore.Open(ctx, path, options)
	require.NoError(t, err)
	eraseStory(t, store)
	require.NoError(t, store.SweepAll())
	require.Contains(t, string(everyText(t, path, key)), marker)
	sequence := store.Snapshot().Sequence()
	others, err := store.Erase(ctx, "p")
	require.NoError(t, err)
	require.Equal(t, []datastore.Ref{{Type: "Group", ID: "g"}, {Type: "Linkage", ID: "mixed"}, {Type: "Bundle", ID: "both"}}, others)
	requireErased(t, store)
	erasures := 0
	for _, err := range store.Changes(ctx, sequence) {
		if err != nil {
			require.ErrorIs(t, err, datastore.ErrStalePage)
		}
		erasures++
		break
	}
	require.NotZero(t, erasures)
	_, err = store.Erase(ctx, "p")
	require.ErrorIs(t, err, datastore.ErrErased)
	_, err = store.Erase(ctx, "nobody")
	require.ErrorIs(t, err, datastore.ErrNotFound)
	_, err = store.Erase(ctx, "no id!")
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.NoError(t, store.Close())
	require.NotContains(t, string(everyText(t, path, key)), marker)

	store, err = datastore.Open(ctx, path, options)
	require.NoError(t, err)
	requireErased(t, store)
	require.NoError(t, store.Compact(ctx, nil, nil))
	requireErased(t, store)

	// The id is free again, and can be erased again.
	putAll(t, store, `{"resourceType":"Patient","id":"p","name":[{"family":"`+marker+`"}]}`)
	v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "p"})
	require.NoError(t, err)
	require.Equal(t, "1", v.VersionID)
	require.NoError(t, store.Verify(ctx))
	others, err = store.Erase(ctx, "p")
	require.NoError(t, err)
	require.NotEmpty(t, others)
	requireErased(t, store)
	require.NoError(t, store.Close())
	require.NotContains(t, string(everyText(t, path, key)), marker)
}

// unpacked returns what blocks in a part unpack to, wherever they begin.
func unpacked(t testing.TB, log *txlog.Log, part []byte) (all []byte) {
	dictionaries := map[uint64]*pack.Dictionary{}
	for number, content := range log.Dictionaries() {
		d, err := pack.Parse(content)
		require.NoError(t, err)
		dictionaries[uint64(number)] = d
	}
	d := pack.NewDictionaries(dictionaries)
	for at := range min(len(part), 100) {
		if text, err := d.Unpack(nil, part[at:]); err == nil {
			all = append(all, text...)
		}
	}
	return all
}
