package datastore_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/repair"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
)

// goldenStores has one store for each feature of the format.
var goldenStores = []goldenStore{
	{name: "plain", make: filling(plainStory),
		queries: []string{"Organization?name=clinic", "Practitioner?_sort=-family", "Location?near=48.2|16.3|5|km", "Practitioner?family:exact=O'Neill", "Organization?_text=quiet"}},
	{name: "parameters", make: filling(parameterStory),
		queries: []string{"Patient?nickname=bobby", "Patient?nickname:exact=Bobby", "Observation?patient-nickname=Bobby"}},
	{name: "settings", make: filling(settingsStory), options: datastore.Options{Zone: time.FixedZone("east", 5*3600+1800), BaseURL: "http://golden.example/fhir"},
		queries: []string{"Patient?birthdate=lt1980-02-02T00:00:00Z", "Observation?date=2020-01-01T20:30:00Z", "Observation?subject=Patient/p"}},
	{name: "patients", make: filling(eraseStory),
		queries: []string{"Patient?family=queen", "Observation?subject=Patient/q&_include=Observation:subject", "?_content=" + marker, "Patient?_has:Observation:subject:status=final"}},
	{name: "erased", make: filling(erasedStory),
		queries: []string{"?_content=" + marker, "Observation?subject=Patient/p", "Observation?subject=Patient/q"},
		reads:   []string{"Patient/p", "Observation/own", "Binary/scan", "Observation/back", "Patient/never"}},
	{name: "compacted", make: filling(compactedStory), queries: []string{"Patient?family=family", "Observation?code:text=1"}},
	{name: "rotated", make: filling(rotatedStory), queries: []string{"Observation?status=final&_count=3", "Patient?family=queen"}},
	{name: "half-rotated", make: filling(halfRotatedStory), repaired: true, queries: []string{"Observation?status=final&_count=3", "Patient?family=queen"}},
	{name: "passphrase", options: datastore.Options{Key: datastore.Passphrase("a golden passphrase")}, make: rewrapping, queries: []string{"Patient?family=family"}},
	{name: "keyfile", keyFile: true, make: rewrapping, queries: []string{"Patient?family=family"}},
	{name: "interval", options: datastore.Options{Durability: datastore.SyncInterval}, make: filling(busyStory), queries: []string{"Patient?family=family"}},
	{name: "unsynced", options: datastore.Options{Durability: datastore.SyncNone}, repaired: true, unclosed: true, make: unclosed, queries: []string{"Patient?family=family"}},
	{name: "states", make: filling(stateStory), queries: []string{"Patient?family=imported"}},
	{name: "annotated", options: datastore.Options{Annotator: counter("fever")}, make: filling(annotatedStory), queries: []string{"Condition?subject=Patient/p", "DocumentReference?_id=d"}},
	{name: "restored", make: restoring, queries: []string{"Patient?family=family"}},
	{name: "kept-versions", make: filling(keptStory), queries: []string{"Patient?_lastUpdated=lt2000", "Patient?family=kept"}},
	{name: "large", make: filling(largeStory), queries: []string{"DocumentReference?description:contains=word", "Binary?_sort=_id"}},
	{name: "deleted", make: filling(deletedStory), queries: []string{"Patient?_sort=_id", "Observation?_sort=_id"}, reads: []string{"Patient/gone", "Observation/gone", "Patient/never"}},
	{name: "checkpoint", make: filling(checkpointStory), queries: []string{"Patient?gender=female&_count=3", "Observation?code=http://loinc.org|8302-2&_count=3"}},
	{name: "cut", make: cutting, queries: []string{"Patient?family=family"}},
}

// filling returns what makes a store that a story fills.
func filling(story func(testing.TB, *datastore.Store)) func(t *testing.T, path string, o *datastore.Options) {
	return func(t *testing.T, path string, o *datastore.Options) {
		store, err := datastore.Open(ctx, path, o)
		require.NoError(t, err)
		story(t, store)
		require.NoError(t, store.Close())
	}
}

func plainStory(t testing.TB, store *datastore.Store) {
	putAll(t, store,
		`{"resourceType":"Organization","id":"f13d3b8d-0097-4b35-8d6e-31c73ac2601c","name":"Quiet Clinic","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">A <b>quiet</b> place</div>"}}`,
		`{"resourceType":"Practitioner","id":"one","name":[{"family":"O'Neill","given":["Ümit","李"]}],"birthDate":"1961-05-07","identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:f13d3b8d-0097-4b35-8d6e-31c73ac2601c"}]}`,
		`{"resourceType":"Location","id":"here","position":{"longitude":16.370,"latitude":48.210},"managingOrganization":{"reference":"Organization/f13d3b8d-0097-4b35-8d6e-31c73ac2601c"}}`,
		`{"resourceType":"PractitionerRole","id":"role","practitioner":{"reference":"Practitioner/one"},"period":{"start":"2011-10-14T23:37:54.120+02:00","end":"2011-10-14T23:37:54Z"}}`,
		`{"resourceType":"Practitioner","id":"one","name":[{"family":"O'Neill"}],"birthDate":"1961-05-07","active":true}`,
	)
	_, err := store.Patch(ctx, datastore.Ref{Type: "Location", ID: "here"}, []byte(`[{"op":"add","path":"/status","value":"active"}]`))
	require.NoError(t, err)
	_, err = store.Transact(ctx, bundleOf("transaction",
		entry("POST", "Practitioner", "", `{"resourceType":"Practitioner","name":[{"family":"Second"}],"birthDate":"1970"}`),
		entry("PUT", "Organization/two", "", `{"resourceType":"Organization","id":"two","name":"Clinic two","partOf":{"reference":"Organization/f13d3b8d-0097-4b35-8d6e-31c73ac2601c"}}`)))
	require.NoError(t, err)
	tx := store.Begin()
	_, err = tx.Create(ctx, []byte(`{"resourceType":"Basic","code":{"text":"noted"}}`))
	require.NoError(t, err)
	require.NoError(t, tx.Annotate([]byte("who asked, and why")))
	_, err = tx.Commit(ctx)
	require.NoError(t, err)
}

func parameterStory(t testing.TB, store *datastore.Store) {
	putAll(t, store,
		`{"resourceType":"SearchParameter","id":"nickname","url":"http://golden.example/nickname","name":"nickname","status":"active","description":"d","code":"nickname","base":["Patient"],"type":"string","expression":"Patient.name.where(use='nickname').given"}`,
		`{"resourceType":"Patient","id":"p","name":[{"use":"nickname","given":["Bobby"]},{"use":"official","given":["Robert"]}]}`,
		`{"resourceType":"Patient","id":"q","name":[{"given":["Bobby"]}]}`,
		`{"resourceType":"SearchParameter","id":"whose","url":"http://golden.example/whose","name":"whose","status":"active","description":"d","code":"patient-nickname","base":["Observation"],"type":"string","expression":"Observation.subject.display"}`,
		`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p","display":"Bobby"}}`,
	)
	require.NoError(t, store.WaitIndexed(ctx))
}

func settingsStory(t testing.TB, store *datastore.Store) {
	putAll(t, store,
		`{"resourceType":"Patient","id":"p","birthDate":"1980-02-02"}`,
		`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"http://golden.example/fhir/Patient/p"},"effectiveDateTime":"2020-01-02"}`,
		`{"resourceType":"Observation","id":"elsewhere","status":"final","code":{"text":"x"},"subject":{"reference":"http://other.example/fhir/Patient/p"},"effectivePeriod":{"start":"2019","end":"2020-01-02"}}`,
	)
}

func erasedStory(t testing.TB, store *datastore.Store) {
	eraseStory(t, store)
	_, err := store.Erase(ctx, "p")
	require.NoError(t, err)
	putAll(t, store, `{"resourceType":"Patient","id":"later","name":[{"family":"Later"}]}`)
}

func busyStory(t testing.TB, store *datastore.Store) { busy(t, store, 0, 12) }

func compactedStory(t testing.TB, store *datastore.Store) {
	busy(t, store, 0, 25)
	require.NoError(t, store.Compact(ctx, &datastore.Retention{Versions: 2}, nil))
	busy(t, store, 25, 28)
	require.NoError(t, store.Purge(ctx, datastore.Ref{Type: "Patient", ID: "p1"}))
}

func rotatedStory(t testing.TB, store *datastore.Store) {
	eraseStory(t, store)
	require.NoError(t, store.RotateKey(ctx, nil))
	busy(t, store, 0, 5)
	require.NoError(t, store.RotateKey(ctx, nil))
}

func halfRotatedStory(t testing.TB, store *datastore.Store) {
	eraseStory(t, store)
	require.NoError(t, store.Compact(ctx, nil, nil))
	busy(t, store, 0, 5)
	require.ErrorIs(t, store.RotateKey(ctx, func(int64, int64) { panic("stop here") }), datastore.ErrCallback)
	busy(t, store, 5, 8)
	stats, err := store.Stats()
	require.NoError(t, err)
	require.True(t, stats.Rotating)
}

// rewrapping makes a store under another key and gives it the key of the options.
func rewrapping(t *testing.T, path string, o *datastore.Options) {
	under := *o
	under.Key = datastore.RawKey([32]byte{9})
	store, err := datastore.Open(ctx, path, &under)
	require.NoError(t, err)
	busy(t, store, 0, 3)
	require.NoError(t, store.Rewrap(ctx, o.Key))
	busy(t, store, 3, 6)
	require.NoError(t, store.Close())
}

// unclosed makes a store whose process ended.
func unclosed(t *testing.T, path string, o *datastore.Options) {
	running := path + ".running"
	store, err := datastore.Open(ctx, running, o)
	require.NoError(t, err)
	busy(t, store, 0, 12)
	copyStore(t, running, path)
	require.NoError(t, store.Close())
	require.NoError(t, os.RemoveAll(running))
}

func stateStory(t testing.TB, store *datastore.Store) {
	job, err := ingest.Start(ctx, store, ingest.Options{Reader: bytes.NewReader(bytes.Join([][]byte{patient("a", "Imported"), patient("b", "Imported")}, []byte("\n")))})
	require.NoError(t, err)
	_, err = job.Wait()
	require.NoError(t, err)
	for i := range 9 {
		_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
			require.NoError(t, tx.SetState(fmt.Sprint("golden/", i%4), fmt.Append(nil, "value ", i)))
			return tx.SetState("golden/gone", []byte(strings.Repeat("x", i%2)))
		})
		require.NoError(t, err)
	}
	_, err = store.Write(ctx, func(tx *datastore.Transaction) error {
		if _, err := tx.Update(ctx, patient("c", "Imported")); err != nil {
			return err
		}
		return tx.SetEffects("golden/effects", []byte("effects "))
	})
	require.NoError(t, err)
}

func annotatedStory(t testing.TB, store *datastore.Store) {
	putAll(t, store, `{"resourceType":"Patient","id":"p"}`, string(document("fever, then no fever")), string(document("one fever")))
}

// restoring makes a store out of a backup of another.
func restoring(t *testing.T, path string, o *datastore.Options) {
	source, err := datastore.Open(ctx, "mem:", &datastore.Options{Key: o.Key, Now: clock(), NewID: ids()})
	require.NoError(t, err)
	busy(t, source, 0, 6)
	full, info := piece(t, source, 0)
	busy(t, source, 6, 9)
	more, _ := piece(t, source, info.Head.Sequence())
	require.NoError(t, source.Close())
	o.NewID = storetest.IDs("copy-")
	store, err := datastore.Restore(ctx, path, &datastore.RestoreOptions{Options: *o}, pieces(full, more)...)
	require.NoError(t, err)
	busy(t, store, 20, 23)
	require.NoError(t, store.Close())
}

func keptStory(t testing.TB, store *datastore.Store) {
	for i, year := range []string{"0001", "1999", "1999", "2020"} {
		_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
			_, err := tx.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Patient","id":"p","meta":{"versionId":"%d","lastUpdated":"%s-01-01T00:00:00.000001Z"},"name":[{"family":"Kept%d"}]}`, 3*i+1, year, i), datastore.KeepVersion())
			return err
		})
		require.NoError(t, err)
	}
	_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
		return tx.DeleteAs(datastore.Ref{Type: "Patient", ID: "p"}, "1000", time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC))
	})
	require.NoError(t, err)
	putAll(t, store, `{"resourceType":"Patient","id":"p","name":[{"family":"Again"}]}`)
}

func largeStory(t testing.TB, store *datastore.Store) {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 9000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	var text strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&text, "word%d of a long note. ", rng.IntN(50)*i)
	}
	putAll(t, store,
		`{"resourceType":"Binary","id":"noise","contentType":"application/octet-stream","data":"`+base64.StdEncoding.EncodeToString(noise)+`"}`,
		`{"resourceType":"Binary","id":"text","contentType":"text/plain","data":"`+base64.StdEncoding.EncodeToString([]byte(text.String()))+`"}`,
		`{"resourceType":"DocumentReference","id":"d","status":"current","description":"`+text.String()[:3000]+`","content":[{"attachment":{"contentType":"text/plain","data":"`+base64.StdEncoding.EncodeToString([]byte("a\xf5b\xfa"+text.String()[:500]))+`"}}]}`,
	)
	// One body larger than a record usually is.
	_, err := store.Update(ctx, []byte(`{"resourceType":"Basic","id":"wide","code":{"text":"`+strings.Repeat("wide ", 200_000)+`"}}`))
	require.NoError(t, err)
	require.NoError(t, store.Compact(ctx, nil, nil))
	putAll(t, store, `{"resourceType":"Binary","id":"small","contentType":"text/plain","data":"c21hbGw="}`)
}

func deletedStory(t testing.TB, store *datastore.Store) {
	putAll(t, store,
		`{"resourceType":"Patient","id":"gone"}`, `{"resourceType":"Patient","id":"back"}`, `{"resourceType":"Patient","id":"stays"}`,
		`{"resourceType":"Observation","id":"gone","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/gone"}}`)
	for _, ref := range []datastore.Ref{{Type: "Observation", ID: "gone"}, {Type: "Patient", ID: "gone"}, {Type: "Patient", ID: "back"}} {
		require.NoError(t, store.Delete(ctx, ref))
	}
	putAll(t, store, `{"resourceType":"Patient","id":"back","active":true}`)
}

func checkpointStory(t testing.TB, store *datastore.Store) {
	lines := syntheticOf(7, 1)
	for i, line := range lines[:30] {
		putAll(t, store, string(line))
		if i == 25 {
			require.NoError(t, store.Checkpoint())
		}
	}
}

// cutting makes a store whose last commits were cut off.
func cutting(t *testing.T, path string, o *datastore.Options) {
	filling(busyStory)(t, path, o)
	_, err := repair.Cut(ctx, path, o.Key, 15, t.TempDir())
	require.NoError(t, err)
}

// goldenBackup is the folder of a backup: a full one, two increments, and the same with
// keys apart.
const goldenBackup = "backup"

// TestGoldenBackup restores a backup that an earlier version has written.
func TestGoldenBackup(t *testing.T) {
	folder := filepath.Join(goldenFolder, goldenBackup)
	if *rewriteGolden {
		makeGoldenBackup(t, folder)
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		return b
	}
	g := goldenStore{queries: []string{"Patient?family=family", "Observation?status=final&_count=2"}, reads: []string{"Patient/p", "Patient/never"}}
	for _, apart := range []string{"", "-apart"} {
		for _, path := range []string{"mem:", filepath.Join(t.TempDir(), "copy")} {
			o := &datastore.RestoreOptions{Options: datastore.Options{Key: datastore.RawKey([32]byte{8})}, BackupKey: goldenKey()}
			if apart != "" {
				o.Keys = bytes.NewReader(read("keys"))
			}
			store, err := datastore.Restore(ctx, path, o, pieces(read("full"+apart), read("second"+apart), read("third"+apart))...)
			require.NoError(t, err)
			require.Equal(t, string(read("answers.txt")), g.answers(t, store))
			require.NoError(t, store.Close())
		}
	}
	o := &datastore.RestoreOptions{Options: datastore.Options{Key: goldenKey()}, Until: 7}
	store, err := datastore.Restore(ctx, "mem:", o, pieces(read("full"), read("second"), read("third"))...)
	require.NoError(t, err)
	require.Equal(t, uint64(7), store.Snapshot().Sequence())
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.Close())
}

func makeGoldenBackup(t *testing.T, folder string) {
	require.NoError(t, os.RemoveAll(folder))
	require.NoError(t, os.MkdirAll(folder, 0o755))
	store, err := datastore.Open(ctx, "mem:", &datastore.Options{Key: goldenKey(), Now: clock(), NewID: ids()})
	require.NoError(t, err)
	defer store.Close()
	since := uint64(0)
	var keys bytes.Buffer
	for i, name := range []string{"full", "second", "third"} {
		busy(t, store, 4*i, 4*i+4)
		switch i {
		case 0:
			putAll(t, store, `{"resourceType":"Patient","id":"p","name":[{"family":"`+marker+`"}]}`)
		case 1:
			_, err := store.Erase(ctx, "p")
			require.NoError(t, err)
		}
		var plain, apart bytes.Buffer
		info, err := store.Backup(ctx, &plain, since)
		require.NoError(t, err)
		keys.Reset()
		_, err = store.BackupApart(ctx, &apart, &keys, since)
		require.NoError(t, err)
		since = info.Head.Sequence()
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), plain.Bytes(), 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name+"-apart"), apart.Bytes(), 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "keys"), keys.Bytes(), 0o644))
	copied, err := datastore.Restore(ctx, "mem:", &datastore.RestoreOptions{Options: datastore.Options{Key: goldenKey()}},
		bytes.NewReader(must(os.ReadFile(filepath.Join(folder, "full")))), bytes.NewReader(must(os.ReadFile(filepath.Join(folder, "second")))),
		bytes.NewReader(must(os.ReadFile(filepath.Join(folder, "third")))))
	require.NoError(t, err)
	defer copied.Close()
	g := goldenStore{queries: []string{"Patient?family=family", "Observation?status=final&_count=2"}, reads: []string{"Patient/p", "Patient/never"}}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "answers.txt"), []byte(g.answers(t, copied)), 0o644))
}
