package datastore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var ctx = context.Background()

// clock ticks a second each time it is asked, from 2026-01-02T03:04:05Z.
func clock() func() time.Time {
	return storetest.Clock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
}

// ids gives id-1, id-2, …
func ids() func() string { return storetest.IDs("id-") }

// open opens a store in memory whose clock and ids are the same every time, and
// checks the whole store when the test ends.
func open(t testing.TB, opts *datastore.Options) *datastore.Store {
	t.Helper()
	if opts == nil {
		opts = &datastore.Options{}
	}
	if opts.Now == nil {
		opts.Now = clock()
	}
	if opts.NewID == nil {
		opts.NewID = ids()
	}
	return storetest.Open(t, opts)
}

func patient(id, family string) []byte {
	return []byte(fmt.Sprintf(`{"resourceType":"Patient","id":"%s","name":[{"family":"%s"}]}`, id, family))
}

func TestCreate(t *testing.T) {
	store := open(t, nil)
	v, err := store.Create(ctx, []byte(`{"birthDate":"1980-02-03", "id":"mine", "name":[{"given":["Ann"],"family":"Ångström"}],
		"meta":{"versionId":"7","lastUpdated":"2001-01-01T00:00:00Z","tag":[{"code":"x"}]},"resourceType":"Patient"}`))
	require.NoError(t, err)
	require.Equal(t, datastore.Ref{Type: "Patient", ID: "id-1"}, v.Ref)
	require.Equal(t, "1", v.VersionID)
	require.True(t, v.Created)
	require.Equal(t, `{"resourceType":"Patient","id":"id-1","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:05.000000Z",`+
		`"tag":[{"code":"x"}]},"name":[{"family":"Ångström","given":["Ann"]}],"birthDate":"1980-02-03"}`, string(v.JSON))

	got, err := store.Read(ctx, v.Ref)
	require.NoError(t, err)
	v.Created = false
	require.Equal(t, v, got)

	page, err := store.Search(ctx, "Patient", "name=angstrom&birthdate=ge1980&_tag=x")
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
	require.Equal(t, v.JSON, page.Matches[0].JSON)
}

func TestUpdateAndHistory(t *testing.T) {
	store := open(t, nil)
	ref := datastore.Ref{Type: "Patient", ID: "a"}
	v, err := store.Update(ctx, patient("a", "One"))
	require.NoError(t, err)
	require.True(t, v.Created)
	v, err = store.Update(ctx, patient("a", "Two"), datastore.IfMatch("1"))
	require.NoError(t, err)
	require.False(t, v.Created)
	require.Equal(t, "2", v.VersionID)
	_, err = store.Update(ctx, patient("a", "Three"), datastore.IfMatch("1"))
	require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
	_, err = store.Update(ctx, patient("b", "None"), datastore.IfMatch("1"))
	require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
	_, err = store.Update(ctx, patient("a", "Four"), datastore.IfNoneMatch())
	require.ErrorIs(t, err, datastore.ErrPreconditionFailed)

	require.NoError(t, store.Delete(ctx, ref))
	require.ErrorIs(t, store.Delete(ctx, ref), datastore.ErrGone)
	_, err = store.Read(ctx, ref)
	require.ErrorIs(t, err, datastore.ErrGone)
	v, err = store.Update(ctx, patient("a", "Back"), datastore.IfNoneMatch())
	require.NoError(t, err)
	require.True(t, v.Created)
	require.Equal(t, "4", v.VersionID)

	var seen []string
	for v, err := range store.History(ctx, ref, nil) {
		require.NoError(t, err)
		seen = append(seen, fmt.Sprintf("%s deleted=%t json=%t", v.VersionID, v.Deleted, v.JSON != nil))
	}
	require.Equal(t, []string{
		"4 deleted=false json=true", "3 deleted=true json=false", "2 deleted=false json=true", "1 deleted=false json=true",
	}, seen)

	old, err := store.ReadVersion(ctx, ref, "1")
	require.NoError(t, err)
	require.Contains(t, string(old.JSON), `"One"`)
	require.Contains(t, string(old.JSON), `"versionId":"1"`)
	_, err = store.ReadVersion(ctx, ref, "3")
	require.ErrorIs(t, err, datastore.ErrGone)
	for _, none := range []string{"5", "0", "", "x", "01", "-1"} {
		_, err = store.ReadVersion(ctx, ref, none)
		require.ErrorIs(t, err, datastore.ErrNotFound, none)
	}
	count := func(ref datastore.Ref, opts *datastore.HistoryOptions) (n int) {
		for _, err := range store.History(ctx, ref, opts) {
			require.NoError(t, err)
			n++
		}
		return n
	}
	require.Equal(t, 4, count(datastore.Ref{Type: "Patient"}, nil))
	require.Equal(t, 4, count(datastore.Ref{}, nil))
	require.Equal(t, 3, count(ref, &datastore.HistoryOptions{Count: 3}))
	require.Equal(t, 2, count(ref, &datastore.HistoryOptions{Since: old.LastUpdated.Add(1500 * time.Millisecond)}))
}

func TestErrors(t *testing.T) {
	store := open(t, nil)
	_, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "none"})
	require.ErrorIs(t, err, datastore.ErrNotFound)
	_, err = store.Read(ctx, datastore.Ref{Type: "Patiens", ID: "none"})
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.ErrorIs(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: "none"}), datastore.ErrNotFound)
	require.ErrorIs(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: "../x"}), datastore.ErrNotFound)
	for _, err := range store.History(ctx, datastore.Ref{Type: "Patient", ID: "none"}, nil) {
		require.ErrorIs(t, err, datastore.ErrNotFound)
	}
	_, err = store.Update(ctx, []byte(`{"resourceType":"Patient"}`))
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.Equal(t, "/id", datastore.Issues(err)[0].Pointer)

	_, err = store.Create(ctx, []byte(`{"resourceType":"Patient","gender":"secret-value","nmae":[]}`))
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.NotContains(t, err.Error(), "secret-value")
	var data *datastore.Error
	require.ErrorAs(t, err, &data)
	require.GreaterOrEqual(t, len(data.Issues), 2)
	require.NotContains(t, string(datastore.Outcome(err)), "secret-value")
	require.Contains(t, string(datastore.Outcome(err)), `"expression":["Patient.gender"]`)

	_, err = store.Search(ctx, "Patient", "nmae=x")
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.Contains(t, err.Error(), "name")
	page, err := store.Search(ctx, "Patient", "nmae=x&gender=male", datastore.Lenient())
	require.NoError(t, err)
	require.Equal(t, "gender=male", page.Self)
	require.Len(t, page.Issues, 1)

	canceled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = store.Create(canceled, patient("", "x"))
	require.ErrorIs(t, err, context.Canceled)
	_, err = store.Read(canceled, datastore.Ref{Type: "Patient", ID: "none"})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 504, datastore.Status(context.DeadlineExceeded))
}

func TestClosed(t *testing.T) {
	store, err := datastore.Open(ctx, "mem:", nil)
	require.NoError(t, err)
	v, err := store.Create(ctx, []byte(`{"resourceType":"Basic","code":{"text":"x"}}`))
	require.NoError(t, err)
	now := store.Snapshot()
	require.NoError(t, store.Close())
	require.NoError(t, store.Close())
	_, err = store.Read(ctx, v.Ref)
	require.ErrorIs(t, err, datastore.ErrClosed)
	_, err = store.Create(ctx, []byte(`{"resourceType":"Basic","code":{"text":"x"}}`))
	require.ErrorIs(t, err, datastore.ErrClosed)
	_, err = now.Search(ctx, "Basic", "")
	require.ErrorIs(t, err, datastore.ErrClosed)
	_, err = now.Read(ctx, v.Ref)
	require.ErrorIs(t, err, datastore.ErrClosed)
	_, err = store.Begin().Commit(ctx)
	require.ErrorIs(t, err, datastore.ErrClosed)
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	keys := filepath.Join(t.TempDir(), "key")
	opts := &datastore.Options{Key: datastore.KeyFile(keys)}
	_, err := datastore.Open(ctx, dir, nil)
	require.ErrorIs(t, err, datastore.ErrNoKey)

	store, err := datastore.Open(ctx, dir, opts)
	require.NoError(t, err)
	_, err = datastore.Open(ctx, dir, opts)
	require.ErrorIs(t, err, datastore.ErrLocked)
	v, err := store.Create(ctx, []byte(`{"resourceType":"Patient","name":[{"family":"Geheimnisträger"}]}`))
	require.NoError(t, err)
	require.NoError(t, store.Close())

	err = filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		require.NoError(t, err)
		if info.IsDir() {
			require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), path)
			return nil
		}
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), path)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, secret := range []string{"Geheimnis", "Patient", v.ID} {
			require.NotContains(t, string(text), secret, "%s holds readable data", path)
		}
		return nil
	})
	require.NoError(t, err)

	_, err = datastore.Open(ctx, dir, &datastore.Options{Key: datastore.KeyFile(filepath.Join(t.TempDir(), "lost"))})
	require.ErrorIs(t, err, os.ErrNotExist, "no new key is made for a store that exists")
	other := datastore.KeyFile(filepath.Join(t.TempDir(), "other"))
	another, err := datastore.Open(ctx, filepath.Join(t.TempDir(), "store"), &datastore.Options{Key: other})
	require.NoError(t, err)
	require.NoError(t, another.Close())
	for _, wrong := range []datastore.KeyWrapper{other, datastore.Passphrase("guess")} {
		_, err = datastore.Open(ctx, dir, &datastore.Options{Key: wrong})
		require.ErrorIs(t, err, datastore.ErrWrongKey)
	}

	store, err = datastore.Open(ctx, dir, opts)
	require.NoError(t, err)
	got, err := store.Read(ctx, v.Ref)
	require.NoError(t, err)
	require.Equal(t, v.JSON, got.JSON)
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.Close())

	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("x"), 0o600))
	_, err = datastore.Open(ctx, dir, opts)
	require.ErrorIs(t, err, datastore.ErrForeign)
	require.Contains(t, err.Error(), "notes.txt")
}

func TestOptionsReportAllThatIsWrong(t *testing.T) {
	_, err := datastore.Open(ctx, "mem:", &datastore.Options{MaxResourceSize: -1, AnnotateLater: true})
	require.ErrorContains(t, err, "MaxResourceSize")
	require.ErrorContains(t, err, "AnnotateLater")
}

// An option that does nothing where it stands is refused.
func TestOptionsThatDoNothing(t *testing.T) {
	for name, o := range map[string]datastore.Options{
		"AnnotateTimeout": {AnnotateTimeout: time.Second},
		"Durability":      {ReadOnly: true, Durability: datastore.SyncNone},
		"NewID":           {ReadOnly: true, NewID: func() string { return "x" }},
		"AnnotateLater":   {ReadOnly: true, AnnotateLater: true, Annotator: annotator(nil)},
		"MaxBundleAnswer": {MaxBundleAnswer: -1},
	} {
		_, err := datastore.Open(ctx, t.TempDir(), &o)
		require.ErrorContains(t, err, name)
		require.NotErrorIs(t, err, datastore.ErrNoStore)
	}
	_, err := datastore.Open(ctx, t.TempDir(), &datastore.Options{ReadOnly: true, Preload: ingest.Preload(1, 1)})
	require.ErrorIs(t, err, datastore.ErrPreload)
}

func TestSizeLimit(t *testing.T) {
	store := open(t, &datastore.Options{MaxResourceSize: 200})
	_, err := store.Create(ctx, patient("", strings.Repeat("x", 200)))
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.Equal(t, 413, datastore.Status(err))
	_, err = store.Transact(ctx, []byte(`{"resourceType":"Bundle","type":"batch","id":"`+strings.Repeat("x", 200)+`"}`))
	require.ErrorIs(t, err, datastore.ErrInvalid)
}

func TestSnapshotNeverChanges(t *testing.T) {
	store := open(t, nil)
	for i := range 30 {
		_, err := store.Update(ctx, patient(fmt.Sprint("p", i), "Before"))
		require.NoError(t, err)
	}
	now := store.Snapshot()
	defer now.Close()
	first, err := store.Search(ctx, "Patient", "family=before&_count=10")
	require.NoError(t, err)
	for i := range 40 {
		_, err := store.Update(ctx, patient(fmt.Sprint("p", i), "After"))
		require.NoError(t, err)
	}
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: "p3"}))

	page, err := now.Search(ctx, "Patient", "family=before&_count=0")
	require.NoError(t, err)
	require.Equal(t, 30, page.Total)
	v, err := now.Read(ctx, datastore.Ref{Type: "Patient", ID: "p3"})
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), "Before")
	_, err = now.Read(ctx, datastore.Ref{Type: "Patient", ID: "p35"})
	require.ErrorIs(t, err, datastore.ErrNotFound)

	seen := map[string]bool{}
	for page := first; ; {
		require.Equal(t, 30, page.Total)
		for _, v := range page.Matches {
			require.False(t, seen[v.ID], v.ID)
			seen[v.ID] = true
			require.Contains(t, string(v.JSON), "Before")
		}
		if page.Next == "" {
			break
		}
		page, err = store.Search(ctx, "Patient", page.Next)
		require.NoError(t, err)
	}
	require.Len(t, seen, 30)

	page, err = store.Search(ctx, "Patient", "family=after&_count=0")
	require.NoError(t, err)
	require.Equal(t, 39, page.Total)
	_, err = store.Search(ctx, "Patient", strings.Replace(first.Next, "before", "after", 1))
	require.Error(t, err, "a token is for its own query")
}

func TestIssuesOfPlainErrors(t *testing.T) {
	require.Nil(t, datastore.Issues(nil))
	require.Contains(t, string(datastore.Outcome(nil)), "OperationOutcome")
	require.Contains(t, string(datastore.Outcome(errors.New("odd"))), `"code":"exception"`)
	require.Equal(t, 500, datastore.Status(errors.New("odd")))
	require.Equal(t, 200, datastore.Status(nil))
}
