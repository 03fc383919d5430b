package clinical

import (
	"github.com/fhirlake/fhirlake/internal/clinical/assertion"
	"github.com/fhirlake/fhirlake/internal/clinical/lexicon"
	"github.com/fhirlake/fhirlake/nlp"
)

// A mention is a run of tokens that will be an entity.
type mention struct {
	first, last int
	id          int // of its entity
	category    nlp.Category
	kind        string // the entity's type
	score       float64
	term        *term // nil for what is not of the vocabulary
	senses      []lexicon.Sense
	assertion   assertion.Assertion
	traits      []nlp.Trait
	attributes  []attribute
	rule        string // what it was found by
}

// An attribute is a run of tokens that will be an attribute of an entity.
type attribute struct {
	first, last  int
	category     nlp.Category
	kind         string
	relationship string
	score        float64
	relation     float64
	of           *mention // the entity that it is as well, or nil
}

// The types of entities and attributes.
const (
	dxName        = "DX_NAME"
	genericName   = "GENERIC_NAME"
	brandName     = "BRAND_NAME"
	testName      = "TEST_NAME"
	procedureName = "PROCEDURE_NAME"
	treatmentName = "TREATMENT_NAME"
	site          = "SYSTEM_ORGAN_SITE"
	testValue     = "TEST_VALUE"
	testUnit      = "TEST_UNIT"
	acuity        = "ACUITY"
	direction     = "DIRECTION"
	overlap       = "OVERLAP"
)

// overlaps reports whether a mention has tokens of [first, last).
func (m *mention) overlaps(first, last int) bool { return m.first < last && first < m.last }
