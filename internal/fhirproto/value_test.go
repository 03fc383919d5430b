package fhirproto_test

import (
	"strings"
	"testing"

	annotations "github.com/google/fhir/go/proto/google/fhir/proto/annotations_go_proto"
	c4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/codes_go_proto"
	d4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	bpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"
	opb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/observation_go_proto"
	ppb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/fhirlake/fhirlake/internal/fhirproto"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Each code of each enum is the one that google/fhir's annotations give.
func TestEnums(t *testing.T) {
	for i := range schema.Fields {
		f := &schema.Fields[i]
		if f.Enum == "" {
			continue
		}
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(f.Enum))
		require.NoError(t, err)
		values := d.(protoreflect.EnumDescriptor).Values()
		want := map[int32]string{}
		for i := range values.Len() {
			v := values.Get(i)
			code, _ := proto.GetExtension(v.Options(), annotations.E_FhirOriginalCode).(string)
			if code == "" {
				code = strings.ReplaceAll(strings.ToLower(string(v.Name())), "_", "-")
			}
			if v.Number() != 0 {
				want[int32(v.Number())] = code
			}
		}
		got := map[int32]string{}
		for _, c := range f.Binding.Binding().Codes {
			got[c.Enum] = c.Code
		}
		require.Equal(t, want, got, f.Enum)
	}
}

func dateTime(us int64, zone string, p d4.DateTime_Precision) *ppb.Patient {
	return &ppb.Patient{Deceased: &ppb.Patient_DeceasedX{Choice: &ppb.Patient_DeceasedX_DateTime{
		DateTime: &d4.DateTime{ValueUs: us, Timezone: zone, Precision: p},
	}}}
}

// Protos that programs make may say what JSON never does.
func TestFromPrograms(t *testing.T) {
	const noon = 1_593_604_800_000_000 // 2020-07-01T12:00:00Z
	for name, c := range map[string]struct {
		message proto.Message
		want    string
	}{
		"a zone by name":   {dateTime(noon, "America/New_York", d4.DateTime_SECOND), `"deceasedDateTime":"2020-07-01T08:00:00-04:00"`},
		"the zone UTC":     {dateTime(noon, "UTC", d4.DateTime_SECOND), `"deceasedDateTime":"2020-07-01T12:00:00+00:00"`},
		"no zone":          {dateTime(noon, "", d4.DateTime_MILLISECOND), `"deceasedDateTime":"2020-07-01T12:00:00.000+00:00"`},
		"a day in a zone":  {dateTime(noon+12*3600e6, "-05:00", d4.DateTime_DAY), `"deceasedDateTime":"2020-07-01"`},
		"before 1970":      {dateTime(-1, "Z", d4.DateTime_MICROSECOND), `"deceasedDateTime":"1969-12-31T23:59:59.999999Z"`},
		"an empty message": {&ppb.Patient{Name: []*d4.HumanName{{}}}, `"name":[{}]`},
		"an empty string":  {&ppb.Patient{Name: []*d4.HumanName{{Family: &d4.String{}}}}, `"name":[{"family":""}]`},
		"an enum not set":  {&ppb.Patient{Gender: &ppb.Patient_GenderCode{}, Active: &d4.Boolean{}}, `"active":false`},
		"an enum": {
			&ppb.Patient{Gender: &ppb.Patient_GenderCode{Value: c4.AdministrativeGenderCode_FEMALE}}, `"gender":"female"`,
		},
		"control characters": {
			&ppb.Patient{ImplicitRules: &d4.Uri{Value: "\x00\x1f\b\f\n\r\t\"\\/<\u2028"}},
			`"implicitRules":"\u0000\u001f\b\f\n\r\t\"\\/<` + "\u2028" + `"`,
		},
		"nothing": {&ppb.Patient{}, ``},
	} {
		t.Run(name, func(t *testing.T) {
			want := `{"resourceType":"Patient"}`
			if c.want != "" {
				want = `{"resourceType":"Patient",` + c.want + `}`
			}
			require.Equal(t, want, toJSON(t, c.message))
			theirs, err := oracleJSON(t, c.message)
			require.NoError(t, err)
			require.Equal(t, sortedText(t, []byte(want)), sortedText(t, theirs))
		})
	}
}

func quantity(decimal string) *opb.Observation {
	return &opb.Observation{Value: &opb.Observation_ValueX{Choice: &opb.Observation_ValueX_Quantity{
		Quantity: &d4.Quantity{Value: &d4.Decimal{Value: decimal}},
	}}}
}

func strided(separator string) *ppb.Patient {
	text := func(url string, v *d4.Extension_ValueX) *d4.Extension {
		return &d4.Extension{Url: &d4.Uri{Value: url}, Value: v}
	}
	data := &d4.Base64Binary{Value: []byte("abcdef"), Extension: []*d4.Extension{{
		Url: &d4.Uri{Value: fhirproto.StrideURL},
		Extension: []*d4.Extension{
			text("separator", &d4.Extension_ValueX{Choice: &d4.Extension_ValueX_StringValue{StringValue: &d4.String{Value: separator}}}),
			text("stride", &d4.Extension_ValueX{Choice: &d4.Extension_ValueX_PositiveInt{PositiveInt: &d4.PositiveInt{Value: 1}}}),
		},
	}}}
	return &ppb.Patient{Photo: []*d4.Attachment{{Title: &d4.String{Value: "a"}}, {Data: data}}}
}

func TestNoJSON(t *testing.T) {
	for name, c := range map[string]struct {
		message          proto.Message
		pointer, problem string
	}{
		"a decimal that is no number": {quantity("1,5"), "/valueQuantity/value", "not a valid decimal"},
		"an empty decimal":            {quantity(""), "/valueQuantity/value", "not a valid decimal"},
		"a leading zero":              {quantity("01"), "/valueQuantity/value", "not a valid decimal"},
		"no precision":                {dateTime(0, "Z", 0), "/deceasedDateTime", "not a valid dateTime"},
		"a precision out of range":    {dateTime(0, "Z", 7), "/deceasedDateTime", "not a valid dateTime"},
		"a zone that is none":         {dateTime(0, "Nowhere/Land", d4.DateTime_SECOND), "/deceasedDateTime", "not a valid dateTime"},
		"a zone beyond 14 hours":      {dateTime(0, "+15:00", d4.DateTime_SECOND), "/deceasedDateTime", "not a valid dateTime"},
		"the year 10000":              {dateTime(253402300800000000, "Z", d4.DateTime_SECOND), "/deceasedDateTime", "not a valid dateTime"},
		"the year 0":                  {dateTime(-62135596800000001, "Z", d4.DateTime_SECOND), "/deceasedDateTime", "not a valid dateTime"},
		"an enum out of range":        {&ppb.Patient{Gender: &ppb.Patient_GenderCode{Value: 99}}, "/gender", "not a valid code"},
		"a long separator":            {strided("         "), "/photo/1/data", "not a valid base64Binary"},
		"a separator that is text":    {strided("x"), "/photo/1/data", "not a valid base64Binary"},
		"a choice without value": {
			&ppb.Patient{Deceased: &ppb.Patient_DeceasedX{}}, "/deceased[x]", "not one alternative of a choice",
		},
		"an Any of something else": {
			&ppb.Patient{Contained: []*anypb.Any{{TypeUrl: "type.googleapis.com/google.protobuf.Any"}}},
			"/contained/0", "the Any does not hold a ContainedResource",
		},
		"an empty ContainedResource": {
			&bpb.Bundle{Entry: []*bpb.Bundle_Entry{{Resource: &bpb.ContainedResource{}}}},
			"/entry/0/resource", "the ContainedResource is empty",
		},
	} {
		t.Run(name, func(t *testing.T) {
			wire, err := proto.Marshal(c.message)
			require.NoError(t, err)
			id, ok := schema.ResourceType(string(c.message.ProtoReflect().Descriptor().Name()))
			require.True(t, ok)
			_, err = fhirproto.AppendJSON(nil, wire, id)
			var e *fhirproto.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.pointer, e.Pointer)
			require.Equal(t, c.problem, e.Reason)
		})
	}
}
