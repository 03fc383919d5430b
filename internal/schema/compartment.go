package schema

// A Compartment says which resources belong to a resource of one type (FHIR R4
// §3.3, CompartmentDefinition).
type Compartment struct {
	Type    TypeID // Patient, Encounter, RelatedPerson, Practitioner or Device
	Members []CompartmentMember
}

// A CompartmentMember is a resource type that can be in a compartment, by any
// of its parameters.
type CompartmentMember struct {
	Type   TypeID
	Params []ParamID // reference parameters of Type
	// Self is set on the compartment's own type: the resource itself belongs to it.
	Self bool
}
