package search

import "github.com/fhirlake/fhirlake/internal/schema"

func TypeNumber(t schema.TypeID) uint16 { return uint16(t) }

func NumberedType(n uint16) (schema.TypeID, bool) {
	t := schema.TypeID(n)
	if int(n) >= len(schema.Types) {
		return 0, false
	}
	_, ok := schema.ResourceType(t.String())
	return t, ok
}
