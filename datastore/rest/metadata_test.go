package rest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// statement is what tests look at in a CapabilityStatement.
type statement struct {
	FHIRVersion string   `json:"fhirVersion"`
	PatchFormat []string `json:"patchFormat"`
	Rest        []struct {
		Interaction []struct{ Code string }
		Resource    []struct {
			Type          string
			Interaction   []struct{ Code string }
			SearchInclude []string                      `json:"searchInclude"`
			SearchParam   []struct{ Name, Type string } `json:"searchParam"`
		}
	}
}

func TestMetadata(t *testing.T) {
	c := newClient(t, nil)
	a := c.must(http.StatusOK, "GET", "/metadata", "")
	require.Equal(t, a.body, c.must(http.StatusOK, "GET", "/metadata", "").body, "made once")
	var s statement
	require.NoError(t, json.Unmarshal([]byte(a.body), &s, json.MatchCaseInsensitiveNames(true)))
	require.Equal(t, "4.0.1", s.FHIRVersion)
	require.Equal(t, []string{"application/json-patch+json", "application/fhir+json", "application/fhir+xml"}, s.PatchFormat)
	require.Equal(t, []struct{ Code string }{{"transaction"}, {"batch"}, {"search-system"}, {"history-system"}}, s.Rest[0].Interaction)
	require.Len(t, s.Rest[0].Resource, 148-2, "every concrete type")
	for _, r := range s.Rest[0].Resource {
		for _, want := range []string{"read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"} {
			require.Contains(t, r.Interaction, struct{ Code string }{want}, r.Type)
		}
		names := map[string]string{}
		for _, p := range r.SearchParam {
			require.NotContains(t, names, p.Name, r.Type)
			names[p.Name] = p.Type
		}
		require.Equal(t, "token", names["_id"], r.Type)
		require.Equal(t, "date", names["_lastUpdated"], r.Type)
		require.NotContains(t, names, "_query", "what search refuses is not promised")
		if r.Type == "Patient" {
			require.Equal(t, "string", names["family"])
			require.Equal(t, "date", names["birthdate"])
			require.Equal(t, "reference", names["general-practitioner"])
			require.Contains(t, r.SearchInclude, "Patient:general-practitioner")
		}
	}
}

// TestMetadataIsTrue asks for every parameter that the statement promises.
func TestMetadataIsTrue(t *testing.T) {
	c := newClient(t, nil)
	var s statement
	require.NoError(t, json.Unmarshal([]byte(c.must(http.StatusOK, "GET", "/metadata", "").body), &s, json.MatchCaseInsensitiveNames(true)))
	value := map[string]string{
		"date": "2020", "number": "1", "quantity": "1", "string": "x", "token": "x", "uri": "x", "reference": "x", "special": "1|2",
	}
	for _, r := range s.Rest[0].Resource {
		if !slices.Contains([]string{"Patient", "Observation", "Location", "ValueSet", "RiskAssessment"}, r.Type) {
			continue
		}
		for _, p := range r.SearchParam {
			if p.Type == "composite" {
				continue // each has a form of its own
			}
			c.must(http.StatusOK, "GET", "/"+r.Type+"?"+p.Name+"="+value[p.Type], "")
		}
		c.must(http.StatusOK, "GET", "/"+r.Type+"?_include="+strings.Join(r.SearchInclude, "&_include="), "")
	}
}

// TestMetadataOfCustomParameters checks that the statement lists custom search
// parameters once they may be used, and no longer.
func TestMetadataOfCustomParameters(t *testing.T) {
	c := newClient(t, nil)
	listed := func(code string) (types []string) {
		var s statement
		require.NoError(t, json.Unmarshal([]byte(c.must(http.StatusOK, "GET", "/metadata", "").body), &s, json.MatchCaseInsensitiveNames(true)))
		for _, r := range s.Rest[0].Resource {
			for _, p := range r.SearchParam {
				if p.Name == code {
					require.Equal(t, "reference", p.Type)
					require.Contains(t, r.SearchInclude, r.Type+":"+code)
					types = append(types, r.Type)
				}
			}
		}
		return types
	}
	require.Empty(t, listed("maker"))
	const parameter = `{"resourceType":"SearchParameter","id":"sp","url":"http://example.org/maker","name":"maker","status":"active","description":"d",
		"code":"maker","base":["Device","Substance"],"type":"reference","target":["Organization"],
		"expression":"Device.extension('http://example.org/maker').value | Substance.extension('http://example.org/maker').value"}`
	c.must(http.StatusCreated, "PUT", "/SearchParameter/sp", parameter)
	require.NoError(t, c.store.WaitIndexed(t.Context()))
	require.Equal(t, []string{"Device", "Substance"}, listed("maker"))
	c.must(http.StatusOK, "GET", "/Device?maker.name=x&_include=Device:maker", "")
	a := c.must(http.StatusBadRequest, "PUT", "/SearchParameter/sp", strings.Replace(parameter, "Device.ext", "Device.txt", 1))
	require.Contains(t, a.body, `"expression":["SearchParameter.expression"]`)
	c.must(http.StatusNoContent, "DELETE", "/SearchParameter/sp", "")
	require.Empty(t, listed("maker"))
	c.must(http.StatusBadRequest, "GET", "/Device?maker=x", "")
}
