package datastore

import (
	"fmt"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"
	"google.golang.org/protobuf/proto"
)

// This file is the one place where JSON becomes a google/fhir proto and back.

// protoPackage is where the protos of R4's own resources live; those of profiles
// live elsewhere.
const protoPackage = "google.fhir.r4.core."

var marshaller = sync.OnceValues(func() (*jsonformat.Marshaller, error) {
	return jsonformat.NewMarshaller(false, "", "", fhirversion.R4)
})

// The store has validated what it holds, so the protos are made without a second
// validation.
var unmarshaller = sync.OnceValues(func() (*jsonformat.Unmarshaller, error) {
	return jsonformat.NewUnmarshallerWithoutValidation("UTC", fhirversion.R4)
})

// typeOf returns the resource type of R.
func typeOf[R Resource]() (schema.TypeID, error) {
	var none R
	if any(none) == nil {
		return 0, fmt.Errorf("%w: the type parameter is an interface, not a proto", ErrUnsupported)
	}
	name := string(none.ProtoReflect().Descriptor().FullName())
	if rest, ok := strings.CutPrefix(name, protoPackage); ok {
		if t, ok := schema.ResourceType(rest); ok {
			return t, nil
		}
	}
	return 0, fmt.Errorf("%w: %s is not the proto of an R4 resource", ErrUnsupported, name)
}

// marshal writes a proto as JSON.
func marshal[R Resource](resource R) ([]byte, error) {
	if _, err := typeOf[R](); err != nil {
		return nil, err
	}
	if !resource.ProtoReflect().IsValid() {
		return nil, failf(ErrInvalid, issue.Required, "the resource is nil")
	}
	m, err := marshaller()
	if err != nil {
		return nil, err
	}
	// jsonformat rewrites the references of what it marshals; the caller's stay.
	json, err := m.MarshalResource(proto.Clone(resource))
	if err != nil {
		// jsonformat's text may quote the resource.
		return nil, failf(ErrInvalid, issue.Structure, "the %s proto cannot be written as JSON", resource.ProtoReflect().Descriptor().Name())
	}
	return json, nil
}

// unmarshal reads stored JSON into a proto.
func unmarshal[R Resource](json []byte) (R, error) {
	var none R
	u, err := unmarshaller()
	if err != nil {
		return none, err
	}
	contained, err := u.UnmarshalR4(json)
	if err != nil {
		return none, fmt.Errorf("%w: the resource has something that its proto cannot hold", ErrUnsupported)
	}
	m := contained.ProtoReflect()
	field := m.WhichOneof(m.Descriptor().Oneofs().ByName("oneof_resource"))
	if field == nil {
		return none, fmt.Errorf("%w: the resource has no proto", ErrUnsupported)
	}
	r, ok := m.Get(field).Message().Interface().(R)
	if !ok {
		return none, fmt.Errorf("%w: the resource is a %s", ErrInvalid, field.Message().Name())
	}
	return r, nil
}
