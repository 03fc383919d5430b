package exec_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/search/param"
	syntax "github.com/fhirlake/fhirlake/internal/search/query"
)

// FuzzFilter wants every _filter to be refused or to be read again alike.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`given eq "peter" and birthdate ge 2014-10-10`, `not (name co pet or gender ne male)`, `link[gender eq male].name sw "a\u0020b"`, `((`, `a[`, `name co "`, `_id pr true`, `general-practitioner:Practitioner.name ew x`, `_has:Observation:patient:code eq loinc|1`, `name ge "b" and birthdate co 2014`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		patient := typeOf(t, "Patient")
		q, err := syntax.Read(param.R4(), patient, "_filter="+url.QueryEscape(filter), syntax.ParseOptions{})
		if err != nil {
			return
		}
		again, err := syntax.Read(param.R4(), patient, q.Self(), syntax.ParseOptions{})
		require.NoError(t, err)
		require.Equal(t, q.Self(), again.Self())
	})
}
