package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	annotations "github.com/google/fhir/go/proto/google/fhir/proto/annotations_go_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	// Links the descriptors of every R4 resource.
	_ "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/bundle_and_contained_resource_go_proto"
)

// number looks up the proto message of every type and the numbers of its fields.
// A backbone type has no name of its own there: it is found through the field
// that it is declared at.
func number(types []*typeRow, byName map[string]*typeRow) error {
	messages := map[*typeRow]protoreflect.MessageDescriptor{}
	for _, t := range types {
		if t.kind != "KindBackbone" && !t.abstract {
			name := protoreflect.FullName("google.fhir.r4.core." + strings.ToUpper(t.name[:1]) + t.name[1:])
			d, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			messages[t] = d.(protoreflect.MessageDescriptor)
		}
	}
	// A backbone type stands after its owner, so its message is known by its turn.
	for _, t := range types {
		m := messages[t]
		if m == nil {
			continue
		}
		t.proto = string(m.FullName())
		var err error
		if t.contained, err = containedNumber(m); err != nil {
			return err
		}
		if t.kind == "KindPrimitive" {
			continue // a primitive's message is made by hand, not by its fields
		}
		for _, f := range t.fields {
			if err := numberField(f, m); err != nil {
				return err
			}
			if b := byName[f.typ]; b.kind == "KindBackbone" && messages[b] == nil {
				messages[b] = m.Fields().ByNumber(protoreflect.FieldNumber(f.proto)).Message()
			}
		}
	}
	return nil
}

// referenceTypes returns the fields of Reference that hold the id of a resource
// of one type, by number.
func referenceTypes() ([]referenceType, error) {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName("google.fhir.r4.core.Reference")
	if err != nil {
		return nil, err
	}
	var all []referenceType
	fields := d.(protoreflect.MessageDescriptor).Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if name, _ := proto.GetExtension(f.Options(), annotations.E_ReferencedFhirType).(string); name != "" {
			all = append(all, referenceType{name, int32(f.Number())})
		}
	}
	slices.SortFunc(all, func(a, b referenceType) int { return cmp.Compare(a.proto, b.proto) })
	return all, nil
}

// containedNumber returns the number of the field of ContainedResource that holds
// the resource m, 0 where m is none.
func containedNumber(m protoreflect.MessageDescriptor) (int32, error) {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName("google.fhir.r4.core.ContainedResource")
	if err != nil {
		return 0, err
	}
	fields := d.(protoreflect.MessageDescriptor).Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); f.Message().FullName() == m.FullName() {
			return int32(f.Number()), nil
		}
	}
	return 0, nil
}

func numberField(f *fieldRow, m protoreflect.MessageDescriptor) error {
	fd := m.Fields().ByJSONName(f.element)
	if fd == nil {
		return fmt.Errorf("%s.%s is not in %s", f.owner.name, f.name, m.FullName())
	}
	f.proto = int32(fd.Number())
	value := fd.Message()
	if f.choice {
		alternative := choiceField(value, f.typ)
		if alternative == nil {
			if f.name == "valueMeta" && f.owner.name == "Extension" {
				return nil // the one alternative of R4 that the protos lack
			}
			return fmt.Errorf("%s.%s is not in %s", f.owner.name, f.name, value.FullName())
		}
		f.alternative = int32(alternative.Number())
		value = alternative.Message()
	}
	f.any = value.FullName() == "google.protobuf.Any"
	f.simple = value.Name() == "SimpleQuantity"
	if f.typ != "code" {
		return checkMessage(f, value)
	}
	switch v := value.Fields().ByName("value"); {
	case v.Kind() == protoreflect.EnumKind && v.Number() == 1:
		f.enum = string(v.Enum().FullName())
	case v.Kind() == protoreflect.StringKind && v.Number() == 4:
		f.ownCode = true
	case v.Kind() != protoreflect.StringKind || v.Number() != 1:
		return fmt.Errorf("%s.%s: the codec does not know the shape of %s", f.owner.name, f.name, value.FullName())
	}
	return nil
}

// checkMessage refuses a field whose message is not that of its type, since the
// codec would write the one for the other.
func checkMessage(f *fieldRow, m protoreflect.MessageDescriptor) error {
	name := string(m.Name())
	switch {
	case f.any || f.simple || f.typ == "Resource" && name == "ContainedResource" || strings.EqualFold(name, f.typ):
		return nil
	case strings.Contains(f.typ, "."): // a backbone type has the message that is found there
		return nil
	}
	return fmt.Errorf("%s.%s is a %s, not a %s", f.owner.name, f.name, m.FullName(), f.typ)
}

// choiceField finds the alternative of a choice message that holds the type.
// Primitives whose names are taken in some languages are called stringValue.
func choiceField(m protoreflect.MessageDescriptor, typ string) protoreflect.FieldDescriptor {
	name := strings.ToLower(typ[:1]) + typ[1:]
	for _, n := range []string{name, name + "Value"} {
		if fd := m.Fields().ByJSONName(n); fd != nil {
			return fd
		}
	}
	return nil
}

// enumNumbers returns the codes of a google/fhir enum and their numbers.
func enumNumbers(fullName string) (map[string]int32, error) {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(fullName))
	if err != nil {
		return nil, err
	}
	values := d.(protoreflect.EnumDescriptor).Values()
	numbers := map[string]int32{}
	for i := range values.Len() {
		v := values.Get(i)
		name := strings.ReplaceAll(strings.ToLower(string(v.Name())), "_", "-")
		if original, _ := proto.GetExtension(v.Options(), annotations.E_FhirOriginalCode).(string); original != "" {
			name = original
		}
		if v.Number() != 0 {
			numbers[name] = int32(v.Number())
		}
	}
	return numbers, nil
}
