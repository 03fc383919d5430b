package nlp

import (
	"fmt"
	"strings"
)

// A parameter is a search parameter of annotated documents.
type parameter struct {
	code, kind string
	expression string
	parts      []component // of a composite
}

// A component of a composite is a parameter of its kind, with its path from the composite's
// element.
type component struct{ code, expression string }

// parameterURL begins the urls of the definitions.
const parameterURL = "http://healthlake.amazonaws.com/fhir/SearchParameter/"

// SearchParameters returns the search parameters of annotated documents as SearchParameter
// resources in JSON, with the names that AWS HealthLake uses. Composites are about one
// entity or, if both components are of concepts, about one concept.
func SearchParameters() [][]byte {
	var all [][]byte
	for _, p := range parameters() {
		all = append(all, p.json())
	}
	return all
}

// step is the FHIRPath of the extensions with a url inside another.
func step(urls ...string) string {
	var b strings.Builder
	for i, url := range urls {
		if i > 0 {
			b.WriteByte('.')
		}
		fmt.Fprintf(&b, "extension.where(url='%s')", url)
	}
	return b.String()
}

func parameters() []parameter {
	root := "DocumentReference." + step(RootURL)
	entity := root + "." + step(EntitiesURL, EntityURL)
	value := func(url string) string { return step(url) + ".value" }
	all := []parameter{{code: "cm-decoration-status", kind: "token", expression: root + "." + value(StatusURL)}}

	const detect = "detectEntities-entity-"
	kinds := map[string]string{"text": "string", "category": "token", "type": "token", "score": "number"}
	member := func(name string) component { return component{detect + name, value(EntityURL + "-" + name)} }
	for _, name := range []string{"category", "text", "type", "score"} {
		all = append(all, parameter{code: detect + name, kind: kinds[name], expression: entity + "." + member(name).expression})
	}
	for _, pair := range [][2]string{{"text", "category"}, {"type", "score"}, {"text", "score"}, {"text", "type"}, {"category", "score"}} {
		all = append(all, parameter{code: detect + pair[0] + "-" + pair[1], kind: "composite", expression: entity,
			parts: []component{member(pair[0]), member(pair[1])}})
	}

	for _, inferred := range []struct{ prefix, list, entity, concept string }{
		{"infer-icd10cm-entity-", ICD10CMURL, ICD10CMEntityURL, ICD10CMConceptURL},
		{"infer-rxnorm-entity-", RxNormURL, RxNormEntityURL, RxNormConceptURL},
	} {
		entity := root + "." + step(inferred.list, inferred.entity)
		concepts := step(inferred.entity+ConceptList, inferred.concept)
		text := component{inferred.prefix + "text", value(inferred.entity + "-text")}
		code := component{inferred.prefix + "concept-code", value(inferred.concept + "-Code")}
		description := component{inferred.prefix + "concept-description", value(inferred.concept + "-Description")}
		score := component{inferred.prefix + "concept-score", value(inferred.concept + "-Score")}
		inEntity := func(p component) component { return component{p.code, concepts + "." + p.expression} }
		all = append(all,
			parameter{code: text.code, kind: "string", expression: entity + "." + text.expression},
			parameter{code: inferred.prefix + "score", kind: "number", expression: entity + "." + value(inferred.entity+"-score")},
			parameter{code: code.code, kind: "token", expression: entity + "." + inEntity(code).expression},
			parameter{code: description.code, kind: "string", expression: entity + "." + inEntity(description).expression},
			parameter{code: score.code, kind: "number", expression: entity + "." + inEntity(score).expression},
			parameter{code: inferred.prefix + "text-concept-code", kind: "composite", expression: entity, parts: []component{text, inEntity(code)}},
			parameter{code: inferred.prefix + "text-concept-score", kind: "composite", expression: entity, parts: []component{text, inEntity(score)}},
			parameter{code: inferred.prefix + "concept-description-concept-score", kind: "composite", expression: entity + "." + concepts, parts: []component{description, score}},
		)
	}
	return all
}

// json returns the parameter as a SearchParameter resource.
func (p *parameter) json() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"resourceType":"SearchParameter","id":"%[1]s","url":"%[2]s%[1]s","name":"%[3]s","status":"active",`+
		`"description":"Finds documents by what an annotator found in them.","code":"%[1]s","base":["DocumentReference"],"type":"%[4]s","expression":"%[5]s"`,
		p.code, parameterURL, strings.ReplaceAll(p.code, "-", "_"), p.kind, p.expression)
	for i, c := range p.parts {
		b.WriteString([]string{`,"component":[`, ","}[min(i, 1)])
		fmt.Fprintf(&b, `{"definition":"%s%s","expression":"%s"}`, parameterURL, c.code, c.expression)
	}
	if p.parts != nil {
		b.WriteByte(']')
	}
	b.WriteByte('}')
	return []byte(b.String())
}
