package synth

// setting is the place and purpose of a visit.
type setting uint8

const (
	wellness setting = iota
	followUp
	ambulatory
	urgent
	emergency
	inpatient
	prenatal
	homeCare
)

// settings has the code, the length and the cost of a visit in each setting.
var settings = [...]struct {
	kind      concept // Encounter.type
	class     concept // Encounter.class
	low, high int     // minutes
	cents     int
	hospital  bool
}{
	wellness:   {snomed("162673000", "General examination of patient (procedure)"), ambulatoryClass, 15, 45, 13620, false},
	followUp:   {snomed("390906007", "Follow-up encounter"), ambulatoryClass, 15, 35, 12955, false},
	ambulatory: {snomed("185347001", "Encounter for problem (procedure)"), ambulatoryClass, 15, 30, 12955, false},
	urgent:     {snomed("702927004", "Urgent care clinic (environment)"), ambulatoryClass, 20, 60, 14240, false},
	emergency:  {snomed("50849002", "Emergency room admission (procedure)"), hl7("v3-ActCode", "EMER", "emergency"), 60, 420, 42600, true},
	inpatient:  {snomed("183452005", "Encounter Inpatient"), hl7("v3-ActCode", "IMP", "inpatient encounter"), 1440, 7200, 486000, true},
	prenatal:   {snomed("424619006", "Prenatal visit"), ambulatoryClass, 20, 40, 12955, true},
	homeCare:   {snomed("439708006", "Home visit (procedure)"), hl7("v3-ActCode", "HH", "home health"), 60, 240, 18800, false},
}

var ambulatoryClass = hl7("v3-ActCode", "AMB", "ambulatory")
