package schema

// ParamID numbers a [Param]. 0 is none.
type ParamID uint16

// ParamType is the type of a search parameter (FHIR R4 §3.1.1.4).
type ParamType uint8

// The types of search parameters.
const (
	ParamNone ParamType = iota
	ParamNumber
	ParamDate
	ParamString
	ParamToken
	ParamReference
	ParamComposite
	ParamQuantity
	ParamURI
	ParamSpecial
)

var paramTypeNames = [...]string{"", "number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"}

// String returns the FHIR code of the type.
func (t ParamType) String() string { return paramTypeNames[t] }

// A Param is one search parameter on one base type. A SearchParameter resource
// with several bases is one row for each base, with the parts of its expression
// that apply there; one on Resource or DomainResource is one row for that
// abstract type. The components of a composite are rows of their own that follow
// it, have no code and are reached through [Param.Components] alone.
type Param struct {
	Code       string // name in a query: "birthdate"
	Name       string // id of the SearchParameter: "individual-birthdate"
	URL        string // canonical URL of the SearchParameter
	Base       TypeID
	Type       ParamType
	Expression string   // FHIRPath over a resource of type Base, or for a component over the composite's element
	Source     string   // the expression as the SearchParameter has it, for all its bases
	Targets    []TypeID // for references: the types that may be referred to
	Components []ParamID
	// ComponentOf is the composite of a component.
	ComponentOf ParamID
}

// Param returns the parameter's row. The zero ParamID has an empty row.
func (p ParamID) Param() *Param { return &Params[p] }

// ParamsOf returns the parameters whose base is t itself, sorted by code,
// components left out. The slice is shared and must not be changed.
func ParamsOf(t TypeID) []ParamID {
	r := paramsByType[t]
	return paramOrder[r[0]:r[1]]
}

// FindParam returns the parameter with the given code on t or on a type that t
// specialises.
func FindParam(t TypeID, code string) (ParamID, bool) {
	for ; t != 0; t = Types[t].Base {
		for _, p := range ParamsOf(t) {
			if Params[p].Code == code {
				return p, true
			}
		}
	}
	return 0, false
}
