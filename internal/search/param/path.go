package param

import "github.com/fhirlake/fhirlake/internal/schema"

// A Filter selects some items of a step. Filters of one step of a path exclude each
// other: all compare the same child with different constants.
type Filter struct {
	Kind  filterKind
	Field schema.FieldID // of filterEquals: the child that is compared
	Text  string         // of filterEquals and filterExtension
	Type  schema.TypeID  // of filterResolves
}

type filterKind uint8

const (
	filterNone      filterKind = iota
	FilterEquals               // where(system='email'), extension('url')
	FilterResolves             // where(resolve() is Patient)
	FilterExtension            // where(hasExtension('url'))
	FilterFirst                // [0]
)

// String returns the filter as it stands in the names of streams, with a space before.
func (f Filter) String() string {
	switch f.Kind {
	case FilterEquals:
		return " where " + f.Field.Field().Name + "=" + f.Text
	case FilterResolves:
		return " to " + f.Type.String()
	case FilterExtension:
		return " with " + f.Text
	case FilterFirst:
		return " first"
	}
	return ""
}

// A hop is one step of a path down the tape.
type hop struct {
	field  schema.FieldID
	filter Filter
}

// A path leads from a resource's node to elements of one type.
type path struct {
	hops []hop
	typ  schema.TypeID // of the elements
	base int           // number of hops to the element of the composite that the path belongs to
	root bool          // a component that began with %resource: it holds for every element
	// exists says that the value is whether the element exists and is not false.
	exists bool
}
