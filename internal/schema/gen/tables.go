package main

import (
	"cmp"
	"fmt"
	"slices"
)

// tables are the numbered rows, ready to print.
type tables struct {
	types    []*typeRow
	byName   map[string]*typeRow
	fields   []*fieldRow
	bindings []bindingRow
	binding  map[bindingKey]int
	params   []*paramRow
	refs     []referenceType
	d        *definitions
}

type referenceType struct {
	name  string
	proto int32
}

type bindingRow struct {
	bindingKey
	codes []code
}

func build(d *definitions) (*tables, error) {
	t := &tables{d: d, byName: map[string]*typeRow{}, binding: map[bindingKey]int{}}
	var err error
	if t.types, err = structure(d); err != nil {
		return nil, err
	}
	for i, row := range t.types {
		row.id = i + 1
		t.byName[row.name] = row
		for _, f := range row.fields {
			t.fields = append(t.fields, f)
			f.id = len(t.fields)
		}
	}
	for _, f := range t.fields {
		if t.byName[f.typ] == nil {
			return nil, fmt.Errorf("%s.%s: type %q is not in the definitions", f.owner.name, f.name, f.typ)
		}
	}
	if err := number(t.types, t.byName); err != nil {
		return nil, err
	}
	if t.refs, err = referenceTypes(); err != nil {
		return nil, err
	}
	if err := t.bind(); err != nil {
		return nil, err
	}
	if t.params, err = params(d); err != nil {
		return nil, err
	}
	for i, p := range t.params {
		p.id = i + 1
		if t.byName[p.base] == nil {
			return nil, fmt.Errorf("%s: base %q is not in the definitions", p.name, p.base)
		}
	}
	return t, nil
}

// bind numbers the bindings and expands the required ones. The enum numbers of
// a value set come from the first field that has an enum for it.
func (t *tables) bind() error {
	enums := map[bindingKey]string{}
	for _, f := range t.fields {
		if f.binding == (bindingKey{}) {
			continue
		}
		if _, ok := t.binding[f.binding]; !ok {
			t.binding[f.binding] = 0
			t.bindings = append(t.bindings, bindingRow{bindingKey: f.binding})
		}
		if f.enum == "" {
			continue
		}
		if old := enums[f.binding]; old != "" && old != f.enum {
			return fmt.Errorf("%s has two enums: %s and %s", f.binding.valueSet, old, f.enum)
		}
		enums[f.binding] = f.enum
	}
	slices.SortFunc(t.bindings, func(a, b bindingRow) int {
		return cmp.Or(cmp.Compare(a.valueSet, b.valueSet), cmp.Compare(a.strength, b.strength))
	})
	for i := range t.bindings {
		b := &t.bindings[i]
		t.binding[b.bindingKey] = i + 1
		if b.strength != "required" || open[b.valueSet] != "" {
			continue
		}
		var err error
		if b.codes, err = t.d.expand(b.valueSet); err != nil {
			return err
		}
		if enums[b.bindingKey] == "" {
			continue
		}
		numbers, err := enumNumbers(enums[b.bindingKey])
		if err != nil {
			return err
		}
		for j := range b.codes {
			if b.codes[j].enum = numbers[b.codes[j].code]; b.codes[j].enum == 0 {
				return fmt.Errorf("%s: code %s is not in %s", b.valueSet, b.codes[j].code, enums[b.bindingKey])
			}
		}
	}
	return nil
}
