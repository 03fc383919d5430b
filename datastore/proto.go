package datastore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirproto"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
	"google.golang.org/protobuf/proto"
)

// This file is the one place where JSON becomes a google/fhir proto and back.

// protoPackage is the package of the protos of R4's own resources. Protos of profiles
// have other packages.
const protoPackage = "google.fhir.r4.core."

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

// A transcoder is the memory for one resource on its way between JSON and a proto.
type transcoder struct {
	doc  fhirjson.Document
	wire []byte
}

var transcoders = sync.Pool{New: func() any { return new(transcoder) }}

// maxTranscoder is how many bytes of wire format a pooled transcoder may keep.
const maxTranscoder = 1 << 20

func (c *transcoder) release() {
	if c.doc.Source = nil; cap(c.wire) <= maxTranscoder {
		transcoders.Put(c)
	}
}

// unlimited reads every stored resource that a proto can hold.
var unlimited = fhirjson.Options{MaxBytes: math.MaxInt, Level: fhirjson.StructureOnly}

// Marshal returns a proto as canonical JSON. The proto is read and not changed. It
// reports ErrUnsupported if R is not the proto of an R4 resource, and an [Error] with
// the place for a proto that FHIR's JSON cannot hold.
func Marshal[R Resource](resource R) ([]byte, error) {
	t, err := typeOf[R]()
	if err != nil {
		return nil, err
	}
	if !resource.ProtoReflect().IsValid() {
		return nil, engine.Failf(ErrInvalid, issue.Required, "the resource is nil")
	}
	c := transcoders.Get().(*transcoder)
	defer c.release()
	if c.wire, err = (proto.MarshalOptions{}).MarshalAppend(c.wire[:0], resource); err != nil {
		return nil, engine.Failf(ErrInvalid, issue.Structure, "the %s proto cannot be written: a string is not UTF-8", t)
	}
	json, err := fhirproto.AppendJSON(nil, c.wire, t)
	if err != nil {
		failed := engine.Failf(ErrInvalid, issue.Structure, "the %s proto cannot be written as JSON", t)
		if at := new(fhirproto.Error); errors.As(err, &at) {
			failed.Issues[0].Pointer, failed.Issues[0].Diagnostics = at.Pointer, at.Reason
		}
		return nil, failed
	}
	return json, nil
}

// Unmarshal reads JSON of at least the level [StructureOnly] into a proto. It reports
// ErrUnsupported, with the place, for a value that the proto cannot hold, and
// ErrInvalid for a resource of another type.
func Unmarshal[R Resource](json []byte) (R, error) {
	var none R
	t, err := typeOf[R]()
	if err != nil {
		return none, err
	}
	c := transcoders.Get().(*transcoder)
	defer c.release()
	if err := fhirjson.Parse(json, &c.doc, &unlimited); err != nil {
		var malformed *fhirjson.Error
		if errors.As(err, &malformed) {
			return none, &Error{Class: ErrUnsupported, Issues: malformed.Issues}
		}
		return none, err
	}
	if c.doc.Type() != t {
		return none, fmt.Errorf("%w: the resource is a %s", ErrInvalid, c.doc.Type())
	}
	if c.wire, err = fhirproto.AppendWire(c.wire[:0], &c.doc); err != nil {
		return none, fmt.Errorf("%w: the resource has something that its proto cannot hold: %w", ErrUnsupported, err)
	}
	r := none.ProtoReflect().New().Interface().(R)
	if err := proto.Unmarshal(c.wire, r); err != nil {
		return none, fmt.Errorf("%w: the resource has something that its proto cannot hold", ErrUnsupported)
	}
	return r, nil
}

// keepText returns json, made from a proto that is about to replace the resource ref,
// with the current version's text for each primitive that the proto did not change. For
// instance, a proto does not hold all digits of a fraction of a second; see
// fhirproto.AppendKept. The write reports faults of either text.
func (s *Store) keepText(ctx context.Context, ref Ref, json []byte) []byte {
	current, err := s.read(ctx, ref)
	if err != nil {
		return json
	}
	var before, after fhirjson.Document
	if fhirjson.Parse(current.JSON, &before, &unlimited) != nil || fhirjson.Parse(json, &after, &unlimited) != nil {
		return json
	}
	return fhirproto.AppendKept(nil, &before, &after)
}
