package rest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/storetest"
)

// BenchmarkAuthorization compares requests without authorization with requests of a caller
// who may see everything, and of one who may see one patient of a hundred.
func BenchmarkAuthorization(b *testing.B) {
	store := storetest.Open(b, nil)
	for p := range 100 {
		_, err := store.Update(b.Context(), fmt.Appendf(nil, `{"resourceType":"Patient","id":"p%d","name":[{"family":"F"}]}`, p))
		require.NoError(b, err)
		tx := store.Begin()
		for o := range 100 {
			_, err := tx.Update(b.Context(), fmt.Appendf(nil, `{"resourceType":"Observation","id":"o%d-%d","status":"final","code":{"coding":[{"system":"urn:c","code":"c%d"}]},"subject":{"reference":"Patient/p%d"}}`, p, o, o%5, p), datastore.Validation(datastore.WithoutInvariants))
			require.NoError(b, err)
		}
		_, err = tx.Commit(b.Context())
		require.NoError(b, err)
	}
	for name, rights := range map[string]*access.Rights{
		"none":    nil,
		"system":  {Caller: "s", Grants: []access.Grant{{Type: "*", Permissions: "cruds"}}, Admin: true},
		"patient": {Caller: "p", Grants: []access.Grant{{Type: "*", Permissions: "cruds", Patient: "p7"}}},
	} {
		options := &rest.Options{}
		if rights != nil {
			options.Authorization = &rest.Authorization{Rights: func(*http.Request) (*access.Rights, error) { return rights, nil }}
		}
		h := rest.NewHandler(store, options)
		for what, r := range map[string][3]string{
			"read":   {"GET", "/Observation/o7-3", ""},
			"search": {"GET", "/Observation?patient=p7&code=c1&_count=20", ""},
			"create": {"POST", "/Observation", `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p7"}}`},
			"update": {"PUT", "/Observation/o7-3", `{"resourceType":"Observation","id":"o7-3","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p7"}}`},
		} {
			b.Run(what+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, httptest.NewRequest(r[0], "http://example.com/fhir"+r[1], strings.NewReader(r[2])))
					if w.Code >= 300 {
						b.Fatal(w.Body)
					}
				}
			})
		}
	}
}
