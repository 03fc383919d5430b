package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// typeRow and fieldRow are rows of the tables by name, before numbering.
type (
	typeRow struct {
		name       string
		base       string
		kind       string // a constant of package schema
		abstract   bool
		fields     []*fieldRow
		invariants []invariant
		proto      string
		contained  int32 // number in ContainedResource
		id         int
	}

	fieldRow struct {
		name, element string
		owner         *typeRow
		typ           string
		min           int
		max           string
		array         bool
		choice        bool
		summary       bool
		modifier      bool
		binding       bindingKey
		targets       []string
		invariants    []invariant
		proto         int32 // number in the message
		alternative   int32 // number in the message of the choice
		enum          string
		any           bool // the message is an Any
		ownCode       bool // the message is made for this code and holds a string
		simple        bool // the message is SimpleQuantity
		id            int
	}

	invariant struct {
		key, expression string
		warning         bool
	}

	bindingKey struct{ valueSet, strength string }
)

var kindRank = map[string]int{"primitive-type": 0, "complex-type": 1, "resource": 2}

// structure turns the StructureDefinitions into rows: primitives, complex types
// and resources, each by name, with their backbone types after them.
func structure(d *definitions) ([]*typeRow, error) {
	all := slices.Clone(d.structures)
	slices.SortFunc(all, func(a, b structureDefinition) int {
		return cmp.Or(cmp.Compare(kindRank[a.Kind], kindRank[b.Kind]), cmp.Compare(a.Name, b.Name))
	})
	var types []*typeRow
	for i := range all {
		rows, err := oneStructure(&all[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", all[i].Name, err)
		}
		types = append(types, rows...)
	}
	return types, nil
}

func oneStructure(s *structureDefinition) ([]*typeRow, error) {
	root := &typeRow{
		name:     s.Name,
		base:     lastStep(s.BaseDefinition),
		abstract: s.Abstract,
		kind: map[string]string{
			"primitive-type": "KindPrimitive", "complex-type": "KindComplex", "resource": "KindResource",
		}[s.Kind],
	}
	rows := []*typeRow{root}
	byPath := map[string]*typeRow{s.Name: root}
	elements := s.Snapshot.Element
	root.invariants = ownInvariants(&elements[0], s.URL)
	for i := 1; i < len(elements); i++ {
		e := &elements[i]
		dot := strings.LastIndexByte(e.Path, '.')
		owner := byPath[e.Path[:dot]]
		if owner == nil {
			return nil, fmt.Errorf("%s has no parent", e.Path)
		}
		if e.Max == "0" || s.Kind == "primitive-type" && e.Path[dot+1:] == "value" {
			continue // the value of a primitive is no property
		}
		backbone := i+1 < len(elements) && strings.HasPrefix(elements[i+1].Path, e.Path+".")
		if backbone {
			row := &typeRow{name: e.Path, base: e.Type[0].Code, kind: "KindBackbone", invariants: ownInvariants(e, s.URL)}
			rows = append(rows, row)
			byPath[e.Path] = row
		}
		owner.fields = append(owner.fields, fieldsOf(e, owner, e.Path[dot+1:], backbone, s.URL)...)
	}
	return rows, nil
}

// fieldsOf returns the fields of one element: one, or one for each alternative
// of a choice.
func fieldsOf(e *element, owner *typeRow, name string, backbone bool, url string) []*fieldRow {
	common := fieldRow{
		owner: owner, name: name, element: name, min: e.Min, max: e.Max,
		// Whether JSON has an array is for the element's first definition to say.
		array:   cmp.Or(e.Base.Max, e.Max) != "1",
		summary: e.IsSummary, modifier: e.IsModifier,
	}
	if e.Binding != nil && e.Binding.ValueSet != "" {
		set, _, _ := strings.Cut(e.Binding.ValueSet, "|")
		common.binding = bindingKey{set, e.Binding.Strength}
	}
	switch {
	case e.ContentReference != "":
		common.typ = strings.TrimPrefix(e.ContentReference, "#")
	case backbone:
		common.typ = e.Path
	}
	if common.typ != "" {
		return []*fieldRow{&common}
	}
	common.invariants = ownInvariants(e, url)
	base, choice := strings.CutSuffix(name, "[x]")
	var fields []*fieldRow
	for _, t := range e.Type {
		f := common
		f.typ = t.Code
		if t.Code == "http://hl7.org/fhirpath/System.String" {
			f.typ = "string" // where no extension says better
		}
		for _, x := range t.Extension {
			if strings.HasSuffix(x.URL, "structuredefinition-fhir-type") {
				f.typ = x.ValueURL
			}
		}
		if owner.kind == "KindResource" && name == "id" {
			f.typ = "id" // the definitions say string, FHIR R4 §2.27.2 says id
		}
		for _, p := range t.TargetProfile {
			f.targets = append(f.targets, lastStep(p))
		}
		if slices.Contains(f.targets, "Resource") {
			f.targets = nil
		}
		if choice {
			f.choice, f.element = true, base
			f.name = base + strings.ToUpper(t.Code[:1]) + t.Code[1:]
		}
		fields = append(fields, &f)
	}
	return fields
}

// ownInvariants are the constraints of an element that the definition itself
// puts there; those of its type stand with the type.
func ownInvariants(e *element, url string) []invariant {
	var own []invariant
	for _, c := range e.Constraint {
		if (c.Source == "" || c.Source == url || strings.HasSuffix(url, "/"+c.Source)) && c.Expression != "" {
			own = append(own, invariant{c.Key, c.Expression, c.Severity == "warning"})
		}
	}
	return own
}
