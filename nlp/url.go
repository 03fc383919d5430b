package nlp

// The extensions within [RootURL], with the names that AWS HealthLake uses. Each inner url
// is written out in full.
const (
	EntitiesURL = RootURL + "detect-entities/"
	ICD10CMURL  = RootURL + "infer-icd10/"
	RxNormURL   = RootURL + "infer-rxnorm/"

	// In each of the three: the detector's answer, as JSON, and the detector's name.
	RawResponse  = "raw-response"
	ModelVersion = "model-version"

	// The url of an entity; those of its members begin with it and go on with -id, -text,
	// -category, -type, -score, -begin-offset and -end-offset.
	EntityURL        = EntitiesURL + "aws-cm-de-entity"
	ICD10CMEntityURL = ICD10CMURL + "aws-cm-icd10-entity"
	RxNormEntityURL  = RxNormURL + "aws-cm-rxnorm-entity"

	// The concepts of an entity are in a list; their members are -Code, -Description and
	// -Score.
	ConceptList       = "-ConceptList"
	ICD10CMConceptURL = ICD10CMEntityURL + "-Concept"
	RxNormConceptURL  = RxNormEntityURL + "-Concepts"
)

// The extensions of [GeneratedURL] and of derived resources.
const (
	LinkageURL          = "http://healthlake.amazonaws.com/linkage"
	DerivedURL          = "http://healthlake.amazonaws.com/nlp-entity"
	GeneratedLinkageURL = "http://healthlake.amazonaws.com/system-generated-linkage"
	SourceURL           = "http://healthlake.amazonaws.com/source-document-reference"
)

// IsModifier reports whether url is that of a modifier extension of derived resources.
func IsModifier(url string) bool {
	switch url {
	case ICD10CMEntityURL + "-score", ICD10CMConceptURL + "-Score", RxNormEntityURL + "-score", RxNormConceptURL + "-Score", GeneratedLinkageURL, SourceURL:
		return true
	}
	return false
}
