package synth

import "encoding/hex"

// kind is a resource type of the data set, in the order in which Types lists
// them.
type kind uint8

const (
	allergyIntolerance kind = iota
	carePlan
	careTeam
	claim
	condition
	device
	diagnosticReport
	documentReference
	encounter
	explanationOfBenefit
	imagingStudy
	immunization
	location
	medicationAdministration
	medicationRequest
	observation
	organization
	patient
	practitioner
	practitionerRole
	procedure
	provenance

	kinds = int(provenance) + 1
)

var kindNames = [kinds]string{
	"AllergyIntolerance", "CarePlan", "CareTeam", "Claim", "Condition", "Device",
	"DiagnosticReport", "DocumentReference", "Encounter", "ExplanationOfBenefit",
	"ImagingStudy", "Immunization", "Location", "MedicationAdministration",
	"MedicationRequest", "Observation", "Organization", "Patient", "Practitioner",
	"PractitionerRole", "Procedure", "Provenance",
}

// space is a set of ids: one for the directory, one for each patient. Two 64-bit keys keep
// the chance of a collision that of random UUIDs.
type space struct{ high, low uint64 }

// newSpace returns the id space of number n within the data sets of seed.
func newSpace(seed, n uint64) space {
	high := mix(seed ^ mix(n+golden))
	return space{high: high, low: mix(high ^ n*golden ^ seed)}
}

// id names the nth resource of a kind, so that a reference can be written
// before or after its target without remembering anything.
type id struct {
	kind kind
	n    uint32
}

// appendUUID appends the id's UUID: version 4 and variant 1 (RFC 9562 §5.4),
// in lower case, which is also a valid FHIR id.
func (s space) appendUUID(dst []byte, of id) []byte {
	offset := (uint64(of.kind)<<32 | uint64(of.n)) * golden
	return appendUUID(dst, mix(s.high+offset), mix(s.low+offset))
}

func appendUUID(dst []byte, high, low uint64) []byte {
	high = high&^0xf000 | 0x4000
	low = low&^(3<<62) | 1<<63
	var raw [16]byte
	for i := range 8 {
		raw[i] = byte(high >> (56 - 8*i))
		raw[8+i] = byte(low >> (56 - 8*i))
	}
	dst = hex.AppendEncode(dst, raw[0:4])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, raw[4:6])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, raw[6:8])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, raw[8:10])
	dst = append(dst, '-')
	return hex.AppendEncode(dst, raw[10:16])
}
