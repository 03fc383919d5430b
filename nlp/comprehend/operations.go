package comprehend

import (
	"context"
	"math"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/comprehendmedical"
	"github.com/aws/aws-sdk-go-v2/service/comprehendmedical/types"
	"github.com/fhirlake/fhirlake/nlp"
)

// The functions of this file call an operation and return its answer in the words of
// package nlp. A value that the service left out is 0 or ""; nlp.Findings.Clean refuses it
// if it is needed.

func detectEntities(ctx context.Context, client *comprehendmedical.Client, text string) (result, error) {
	out, err := client.DetectEntitiesV2(ctx, &comprehendmedical.DetectEntitiesV2Input{Text: &text})
	if err != nil {
		return result{}, err
	}
	r := result{version: aws.ToString(out.ModelVersion)}
	for _, e := range out.Entities {
		entity := newEntity(e.Id, e.BeginOffset, e.EndOffset, e.Text, e.Score, string(e.Category), string(e.Type))
		for _, a := range e.Attributes {
			attribute := newAttribute(a.Id, a.BeginOffset, a.EndOffset, a.Text, a.Score, a.RelationshipScore, string(a.Type))
			attribute.Category, attribute.RelationshipType = nlp.Category(a.Category), string(a.RelationshipType)
			attribute.Traits = traits(a.Traits, func(t types.Trait) (string, *float32) { return string(t.Name), t.Score })
			entity.Attributes = append(entity.Attributes, attribute)
		}
		entity.Traits = traits(e.Traits, func(t types.Trait) (string, *float32) { return string(t.Name), t.Score })
		r.list = append(r.list, entity)
	}
	return r, nil
}

func inferICD10CM(ctx context.Context, client *comprehendmedical.Client, text string) (result, error) {
	out, err := client.InferICD10CM(ctx, &comprehendmedical.InferICD10CMInput{Text: &text})
	if err != nil {
		return result{}, err
	}
	name := func(t types.ICD10CMTrait) (string, *float32) { return string(t.Name), t.Score }
	r := result{version: aws.ToString(out.ModelVersion)}
	for _, e := range out.Entities {
		entity := newEntity(e.Id, e.BeginOffset, e.EndOffset, e.Text, e.Score, string(e.Category), string(e.Type))
		for _, a := range e.Attributes {
			attribute := newAttribute(a.Id, a.BeginOffset, a.EndOffset, a.Text, a.Score, a.RelationshipScore, string(a.Type))
			attribute.Category, attribute.RelationshipType = nlp.Category(a.Category), string(a.RelationshipType)
			attribute.Traits = traits(a.Traits, name)
			entity.Attributes = append(entity.Attributes, attribute)
		}
		entity.Traits = traits(e.Traits, name)
		for _, c := range e.ICD10CMConcepts {
			entity.ICD10CMConcepts = append(entity.ICD10CMConcepts, newConcept(c.Code, c.Description, c.Score))
		}
		r.list = append(r.list, entity)
	}
	return r, nil
}

func inferRxNorm(ctx context.Context, client *comprehendmedical.Client, text string) (result, error) {
	out, err := client.InferRxNorm(ctx, &comprehendmedical.InferRxNormInput{Text: &text})
	if err != nil {
		return result{}, err
	}
	name := func(t types.RxNormTrait) (string, *float32) { return string(t.Name), t.Score }
	r := result{version: aws.ToString(out.ModelVersion)}
	for _, e := range out.Entities {
		entity := newEntity(e.Id, e.BeginOffset, e.EndOffset, e.Text, e.Score, string(e.Category), string(e.Type))
		for _, a := range e.Attributes {
			attribute := newAttribute(a.Id, a.BeginOffset, a.EndOffset, a.Text, a.Score, a.RelationshipScore, string(a.Type))
			attribute.Category = nlp.Medication // the service has no other here and does not say it
			attribute.Traits = traits(a.Traits, name)
			entity.Attributes = append(entity.Attributes, attribute)
		}
		entity.Traits = traits(e.Traits, name)
		for _, c := range e.RxNormConcepts {
			entity.RxNormConcepts = append(entity.RxNormConcepts, newConcept(c.Code, c.Description, c.Score))
		}
		r.list = append(r.list, entity)
	}
	return r, nil
}

func newEntity(id, begin, end *int32, text *string, score *float32, category, kind string) nlp.Entity {
	return nlp.Entity{
		ID: number(id), BeginOffset: number(begin), EndOffset: number(end), Text: aws.ToString(text),
		Score: decimal(score), Category: nlp.Category(category), Type: kind,
	}
}

func newAttribute(id, begin, end *int32, text *string, score, relationship *float32, kind string) nlp.Attribute {
	a := nlp.Attribute{ID: number(id), BeginOffset: number(begin), EndOffset: number(end), Text: aws.ToString(text), Score: decimal(score), Type: kind}
	if relationship != nil {
		a.RelationshipScore = decimal(relationship)
	}
	return a
}

func newConcept(code, description *string, score *float32) nlp.Concept {
	return nlp.Concept{Code: aws.ToString(code), Description: aws.ToString(description), Score: decimal(score)}
}

// traits returns traits of one of the service's types.
func traits[T any](list []T, parts func(T) (string, *float32)) []nlp.Trait {
	var found []nlp.Trait
	for _, t := range list {
		name, score := parts(t)
		found = append(found, nlp.Trait{Name: name, Score: decimal(score)})
	}
	return found
}

// number returns a number, -1 for none, which is no offset.
func number(n *int32) int {
	if n == nil {
		return -1
	}
	return int(*n)
}

// decimal returns the number that was written, not the nearest one of 32 bits: 0.98, not
// 0.9800000190734863. A missing score is NaN.
func decimal(score *float32) float64 {
	if score == nil {
		return math.NaN()
	}
	n, _ := strconv.ParseFloat(strconv.FormatFloat(float64(*score), 'g', -1, 32), 64)
	return n
}
