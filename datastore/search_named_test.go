package datastore_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/search"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FHIR R4 §3.1.1.6: a named query becomes an ordinary one.
func TestNamedQueries(t *testing.T) {
	asked := 0
	failed := errors.New("the register does not answer")
	store := filled(t, &datastore.Options{Queries: map[string]search.NamedQuery{
		"adults": func(_ context.Context, typ string, params url.Values) (string, error) {
			asked++
			ordinary := url.Values{"birthdate": {"le2000"}}
			if typ == "" {
				return "_tag=adult", nil
			}
			for name, values := range params {
				if name == "named" {
					name = "name"
				}
				ordinary[name] = values
			}
			return ordinary.Encode(), nil
		},
		"loop":   func(context.Context, string, url.Values) (string, error) { return "_query=adults", nil },
		"wrong":  func(context.Context, string, url.Values) (string, error) { return "nonsense=1", nil },
		"broken": func(context.Context, string, url.Values) (string, error) { return "", failed },
		"refuses": func(context.Context, string, url.Values) (string, error) {
			return "", fmt.Errorf("a parameter is missing: %w", datastore.ErrInvalid)
		},
		"waits": func(ctx context.Context, _ string, _ url.Values) (string, error) { return "", ctx.Err() },
	}},
		`{"resourceType":"Patient","id":"ann","name":[{"family":"A"}],"birthDate":"1980"}`, `{"resourceType":"Patient","id":"bob","name":[{"family":"B & Co"}],"birthDate":"1990"}`, `{"resourceType":"Patient","id":"kid","name":[{"family":"K"}],"birthDate":"2015"}`,
		`{"resourceType":"Observation","id":"o","meta":{"tag":[{"code":"adult"}]},"status":"final","code":{"text":"x"}}`,
	)
	ordered(t, store, "Patient", []rule{
		{"_query=adults", "bob ann"}, {"_query=adults&named=b %26 c", ""}, {"_query=adults&named=b & c", "bob"}, {"named=a&_query=adults", "ann"}, {"_query=adults&_sort=name&_count=1", "ann"}, {"_query=adults&name=b,a", "bob ann"}, {"_query=adults&gender:missing=true", "bob ann"}, {"_query=&name=k", "kid"},
		{"_query=nobody", refused}, {"_query=loop", refused}, {"_query=wrong", refused}, {"_query=refuses", refused}, {"_query:exact=adults", refused}, {"_query=adults&_query=adults", refused}, {"_query=adults&unknown=1", refused}, {"_query=adults&_count=x", refused}, {"_query=adults&named=\x00", refused},
	})
	ordered(t, store, "", []rule{{"_query=adults", "o"}})
	_, err := store.Search(ctx, "Patient", "_query=nobody", datastore.Lenient())
	assert.ErrorIs(t, err, datastore.ErrInvalid, "lenient handling does not ignore an unknown query")
	_, err = store.Search(ctx, "Patient", "_query=broken")
	assert.ErrorIs(t, err, failed)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = store.Search(cancelled, "Patient", "_query=waits")
	assert.ErrorIs(t, err, context.Canceled)

	page, err := store.Search(ctx, "Patient", "_query=adults&named=a,b&_count=1")
	require.NoError(t, err)
	assert.Equal(t, "birthdate=le2000&name=a,b&_count=1", page.Self)
	before := asked
	next, err := store.Search(ctx, "Patient", page.Next)
	require.NoError(t, err)
	assert.Equal(t, "ann", idsOf(next.Matches))
	assert.Equal(t, before, asked, "the pages of an answer are those of one ordinary query")

	_, err = datastore.Open(ctx, "mem:", &datastore.Options{Queries: map[string]search.NamedQuery{"none": nil}})
	assert.ErrorContains(t, err, `Queries["none"] is nil`)
}

func ExampleOptions_queries() {
	ctx := context.Background()
	store, err := datastore.Open(ctx, "mem:", &datastore.Options{Queries: map[string]search.NamedQuery{
		// Patient?_query=of-practice&practice=… finds who is in the care of its doctors.
		"of-practice": func(_ context.Context, resourceType string, params url.Values) (string, error) {
			if resourceType != "Patient" || params.Get("practice") == "" {
				return "", fmt.Errorf("of-practice is about patients of a practice: %w", datastore.ErrInvalid)
			}
			q := url.Values{"general-practitioner:Practitioner._has:PractitionerRole:practitioner:organization": {params.Get("practice")}}
			return q.Encode(), nil
		},
	}})
	if err != nil {
		panic(err)
	}
	defer store.Close()
	for _, resource := range []string{
		`{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner/joe"},"organization":{"reference":"Organization/north"}}`,
		`{"resourceType":"Practitioner","id":"joe"}`,
		`{"resourceType":"Patient","id":"ann","generalPractitioner":[{"reference":"Practitioner/joe"}]}`,
		`{"resourceType":"Patient","id":"bob"}`,
	} {
		if _, err := store.Update(ctx, []byte(resource)); err != nil {
			panic(err)
		}
	}
	page, err := store.Search(ctx, "Patient", "_query=of-practice&practice=north")
	if err != nil {
		panic(err)
	}
	fmt.Println(page.Total, page.Matches[0].Ref)
	// Output: 1 Patient/ann
}
