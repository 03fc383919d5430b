package annotator

import (
	"math"
	"strconv"

	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/go-json-experiment/json"
)

// extension returns the extension that tells what was found in a text, although a part
// may have failed.
func extension(found *nlp.Findings, failed error) []byte {
	w := &writer{}
	w.open(nlp.RootURL)
	w.open(nlp.EntitiesURL)
	w.head(nlp.EntitiesURL, found.Entities, found.ModelVersion)
	for i := range found.Entities {
		e := &found.Entities[i]
		w.open(nlp.EntityURL)
		w.members(nlp.EntityURL, e)
		w.text(nlp.EntityURL+"-category", string(e.Category))
		w.text(nlp.EntityURL+"-type", e.Type)
		w.close()
	}
	w.close()
	w.inferred(nlp.ICD10CMURL, nlp.ICD10CMEntityURL, nlp.ICD10CMConceptURL, found.ICD10CM, found.ModelVersion)
	w.inferred(nlp.RxNormURL, nlp.RxNormEntityURL, nlp.RxNormConceptURL, found.RxNorm, found.ModelVersion)
	w.text(nlp.StatusURL, "SUCCESS")
	if failed != nil {
		w.text(nlp.MessageURL, failed.Error())
	}
	w.close()
	return w.out
}

// A writer writes extensions.
type writer struct {
	out   []byte
	inner bool // an extension ends at the end of out
}

// open begins an extension that has others inside.
func (w *writer) open(url string) {
	w.comma()
	w.out = append(w.out, `{"url":"`...)
	w.out = append(w.out, url...)
	w.out = append(w.out, `","extension":[`...)
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

// value writes an extension with a value, whose type follows "value" in its name.
func (w *writer) value(url, typ string, appendValue func(dst []byte) []byte) {
	w.comma()
	w.out = append(w.out, `{"url":"`...)
	w.out = append(w.out, url...)
	w.out = append(w.out, `","value`...)
	w.out = append(w.out, typ...)
	w.out = append(w.out, `":`...)
	w.out = append(appendValue(w.out), '}')
	w.inner = true
}

// text writes a valueString, unless it is empty, which FHIR does not allow.
func (w *writer) text(url, s string) {
	if s != "" {
		w.value(url, "String", func(dst []byte) []byte { return appendString(dst, s) })
	}
}

func (w *writer) integer(url string, n int) {
	w.value(url, "Integer", func(dst []byte) []byte { return strconv.AppendInt(dst, int64(n), 10) })
}

func (w *writer) score(url string, score float64) {
	w.value(url, "Decimal", func(dst []byte) []byte { return appendScore(dst, score) })
}

// head writes what the detector said, as JSON, and who it was.
func (w *writer) head(url string, entities []nlp.Entity, model string) {
	raw, err := json.Marshal(struct{ Entities []nlp.Entity }{entities})
	if err == nil { // a list that was checked can be written
		w.text(url+nlp.RawResponse, string(raw))
	}
	w.text(url+nlp.ModelVersion, model)
}

// members writes what entities of all kinds have.
func (w *writer) members(url string, e *nlp.Entity) {
	w.integer(url+"-id", e.ID)
	w.text(url+"-text", e.Text)
	w.integer(url+"-begin-offset", e.BeginOffset)
	w.integer(url+"-end-offset", e.EndOffset)
	w.score(url+"-score", e.Score)
}

// inferred writes entities with concepts.
func (w *writer) inferred(list, entity, concept string, entities []nlp.Entity, model string) {
	w.open(list)
	w.head(list, entities, model)
	for i := range entities {
		e := &entities[i]
		w.open(entity)
		w.members(entity, e)
		if concepts := conceptsOf(e); len(concepts) > 0 {
			w.open(entity + nlp.ConceptList)
			for _, c := range concepts {
				w.open(concept)
				w.text(concept+"-Code", c.Code)
				w.text(concept+"-Description", c.Description)
				w.score(concept+"-Score", c.Score)
				w.close()
			}
			w.close()
		}
		w.close()
	}
	w.close()
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
	return strconv.AppendFloat(dst, math.Round(score*1e4)/1e4, 'f', -1, 64)
}

// appendString appends a JSON string. Control characters that R4's string does not allow
// become U+FFFD.
func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			clean := []byte(s)
			var out []byte
			for _, c := range clean {
				if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
					out = append(out, "\uFFFD"...)
				} else {
					out = append(out, c)
				}
			}
			s = string(out)
			break
		}
	}
	return quote.Append(dst, s)
}
