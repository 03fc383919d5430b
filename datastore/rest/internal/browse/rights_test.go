package browse_test

import (
	"net/http"
	"testing"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/stretchr/testify/require"
)

// TestPagesOfRights has the pages of a caller who sees one patient tell nothing of another,
// and errors be those of resources that are not there.
func TestPagesOfRights(t *testing.T) {
	s := story(t)
	s.put(`{"resourceType":"Patient","id":"carl","name":[{"family":"Secret"}]}`)
	s.put(`{"resourceType":"Encounter","id":"hidden","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/carl","display":"Secret"},"period":{"start":"2020-03-04T09:00:00Z"}}`)
	s.put(`{"resourceType":"Observation","id":"unseen","status":"final","code":{"text":"Secret"},"subject":{"reference":"Patient/carl"},"effectiveDateTime":"2020","valueQuantity":{"value":1,"unit":"x"}}`)
	rights := &access.Rights{Caller: "ann", Grants: []access.Grant{{Type: "*", Permissions: access.Permissions, Patient: "ann"}}}
	s.handler = rest.NewHandler(s.store, &rest.Options{Authorization: &rest.Authorization{Rights: func(*http.Request) (*access.Rights, error) { return rights, nil }}})
	for _, path := range []string{"", "/Patient", "/Patient/ann", "/Patient/ann/_history", "/Patient/_history", "/_history", "/Patient/ann?:view=timeline", "/Patient/ann?:view=curves", "/Patient/ann/*", "/Encounter?_include=Encounter:subject&_explain=true", "/Observation?_count=100", "/Patient/carl/Observation"} {
		w := s.do("GET", path, "")
		page := w.Body.String()
		s.check(w)
		require.NotContains(t, page, "Secret", path)
		require.NotContains(t, page, "unseen", path)
		require.NotContains(t, page, "hidden</a>", path)
		if path != "/Patient/carl/Observation" {
			require.NotContains(t, page, "Patient/carl", path)
		}
		require.NotContains(t, page, "Memory of the index")
	}
	for _, path := range []string{"/Patient/carl", "/Patient/carl?:view=timeline", "/Patient/carl?:view=curves", "/Patient/carl/_history", "/Patient/carl?:view=xml", "/Observation/unseen", "/Encounter/hidden/_history/1"} {
		w := s.do("GET", path, "")
		require.Equal(t, http.StatusNotFound, w.Code, path)
		require.NotContains(t, s.check(w), "Secret", path)
	}
	rights = nil
	require.Equal(t, http.StatusForbidden, s.do("GET", "/Patient/ann", "").Code)
	s.check(s.do("GET", "", ""))
}
