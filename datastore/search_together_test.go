package datastore_test

import (
	"path/filepath"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ppb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
)

// FHIR R4 §3.1.1.5.5: a chain goes on in what its container contains, whoever defined
// the reference that leads there.
func TestCustomReferencesToContained(t *testing.T) {
	store := open(t, nil)
	define(t, store,
		custom("employer", "Patient", "reference", "Patient.contact.organization", `"target":["Organization"]`),
		custom("codes", "Library", "reference", "Library.dataRequirement.codeFilter.valueSet", `"target":["ValueSet"]`))
	put(t, store,
		`{"resourceType":"Organization","id":"mill","name":"Mill"}`,
		`{"resourceType":"Patient","id":"ann","contact":[{"organization":{"reference":"#e"}}],"managingOrganization":{"reference":"#m"},
			"contained":[{"resourceType":"Organization","id":"m","name":"Manager"},{"resourceType":"Organization","id":"e","name":"Inner","partOf":{"reference":"Organization/mill"}}]}`,
		`{"resourceType":"Patient","id":"bob","contact":[{"organization":{"reference":"Organization/mill"}}]}`,
		`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/ann"}}`,
		`{"resourceType":"Library","id":"l","status":"draft","type":{"text":"x"},"dataRequirement":[{"type":"Patient","codeFilter":[{"path":"x","valueSet":"#v"}]}],
			"contained":[{"resourceType":"ValueSet","id":"v","status":"draft","url":"http://x.org/v","name":"Vv"}]}`)
	for _, c := range []struct{ typ, query, found string }{
		{"Patient", "employer=#e", "ann"}, {"Patient", "employer.name=inner", "ann"}, {"Patient", "employer.name=manager", ""}, {"Patient", "employer:Organization.name=inner,mill", "bob ann"},
		{"Patient", "employer.partof.name=mill", "ann"}, {"Patient", "employer.name:missing=false", "bob ann"}, {"Patient", "employer.partof:missing=true", "bob"}, {"Patient", "gender:missing=true&employer.name=inner&organization.name=manager", "ann"},
		{"Patient", "_filter=employer.name eq Inner or employer.name eq Mill", "bob ann"}, {"Observation", "patient.employer.name=inner", "o"}, {"Observation", "patient.employer.name=manager", ""}, {"Patient", "_has:Observation:subject:patient.employer.name=inner", "ann"},
		{"Library", "codes.url=http://x.org/v", "l"}, {"Library", "codes:ValueSet.name=vv", "l"}, {"Library", "codes.name=other", ""},
	} {
		assert.Equal(t, c.found, find(t, store, c.typ, c.query), "%s?%s", c.typ, c.query)
	}
}

// An error about what a modifier needs names the modifier, as those of the parser do.
func TestTerminologyErrorsNameTheModifier(t *testing.T) {
	store := open(t, nil)
	put(t, store, `{"resourceType":"Organization","id":"o","name":"O"}`, `{"resourceType":"Patient","id":"p","managingOrganization":{"reference":"Organization/o"}}`)
	for query, part := range map[string]string{
		"gender:in=urn:none": "gender:in: ", "organization.type:not-in=urn:none": "type:not-in: ", "language:below=urn:none%7Cx": "language:below: ", "_filter=gender+in+urn:none": "gender:in: ",
	} {
		err := searching(store, "Patient", query)
		assert.ErrorIs(t, err, datastore.ErrInvalid, query)
		assert.ErrorContains(t, err, part)
		assert.NotContains(t, err.Error(), "urn:none")
	}
}

// A page token is for what a custom parameter meant when it was made.
func TestPagesOfRedefinedParameters(t *testing.T) {
	dir, key := filepath.Join(t.TempDir(), "store"), datastore.KeyFile(filepath.Join(t.TempDir(), "key"))
	reopen := func(expression string) *datastore.Store {
		store, err := datastore.Open(ctx, dir, &datastore.Options{Key: key, SearchParameters: [][]byte{custom("any", "Patient", "string", expression)}})
		require.NoError(t, err)
		require.NoError(t, store.WaitIndexed(ctx))
		return store
	}
	store := reopen("Patient.name.family")
	put(t, store, `{"resourceType":"Patient","id":"a","name":[{"family":"Smith"}],"address":[{"city":"Smithton"}]}`, `{"resourceType":"Patient","id":"b","name":[{"family":"Smithy"}]}`)
	page, err := store.Search(ctx, "Patient", "any=smith&_count=1")
	require.NoError(t, err)
	require.NoError(t, store.Close())

	store = reopen("Patient.name.family")
	_, err = store.Search(ctx, "Patient", page.Next)
	assert.NoError(t, err)
	require.NoError(t, store.Close())

	store = reopen("Patient.address.city")
	_, err = store.Search(ctx, "Patient", page.Next)
	assert.ErrorIs(t, err, datastore.ErrStalePage)
	require.NoError(t, store.Close())
}

// A page token leads to the state that it was made in, and a snapshot sees none that is
// newer than its own: never a row of one.
func TestPagesOfOtherStates(t *testing.T) {
	store := open(t, nil)
	put(t, store, `{"resourceType":"Patient","id":"a"}`, `{"resourceType":"Patient","id":"b"}`)
	old := store.Snapshot()
	defer old.Close()
	first, err := old.Search(ctx, "Patient", "_count=1")
	require.NoError(t, err)
	put(t, store, `{"resourceType":"Patient","id":"c"}`, `{"resourceType":"Patient","id":"d"}`)
	page, err := store.Search(ctx, "Patient", "_count=1")
	require.NoError(t, err)
	for _, query := range []string{page.First, page.Next, page.Last} {
		_, err = old.Search(ctx, "Patient", query)
		require.ErrorIs(t, err, datastore.ErrStalePage, query)
		for _, err := range datastore.Search[*ppb.Patient](ctx, old, query) {
			require.ErrorIs(t, err, datastore.ErrInvalid, "an iteration has no pages")
		}
	}
	now := store.Snapshot()
	defer now.Close()
	for _, from := range []datastore.Reader{store, now, old} {
		page, err := from.Search(ctx, "Patient", first.Next)
		require.NoError(t, err)
		require.Equal(t, 2, page.Total)
		require.Equal(t, "a", page.Matches[0].ID)
	}
}
