package datastore_test

import (
	"fmt"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	cpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/codes_go_proto"
	dtpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	agpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/profiles/actual_group_go_proto"
	opb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/observation_go_proto"
	ppb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
)

func str(s string) *dtpb.String { return &dtpb.String{Value: s} }

// ann is a patient as a program would make one.
func ann(family string) *ppb.Patient {
	return &ppb.Patient{
		Name:   []*dtpb.HumanName{{Family: str(family), Given: []*dtpb.String{str("Ann")}}},
		Gender: &ppb.Patient_GenderCode{Value: cpb.AdministrativeGenderCode_FEMALE},
		BirthDate: &dtpb.Date{
			ValueUs: 318384000000000, Timezone: "UTC", Precision: dtpb.Date_DAY, // 1980-02-03
		},
		Identifier: []*dtpb.Identifier{{System: &dtpb.Uri{Value: "urn:x"}, Value: str(family)}},
	}
}

// weight is an observation of a patient.
func weight(of, kg string) *opb.Observation {
	return &opb.Observation{
		Status: &opb.Observation_StatusCode{Value: cpb.ObservationStatusCode_FINAL},
		Code: &dtpb.CodeableConcept{Coding: []*dtpb.Coding{{
			System: &dtpb.Uri{Value: "http://loinc.org"}, Code: &dtpb.Code{Value: "29463-7"},
		}}},
		Subject: &dtpb.Reference{Reference: &dtpb.Reference_PatientId{PatientId: &dtpb.ReferenceId{Value: of}}},
		Value: &opb.Observation_ValueX{Choice: &opb.Observation_ValueX_Quantity{Quantity: &dtpb.Quantity{
			Value: &dtpb.Decimal{Value: kg}, System: &dtpb.Uri{Value: "http://unitsofmeasure.org"}, Code: &dtpb.Code{Value: "kg"},
		}}},
	}
}

// same wants two protos to be equal but for what the store sets.
func same(t *testing.T, want, got proto.Message) {
	t.Helper()
	require.Empty(t, cmp.Diff(want, got, protocmp.Transform(),
		protocmp.IgnoreFields(&ppb.Patient{}, "id", "meta"), protocmp.IgnoreFields(&opb.Observation{}, "id", "meta")))
}

func families(patients []*ppb.Patient) (all []string) {
	for _, p := range patients {
		all = append(all, p.GetName()[0].GetFamily().GetValue())
	}
	return all
}

func TestTyped(t *testing.T) {
	store := open(t, nil)
	made := ann("Smith")
	before := proto.Clone(made)
	p, err := datastore.Create(ctx, store, made)
	require.NoError(t, err)
	same(t, before, made)
	same(t, made, p)
	require.Equal(t, "id-1", p.GetId().GetValue())
	require.Equal(t, "1", p.GetMeta().GetVersionId().GetValue())
	require.EqualValues(t, 1767323045000000, p.GetMeta().GetLastUpdated().GetValueUs())
	require.Equal(t, dtpb.Instant_MICROSECOND, p.GetMeta().GetLastUpdated().GetPrecision())

	p.Name[0].Family = str("Jones")
	p2, err := datastore.Update(ctx, store, p, datastore.IfMatch("1"))
	require.NoError(t, err)
	require.Equal(t, "2", p2.GetMeta().GetVersionId().GetValue())
	_, err = datastore.Update(ctx, store, p, datastore.IfMatch("1"))
	require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
	_, err = datastore.Update(ctx, store, p, datastore.IfNoneMatch())
	require.ErrorIs(t, err, datastore.ErrPreconditionFailed)

	got, err := datastore.Read[*ppb.Patient](ctx, store, "id-1")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(p2, got, protocmp.Transform()))
	old, err := datastore.ReadVersion[*ppb.Patient](ctx, store, "id-1", "1")
	require.NoError(t, err)
	same(t, made, old)
	v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "id-1"})
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), `"birthDate":"1980-02-03"`, "typed and untyped read the same")

	now := store.Snapshot()
	defer now.Close()
	require.ErrorIs(t, datastore.Delete[*ppb.Patient](ctx, store, "id-1", datastore.IfMatch("1")), datastore.ErrPreconditionFailed)
	require.NoError(t, datastore.Delete[*ppb.Patient](ctx, store, "id-1", datastore.IfMatch("2")))
	_, err = datastore.Read[*ppb.Patient](ctx, store, "id-1")
	require.ErrorIs(t, err, datastore.ErrGone)
	got, err = datastore.Read[*ppb.Patient](ctx, now, "id-1")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(p2, got, protocmp.Transform()), "a snapshot still has it")

	var versions []string
	for p, err := range datastore.History[*ppb.Patient](ctx, store, "id-1", nil) {
		require.NoError(t, err)
		versions = append(versions, p.GetMeta().GetVersionId().GetValue())
	}
	require.Equal(t, []string{"2", "1"}, versions, "deletions have no content")
}

func TestTypedIfNoneExist(t *testing.T) {
	store := open(t, nil)
	first, err := datastore.Create(ctx, store, ann("Smith"), datastore.IfNoneExist("identifier=urn:x|Smith"))
	require.NoError(t, err)
	again, err := datastore.Create(ctx, store, ann("Smith"), datastore.IfNoneExist("identifier=urn:x|Smith"))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(first, again, protocmp.Transform()))
	_, err = datastore.Create(ctx, store, ann("Smith"))
	require.NoError(t, err)
	_, err = datastore.Create(ctx, store, ann("Smith"), datastore.IfNoneExist("identifier=urn:x|Smith"))
	require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
	_, err = datastore.Create(ctx, store, ann("Smith"), datastore.IfMatch("1"))
	require.ErrorIs(t, err, datastore.ErrInvalid)
	_, err = datastore.Update(ctx, store, first, datastore.IfNoneExist("identifier=urn:x|Smith"))
	require.ErrorIs(t, err, datastore.ErrInvalid)
}

func TestTypedSearch(t *testing.T) {
	store := open(t, nil)
	for i, family := range []string{"Baker", "Cook", "Adams", "Dyer"} {
		p, err := datastore.Create(ctx, store, ann(family))
		require.NoError(t, err)
		w := weight(p.GetId().GetValue(), fmt.Sprintf("%d.50", 60+i))
		o, err := datastore.Create(ctx, store, w)
		require.NoError(t, err)
		same(t, weight(p.GetId().GetValue(), fmt.Sprintf("%d.50", 60+i)), w) // what was passed is left alone
		same(t, w, o)                                                        // the digits stay: 60.50
	}
	var all []*ppb.Patient
	for p, err := range datastore.Search[*ppb.Patient](ctx, store, "birthdate=1980-02&_sort=family&_count=1") {
		require.NoError(t, err)
		all = append(all, p)
	}
	require.Equal(t, []string{"Adams", "Baker", "Cook", "Dyer"}, families(all), "an iteration has no pages")

	all = nil
	for p, err := range datastore.Search[*ppb.Patient](ctx, store, "") {
		require.NoError(t, err)
		if all = append(all, p); len(all) == 2 {
			break
		}
	}
	require.Equal(t, []string{"Dyer", "Adams"}, families(all), "newest first, and stopped at once")

	now := store.Snapshot()
	defer now.Close()
	_, err := datastore.Create(ctx, store, ann("Late"))
	require.NoError(t, err)
	page, err := datastore.SearchPage[*ppb.Patient](ctx, now, "_sort=family&_count=3")
	require.NoError(t, err)
	require.Equal(t, 4, page.Total)
	require.Equal(t, []string{"Adams", "Baker", "Cook"}, families(page.Matches))
	require.Empty(t, page.Previous)
	page, err = datastore.SearchPage[*ppb.Patient](ctx, store, page.Next)
	require.NoError(t, err)
	require.Equal(t, []string{"Dyer"}, families(page.Matches), "pages stay in their state")
	require.Empty(t, page.Next)
	require.NotEmpty(t, page.Previous)

	weights, err := datastore.SearchPage[*opb.Observation](ctx, store,
		"value-quantity=gt61||kg&subject:Patient.family=dyer&_include=Observation:subject")
	require.NoError(t, err)
	require.Equal(t, 1, weights.Total)
	require.Equal(t, "63.50", weights.Matches[0].GetValue().GetQuantity().GetValue().GetValue())
	require.Len(t, weights.Included, 1)
	require.Equal(t, "Patient", weights.Included[0].Type)
}

// TestTypedRoundTrip reads resources as protos and writes them back: nothing of
// them changes.
func TestTypedRoundTrip(t *testing.T) {
	store := open(t, nil)
	lines := synthetic(2)
	require.NoError(t, importLines(store, lines))
	same := 0
	for _, line := range lines {
		var err error
		want := decode(t, line)
		ref := datastore.Ref{Type: want["resourceType"].(string), ID: want["id"].(string)}
		switch ref.Type {
		case "Patient":
			err = rewriteTyped[*ppb.Patient](store, ref.ID)
		case "Observation":
			err = rewriteTyped[*opb.Observation](store, ref.ID)
		default:
			continue
		}
		require.NoError(t, err)
		v, err := store.Read(ctx, ref)
		require.NoError(t, err)
		require.Equal(t, "2", v.VersionID)
		require.Equal(t, want, decode(t, v.JSON))
		same++
	}
	require.Greater(t, same, 100)
}

func rewriteTyped[R datastore.Resource](store *datastore.Store, id string) error {
	r, err := datastore.Read[R](ctx, store, id)
	if err == nil {
		_, err = datastore.Update(ctx, store, r)
	}
	return err
}

func TestTypedErrors(t *testing.T) {
	store := open(t, nil)
	group := &agpb.ActualGroup{}
	profile := func(err error) { t.Helper(); require.ErrorIs(t, err, datastore.ErrUnsupported) }
	_, err := datastore.Create(ctx, store, group)
	profile(err)
	_, err = datastore.Update(ctx, store, group)
	profile(err)
	_, err = datastore.Read[*agpb.ActualGroup](ctx, store, "x")
	profile(err)
	_, err = datastore.ReadVersion[*agpb.ActualGroup](ctx, store, "x", "1")
	profile(err)
	_, err = datastore.SearchPage[*agpb.ActualGroup](ctx, store, "")
	profile(err)
	profile(datastore.Delete[*agpb.ActualGroup](ctx, store, "x"))
	yielded := 0
	for _, err := range datastore.Search[*agpb.ActualGroup](ctx, store, "") {
		profile(err)
		yielded++
	}
	for _, err := range datastore.History[*agpb.ActualGroup](ctx, store, "x", nil) {
		profile(err)
		yielded++
	}
	require.Equal(t, 2, yielded, "an error is yielded once")

	// An interface says no type: it is refused, not dereferenced.
	_, err = datastore.Read[datastore.Resource](ctx, store, "x")
	profile(err)
	_, err = datastore.Create[datastore.Resource](ctx, store, ann("Smith"))
	profile(err)

	for _, none := range []*ppb.Patient{nil, (*ppb.Patient)(nil)} {
		_, err = datastore.Create(ctx, store, none)
		require.ErrorIs(t, err, datastore.ErrInvalid)
		_, err = datastore.Update(ctx, store, none)
		require.ErrorIs(t, err, datastore.ErrInvalid)
	}
	_, err = datastore.Update(ctx, store, ann("Smith"))
	require.ErrorIs(t, err, datastore.ErrInvalid, "an update needs an id")
	require.Equal(t, "/id", datastore.Issues(err)[0].Pointer)
	_, err = datastore.Create(ctx, store, &opb.Observation{})
	require.ErrorIs(t, err, datastore.ErrInvalid, "status and code are missing")
	bad := ann("secret-value")
	bad.BirthDate.Precision = dtpb.Date_PRECISION_UNSPECIFIED
	_, err = datastore.Create(ctx, store, bad)
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.NotContains(t, err.Error(), "secret-value")

	_, err = datastore.Read[*ppb.Patient](ctx, store, "none")
	require.ErrorIs(t, err, datastore.ErrNotFound)
	require.ErrorIs(t, datastore.Delete[*ppb.Patient](ctx, store, "none"), datastore.ErrNotFound)
	o, err := datastore.Create(ctx, store, weight("p", "60"))
	require.NoError(t, err)
	_, err = datastore.Read[*ppb.Patient](ctx, store, o.GetId().GetValue())
	require.ErrorIs(t, err, datastore.ErrNotFound, "ids are of a type")
	_, err = datastore.ReadVersion[*opb.Observation](ctx, store, o.GetId().GetValue(), "2")
	require.ErrorIs(t, err, datastore.ErrNotFound)
	for _, err := range datastore.History[*ppb.Patient](ctx, store, "none", nil) {
		require.ErrorIs(t, err, datastore.ErrNotFound)
	}
	for _, err := range datastore.Search[*ppb.Patient](ctx, store, "nmae=x") {
		require.ErrorIs(t, err, datastore.ErrInvalid)
	}
	_, err = datastore.SearchPage[*ppb.Patient](ctx, store, "nmae=x")
	require.ErrorIs(t, err, datastore.ErrInvalid)

	// What a proto cannot hold is still there for the untyped side.
	v, err := store.Update(ctx, []byte(`{"resourceType":"Patient","id":"odd","birthDate":"1980-02-03","_gender":{"extension":[{"url":"http://example.org/x","valueString":"y"}]}}`))
	require.NoError(t, err)
	p, err := datastore.Read[*ppb.Patient](ctx, store, "odd")
	require.NoError(t, err)
	again, err := datastore.Update(ctx, store, p)
	require.NoError(t, err)
	require.Equal(t, "2", again.GetMeta().GetVersionId().GetValue())
	untyped, err := store.Read(ctx, v.Ref)
	require.NoError(t, err)
	require.Contains(t, string(untyped.JSON), `"_gender":{"extension":[{"url":"http://example.org/x","valueString":"y"}]}`)
}

func TestTypedAfterClose(t *testing.T) {
	store, err := datastore.Open(ctx, "mem:", nil)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	_, err = datastore.Create(ctx, store, ann("Smith"))
	require.ErrorIs(t, err, datastore.ErrClosed)
	_, err = datastore.Read[*ppb.Patient](ctx, store, "x")
	require.ErrorIs(t, err, datastore.ErrClosed)
	for _, err := range datastore.Search[*ppb.Patient](ctx, store, "") {
		require.ErrorIs(t, err, datastore.ErrClosed)
	}
}

func TestMarshalAndUnmarshal(t *testing.T) {
	const json = `{"resourceType":"Patient","id":"p","name":[{"family":"O'Hara","given":["Ann","Bo"]}],"birthDate":"1980-02"}`
	p, err := datastore.Unmarshal[*ppb.Patient]([]byte(json))
	require.NoError(t, err)
	require.Equal(t, "O'Hara", p.GetName()[0].GetFamily().GetValue())
	back, err := datastore.Marshal(p)
	require.NoError(t, err)
	require.Equal(t, json, string(back))

	_, err = datastore.Unmarshal[*ppb.Patient]([]byte(`{"resourceType":"Patient","nmae":1}`))
	require.ErrorIs(t, err, datastore.ErrUnsupported)
	require.Equal(t, "/nmae", datastore.Issues(err)[0].Pointer)
	_, err = datastore.Unmarshal[*ppb.Patient]([]byte(`{"resourceType":"Basic","code":{"text":"x"}}`))
	require.ErrorIs(t, err, datastore.ErrInvalid)
}
