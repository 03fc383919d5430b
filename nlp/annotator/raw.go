package annotator

import (
	"errors"
	"strconv"
	"sync"

	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/nlp"
)

// maxString is how many bytes a valueString gets at most: FHIR R4's string has 1 MiB.
const maxString = 1 << 20

// errTooLong is the error for an entity that no valueString holds.
var errTooLong = errors.New("nlp: the detector returned an entity of more than 1 MiB")

const (
	answerHead = `{"Entities":[`
	answerTail = `]}`
)

// answers has memory for answers, each of keptAnswer bytes at most.
var answers = sync.Pool{New: func() any { return new([]byte) }}

const keptAnswer = 1 << 18

// answers writes the detector's answer in the JSON of Amazon Comprehend Medical. Entities
// that one string cannot hold follow in further ones, each an answer of its own.
func (w *writer) answers(url string, entities []nlp.Entity) error {
	memory := answers.Get().(*[]byte)
	b := append((*memory)[:0], answerHead...)
	defer func() {
		if *memory = b; cap(b) <= keptAnswer {
			answers.Put(memory)
		}
	}()
	for i := range entities {
		end := len(b)
		if end > len(answerHead) {
			b = append(b, ',')
		}
		start := len(b)
		b = appendEntity(b, &entities[i])
		if len(b)-start > maxString-len(answerHead)-len(answerTail) {
			return errTooLong
		}
		if len(b)+len(answerTail) > maxString {
			w.quoted(url, b[:end], answerTail)
			b = append(b[:len(answerHead)], b[start:]...)
		}
	}
	w.quoted(url, b, answerTail)
	return nil
}

// quoted writes a valueString of two parts that are JSON.
func (w *writer) quoted(url string, text []byte, tail string) {
	w.begin(url, `String":"`)
	w.out, _ = quote.AppendInner(w.out, text)
	w.out, _ = quote.AppendInner(w.out, tail)
	w.out = append(w.out, `"}`...)
}

func appendEntity(dst []byte, e *nlp.Entity) []byte {
	dst = strconv.AppendInt(append(dst, `{"Id":`...), int64(e.ID), 10)
	dst = appendString(append(dst, `,"Text":`...), e.Text)
	dst = appendString(append(dst, `,"Category":`...), string(e.Category))
	dst = appendString(append(dst, `,"Type":`...), e.Type)
	dst = appendFloat(append(dst, `,"Score":`...), e.Score)
	dst = strconv.AppendInt(append(dst, `,"BeginOffset":`...), int64(e.BeginOffset), 10)
	dst = strconv.AppendInt(append(dst, `,"EndOffset":`...), int64(e.EndOffset), 10)
	dst = append(dst, `,"Attributes":[`...)
	for i := range e.Attributes {
		dst = appendAttribute(appendComma(dst, i), &e.Attributes[i])
	}
	dst = appendTraits(append(dst, ']'), e.Traits)
	dst = appendConcepts(dst, `,"ICD10CMConcepts":[`, e.ICD10CMConcepts)
	dst = appendConcepts(dst, `,"RxNormConcepts":[`, e.RxNormConcepts)
	return append(dst, '}')
}

func appendAttribute(dst []byte, a *nlp.Attribute) []byte {
	dst = appendString(append(dst, `{"Type":`...), a.Type)
	dst = appendFloat(append(dst, `,"Score":`...), a.Score)
	dst = appendFloat(append(dst, `,"RelationshipScore":`...), a.RelationshipScore)
	dst = appendString(append(dst, `,"RelationshipType":`...), a.RelationshipType)
	dst = strconv.AppendInt(append(dst, `,"Id":`...), int64(a.ID), 10)
	dst = strconv.AppendInt(append(dst, `,"BeginOffset":`...), int64(a.BeginOffset), 10)
	dst = strconv.AppendInt(append(dst, `,"EndOffset":`...), int64(a.EndOffset), 10)
	dst = appendString(append(dst, `,"Text":`...), a.Text)
	dst = appendString(append(dst, `,"Category":`...), string(a.Category))
	return append(appendTraits(dst, a.Traits), '}')
}

func appendTraits(dst []byte, traits []nlp.Trait) []byte {
	dst = append(dst, `,"Traits":[`...)
	for i, t := range traits {
		dst = appendString(append(appendComma(dst, i), `{"Name":`...), t.Name)
		dst = append(appendFloat(append(dst, `,"Score":`...), t.Score), '}')
	}
	return append(dst, ']')
}

func appendConcepts(dst []byte, head string, concepts []nlp.Concept) []byte {
	if len(concepts) == 0 {
		return dst
	}
	dst = append(dst, head...)
	for i, c := range concepts {
		dst = appendString(append(appendComma(dst, i), `{"Code":`...), c.Code)
		dst = appendString(append(dst, `,"Description":`...), c.Description)
		dst = append(appendFloat(append(dst, `,"Score":`...), c.Score), '}')
	}
	return append(dst, ']')
}

// appendComma appends the comma before an item that is not the first.
func appendComma(dst []byte, i int) []byte {
	if i == 0 {
		return dst
	}
	return append(dst, ',')
}

// appendFloat appends a number in full.
func appendFloat(dst []byte, f float64) []byte { return strconv.AppendFloat(dst, f, 'f', -1, 64) }
