package smart_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore/rest/smart"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// FuzzScopes wants every grant to say no more than its scope does.
func FuzzScopes(f *testing.F) {
	for _, seed := range []string{"patient/*.read", "user/Observation.rs?category=a|b&code=c", "system/*.cruds openid", "patient/Patient.rr", "a/b.c?d", "patient/Observation.rs?", "\x00/*.r"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		scopes := smart.ParseScopes(text)
		require.LessOrEqual(t, len(scopes), len(strings.Fields(text)))
		for _, g := range scopes {
			if _, ok := schema.ResourceType(g.Type); !ok {
				require.Equal(t, "*", g.Type)
			}
			require.NotEmpty(t, g.Permissions)
			require.Empty(t, strings.Trim(g.Permissions, access.Permissions))
			require.Contains(t, text, string(g.Level)+"/"+g.Type+".")
			require.Contains(t, text, g.Query)
		}
		for _, g := range scopes.Rights("", "").Grants {
			require.Empty(t, g.Patient)
		}
		require.NotContains(t, scopes.Rights("", "p").Grants, access.Grant{})
	})
}
