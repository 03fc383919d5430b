package annotator

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/nlp"
)

// extension returns the extension with the findings in a text, although a part of the
// detector may have failed.
func extension(found *nlp.Findings, failed error) ([]byte, error) {
	w := &writer{out: make([]byte, 0, sizeOf(found))}
	w.open(nlp.RootURL)
	w.open(nlp.EntitiesURL)
	if err := w.head(nlp.EntitiesURL, found.Entities, found.ModelVersion); err != nil {
		return nil, err
	}
	for i := range found.Entities {
		e := &found.Entities[i]
		w.open(nlp.EntityURL)
		w.integer(nlp.EntityURL+"-id", e.ID)
		w.text(nlp.EntityURL+"-text", e.Text)
		w.text(nlp.EntityURL+"-category", string(e.Category))
		w.text(nlp.EntityURL+"-type", e.Type)
		w.score(nlp.EntityURL+"-score", e.Score)
		w.integer(nlp.EntityURL+"-begin-offset", e.BeginOffset)
		w.integer(nlp.EntityURL+"-end-offset", e.EndOffset)
		w.close()
	}
	w.close()
	if err := w.inferred(&icd10, found.ICD10CM, found.ModelVersion); err != nil {
		return nil, err
	}
	if err := w.inferred(&rxnorm, found.RxNorm, found.ModelVersion); err != nil {
		return nil, err
	}
	w.text(nlp.StatusURL, "SUCCESS")
	if failed != nil {
		w.text(nlp.MessageURL, failed.Error())
	}
	w.close()
	return w.out, nil
}

// sizeOf returns about how long the extension of findings is.
func sizeOf(f *nlp.Findings) int {
	return 1024 + 1200*len(f.Entities) + 3000*(len(f.ICD10CM)+len(f.RxNorm))
}

// A writer writes extensions.
type writer struct {
	out   []byte
	inner bool // an extension ends at the end of out
}

// open begins an extension that has others inside.
func (w *writer) open(url string) {
	w.comma()
	w.out = append(append(append(w.out, `{"url":"`...), url...), `","extension":[`...)
	w.inner = false
}

// close ends it.
func (w *writer) close() {
	w.out = append(w.out, `]}`...)
	w.inner = true
}

func (w *writer) comma() {
	if w.inner {
		w.out = append(w.out, ',')
	}
}

// begin begins an extension with a value. rest stands between "value" and the value, such as
// `String":`. A brace ends the extension.
func (w *writer) begin(url, rest string) {
	w.comma()
	w.out = append(append(append(append(w.out, `{"url":"`...), url...), `","value`...), rest...)
	w.inner = true
}

// text writes a valueString, unless it is empty, which FHIR does not allow.
func (w *writer) text(url, s string) {
	if s != "" {
		w.begin(url, `String":`)
		w.out = append(appendString(w.out, s), '}')
	}
}

func (w *writer) integer(url string, n int) {
	w.begin(url, `Integer":`)
	w.out = append(strconv.AppendInt(w.out, int64(n), 10), '}')
}

func (w *writer) score(url string, score float64) {
	w.begin(url, `Decimal":`)
	w.out = append(appendScore(w.out, score), '}')
}

func (w *writer) reference(url, to string) {
	w.begin(url, `Reference":{"reference":`)
	w.out = append(appendString(w.out, to), `}}`...)
}

// head writes the detector's answer, as JSON, and the detector's name.
func (w *writer) head(url string, entities []nlp.Entity, model string) error {
	err := w.answers(url+nlp.RawResponse, entities)
	w.text(url+nlp.ModelVersion, model)
	return err
}

// A list has the urls of entities with concepts.
type list struct{ url, entity, concept string }

var (
	icd10  = list{nlp.ICD10CMURL, nlp.ICD10CMEntityURL, nlp.ICD10CMConceptURL}
	rxnorm = list{nlp.RxNormURL, nlp.RxNormEntityURL, nlp.RxNormConceptURL}
)

// inferred writes entities with concepts.
func (w *writer) inferred(l *list, entities []nlp.Entity, model string) error {
	id, text, score := l.entity+"-id", l.entity+"-text", l.entity+"-score"
	begin, end := l.entity+"-begin-offset", l.entity+"-end-offset"
	concepts, code, description, rank := l.entity+nlp.ConceptList, l.concept+"-Code", l.concept+"-Description", l.concept+"-Score"
	w.open(l.url)
	if err := w.head(l.url, entities, model); err != nil {
		return err
	}
	for i := range entities {
		e := &entities[i]
		w.open(l.entity)
		w.integer(id, e.ID)
		w.text(text, e.Text)
		w.integer(begin, e.BeginOffset)
		w.integer(end, e.EndOffset)
		w.score(score, e.Score)
		if all := conceptsOf(e); len(all) > 0 {
			w.open(concepts)
			for i := range all {
				w.open(l.concept)
				w.text(code, all[i].Code)
				w.text(description, all[i].Description)
				w.score(rank, all[i].Score)
				w.close()
			}
			w.close()
		}
		w.close()
	}
	w.close()
	return nil
}

// conceptsOf returns the concepts of an entity of either list.
func conceptsOf(e *nlp.Entity) []nlp.Concept {
	if len(e.ICD10CMConcepts) > 0 {
		return e.ICD10CMConcepts
	}
	return e.RxNormConcepts
}

// appendScore appends a score with at most four decimals.
func appendScore(dst []byte, score float64) []byte {
	n := int(math.Round(score * 1e4))
	if n >= 1e4 {
		return append(dst, '1')
	}
	dst = append(dst, '0', '.', byte('0'+n/1000), byte('0'+n/100%10), byte('0'+n/10%10), byte('0'+n%10))
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	if dst[len(dst)-1] == '.' {
		return dst[:len(dst)-1]
	}
	return dst
}

// appendString appends a JSON string. Characters that R4's string does not allow (control
// characters, bytes that are not UTF-8) become U+FFFD.
func appendString(dst []byte, s string) []byte {
	if strings.ContainsFunc(s, isControl) {
		s = strings.Map(func(r rune) rune {
			if isControl(r) {
				return utf8.RuneError
			}
			return r
		}, s)
	}
	return quote.Append(dst, s)
}

func isControl(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' }
