package fhirproto_test

import (
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"
	rpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirproto"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// The oracle is jsonformat, google/fhir's own codec.
var (
	unmarshaller = sync.OnceValues(func() (*jsonformat.Unmarshaller, error) {
		return jsonformat.NewUnmarshallerWithoutValidation("UTC", fhirversion.R4)
	})
	marshaller = sync.OnceValues(func() (*jsonformat.Marshaller, error) {
		return jsonformat.NewMarshaller(false, "", "", fhirversion.R4)
	})
)

// oracleProto is the proto that jsonformat makes of src.
func oracleProto(tb testing.TB, src []byte) (proto.Message, error) {
	tb.Helper()
	u, err := unmarshaller()
	require.NoError(tb, err)
	contained, err := u.UnmarshalR4(src)
	if err != nil {
		return nil, err
	}
	return inside(contained), nil
}

// inside returns the resource in a ContainedResource.
func inside(contained *rpb.ContainedResource) proto.Message {
	m := contained.ProtoReflect()
	return m.Get(m.WhichOneof(m.Descriptor().Oneofs().ByName("oneof_resource"))).Message().Interface()
}

// oracleJSON is the JSON that jsonformat makes of m.
func oracleJSON(tb testing.TB, m proto.Message) ([]byte, error) {
	tb.Helper()
	w, err := marshaller()
	require.NoError(tb, err)
	return w.MarshalResource(proto.Clone(m)) // it changes what it is given
}

// structure is the level at which the tests read: their random resources have the
// structure that the tables give, and references that lead nowhere.
var structure = &fhirjson.Options{Level: fhirjson.StructureOnly}

func parse(tb testing.TB, src []byte) *fhirjson.Document {
	tb.Helper()
	doc := new(fhirjson.Document)
	require.NoError(tb, fhirjson.Parse(src, doc, structure))
	return doc
}

func canonical(tb testing.TB, src []byte) string {
	tb.Helper()
	return string(fhirjson.AppendCanonical(nil, parse(tb, src), 0))
}

// newProto returns an empty message of the resource type.
func newProto(tb testing.TB, t schema.TypeID) proto.Message {
	tb.Helper()
	m, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(t.Type().Proto))
	require.NoError(tb, err)
	return m.New().Interface()
}

// toProto is the codec's way from JSON to a proto.
func toProto(tb testing.TB, src []byte) proto.Message {
	tb.Helper()
	doc := parse(tb, src)
	wire, err := fhirproto.AppendWire(nil, doc)
	require.NoError(tb, err)
	m := newProto(tb, doc.Type())
	require.NoError(tb, proto.Unmarshal(wire, m))
	return m
}

// toJSON is the codec's way from a proto to JSON.
func toJSON(tb testing.TB, m proto.Message) string {
	tb.Helper()
	wire, err := proto.Marshal(m)
	require.NoError(tb, err)
	t, ok := schema.ResourceType(string(m.ProtoReflect().Descriptor().Name()))
	require.True(tb, ok)
	json, err := fhirproto.AppendJSON(nil, wire, t)
	require.NoError(tb, err)
	return string(json)
}

// unpacked brings every Any in m to one order of fields, so that proto.Equal
// compares what they hold.
func unpacked(tb testing.TB, m proto.Message) proto.Message {
	m = proto.Clone(m)
	unpack(tb, m.ProtoReflect())
	return m
}

func unpack(tb testing.TB, m protoreflect.Message) {
	if held, ok := m.Interface().(*anypb.Any); ok {
		resource := new(rpb.ContainedResource)
		require.NoError(tb, held.UnmarshalTo(resource))
		unpack(tb, resource.ProtoReflect())
		var err error
		held.Value, err = proto.MarshalOptions{Deterministic: true}.Marshal(resource)
		require.NoError(tb, err)
		return
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				unpack(tb, v.List().Get(i).Message())
			}
		case f.Message() != nil:
			unpack(tb, v.Message())
		}
		return true
	})
}

// sortedText returns src as JSON text with names sorted and numbers as written:
// equal for equal values.
func sortedText(tb testing.TB, src []byte) string {
	tb.Helper()
	v := jsontext.Value(append([]byte(nil), src...))
	require.NoError(tb, v.Format(jsontext.CanonicalizeRawFloats(false), jsontext.CanonicalizeRawInts(false),
		jsontext.ReorderRawObjects(true)))
	return string(v)
}

// text shows a message for a failing test.
func text(m proto.Message) string { return prototext.MarshalOptions{Multiline: true}.Format(m) }

// requireAgreement checks that codec and oracle make the same proto of src and the
// same JSON of that proto, and that the codec's JSON is canonical.
func requireAgreement(tb testing.TB, src []byte) {
	tb.Helper()
	want, err := oracleProto(tb, src)
	require.NoError(tb, err)
	got := toProto(tb, src)
	if !proto.Equal(unpacked(tb, want), unpacked(tb, got)) {
		require.Equal(tb, text(want), text(got), "%s", src)
		tb.Fatal("protos differ, but not in their text")
	}
	wantJSON, err := oracleJSON(tb, want)
	require.NoError(tb, err)
	gotJSON := toJSON(tb, want)
	require.Equal(tb, sortedText(tb, wantJSON), sortedText(tb, []byte(gotJSON)))
	require.Equal(tb, canonical(tb, []byte(gotJSON)), gotJSON)
}
