package rest_test

import (
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// A definition is what tests look at in an OperationDefinition.
type definition struct {
	URL, Code              string
	Resource               []string
	System, Type, Instance bool
	Parameter              []definedParameter
}

type definedParameter struct {
	Name, Use  string
	Min        int
	Max        string
	Type       string
	SearchType string
	Part       []definedParameter
}

// TestOperationsOfR4 compares the operations that R4 defines with R4's definitions: where
// they may be called, and each parameter.
func TestOperationsOfR4(t *testing.T) {
	defined := map[string]definition{}
	for _, line := range fhirjsontest.Lines(t, "fhir-r4/OperationDefinition.ndjson.gz") {
		var d definition
		require.NoError(t, json.Unmarshal(line, &d, json.MatchCaseInsensitiveNames(true)))
		defined[d.URL] = d
	}
	compared := 0
	for _, o := range rest.BuiltinOperations() {
		if !strings.HasPrefix(o.URL, "http://hl7.org/fhir/") {
			continue
		}
		compared++
		d, ok := defined[o.URL]
		require.True(t, ok, o.URL)
		require.Equal(t, d.Code, o.Name)
		require.Equal(t, [3]bool{d.System, d.Type, d.Instance}, [3]bool{o.System, o.Type, o.Instance}, o.URL)
		if o.Resources == nil {
			require.Equal(t, []string{"Resource"}, d.Resource, o.URL)
		} else {
			require.Equal(t, d.Resource, o.Resources, o.URL)
		}
		require.Equal(t, d.Parameter, parametersOf(o.Parameters, ""), o.URL)
	}
	require.Equal(t, 16, compared)
}

func parametersOf(list []rest.Parameter, use string) (all []definedParameter) {
	for _, p := range list {
		d := definedParameter{Name: p.Name, Use: use, Min: p.Min, Max: "1", Type: p.Type, SearchType: p.SearchType}
		if p.Many {
			d.Max = "*"
		}
		if use == "" {
			d.Use = "in"
			if p.Out {
				d.Use = "out"
			}
		}
		d.Part = parametersOf(p.Parts, d.Use)
		all = append(all, d)
	}
	return all
}
