package datastore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/fhirlake/fhirlake/search"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCustomLikeR4 defines R4's own parameters once more under other names. Custom
// parameters are extracted by FHIRPath, R4's along a trie of paths: both find and
// sort the same.
func TestCustomLikeR4(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	t.Run("synthetic", func(t *testing.T) { compareWithR4(t, synthetic(3)) })
	t.Run("examples", func(t *testing.T) {
		compareWithR4(t, fhirjsontest.Lines(t, "fhir-r4/examples.ndjson.gz"))
	})
}

func compareWithR4(t *testing.T, lines [][]byte) {
	store := storetest.Open(t, nil)
	types := map[string]bool{}
	for i, line := range lines {
		v, err := store.Create(ctx, line, datastore.Validation(datastore.Minimal))
		require.NoError(t, err)
		if types[v.Type] = true; i == len(lines)/2 {
			defineLikeR4(t, store) // the rest are written beside the filling, or after it
		}
	}
	require.NoError(t, store.WaitIndexed(ctx))
	compared, values := 0, 0
	for typ := range types {
		for _, p := range store.Parameters(typ) {
			own, again := p.Code, "again-"+p.Code
			if !slices.ContainsFunc(store.Parameters(typ), func(p2 search.Parameter) bool { return p2.Code == again }) {
				continue
			}
			compared++
			want := all(t, store, typ, own+":missing=false")
			assert.Equal(t, want, all(t, store, typ, again+":missing=false"), "%s %s", typ, own)
			if len(want) > 0 {
				values++
				order := map[bool]string{true: "_sort=", false: "_sort=-"}[values%2 == 0]
				assert.Equal(t, all(t, store, typ, order+own), all(t, store, typ, order+again), "%s %s", typ, own)
			}
		}
	}
	t.Logf("%d parameters of %d types, %d with values", compared, len(types), values)
	require.NotZero(t, values)
}

// defineLikeR4 defines every parameter of R4 that is neither composite nor special.
func defineLikeR4(t *testing.T, store *datastore.Store) {
	tx := store.Begin()
	for i := range schema.Params {
		p := &schema.Params[i]
		if p.Code == "" || p.Code[0] == '_' || p.Type == schema.ParamComposite || p.Type == schema.ParamSpecial || p.Expression == "" {
			continue
		}
		json := strings.Replace(string(custom("again-"+p.Code, p.Base.String(), p.Type.String(), p.Expression)),
			`"url":"http://example.org/sp/`, fmt.Sprintf(`"url":"http://example.org/%s/`, p.Base), 1)
		_, err := tx.Update(ctx, []byte(strings.Replace(json, `"id":"sp-again-`+p.Code, fmt.Sprintf(`"id":"sp-%d`, i), 1)))
		require.NoError(t, err, p.Name)
	}
	_, err := tx.Commit(ctx)
	require.NoError(t, err)
	for _, s := range store.SearchParameters() {
		require.Empty(t, s.Issues, s.URL)
	}
}

// all returns the ids of all matches of a query.
func all(t *testing.T, store *datastore.Store, typ, query string) []string {
	var ids []string
	for q := query + "&_count=1000"; q != ""; {
		page, err := store.Search(ctx, typ, q)
		require.NoError(t, err, "%s?%s", typ, q)
		for _, v := range page.Matches {
			ids = append(ids, v.ID)
		}
		q = page.Next
	}
	return ids
}

// TestCustomOfUSCore stores the search parameters of US Core 3.1.0. All but two are
// R4's own, said again.
func TestCustomOfUSCore(t *testing.T) {
	lines := fhirjsontest.Lines(t, "us-core-3.1.0.ndjson.gz")
	store := open(t, nil)
	for _, line := range lines {
		if strings.Contains(string(line), `"resourceType":"SearchParameter"`) {
			_, err := store.Update(ctx, line)
			require.NoError(t, err)
		}
	}
	require.NoError(t, store.WaitIndexed(ctx))
	var codes []string
	for _, s := range store.SearchParameters() {
		require.True(t, s.Complete)
		codes = append(codes, s.Code)
	}
	require.ElementsMatch(t, []string{"race", "ethnicity"}, codes)
	const race = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
	put(t, store, `{"resourceType":"Patient","id":"a","extension":[{"url":"`+race+`","extension":[
		{"url":"ombCategory","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"2106-3"}},{"url":"text","valueString":"White"}]}]}`)
	require.Equal(t, "a", foundIDs(t, store, "Patient", "race=2106-3"))
	require.Equal(t, "", foundIDs(t, store, "Patient", "ethnicity:missing=false"))
}
