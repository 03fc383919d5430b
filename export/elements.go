package export

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// checkElements reports an element if no exported type has it.
func (c *choice) checkElements() error {
	for i, element := range c.options.Elements {
		typ, name, of := strings.Cut(element, ".")
		if !of {
			name = element
		}
		known := slices.ContainsFunc(c.types, func(t string) bool { return (!of || t == typ) && hasElement(t, name) })
		if _, ok := schema.ResourceType(typ); of && ok && hasElement(typ, name) {
			known = true // of a type without resources
		}
		if !known && len(c.types) > 0 {
			return fmt.Errorf("export: Elements: number %d is no element of a resource type that is exported: only elements of the resource itself can be named", i+1)
		}
	}
	return nil
}

func hasElement(typ, name string) bool {
	t, ok := schema.ResourceType(typ)
	if !ok {
		return false
	}
	first, end := schema.Element(t, name)
	return first != end
}

// A subsetter appends resources, cut, as datastore.Snapshot.Elements has them.
type subsetter = func(dst, resource []byte) ([]byte, error)

// subsetter returns how resources of a type are cut, nil if they are not.
func (c *choice) subsetter(typ string) (subsetter, error) {
	var names []string
	cuts := false
	for _, element := range c.options.Elements {
		of, name, dotted := strings.Cut(element, ".")
		if !dotted {
			of, name = typ, element
		}
		if of != typ {
			continue
		}
		cuts = true
		if hasElement(typ, name) {
			names = append(names, name)
		}
	}
	if !cuts {
		return nil, nil
	}
	return c.from.Elements(typ, names...)
}
