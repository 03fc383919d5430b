package datastore_test

import (
	"os/exec"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	dtpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	prpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/parameters_go_proto"
	ppb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
)

// A typed update changes what the program changed and no other text.
func TestTypedUpdateKeepsText(t *testing.T) {
	store := open(t, nil)
	const head = `{"resourceType":"Patient","id":"id-1","meta":{"versionId":`
	const body = `"photo":[{"data":"AAAA BBBBCCCC","creation":"2020-01-01T00:00:00.5-00:00"}]}`
	_, err := store.Create(ctx, []byte(`{"resourceType":"Patient","deceasedDateTime":"2020-12-31T23:59:60.1Z",`+body))
	require.NoError(t, err)
	p, err := datastore.Read[*ppb.Patient](ctx, store, "id-1")
	require.NoError(t, err)

	p.Active = &dtpb.Boolean{Value: true}
	_, err = datastore.Update(ctx, store, p)
	require.NoError(t, err)
	v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "id-1"})
	require.NoError(t, err)
	require.Equal(t, head+`"2","lastUpdated":"2026-01-02T03:04:06.000000Z"},"active":true,"deceasedDateTime":"2020-12-31T23:59:60.1Z",`+body, string(v.JSON))

	p.GetDeceased().GetDateTime().ValueUs++
	p.GetDeceased().GetDateTime().Precision = dtpb.DateTime_MICROSECOND
	_, err = datastore.Update(ctx, store, p)
	require.NoError(t, err)
	v, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "id-1"})
	require.NoError(t, err)
	require.Equal(t, head+`"3","lastUpdated":"2026-01-02T03:04:07.000000Z"},"active":true,"deceasedDateTime":"2021-01-01T00:00:00.100001Z",`+body, string(v.JSON))
}

// A proto that is no resource is refused with the place.
func TestTypedInvalid(t *testing.T) {
	store := open(t, nil)
	var e *datastore.Error
	_, err := datastore.Create(ctx, store, &ppb.Patient{BirthDate: &dtpb.Date{}})
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.Equal(t, "/birthDate", e.Issues[0].Pointer)
	_, err = datastore.Create(ctx, store, &ppb.Patient{Name: []*dtpb.HumanName{{Family: str("a"), Given: []*dtpb.String{{}}}}})
	require.ErrorAs(t, err, &e)
	require.Equal(t, "/name/0/given/0", e.Issues[0].Pointer)
	_, err = datastore.Create(ctx, store, &ppb.Patient{Name: []*dtpb.HumanName{{Family: str("\xff")}}})
	require.ErrorIs(t, err, datastore.ErrInvalid)
}

// Parameters hold resources, which jsonformat does not know.
func TestTypedParameters(t *testing.T) {
	store := open(t, nil)
	v, err := store.Create(ctx, []byte(`{"resourceType":"Parameters","parameter":[{"name":"p","resource":{"resourceType":"Patient","active":true}}]}`))
	require.NoError(t, err)
	p, err := datastore.Read[*prpb.Parameters](ctx, store, v.Ref.ID)
	require.NoError(t, err)
	again, err := datastore.Update(ctx, store, p)
	require.NoError(t, err)
	require.True(t, proto.Equal(p.GetParameter()[0], again.GetParameter()[0]))
}

// What a program links is the protos that it uses, not all of R4.
func TestLinksNoJSONFormat(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	require.NotContains(t, string(out), "google/fhir/go/jsonformat")
	require.NotContains(t, string(out), "bundle_and_contained_resource")
}
