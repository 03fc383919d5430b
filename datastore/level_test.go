package datastore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	ppb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
	"github.com/stretchr/testify/require"
)

func TestLevels(t *testing.T) {
	for name, test := range map[string]struct {
		resource string
		accepted []datastore.Level
	}{
		"good":              {`{"resourceType":"Patient","id":"p","gender":"male"}`, []datastore.Level{datastore.Strict, datastore.StructureOnly, datastore.Minimal}},
		"code":              {`{"resourceType":"Patient","id":"p","gender":"homme"}`, []datastore.Level{datastore.StructureOnly, datastore.Minimal}},
		"target":            {`{"resourceType":"Patient","id":"p","managingOrganization":{"reference":"Patient/x"}}`, []datastore.Level{datastore.StructureOnly, datastore.Minimal}},
		"invariant":         {`{"resourceType":"Patient","id":"p","contact":[{"relationship":[{"text":"x"}]}]}`, []datastore.Level{datastore.StructureOnly, datastore.Minimal}},
		"unknown element":   {`{"resourceType":"Patient","id":"p","nmae":[{"family":"x"}]}`, []datastore.Level{datastore.Minimal}},
		"wrong kind":        {`{"resourceType":"Patient","id":"p","active":"yes"}`, []datastore.Level{datastore.Minimal}},
		"missing element":   {`{"resourceType":"Observation","id":"p","status":"final"}`, []datastore.Level{datastore.Minimal}},
		"broken JSON":       {`{"resourceType":"Patient","id":"p"`, nil},
		"no id":             {`{"resourceType":"Patient"}`, nil},
		"no type":           {`{"id":"p"}`, nil},
		"extensions broken": {`{"resourceType":"Patient","id":"p","extension":"x"}`, []datastore.Level{datastore.Minimal}},
		"no extensions":     {`{"resourceType":"Binary","id":"p","contentType":"a/b","x":1}`, []datastore.Level{datastore.Minimal}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, level := range []datastore.Level{datastore.Strict, datastore.StructureOnly, datastore.Minimal} {
				accepts := false
				for _, l := range test.accepted {
					accepts = accepts || l == level
				}
				for way, write := range map[string]func(*datastore.Store) error{
					"option": func(s *datastore.Store) error {
						_, err := s.Update(ctx, []byte(test.resource), datastore.Validation(level))
						return err
					},
					"transaction": func(s *datastore.Store) error {
						_, err := s.Transact(ctx, bundleOf("transaction", entry("PUT", "Patient/p", "", test.resource)), datastore.Validation(level))
						return err
					},
					"validate": func(s *datastore.Store) error {
						_, err := s.Validate(ctx, []byte(test.resource), datastore.Validation(level))
						return err
					},
				} {
					if way == "transaction" && name != "good" && name != "code" || way == "validate" && name == "no id" {
						continue
					}
					err := write(open(t, nil))
					require.Equal(t, accepts, err == nil, "%s at level %d: %v", way, level, err)
					if err != nil {
						require.ErrorIs(t, err, datastore.ErrInvalid)
					}
				}
				_, err := open(t, &datastore.Options{Validation: level}).Update(ctx, []byte(test.resource))
				require.Equal(t, accepts, err == nil, "level %d of the store: %v", level, err)
			}
		})
	}
}

func TestMinimalKeepsAndTells(t *testing.T) {
	store := open(t, nil)
	v, err := store.Update(ctx, []byte(`{"resourceType":"Patient","id":"p","name":[{"family":"Loose"}],"nmae":{"b":[1, 2],"a":null},"gender":"homme"}`),
		datastore.Validation(datastore.Minimal))
	require.NoError(t, err)
	require.Len(t, v.Issues, 2)
	require.Contains(t, string(v.JSON), `"nmae":{"b":[1,2],"a":null}`)
	require.Contains(t, string(v.JSON), `"extension":[{"url":"`+validationIssue+`","valueString":"{\"resourceType\":\"OperationOutcome\"`)
	page, err := store.Search(ctx, "Patient", "name=loose")
	require.NoError(t, err)
	require.Equal(t, v.JSON, page.Matches[0].JSON)

	again, err := store.Update(ctx, v.JSON, datastore.Validation(datastore.Minimal))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(again.JSON), validationIssue), "replaced, not added again")

	_, err = datastore.Read[*ppb.Patient](ctx, store, "p")
	require.ErrorIs(t, err, datastore.ErrUnsupported, "no proto can hold it, and none pretends to")
}

func TestWarningsAreTold(t *testing.T) {
	store := open(t, nil)
	v, err := store.Update(ctx, []byte(`{"resourceType":"Patient","id":"p","modifierExtension":[{"url":"http://example.org/m","valueBoolean":true}]}`))
	require.NoError(t, err)
	require.Len(t, v.Issues, 1)
	require.Equal(t, "/modifierExtension/0", v.Issues[0].Pointer)
}

func TestBundlesTellWhatWasAccepted(t *testing.T) {
	store := open(t, nil)
	text, err := store.Transact(ctx, bundleOf("transaction", entry("POST", "Patient", "", `{"resourceType":"Patient","gender":"x"}`)),
		datastore.Validation(datastore.Minimal))
	require.NoError(t, err)
	require.Contains(t, string(text), `"outcome":{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"code-invalid"`)
}

func TestLevelOptionsThatMakeNoSense(t *testing.T) {
	_, err := datastore.Open(ctx, "mem:", &datastore.Options{Validation: 9})
	require.ErrorContains(t, err, "Validation")
	store := open(t, nil)
	_, err = store.Transact(ctx, bundleOf("batch"), datastore.IfMatch("1"))
	require.ErrorIs(t, err, datastore.ErrInvalid)
	_, err = store.Write(ctx, func(tx *datastore.Transaction) error {
		_, failed := tx.Create(ctx, patient("", "x"), datastore.IfNoneExist("_id=1"))
		_, ok := tx.Create(ctx, []byte(`{"resourceType":"Patient","gender":"x"}`), datastore.Validation(datastore.Minimal))
		return errors.Join(ok, errors.Unwrap(failed))
	})
	require.ErrorIs(t, err, datastore.ErrInvalid)
}

// validationIssue is the extension in which a resource of level Minimal says what is wrong.
const validationIssue = "http://healthlake.amazonaws.com/fhir/StructureDefinition/validation-issue"

func TestInvariants(t *testing.T) {
	store := open(t, nil)
	broken := []byte(`{"resourceType":"Patient","id":"p","contact":[{"relationship":[{"text":"x"}]}]}`)
	_, err := store.Update(ctx, broken)
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.Equal(t, "/contact/0", datastore.Issues(err)[0].Pointer)
	require.Contains(t, err.Error(), "pat-1")
	_, invalid := store.Validate(ctx, broken)
	require.ErrorIs(t, invalid, datastore.ErrInvalid)
	_, invalid = store.Validate(ctx, broken, datastore.Validation(datastore.WithoutInvariants))
	require.NoError(t, invalid)
	_, err = store.Update(ctx, broken, datastore.Validation(datastore.WithoutInvariants))
	require.NoError(t, err)
	_, err = store.Transact(ctx, bundleOf("transaction", entry("PUT", "Patient/p", "", string(broken))))
	require.ErrorIs(t, err, datastore.ErrInvalid)
	v, err := store.Update(ctx, broken, datastore.Validation(datastore.Minimal))
	require.NoError(t, err)
	require.Len(t, v.Issues, 1)
	require.Contains(t, string(v.JSON), validationIssue)
}

// A conditional reference has a meaning in a transaction alone (FHIR R4 §3.1.0.11.3).
func TestConditionalReferencesOutsideTransactions(t *testing.T) {
	store := open(t, nil)
	served := store.ServedAt("https://served.example.org/r4")
	_, err := store.Update(ctx, patient("a", "A"))
	require.NoError(t, err)
	for name, text := range map[string]string{
		"reference":             `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?family=a"}}`,
		"in an extension":       `{"resourceType":"Patient","id":"o","extension":[{"url":"http://x","valueReference":{"reference":"Patient?family=a"}}]}`,
		"in a contained one":    `{"resourceType":"Patient","id":"o","contained":[{"resourceType":"Organization","id":"c","name":"x","partOf":{"reference":"Organization?name=a"}}],"managingOrganization":{"reference":"#c"}}`,
		"with escapes":          `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient\u003ffamily=a"}}`,
		"absolute":              `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"https://served.example.org/r4/Patient?family=a"}}`,
		"without a condition":   `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?"}}`,
		"in Parameters of a op": `{"resourceType":"Parameters","id":"o","parameter":[{"name":"x","valueReference":{"reference":"Patient?family=a"}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := served.Create(ctx, []byte(text))
			require.ErrorIs(t, err, datastore.ErrInvalid)
			require.ErrorContains(t, err, "conditional reference")
			_, err = served.Update(ctx, []byte(text))
			require.ErrorIs(t, err, datastore.ErrInvalid)
			_, invalid := served.Validate(ctx, []byte(text))
			require.ErrorIs(t, invalid, datastore.ErrInvalid)
			_, err = served.Write(ctx, func(tx *datastore.Transaction) error { _, err := tx.Update(ctx, []byte(text)); return err })
			require.ErrorIs(t, err, datastore.ErrInvalid)
			_, err = store.Update(ctx, []byte(text), datastore.Validation(datastore.StructureOnly))
			require.NoError(t, err, "at other levels a reference is a text")
		})
	}
	_, err = store.Patch(ctx, datastore.Ref{Type: "Patient", ID: "a"}, []byte(`[{"op":"add","path":"/managingOrganization","value":{"reference":"Organization?name=x"}}]`))
	require.ErrorIs(t, err, datastore.ErrInvalid)
	_, err = store.Update(ctx, []byte(`{"resourceType":"Bundle","id":"b","type":"transaction","entry":[{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient?family=a"}},"request":{"method":"POST","url":"Observation"}}]}`))
	require.NoError(t, err, "a transaction that is stored is not carried out")
}
