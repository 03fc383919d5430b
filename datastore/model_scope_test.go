package datastore_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A scopedSearch is a search that looks elsewhere than in one type, or brings along
// more than what it matches.
type scopedSearch struct {
	modelSearch
	in       datastore.Ref // a compartment
	included func(m storeModel, at int, match thing) []datastore.Ref
}

var scopedSearches = []scopedSearch{
	{modelSearch: modelSearch{"", "_type=Patient,Observation&_sort=_id", func(storeModel, int, thing) bool { return true }, func(a, b thing) int { return cmp.Compare(a.ref.ID, b.ref.ID) }}},
	{modelSearch: modelSearch{"", "_filter=not (_id eq p1 or _id eq o1)", func(_ storeModel, _ int, x thing) bool { return x.ref.ID != "p1" && x.ref.ID != "o1" }, nil}},
	{modelSearch: modelSearch{"Patient", `_filter=family sw an and not (gender eq male) or birthdate gt 2000`, func(_ storeModel, _ int, x thing) bool {
		return strings.HasPrefix(x.family, "An") && x.gender != "male" || x.birth > "2000"
	}, nil}},
	{modelSearch: modelSearch{"Observation", `_filter=subject:Patient[gender eq female].family ne bob and code ne c3`, func(m storeModel, at int, x thing) bool {
		p, ok := m.subjectOf(at, x)
		return ok && p.gender == "female" && p.family != "" && p.family != "Bob" && x.code != "c3"
	}, nil}},
	{modelSearch: modelSearch{"Patient", "_has:Observation:subject:_filter=code eq c2 and value-quantity ge 3", func(m storeModel, at int, x thing) bool {
		return slices.ContainsFunc(m.current(at), func(o modelVersion) bool {
			return o.ref.Type == "Observation" && o.subject == x.ref.ID && o.code == "c2" && o.thing.number >= 3
		})
	}, nil}},
	{modelSearch: modelSearch{"Observation", "", func(_ storeModel, _ int, x thing) bool { return x.subject == "p1" }, nil}, in: datastore.Ref{Type: "Patient", ID: "p1"}},
	{modelSearch: modelSearch{"", "", func(_ storeModel, _ int, x thing) bool { return x.subject == "p2" || x.ref.ID == "p2" }, nil}, in: datastore.Ref{Type: "Patient", ID: "p2"}},
	{modelSearch: modelSearch{"Patient", "gender=male,female&_revinclude=Observation:subject", func(_ storeModel, _ int, x thing) bool { return x.gender != "" }, nil},
		included: func(m storeModel, at int, match thing) (refs []datastore.Ref) {
			for _, o := range m.current(at) {
				if o.ref.Type == "Observation" && o.subject == match.ref.ID {
					refs = append(refs, o.ref)
				}
			}
			return refs
		}},
	{modelSearch: modelSearch{"Observation", "code=c1,c2&_include=Observation:patient", func(_ storeModel, _ int, x thing) bool { return x.code != "c3" }, nil},
		included: func(m storeModel, at int, match thing) []datastore.Ref {
			if p, ok := m.subjectOf(at, match); ok {
				return []datastore.Ref{p.ref}
			}
			return nil
		}},
}

// lookAround wants a reader to answer the searches with a scope as the model does, page
// after page.
func lookAround(t *rapid.T, from datastore.Reader, m storeModel, at int) {
	count := rapid.IntRange(1, 5).Draw(t, "count")
	for _, q := range scopedSearches {
		var opts []datastore.SearchOption
		if q.in != (datastore.Ref{}) {
			opts = append(opts, datastore.InCompartment(q.in))
		}
		what := q.in.String() + " " + q.typ + "?" + q.query
		rest := m.search(at, q.modelSearch)
		for query := strings.TrimPrefix(fmt.Sprint(encoded(q.query), "&_count=", count), "&"); query != ""; {
			page, err := from.Search(ctx, q.typ, query, opts...)
			require.NoError(t, err, what)
			require.LessOrEqual(t, len(page.Matches), len(rest), what)
			want := map[datastore.Ref]bool{}
			for i, v := range page.Matches {
				require.Equal(t, rest[i], string(v.JSON), what)
				if q.included != nil {
					match, _ := m.newest(at, v.Ref)
					for _, ref := range q.included(m, at, match.thing) {
						want[ref] = true
					}
				}
			}
			got := map[datastore.Ref]bool{}
			for _, v := range page.Included {
				require.False(t, got[v.Ref], "%s: included twice", what)
				got[v.Ref] = true
			}
			require.Equal(t, want, got, what)
			rest = rest[len(page.Matches):]
			query = page.Next
		}
		require.Empty(t, rest, what)
	}
}
