package main

import (
	"cmp"
	"fmt"
	"slices"
)

type code struct {
	code, system string
	enum         int32
}

// open lists the required value sets of R4 that cannot be enumerated: their
// codes are syntax, or live in a system that R4 does not carry.
var open = map[string]string{
	"http://hl7.org/fhir/ValueSet/mimetypes":   "BCP 13 media types",
	"http://hl7.org/fhir/ValueSet/currencies":  "ISO 4217, not part of R4",
	"http://hl7.org/fhir/ValueSet/ucum-units":  "the grammar of UCUM",
	"http://loinc.org/vs/LL379-9":              "a LOINC answer list, not part of R4",
	"http://hl7.org/fhir/ValueSet/ucum-common": "the grammar of UCUM",
}

// expand enumerates a value set, sorted by code, then system.
func (d *definitions) expand(url string) ([]code, error) {
	vs := d.valueSets[url]
	if vs == nil {
		return nil, fmt.Errorf("value set %s is not in the definitions", url)
	}
	set := map[code]bool{}
	for i := range vs.Compose.Include {
		codes, err := d.included(&vs.Compose.Include[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", url, err)
		}
		for _, c := range codes {
			set[c] = true
		}
	}
	for i := range vs.Compose.Exclude {
		codes, err := d.included(&vs.Compose.Exclude[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", url, err)
		}
		for _, c := range codes {
			delete(set, c)
		}
	}
	var codes []code
	for c := range set {
		codes = append(codes, c)
	}
	slices.SortFunc(codes, func(a, b code) int {
		return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.system, b.system))
	})
	return codes, nil
}

func (d *definitions) included(in *include) ([]code, error) {
	var codes []code
	for _, url := range in.ValueSet {
		more, err := d.expand(url)
		if err != nil {
			return nil, err
		}
		codes = append(codes, more...)
	}
	if in.System == "" {
		return codes, nil
	}
	if len(in.Concept) > 0 {
		for _, c := range in.Concept {
			codes = append(codes, code{code: c.Code, system: in.System})
		}
		return codes, nil
	}
	cs := d.codeSystems[in.System]
	if cs == nil || cs.Content != "complete" {
		return nil, fmt.Errorf("code system %s is not in the definitions", in.System)
	}
	concepts := cs.Concept
	for _, f := range in.Filter {
		if f.Property != "concept" || f.Op != "is-a" {
			return nil, fmt.Errorf("filter %s %s is not known", f.Property, f.Op)
		}
		concepts = subtree(concepts, f.Value)
	}
	var walk func([]concept)
	walk = func(all []concept) {
		for _, c := range all {
			codes = append(codes, code{code: c.Code, system: in.System})
			walk(c.Concept)
		}
	}
	walk(concepts)
	return codes, nil
}

// subtree returns the concept with the given code, as a list of one.
func subtree(all []concept, code string) []concept {
	for _, c := range all {
		if c.Code == code {
			return []concept{c}
		}
		if found := subtree(c.Concept, code); found != nil {
			return found
		}
	}
	return nil
}
