package datastore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// A page ends early where its resources would be longer than Options.MaxPageBytes, and the
// pages together have every match, however long one is.
func TestMaxPageBytes(t *testing.T) {
	const bound = 4096
	store := open(t, &datastore.Options{MaxPageBytes: bound})
	for i := range 20 {
		_, err := store.Update(ctx, patient(fmt.Sprintf("p%02d", i), strings.Repeat("x", 1+150*i)))
		require.NoError(t, err)
	}
	_, err := store.Update(ctx, patient("p99", strings.Repeat("x", 2*bound)))
	require.NoError(t, err)
	fits := func(versions []datastore.Version) {
		size := 0
		for _, v := range versions {
			size += len(v.JSON)
		}
		require.True(t, size <= bound || len(versions) == 1, "%d bytes in %d resources", size, len(versions))
	}

	var want []string
	for v, err := range store.SearchAll(ctx, "Patient", "_sort=_id&_count=3") {
		require.NoError(t, err)
		want = append(want, v.ID)
	}
	require.Len(t, want, 21, "an iteration has no bound")

	var got, streamed []string
	pages := 0
	for query := "_sort=_id&_count=7"; query != ""; pages++ {
		page, err := store.Search(ctx, "Patient", query)
		require.NoError(t, err)
		require.Equal(t, 21, page.Total)
		fits(page.Matches)
		for _, v := range page.Matches {
			got = append(got, v.ID)
		}
		var out bytes.Buffer
		require.NoError(t, store.SearchTo(ctx, &out, "http://x", "Patient", query))
		require.Equal(t, string(page.Bundle("http://x")), out.String())
		_, err = store.Validate(ctx, out.Bytes())
		require.NoError(t, err)
		ids, _ := idsIn(t, out.Bytes())
		streamed = append(streamed, ids...)
		query = page.Next
	}
	require.Equal(t, want, got)
	require.Equal(t, want, streamed)
	require.Greater(t, pages, 3)

	var history []string
	opts := &datastore.HistoryOptions{Count: 7}
	for {
		versions, next, err := store.HistoryPage(ctx, datastore.Ref{Type: "Patient"}, opts)
		require.NoError(t, err)
		fits(versions)
		var out bytes.Buffer
		require.NoError(t, store.HistoryTo(ctx, &out, "http://x", datastore.Ref{Type: "Patient"}, opts))
		ids, link := idsIn(t, out.Bytes())
		require.Len(t, ids, len(versions))
		for i, v := range versions {
			require.Equal(t, v.ID, ids[i])
			history = append(history, v.ID)
		}
		if opts.Page = next; next == "" {
			require.Empty(t, link)
			break
		}
		u, err := url.Parse(link)
		require.NoError(t, err)
		require.Equal(t, next, u.Query().Get("_page"))
	}
	require.Len(t, history, 21)

	_, err = datastore.Open(ctx, "mem:", &datastore.Options{MaxPageBytes: -1})
	require.ErrorContains(t, err, "MaxPageBytes")
}

// What a page includes and has no room for is left out, and said.
func TestMaxPageBytesOfIncludes(t *testing.T) {
	store := open(t, &datastore.Options{MaxPageBytes: 1000})
	_, err := store.Update(ctx, patient("p", strings.Repeat("x", 2000)))
	require.NoError(t, err)
	_, err = store.Update(ctx, []byte(`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}}`))
	require.NoError(t, err)
	page, err := store.Search(ctx, "Observation", "_include=Observation:subject")
	require.NoError(t, err)
	require.Len(t, page.Matches, 1)
	require.Empty(t, page.Included)
	require.Contains(t, page.Issues[0].Diagnostics, "the rest are left out")
}

// idsIn returns the ids in a Bundle, and its next link.
func idsIn(t *testing.T, bundle []byte) (ids []string, next string) {
	var b struct {
		Link  []struct{ Relation, URL string }
		Entry []struct {
			Resource struct{ ID string }
			Search   struct{ Mode string }
		}
	}
	require.NoError(t, json.Unmarshal(bundle, &b))
	for _, e := range b.Entry {
		if e.Search.Mode != "outcome" {
			ids = append(ids, e.Resource.ID)
		}
	}
	for _, l := range b.Link {
		if l.Relation == "next" {
			next = l.URL
		}
	}
	return ids, next
}
