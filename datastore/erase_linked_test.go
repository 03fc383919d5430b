package datastore_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// TestEraseLinked erases a patient whose resources share Binary, Bundle and
// DocumentReference resources with others in ways that only the whole resource shows: by
// extensions, by URLs of other servers, by versions that were superseded and swept.
func TestEraseLinked(t *testing.T) {
	binary := func(id string) string {
		return `{"resourceType":"Binary","id":"` + id + `","contentType":"text/plain","data":"YQ=="}`
	}
	document := func(id, patient, url string) string {
		return `{"resourceType":"DocumentReference","id":"` + id + `","status":"current","subject":{"reference":"Patient/` + patient + `"},"content":[{"attachment":{"url":"` + url + `"}}]}`
	}
	organization := func(id, extension string) string {
		return `{"resourceType":"Organization","id":"` + id + `","name":"x","extension":[{"url":"urn:x",` + extension + `}]}`
	}
	for name, c := range map[string]struct {
		before []string // superseded and swept
		now    []string
		gone   []string
		stay   []string
	}{
		"a Binary by the URL of another server": {
			now:  []string{binary("b"), document("d", "p", `https:\/\/elsewhere.example\/fhir\/Binary\/b\/_history\/3`)},
			gone: []string{"Binary/b", "DocumentReference/d"},
		},
		"a Binary that an attachment of somebody else has": {
			now:  []string{binary("b"), document("d", "p", "Binary/b"), `{"resourceType":"Patient","id":"q","photo":[{"url":"http://x/Binary/b"}]}`},
			gone: []string{"DocumentReference/d"}, stay: []string{"Binary/b", "Patient/q"},
		},
		"a Binary that a superseded version of somebody else has": {
			before: []string{document("hers", "q", "Binary/b")},
			now:    []string{binary("b"), document("d", "p", "Binary/b"), document("hers", "q", "urn:x")},
			gone:   []string{"DocumentReference/d"}, stay: []string{"Binary/b", "DocumentReference/hers"},
		},
		"a Binary that a superseded version of the patient's has": {
			before: []string{document("d", "p", "Binary/b")},
			now:    []string{binary("b"), document("d", "p", "urn:x")},
			gone:   []string{"DocumentReference/d", "Binary/b"},
		},
		"a Binary that a superseded version was for": {
			before: []string{`{"resourceType":"Binary","id":"b","contentType":"text/plain","securityContext":{"reference":"Patient/p"},"data":"YQ=="}`},
			now:    []string{binary("b")},
			gone:   []string{"Binary/b"},
		},
		"extensions that name a Binary": {
			now: []string{
				binary("a"), binary("b"), binary("c"), document("d", "p", "Binary/a"), document("e", "p", "Binary/b"), document("f", "p", "Binary/c"),
				organization("x", `"valueUrl":"Binary/a"`), organization("y", `"valueReference":{"reference":"Binary/b"}`), organization("z", `"valueString":"c"`),
			},
			gone: []string{"DocumentReference/d", "DocumentReference/e", "DocumentReference/f", "Binary/c"}, stay: []string{"Binary/a", "Binary/b"},
		},
		"an extension that names a document without a patient": {
			now: []string{
				`{"resourceType":"DocumentReference","id":"d","status":"current","content":[{"attachment":{"url":"Binary/b"}}]}`, binary("b"),
				`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"},"derivedFrom":[{"reference":"DocumentReference/d"}]}`,
				organization("x", `"valueReference":{"reference":"DocumentReference/d"}`),
			},
			gone: []string{"Observation/o"}, stay: []string{"DocumentReference/d", "Binary/b"},
		},
		"Bundles by what they have": {
			now: []string{
				`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}}`,
				`{"resourceType":"Bundle","id":"one","type":"collection","entry":[{"resource":{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"}}}]}`,
				`{"resourceType":"Bundle","id":"two","type":"batch","entry":[{"request":{"method":"GET","url":"Observation/o"}}]}`,
				`{"resourceType":"Bundle","id":"three","type":"collection","entry":[{"resource":{"resourceType":"Basic","id":"k","code":{"text":"x"},"subject":{"reference":"#o"},"contained":[{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"}}]}}]}`,
			},
			gone: []string{"Observation/o", "Bundle/one", "Bundle/two"}, stay: []string{"Bundle/three"},
		},
		"a Bundle whose superseded version had the patient": {
			before: []string{`{"resourceType":"Bundle","id":"one","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"p"}}]}`},
			now:    []string{`{"resourceType":"Bundle","id":"one","type":"collection"}`},
			gone:   []string{"Bundle/one"},
		},
	} {
		for _, reopen := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", opened again"}[reopen], func(t *testing.T) {
				now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
				path := filepath.Join(t.TempDir(), "store")
				opts := &datastore.Options{Key: datastore.RawKey([32]byte{1}), Now: func() time.Time { return now }}
				store, err := datastore.Open(ctx, path, opts)
				require.NoError(t, err)
				put := func(lines ...string) {
					for _, line := range lines {
						_, err := store.Update(ctx, []byte(line))
						require.NoError(t, err, line)
					}
				}
				put(`{"resourceType":"Patient","id":"p"}`, `{"resourceType":"Patient","id":"q"}`)
				put(c.before...)
				put(c.now...)
				now = now.Add(datastore.PageGrace() + time.Hour)
				store.SweepOld()
				if reopen {
					require.NoError(t, store.Close())
					store, err = datastore.Open(ctx, path, opts)
					require.NoError(t, err)
				}
				_, err = store.Erase(ctx, "p")
				require.NoError(t, err)
				for _, ref := range append(c.gone, "Patient/p") {
					typ, id, _ := strings.Cut(ref, "/")
					_, err := store.Read(ctx, datastore.Ref{Type: typ, ID: id})
					require.ErrorIs(t, err, datastore.ErrErased, ref)
				}
				for _, ref := range append(c.stay, "Patient/q") {
					typ, id, _ := strings.Cut(ref, "/")
					_, err := store.Read(ctx, datastore.Ref{Type: typ, ID: id})
					require.NoError(t, err, ref)
				}
				require.NoError(t, store.Verify(ctx))
				require.NoError(t, store.Close())
			})
		}
	}
}
