package fhirpath

import (
	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A typeTarget is the meaning of a type's name in is, as or ofType.
type typeTarget struct {
	fhir   schema.TypeID // 0 for none
	values uint16        // sorts of values of FHIRPath's own, as bits
}

// systemTypes are FHIRPath's own types.
var systemTypes = map[string]itemSort{
	"Boolean": sortBoolean, "Integer": sortInteger, "Decimal": sortDecimal, "String": sortString,
	"Date": sortDate, "DateTime": sortDateTime, "Time": sortTime, "Quantity": sortQuantity,
}

// targetOf finds a type by name, and whether there is one. A loose name like
// DateTime also means the FHIR primitive: R4's search parameters write it so.
func targetOf(name syntax.TypeName, loose bool) (typeTarget, bool) {
	fhir, isFHIR := schema.TypeOf(name.Name)
	sort, isSystem := systemTypes[name.Name]
	switch name.Namespace {
	case "FHIR":
		return typeTarget{fhir: fhir}, isFHIR
	case "System":
		return typeTarget{values: 1 << sort}, isSystem
	case "":
		if isFHIR && isSystem { // Quantity: either is one
			return typeTarget{fhir: fhir, values: 1 << sort}, true
		}
		if isFHIR {
			return typeTarget{fhir: fhir}, true
		}
		target := typeTarget{values: 1 << sort}
		if loose && isSystem {
			target.fhir = name.FHIR()
		}
		return target, isSystem
	default:
		return typeTarget{}, false
	}
}

// is reports whether a node of type t is of the target's type or specialises it.
func (g typeTarget) is(t schema.TypeID) bool {
	return g.fhir != 0 && t.Is(g.fhir)
}

// keeps reports whether as and ofType keep a node of type t.
func (g typeTarget) keeps(t schema.TypeID) bool {
	return t == g.fhir || g.fhir != 0 && g.fhir.Type().Abstract && t.Is(g.fhir)
}

// shape returns the shape of the items that as and ofType keep.
func (g typeTarget) shape() shape {
	s := shape{values: g.values}
	if g.fhir != 0 {
		s.nodes = []schema.TypeID{g.fhir}
	}
	return s
}
