package engine

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/schema"
)

const observationOf = `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/%s"}}`

// What an operation was permitted for is what the writer changes: whoever writes the
// resource in between has the operation permitted again.
func TestPermittedBeforeAnotherWrite(t *testing.T) {
	for to, want := range map[string]error{"mine": nil, "yours": access.ErrForbidden} {
		for _, deletes := range []bool{false, true} {
			t.Run(fmt.Sprint(to, " ", deletes), func(t *testing.T) {
				ctx := context.Background()
				e := openMemory(t, testOptions())
				require.NoError(t, put(ctx, e, fmt.Sprintf(observationOf, "mine")))
				by := e.Access(&access.Rights{Grants: []access.Grant{{Type: "*", Permissions: access.Permissions, Patient: "mine"}}})
				op := Op{Prepared: PrepareDeletion(schema.TypeObservation, "o")}
				if !deletes {
					var err error
					op.Prepared, err = e.Prepare(ctx, fmt.Appendf(nil, observationOf, "mine"), &How{})
					require.NoError(t, err)
				} else if want != nil {
					want = ErrNotFound
				}
				release := hold(e)
				other, own := make(chan error, 1), make(chan error, 1)
				go func() { other <- put(ctx, e, fmt.Sprintf(observationOf, to)) }()
				for len(e.queue) == 0 {
					runtime.Gosched()
				}
				go func() {
					_, err := e.Commit(ctx, &Commit{Ops: []Op{op}, By: by})
					own <- err
				}()
				for len(e.queue) < 2 {
					runtime.Gosched()
				}
				release()
				require.NoError(t, <-other)
				require.ErrorIs(t, <-own, want)
				o, ok := e.Last().Find(schema.TypeObservation, "o")
				require.True(t, ok)
				if want == nil {
					require.EqualValues(t, 3, e.Last().VersionNumber(o))
				} else {
					require.EqualValues(t, 2, e.Last().VersionNumber(o))
				}
			})
		}
	}
}

// Grants that mean nothing permit nothing, and what they mean follows the search parameters.
func TestGrants(t *testing.T) {
	ctx := context.Background()
	e := openMemory(t, testOptions())
	sees := func(g access.Grant) (types []string) {
		a := e.Access(&access.Rights{Grants: []access.Grant{g}})
		for i := range schema.Types {
			if id := schema.TypeID(i); id != 0 && a.May(access.Read, id) == nil {
				types = append(types, id.String())
			}
		}
		return types
	}
	observations := []string{"Observation"}
	for query, want := range map[string][]string{
		"": observations, "status=final": observations, "category=http://x|y&code:in=http://v": observations, "patient.gender=male": observations, "_has:Observation:has-member:status=final": observations,
		"status": nil, "status=": nil, "status=,": nil, "status=final&": nil, "status=final&code=": nil, "&": nil, "nonsense=1": nil, "_sort=status": nil, "_count=1": nil, "_include=Observation:subject": nil,
		"_contained=true": nil, "_containedType=contained": nil, "_elements=id": nil, "_summary=true": nil, "_page=x": nil, "_explain=true": nil, "%zz=1": nil, "status=final&_sort=-date": nil, "status=final&nonsense=1": nil, "\x00": nil,
	} {
		require.Equal(t, want, sees(access.Grant{Type: "Observation", Permissions: "r", Query: query}), "%q", query)
		if query != "" && !strings.HasPrefix(query, "_has") {
			require.NotContains(t, sees(access.Grant{Type: "*", Permissions: "r", Query: query}), "Practitioner", query)
		}
	}
	for _, g := range []access.Grant{{}, {Type: "Observation"}, {Type: "Resource", Permissions: "r"}, {Type: "observation", Permissions: "r"}, {Type: "Observation", Permissions: "s"}, {Type: "*", Permissions: "r", Patient: "not/an/id"}} {
		require.Empty(t, sees(g), "%+v", g)
	}
	require.Len(t, sees(access.Grant{Type: "*", Permissions: "r"}), 146)
	require.Len(t, sees(access.Grant{Type: "*", Permissions: "r", Patient: "p"}), 146-len(withheld))
	require.Equal(t, []string{"Binary"}, sees(access.Grant{Type: "Binary", Permissions: "r", Patient: "p"}))

	own := access.Grant{Type: "Patient", Permissions: "r", Query: "initial=A"}
	require.Empty(t, sees(own))
	require.NoError(t, put(ctx, e, someParameter))
	require.NoError(t, e.WaitIndexed(ctx))
	require.Equal(t, []string{"Patient"}, sees(own), "by the parameter that there is by now")
}

// FuzzGrant wants the query of a grant to restrict it, or to permit nothing.
func FuzzGrant(f *testing.F) {
	for _, seed := range []string{"status=final", "status=", "category=a,,", "_id=,", "_count=0", "code:in=urn:v&status=final", "_filter=status eq final", "_has:Observation:has-member:status=final", "_type=Patient", "&=", "status=%20", "_lastUpdated=gt2020", "status:missing=true", `code=\,`} {
		f.Add(seed, "p")
	}
	e, err := Open(context.Background(), "mem:", testOptions())
	require.NoError(f, err)
	f.Cleanup(func() { _ = e.Close() })
	f.Fuzz(func(t *testing.T, query, patient string) {
		for _, g := range []access.Grant{{Type: "Observation", Query: query}, {Type: "*", Query: query, Patient: patient}, {Type: "Observation", Patient: patient}} {
			g.Permissions = "rs"
			a := e.Access(&access.Rights{Grants: []access.Grant{g}})
			if g.Query+g.Patient != "" {
				require.False(t, a.Whole(access.Read, schema.TypeObservation), "%+v", g)
				require.False(t, a.Whole(access.Search, schema.TypeObservation), "%+v", g)
			}
			require.Error(t, a.May(access.Create, schema.TypeObservation))
		}
	})
}
