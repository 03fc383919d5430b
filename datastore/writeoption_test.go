package datastore_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	ppb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// Each operation takes the options that have a meaning for it. Any other is an error that
// names it, and nothing is written.
func TestEveryOptionWithEveryOperation(t *testing.T) {
	provenance := []byte(`{"resourceType":"Provenance","recorded":"2020-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]}`)
	options := map[string]datastore.WriteOption{
		"IfMatch": datastore.IfMatch("1"), "IfNoneMatch": datastore.IfNoneMatch(), "IfNoneExist": datastore.IfNoneExist("family=nobody"),
		"IfChanged": datastore.IfChanged(), "Imported": datastore.Imported(), "KeepVersion": datastore.KeepVersion(),
		"ResolveReferences": datastore.ResolveReferences(), "WithProvenance": datastore.WithProvenance(provenance),
		"Validation": datastore.Validation(datastore.Minimal), "Return": datastore.Return("minimal"),
	}
	takes := map[string][]string{
		"create":                  {"IfNoneExist", "Imported", "ResolveReferences", "WithProvenance", "Validation", "Return"},
		"update":                  {"IfMatch", "IfNoneMatch", "IfChanged", "Imported", "KeepVersion", "ResolveReferences", "WithProvenance", "Validation", "Return"},
		"patch":                   {"IfMatch", "WithProvenance", "Validation", "Return"},
		"delete":                  {"IfMatch", "Imported"},
		"conditional update":      {"IfMatch", "Validation", "Return"},
		"conditional patch":       {"IfMatch", "Validation", "Return"},
		"conditional delete":      {"IfMatch"},
		"validate":                {"Validation"},
		"transact":                {"Validation", "Return"},
		"create in a transaction": {"Imported", "ResolveReferences", "Validation"},
		"update in a transaction": {"IfMatch", "IfNoneMatch", "IfChanged", "Imported", "KeepVersion", "ResolveReferences", "Validation"},
		"delete in a transaction": {"IfMatch", "Imported"},
		"deletion made elsewhere": {"IfMatch", "Imported"},
		"typed create":            {"IfNoneExist", "Imported", "ResolveReferences", "WithProvenance", "Validation"},
		"typed update":            {"IfMatch", "IfNoneMatch", "IfChanged", "Imported", "KeepVersion", "ResolveReferences", "WithProvenance", "Validation"},
		"typed delete":            {"IfMatch", "Imported"},
	}
	for operation, fitting := range takes {
		try := func(t *testing.T, option string, opts ...datastore.WriteOption) (error, bool) {
			store := open(t, nil)
			if option != "IfNoneMatch" {
				_, err := store.Update(ctx, patient("a", "A"))
				require.NoError(t, err)
			}
			before := store.Snapshot().Sequence()
			err := writeOf(store, operation, opts)
			return err, store.Snapshot().Sequence() != before
		}
		for name, option := range options {
			t.Run(operation+" "+name, func(t *testing.T) {
				err, wrote := try(t, name, option)
				if slices.Contains(fitting, name) {
					require.NoError(t, err)
					return
				}
				require.ErrorIs(t, err, datastore.ErrInvalid)
				require.ErrorContains(t, err, name+" does not go with ")
				require.False(t, wrote)
			})
		}
		t.Run(operation+" and nonsense", func(t *testing.T) {
			name := fitting[0]
			for text, opts := range map[string][]datastore.WriteOption{
				name + " is given twice":        {options[name], options[name]},
				"a nil option does not go with": {nil},
			} {
				err, wrote := try(t, name, opts...)
				require.ErrorIs(t, err, datastore.ErrInvalid)
				require.ErrorContains(t, err, text)
				require.False(t, wrote)
			}
		})
	}
	require.Len(t, slices.Collect(maps.Keys(options)), 10, "all options of the package")
}

// writeOf carries out an operation on Patient a.
func writeOf(store *datastore.Store, operation string, opts []datastore.WriteOption) (err error) {
	json, ref, tx := patient("a", "B"), datastore.Ref{Type: "Patient", ID: "a"}, store.Begin()
	typed, err := datastore.Unmarshal[*ppb.Patient](json)
	if err != nil {
		return err
	}
	switch operation {
	case "create":
		_, err = store.Create(ctx, json, opts...)
	case "update":
		_, err = store.Update(ctx, json, opts...)
	case "patch":
		_, err = store.Patch(ctx, ref, []byte(`[{"op":"add","path":"/active","value":true}]`), opts...)
	case "delete":
		err = store.Delete(ctx, ref, opts...)
	case "conditional update":
		_, err = store.ConditionalUpdate(ctx, "Patient", "_id=a", json, opts...)
	case "conditional patch":
		_, err = store.ConditionalPatch(ctx, "Patient", "_id=a", []byte(`[{"op":"add","path":"/active","value":true}]`), opts...)
	case "conditional delete":
		_, err = store.ConditionalDelete(ctx, "Patient", "_id=a", opts...)
	case "validate":
		_, err = store.Validate(ctx, json, opts...)
	case "transact":
		_, err = store.Transact(ctx, []byte(`{"resourceType":"Bundle","type":"batch"}`), opts...)
	case "create in a transaction":
		_, err = tx.Create(ctx, json, opts...)
	case "update in a transaction":
		_, err = tx.Update(ctx, json, opts...)
	case "delete in a transaction":
		err = tx.Delete(ref, opts...)
	case "deletion made elsewhere":
		err = tx.DeleteAs(ref, "", time.Time{}, opts...)
	case "typed create":
		_, err = datastore.Create(ctx, store, typed, opts...)
	case "typed update":
		_, err = datastore.Update(ctx, store, typed, opts...)
	case "typed delete":
		err = datastore.Delete[*ppb.Patient](ctx, store, "a", opts...)
	default:
		err = fmt.Errorf("no operation %s", operation)
	}
	if err == nil && tx.Len() > 0 {
		_, err = tx.Commit(ctx)
	}
	return err
}

// What an option is given is looked at as well.
func TestValuesOfOptions(t *testing.T) {
	store := open(t, nil)
	_, err := store.Update(ctx, patient("a", "A"))
	require.NoError(t, err)
	for text, opt := range map[string]datastore.WriteOption{
		"Return takes minimal, representation or OperationOutcome": datastore.Return("everything"),
		"Return takes":             datastore.Return(""),
		"Validation 9 is no level": datastore.Validation(9),
	} {
		_, err := store.Update(ctx, patient("a", "B"), opt)
		require.ErrorIs(t, err, datastore.ErrInvalid)
		require.ErrorContains(t, err, text)
	}
	for _, version := range []string{"", "x", "0"} {
		_, err := store.Update(ctx, patient("a", "B"), datastore.IfMatch(version))
		require.ErrorIs(t, err, datastore.ErrPreconditionFailed, "%q", version)
		require.ErrorIs(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: "a"}, datastore.IfMatch(version)), datastore.ErrPreconditionFailed)
		_, err = store.Patch(ctx, datastore.Ref{Type: "Patient", ID: "a"}, []byte(`[]`), datastore.IfMatch(version))
		require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
	}
	_, err = store.Update(ctx, patient("a", "B"), datastore.WithProvenance(nil))
	require.ErrorContains(t, err, "the Provenance")
	_, err = store.Update(ctx, patient("a", "B"), datastore.IfChanged(), datastore.WithProvenance(nil))
	require.ErrorContains(t, err, "WithProvenance does not go with IfChanged")

	for name, opts := range map[string][]datastore.SearchOption{
		"Lenient is given twice":        {datastore.Lenient(), datastore.Lenient()},
		"InCompartment is given twice":  {datastore.InCompartment(datastore.Ref{Type: "Patient", ID: "a"}), datastore.InCompartment(datastore.Ref{Type: "Patient", ID: "b"})},
		"a nil option does not go with": {nil},
		"no resource type":              {datastore.InCompartment(datastore.Ref{})},
	} {
		for form, err := range searches(store, "Patient", "_id=a", opts...) {
			require.ErrorIs(t, err, datastore.ErrInvalid, form)
			require.ErrorContains(t, err, name, form)
		}
	}
	for form, err := range searches(store, "Patient", "_id=a&nonsense=1", datastore.Lenient(), datastore.InCompartment(datastore.Ref{Type: "Patient", ID: "a"})) {
		require.NoError(t, err, form)
	}
}

// searches returns the errors of all forms of a search.
func searches(store *datastore.Store, typ, query string, opts ...datastore.SearchOption) map[string]error {
	errs := map[string]error{}
	now := store.Snapshot()
	defer now.Close()
	_, errs["page"] = store.Search(ctx, typ, query, opts...)
	_, errs["page of a snapshot"] = now.Search(ctx, typ, query, opts...)
	_, errs["typed page"] = datastore.SearchPage[*ppb.Patient](ctx, store, query, opts...)
	_, errs["selection"] = now.Select(ctx, typ, query, opts...)
	errs["bundle"] = store.SearchTo(ctx, new(discard), "", typ, query, opts...)
	errs["all"] = lastOf(store.SearchAll(ctx, typ, query, opts...))
	errs["all of a snapshot"] = lastOf(now.SearchAll(ctx, typ, query, opts...))
	errs["typed"] = lastOf(datastore.Search[*ppb.Patient](ctx, store, query, opts...))
	return errs
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// lastOf returns the error that an iteration ends with.
func lastOf[T any](all func(func(T, error) bool)) (last error) {
	for _, err := range all {
		last = err
	}
	return last
}
