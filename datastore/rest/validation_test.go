package rest_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// atLevel is the header that asks for a level of validation.
func atLevel(name string) string { return "x-amzn-healthlake-fhir-validation-level: " + name }

const (
	badCode = `{"resourceType":"Patient","id":"bob","gender":"homme"}`
	badKind = `{"resourceType":"Patient","id":"bob","active":"yes"}`
)

// TestValidationLevels writes in every way at every level.
func TestValidationLevels(t *testing.T) {
	putEntry := func(resource string) string {
		return `{"resource":` + resource + `,"request":{"method":"PUT","url":"Patient/bob"}}`
	}
	type write struct {
		method, path, body string
		headers            []string
		accepted           int
	}
	ways := map[string]func(resource string) write{
		"create": func(r string) write { return write{"POST", "/Patient", r, nil, 201} },
		"update": func(r string) write { return write{"PUT", "/Patient/bob", r, nil, 200} },
		"patch": func(r string) write {
			return write{"PATCH", "/Patient/bob", `[{"op":"replace","path":"","value":` + r + `}]`, []string{isPatch}, 200}
		},
		"transaction": func(r string) write { return write{"POST", "", bundleOf("transaction", putEntry(r)), nil, 200} },
		"batch":       func(r string) write { return write{"POST", "", bundleOf("batch", putEntry(r)), nil, 200} },
	}
	for way, of := range ways {
		t.Run(way, func(t *testing.T) {
			c := newClient(t, nil)
			for _, test := range []struct {
				level    string
				resource string
				accepted bool
			}{
				{"strict", bob, true}, {"strict", badCode, false}, {"strict", badKind, false},
				{"structure-only", bob, true}, {"structure-only", badCode, true}, {"structure-only", badKind, false},
				{"minimal", bob, true}, {"minimal", badCode, true}, {"minimal", badKind, true},
			} {
				_, err := c.store.Update(t.Context(), []byte(bob))
				require.NoError(t, err)
				w := of(test.resource)
				status := w.accepted
				if !test.accepted {
					status = http.StatusBadRequest
				}
				if way == "batch" {
					a := c.must(http.StatusOK, w.method, w.path, w.body, atLevel(test.level))
					want := strconv.Itoa(status) + " " + http.StatusText(status)
					require.Equal(t, []string{want}, statuses(a.bundle(t)), "%s: %s", test.level, test.resource)
					continue
				}
				// A client checks that answers are valid, which these resources are not.
				headers := append(w.headers, atLevel(test.level), "Prefer: return=OperationOutcome")
				c.must(status, w.method, w.path, w.body, headers...)
			}
			w := of(bob)
			a := c.must(http.StatusBadRequest, w.method, w.path, w.body, append(w.headers, atLevel("lax"))...)
			require.Contains(t, a.body, "structure-only")
		})
	}
}

// TestOutcomeTellsWhatWasAccepted looks for warnings and for what minimal let in.
func TestOutcomeTellsWhatWasAccepted(t *testing.T) {
	c := newClient(t, nil)
	a := c.must(http.StatusCreated, "PUT", "/Patient/bob", badKind, atLevel("minimal"), "Prefer: return=OperationOutcome")
	require.Contains(t, a.body, `"severity":"error"`)
	require.Contains(t, a.body, `"expression":["Patient.active"]`)
	a = c.must(http.StatusOK, "PATCH", "/Patient/bob", `[{"op":"add","path":"/gender","value":"homme"}]`,
		isPatch, atLevel("minimal"), "Prefer: return=OperationOutcome")
	require.Equal(t, 2, strings.Count(a.body, `"severity":"error"`))
	v, err := c.store.Read(t.Context(), datastore.Ref{Type: "Patient", ID: "bob"})
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), "http://healthlake.amazonaws.com/fhir/StructureDefinition/validation-issue")

	warned := `{"resourceType":"Patient","modifierExtension":[{"url":"http://example.org/m","valueBoolean":true}]}`
	a = c.must(http.StatusCreated, "POST", "/Patient", warned, "Prefer: return=OperationOutcome")
	require.Contains(t, a.body, `"severity":"warning"`)
	require.Contains(t, a.body, `"expression":["Patient.modifierExtension[0]"]`)
}

// What is no resource of FHIR is told as such, and none of its text comes back.
func TestNoResources(t *testing.T) {
	c := newClient(t, nil)
	for body, text := range map[string]string{
		`{"resourceType":"John Smith"}`: "is no resource type of FHIR R4", `{"resourceType":null}`: "is no resource type of FHIR R4", `{"name":[]}`: "resourceType is missing",
		`{}`: "resourceType is missing", `[]`: "must be a JSON object", `{"resourceType":"Group"}`: "not of the type that the URL names",
	} {
		for _, a := range []answer{c.must(400, "POST", "/Patient", body), c.must(400, "PUT", "/Patient/a", body)} {
			require.Contains(t, a.body, text)
			require.NotContains(t, a.body, "Smith")
		}
	}
}

// A conditional reference belongs into a transaction, below whatever address the store is
// served.
func TestAbsoluteConditionalReferences(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/bob", bob)
	observation := `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"` + c.base + `/Patient?family=bob"}}`
	c.must(400, "PUT", "/Observation/o", observation)
	c.must(400, "POST", "/Observation", observation)
	c.must(200, "POST", "", bundleOf("transaction", `{"resource":`+observation+`,"request":{"method":"PUT","url":"Observation/o"}}`))
	require.Contains(t, c.must(200, "GET", "/Observation/o", "").body, `"reference":"Patient/bob"`)
	c.must(400, "PATCH", "/Observation/o", `[{"op":"replace","path":"/subject/reference","value":"`+c.base+`/Patient?family=bob"}]`, "Content-Type: application/json-patch+json")
	c.must(200, "PUT", "/Observation/o", strings.Replace(observation, c.base, "https://elsewhere.example.org/fhir", 1))
}
