package note

// A Sentence is a run of tokens: a sentence, a list item, a heading.
type Sentence struct {
	First, Last int32 // tokens [First, Last)
	Value       int32 // first token after the label or list mark; First if there is none
	Section     int32 // index of its section
	Item        bool  // a list item
	Heading     bool  // nothing but a heading
}

// A Section is a run of sentences under one heading.
type Section struct {
	Kind                      SectionKind
	First, Last               int32 // sentences [First, Last)
	HeadingFirst, HeadingLast int32 // tokens of the heading's words; empty if the section has none
}

// A SectionKind is the subject of a section.
type SectionKind uint8

// The kinds of sections.
const (
	Other SectionKind = iota
	ChiefComplaint
	PresentIllness
	PastHistory
	SurgicalHistory
	FamilyHistory
	SocialHistory
	ReviewOfSystems
	Exam
	Vitals
	Allergies
	Medications
	Immunizations
	Labs
	Imaging
	Indication // why a study is done: "CLINICAL HISTORY" of a radiology report
	Findings
	Impression // also diagnoses
	Assessment
	Plan
	AssessmentPlan
	HospitalCourse
	Procedures
	Problems
	Instructions      // of discharge
	ReturnPrecautions // when to come back
)
