package nlp

import "context"

// A Detector finds what a clinical text speaks of.
//
// Detect is called by many goroutines at once. It returns findings with offsets into text,
// or an error. Findings with an error are those of the parts of the Detector that did not
// fail. It must not keep text, and must not change findings that it returned.
//
// A Detector is not trusted: its caller calls [Findings.Clean].
type Detector interface {
	Detect(ctx context.Context, text string) (*Findings, error)
}

// Findings is what a Detector found in one text. Its JSON form has the names of
// Amazon Comprehend Medical's DetectEntitiesV2, InferICD10CM and InferRxNorm.
type Findings struct {
	Entities []Entity // in the order of BeginOffset
	ICD10CM  []Entity // medical conditions with ICD10CMConcepts, negated ones included
	RxNorm   []Entity // medications with RxNormConcepts, negated ones included

	// ModelVersion names the Detector and its vocabulary, for the extension's
	// model-version.
	ModelVersion string `json:"-"`
}

// An Entity is a span of a text with what it means. Offsets are in Unicode code
// points of the text, and Text is exactly what stands between them.
type Entity struct {
	ID              int `json:"Id"` // unique among the Entities of one list
	Text            string
	Category        Category
	Type            string
	Score           float64 // 0 to 1
	BeginOffset     int
	EndOffset       int
	Attributes      []Attribute
	Traits          []Trait
	ICD10CMConcepts []Concept `json:",omitempty"` // ranked, at most five
	RxNormConcepts  []Concept `json:",omitempty"` // ranked, at most five

	// Evidence tells which rules decided what, for explanation.
	Evidence []Evidence `json:"-"`
}

// A Category is one of Comprehend Medical's categories of entities.
type Category string

// The categories of entities.
const (
	Anatomy       Category = "ANATOMY"
	Condition     Category = "MEDICAL_CONDITION"
	Medication    Category = "MEDICATION"
	PHI           Category = "PROTECTED_HEALTH_INFORMATION"
	TestProcedure Category = "TEST_TREATMENT_PROCEDURE"
	Time          Category = "TIME_EXPRESSION"
	Behavior      Category = "BEHAVIORAL_ENVIRONMENTAL_SOCIAL"
)

// The traits of entities and attributes.
const (
	Negation         = "NEGATION"
	Diagnosis        = "DIAGNOSIS"
	Sign             = "SIGN"
	Symptom          = "SYMPTOM"
	PastHistory      = "PAST_HISTORY"
	Hypothetical     = "HYPOTHETICAL"
	LowConfidence    = "LOW_CONFIDENCE"
	PertainsToFamily = "PERTAINS_TO_FAMILY"
	Future           = "FUTURE"
)

// An Attribute is a span that says more about an Entity: a dosage, a test value, a
// site.
type Attribute struct {
	Type              string
	Score             float64
	RelationshipScore float64
	RelationshipType  string
	ID                int `json:"Id"`
	BeginOffset       int
	EndOffset         int
	Text              string
	Category          Category
	Traits            []Trait
}

// A Trait is a property of an Entity or Attribute, such as [Negation].
type Trait struct {
	Name  string
	Score float64
}

// A Concept is a code of ICD-10-CM or RxNorm that an Entity may mean.
type Concept struct {
	Code        string
	Description string
	Score       float64
}

// Evidence is a span that a rule looked at when it decided about an Entity. Offsets are in
// code points of the text.
type Evidence struct {
	Rule        string // such as "negation: denies"
	BeginOffset int
	EndOffset   int
}
