package datastore_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// TestVerifySoundStores verifies stores of resources that once were called damaged, or
// might be.
func TestVerifySoundStores(t *testing.T) {
	div := `<div xmlns=\"http://www.w3.org/1999/xhtml\">text</div>`
	for name, source := range map[string]string{
		"extension of meta.lastUpdated":       `{"resourceType":"Patient","id":"a","meta":{"lastUpdated":"2020-01-01T00:00:00Z","_lastUpdated":{"extension":[{"url":"http://e.org","valueString":"quark"}]}}}`,
		"extension of meta.versionId":         `{"resourceType":"Patient","id":"a","meta":{"versionId":"7","_versionId":{"extension":[{"url":"http://e.org","valueString":"quark"}]},"tag":[{"code":"t"}]}}`,
		"extension without a lastUpdated":     `{"resourceType":"Patient","id":"a","meta":{"_lastUpdated":{"id":"i","extension":[{"url":"http://e.org","valueString":"quark"}]}}}`,
		"meta with an id and an extension":    `{"resourceType":"Patient","id":"a","meta":{"id":"m","extension":[{"url":"http://e.org","valueString":"}\"{"}],"source":"http://s"}}`,
		"extension of the id":                 `{"resourceType":"Patient","id":"a","_id":{"extension":[{"url":"http://e.org","valueString":"quark"}]},"gender":"male"}`,
		"names with escapes":                  `{"resource\u0054ype":"Patient","\u0069d":"a","gen\u0064er":"male"}`,
		"names with escapes in a contained":   `{"resourceType":"Patient","id":"a","contained":[{"resource\u0054ype":"Organization","\u0069d":"in","n\u0061me":"Acme"}],"managingOrganization":{"refer\u0065nce":"#in"}}`,
		"an escaped text":                     `{"resourceType":"Patient","id":"a","name":[{"family":"\u0041nn\u00e9 \ud83d\ude00 \/ \u2028"}]}`,
		"meta of a contained resource":        `{"resourceType":"Patient","id":"a","contained":[{"resourceType":"Organization","id":"in","meta":{"tag":[{"code":"t"}],"profile":["http://p"]},"name":"Acme"}],"managingOrganization":{"reference":"#in"}}`,
		"decimals with many digits":           `{"resourceType":"Observation","id":"a","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.2300000000000000000001e-5,"unit":"mg"}}`,
		"a date before and one without a day": `{"resourceType":"Observation","id":"a","status":"final","code":{"text":"x"},"effectivePeriod":{"start":"0001","end":"9999-12"}}`,
		"absolute references":                 `{"resourceType":"Observation","id":"a","status":"final","code":{"text":"x"},"subject":{"reference":"http://own.org/fhir/Patient/a/_history/2"},"focus":[{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}]}`,
		"a narrative":                         `{"resourceType":"Patient","id":"a","text":{"status":"generated","div":"` + div + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store")
			options := &datastore.Options{Key: datastore.KeyFile(filepath.Join(t.TempDir(), "key")), Validation: datastore.Minimal, BaseURL: "http://own.org/fhir"}
			store, err := datastore.Open(ctx, path, options)
			require.NoError(t, err)
			v, err := store.Update(ctx, []byte(source))
			require.NoError(t, err)
			again, err := store.Update(ctx, v.JSON)
			require.NoError(t, err)
			require.Equal(t, "2", again.VersionID)
			require.NoError(t, store.Verify(ctx))
			ask := func() map[string]int {
				found := map[string]int{}
				for _, query := range []string{"", "_content=quark", "_tag=t", "_lastUpdated=2020", "_id=a"} {
					page, err := store.Search(ctx, v.Type, query)
					require.NoError(t, err)
					found[query] = page.Total
				}
				return found
			}
			want := ask()
			require.Zero(t, want["_lastUpdated=2020"])
			require.NoError(t, store.Close())
			for _, base := range []string{"http://own.org/fhir", ""} {
				options.BaseURL = base
				store, err = datastore.Open(ctx, path, options)
				require.NoError(t, err)
				require.NoError(t, store.Verify(ctx))
				require.Equal(t, want, ask())
				got, err := store.Read(ctx, again.Ref)
				require.NoError(t, err)
				require.Equal(t, string(again.JSON), string(got.JSON))
				require.NoError(t, store.Close())
			}
		})
	}
}

// What the store drops, because it is the store's to say, is not found either.
func TestWhatIsDroppedIsNotFound(t *testing.T) {
	store := open(t, &datastore.Options{Validation: datastore.Minimal})
	v, err := store.Update(ctx, []byte(`{"resourceType":"Patient","id":"a","meta":{"lastUpdated":"2020-01-01T00:00:00Z","_lastUpdated":{"extension":[{"url":"http://e.org","valueString":"quark"}]}}}`))
	require.NoError(t, err)
	for _, query := range []string{"_content=quark", "_lastUpdated=2020"} {
		page, err := store.Search(ctx, "Patient", query)
		require.NoError(t, err)
		if bytes.Contains(v.JSON, []byte("quark")) && query == "_content=quark" {
			require.Equal(t, 1, page.Total)
			continue
		}
		require.Zero(t, page.Total, query)
	}
}

// TestVerifyOfAnotherExtractor verifies a store whose values another version of the
// program wrote: they are no damage, before and after it is opened again.
func TestVerifyOfAnotherExtractor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	options := &datastore.Options{Key: datastore.KeyFile(filepath.Join(t.TempDir(), "key"))}
	store, err := datastore.Open(ctx, path, options)
	require.NoError(t, err)
	tx := store.Begin()
	for n := range 20 {
		_, err := tx.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Patient","id":"p%d","contained":[{"resourceType":"Organization","id":"in","name":"Acme"}],"managingOrganization":{"reference":"#in"},"name":[{"family":"Ann"}]}`, n))
		require.NoError(t, err)
	}
	tx.WrittenByOther()
	_, err = tx.Commit(ctx)
	require.NoError(t, err)
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: "p3"}))
	for range 2 {
		var faults []datastore.Fault
		require.NoError(t, store.VerifyAll(ctx, func(f datastore.Fault) bool { faults = append(faults, f); return true }, nil))
		require.Empty(t, faults)
		for _, query := range []string{"name=ann", "organization.name=acme", "_sort=name"} {
			page, err := store.Search(ctx, "Patient", query)
			require.NoError(t, err)
			require.Equal(t, 19, page.Total, query)
		}
		require.NoError(t, store.Close())
		store, err = datastore.Open(ctx, path, options)
		require.NoError(t, err)
	}
	require.NoError(t, store.Close())
}

// Verify finds no fault in a store that is written meanwhile.
func TestVerifyBesideWriters(t *testing.T) {
	store := open(t, &datastore.Options{Now: time.Now})
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := store.Update(ctx, patient(fmt.Sprint("w", w), fmt.Sprint("Family", i))); err != nil {
					panic(err)
				}
			}
		})
	}
	defer writers.Wait()
	defer close(stop)
	// Postings become bitmaps as they grow, also under a state that is being verified.
	for store.Head().Sequence() < 6000 {
		require.NoError(t, store.Verify(ctx))
	}
}
