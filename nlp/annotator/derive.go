package annotator

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/nlp"
)

// A claim is a statement of the document about one code, made by its strongest mention.
type claim struct {
	typ      string // of the resource
	list     string // nlp.ICD10CMURL or nlp.RxNormURL
	concept  nlp.Concept
	entity   *nlp.Entity
	strength int
}

// The official systems of codes.
const (
	icd10cmSystem = "http://hl7.org/fhir/sid/icd-10-cm"
	rxnormSystem  = "http://www.nlm.nih.gov/research/umls/rxnorm"
)

// strength ranks mentions of a code. No resource is derived from a mention of rank 0.
func strength(e *nlp.Entity) int {
	rank := 4
	for _, t := range e.Traits {
		switch t.Name {
		case nlp.Negation, nlp.Hypothetical, nlp.Future, nlp.PertainsToFamily:
			return 0
		case nlp.LowConfidence:
			rank -= 2
		case nlp.PastHistory:
			rank--
		}
	}
	return rank
}

func has(e *nlp.Entity, trait string) bool {
	return slices.ContainsFunc(e.Traits, func(t nlp.Trait) bool { return t.Name == trait })
}

// claims returns the claims of findings, in the order of the texts.
func claims(all []*nlp.Findings) []*claim {
	var made []*claim
	byCode := map[string]*claim{}
	add := func(list string, entities []nlp.Entity) {
		for i := range entities {
			e := &entities[i]
			concepts := conceptsOf(e)
			s, typ := strength(e), typeOf(list, e)
			if s == 0 || typ == "" || len(concepts) == 0 || concepts[0].Code == "" {
				continue
			}
			c := byCode[list+concepts[0].Code]
			if c == nil {
				c = &claim{list: list}
				byCode[list+concepts[0].Code] = c
				made = append(made, c)
			}
			if s > c.strength || s == c.strength && e.Score > c.entity.Score {
				c.strength, c.entity, c.concept, c.typ = s, e, concepts[0], typ
			}
		}
	}
	for _, found := range all {
		add(nlp.ICD10CMURL, found.ICD10CM)
		add(nlp.RxNormURL, found.RxNorm)
	}
	return made
}

// typeOf returns the type of resource that a mention claims, "" for none: an entity that is
// neither a diagnosis nor a sign nor a symptom is a circumstance of life.
func typeOf(list string, e *nlp.Entity) string {
	switch {
	case list == nlp.RxNormURL:
		return "MedicationStatement"
	case has(e, nlp.Sign) || has(e, nlp.Symptom):
		return "Observation"
	case has(e, nlp.Diagnosis):
		return "Condition"
	}
	return ""
}

// Derived returns the resources that findings about a document claim, without a store.
func Derived(doc *nlp.Document, found ...*nlp.Findings) [][]byte {
	out := new(nlp.Annotation)
	derive(out, doc, found)
	return out.Derived
}

// derive adds the resources that the findings claim, the Linkage of them, and the
// extension that names them.
func derive(out *nlp.Annotation, doc *nlp.Document, all []*nlp.Findings) {
	made := claims(all)
	if len(made) == 0 || !isSubject(doc.Subject) {
		return
	}
	numbers := map[string]int{}
	prefix := nlp.DerivedPrefix(doc.ID)
	linkage := "Linkage/" + prefix + "0"
	source := "DocumentReference/" + doc.ID
	names := &writer{}
	names.open(nlp.GeneratedURL)
	names.reference(nlp.LinkageURL, linkage)
	items := []byte(nil)
	for _, c := range made {
		id := prefix + strconv.Itoa(numbers[c.typ])
		numbers[c.typ]++
		out.Derived = append(out.Derived, c.resource(id, doc.Subject, linkage, source))
		names.reference(nlp.DerivedURL, c.typ+"/"+id)
		items = append(items, `{"type":"alternate","resource":{"reference":`...)
		items = append(appendString(items, c.typ+"/"+id), `}},`...)
	}
	names.close()
	out.Extensions = append(out.Extensions, names.out)
	b := append([]byte(`{"resourceType":"Linkage","id":`), appendString(nil, prefix+"0")...)
	b = append(b, `,"meta":{"tag":[{"display":"SYSTEM_GENERATED"}]},"active":true,"item":[`...)
	b = append(b, items...)
	b = append(b, `{"type":"source","resource":{"reference":`...)
	b = append(appendString(b, source), `}}]}`...)
	out.Derived = append(out.Derived, b)
}

// isSubject reports whether resources can be derived about a reference.
func isSubject(reference string) bool {
	reference, _, _ = strings.Cut(reference, "/_history/")
	i := strings.LastIndexByte(reference, '/')
	if i < 0 {
		return false
	}
	typ := reference[strings.LastIndexByte(reference[:i], '/')+1 : i]
	return typ == "Patient" || typ == "Group"
}

// resource returns the resource of a claim.
func (c *claim) resource(id, subject, linkage, source string) []byte {
	entity, concept, system := nlp.ICD10CMEntityURL, nlp.ICD10CMConceptURL, icd10cmSystem
	if c.list == nlp.RxNormURL {
		entity, concept, system = nlp.RxNormEntityURL, nlp.RxNormConceptURL, rxnormSystem
	}
	b := append(append(make([]byte, 0, 1400), `{"resourceType":"`...), c.typ...)
	b = append(b, `","id":`...)
	b = appendString(b, id)
	b = append(b, `,"meta":{"tag":[{"display":"SYSTEM_GENERATED"}]},"modifierExtension":[`...)
	w := &writer{out: b}
	w.score(entity+"-score", c.entity.Score)
	w.score(concept+"-Score", c.concept.Score)
	w.reference(nlp.GeneratedLinkageURL, linkage)
	w.reference(nlp.SourceURL, source)
	b = append(w.out, ']')
	code := "code"
	switch c.typ {
	case "Condition":
		verified := "unconfirmed"
		if has(c.entity, nlp.LowConfidence) {
			verified = "provisional"
		}
		b = append(b, `,"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"`...)
		b = append(append(b, verified...), `"}]}`...)
	case "MedicationStatement":
		code = "medicationCodeableConcept"
		fallthrough
	default:
		b = append(b, `,"status":"unknown"`...)
	}
	b = append(b, `,"`...)
	b = append(b, code...)
	b = append(b, `":{"coding":[{"system":`...)
	b = appendCoding(b, c.list, c.concept)
	b = append(b, `,{"system":`...)
	b = appendCoding(b, system, c.concept)
	b = append(b, `],"text":`...)
	b = append(appendString(b, c.entity.Text), `},"subject":{"reference":`...)
	b = append(appendString(b, subject), '}')
	if sig := c.sig(); sig != "" {
		b = append(b, `,"dosage":[{"text":`...)
		b = append(appendString(b, sig), `}]`...)
	}
	if has(c.entity, nlp.PastHistory) {
		b = append(b, `,"note":[{"text":"PAST_HISTORY"}]`...)
	}
	return append(b, '}')
}

func appendCoding(dst []byte, system string, c nlp.Concept) []byte {
	dst = append(appendString(dst, system), `,"code":`...)
	dst = appendString(dst, c.Code)
	if c.Description != "" {
		dst = append(dst, `,"display":`...)
		dst = appendString(dst, c.Description)
	}
	return append(dst, '}')
}

// sig returns the attributes of a medication, in the order of the text.
func (c *claim) sig() string {
	if c.list != nlp.RxNormURL {
		return ""
	}
	attributes := slices.Clone(c.entity.Attributes)
	slices.SortStableFunc(attributes, func(a, b nlp.Attribute) int { return a.BeginOffset - b.BeginOffset })
	var parts []string
	for _, a := range attributes {
		parts = append(parts, a.Text)
	}
	return strings.Join(parts, " ")
}
