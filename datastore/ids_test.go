package datastore_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
)

// badIDs are texts that are no FHIR ids (R4 §2.24.0.1).
var badIDs = map[string]string{
	"empty": "", "of 65": strings.Repeat("a", 65), "of 255": strings.Repeat("a", 255), "of 256": strings.Repeat("a", 256), "of 70000": strings.Repeat("a", 70_000),
	"quote": `a"b`, "backslash": `a\b`, "control": "a\x01b", "NUL": "a\x00", "line end": "a\n", "blank": "a b", "slash": "a/b", "hash": "#a", "under": "a_b",
	"umlaut": "ä", "no UTF-8": "a\xff", "question": "a?b", "percent": "a%20b", "colon": "urn:x", "del": "a\x7f", "line separator": "a\u2028",
}

// TestIDs writes ids that are none, in each way that a write may come, at each level.
// Each is an error of that write alone; the store goes on and opens again.
func TestIDs(t *testing.T) {
	for name, id := range badIDs {
		if id == "" {
			continue // a resource without an id is another thing
		}
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store")
			options := &datastore.Options{Key: datastore.KeyFile(filepath.Join(t.TempDir(), "key")), Validation: datastore.Minimal}
			store, err := datastore.Open(ctx, path, options)
			require.NoError(t, err)
			require.NoError(t, write(store, "good"))
			quoted, err := json.Marshal(id)
			if err != nil { // it is no UTF-8
				quoted = []byte(`"` + id + `"`)
			}
			source := fmt.Sprintf(`{"resourceType":"Patient","id":%s,"identifier":[{"value":"k"}]}`, quoted)
			url := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\x00", `\u0000`, "\x01", `\u0001`, "\n", `\n`).Replace(id)
			for _, level := range []datastore.Level{datastore.Strict, datastore.StructureOnly, datastore.Minimal} {
				check := datastore.Validation(level)
				_, err = store.Update(ctx, []byte(source), check)
				require.ErrorIs(t, err, datastore.ErrInvalid)
				_, err = store.Begin().Update(ctx, []byte(source), check)
				require.ErrorIs(t, err, datastore.ErrInvalid)
				require.NotContains(t, err.Error(), id)
				for _, kind := range []string{"transaction", "batch"} {
					for _, target := range []string{"Patient/" + url, "Patient?identifier=k"} {
						answer, err := store.Transact(ctx, bundleOf(kind, entry("PUT", target, "", source)), check)
						if err == nil {
							require.NotContains(t, string(answer), `"status":"2`, "%s of %s", kind, target)
						}
					}
				}
				job, err := ingest.Start(ctx, store, ingest.Options{Reader: strings.NewReader(source + "\n"), Validation: level})
				require.NoError(t, err)
				result, err := job.Wait()
				require.NoError(t, err)
				require.EqualValues(t, 0, result.Imported)
			}
			require.ErrorIs(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: id}), datastore.ErrNotFound)
			_, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: id})
			require.ErrorIs(t, err, datastore.ErrNotFound)

			for range 2 {
				require.NoError(t, write(store, "good"))
				page, err := store.Search(ctx, "Patient", "")
				require.NoError(t, err)
				require.Equal(t, 1, page.Total)
				require.NoError(t, store.Verify(ctx))
				require.NoError(t, store.Close())
				store, err = datastore.Open(ctx, path, options)
				require.NoError(t, err)
			}
			require.NoError(t, store.Close())
		})
	}
}
