package fhirpath

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/ucum"
)

// ucumSystem is the system of UCUM's codes.
const ucumSystem = "http://unitsofmeasure.org"

// A quantity is a number with a unit: a UCUM code, or a word of the calendar.
type quantity struct {
	number apd.Decimal
	unit   string
	word   bool // whether the unit is a word like days
	// opaque is set on any other unit: of a FHIR Quantity without a system, or with
	// another system than UCUM. It equals only itself.
	opaque bool
	// code is the UCUM code that a FHIR Quantity had instead of the word.
	code string
}

// quantityOf sets q to the value of a quantity, or of a number, which is a quantity of
// unit 1, and reports whether there is one. A FHIR Quantity with a comparator has none,
// nor has one whose unit is no UCUM code (FHIR R4 §2.9.1.2).
func (v *Evaluator) quantityOf(q *quantity, it item) bool {
	return v.comparandOf(q, it) && !q.opaque
}

// comparandOf is quantityOf that also takes units that are no UCUM codes.
func (v *Evaluator) comparandOf(q *quantity, it item) bool {
	switch {
	case it.sort == sortQuantity:
		x := v.value(it)
		q.unit, q.word = x.unit, x.word
		return readDecimal(&q.number, x.text)
	case it.sort == sortNode && v.node(it).Kind == fhirjson.Object:
		return q.read(v.document(it.doc), fhirjson.Index(it.ref))
	default:
		q.unit = "1"
		return v.decimalOf(&q.number, it)
	}
}

// fhirWords maps UCUM's codes of a FHIR Quantity to words: unlike in a literal, "a" is
// a calendar year there (FHIR R4 §2.9.1.2).
var fhirWords = map[string]string{"a": "year", "mo": "month", "d": "day", "h": "hour", "min": "minute", "s": "second"}

// read sets q, which is empty, to a FHIR Quantity.
func (q *quantity) read(doc *fhirjson.Document, n fhirjson.Index) bool {
	number, ok := childOf(doc, n, "value")
	if _, compares := childOf(doc, n, "comparator"); !ok || compares || !doc.HasValue(number) {
		return false
	}
	system, code := textOf(doc, n, "system"), textOf(doc, n, "code")
	word, isWord := fhirWords[code]
	switch {
	case code == "" && textOf(doc, n, "unit") == "":
		q.unit = "1"
	case code == "":
		q.unit, q.opaque = textOf(doc, n, "unit"), true
	case system != ucumSystem:
		q.unit, q.opaque = system+"|"+code, true
	case isWord:
		q.unit, q.word, q.code = word, true, code
	default:
		q.unit = code
	}
	return readDecimal(&q.number, doc.Raw(number))
}

// addQuantity makes a quantity of the result of an operation; it reports false if there
// is none.
func (v *Evaluator) addQuantity(q *quantity, condition apd.Condition) (item, bool) {
	it, ok := v.addDecimal(&q.number, condition)
	if !ok {
		return item{}, false
	}
	x := v.value(it)
	x.unit, x.word = q.unit, q.word
	return item{ref: it.ref, sort: sortQuantity}, true
}

// formatQuantity writes a quantity as a literal.
func formatQuantity(x *value) string {
	if x.word {
		return x.text + " " + x.unit
	}
	return x.text + " '" + x.unit + "'"
}

// Quantity returns the digits, the UCUM code and the written unit of a System.Quantity,
// and whether the item is one.
func (i Item) Quantity() (digits, code, unit string, ok bool) {
	if i.item.sort != sortQuantity {
		return "", "", "", false
	}
	return i.value.text, i.value.code(), i.value.unit, true
}

// code returns the UCUM code of a quantity's unit.
func (x *value) code() string {
	if x.word {
		return codeOfWord(x.unit)
	}
	return x.unit
}

// quantityJSON writes a System.Quantity as a FHIR Quantity.
func quantityJSON(x *value) []byte {
	out := append([]byte(`{"value":`), x.text...)
	out = quote.Append(append(out, `,"unit":`...), x.unit)
	out = quote.Append(append(out, `,"system":`...), ucumSystem)
	return append(quote.Append(append(out, `,"code":`...), x.code()), '}')
}

// codeOfWord returns the UCUM code of a word of the calendar.
func codeOfWord(word string) string {
	switch word = strings.TrimSuffix(word, "s"); word {
	case "year":
		return "a"
	case "month":
		return "mo"
	}
	for code, w := range definiteWords {
		if w == word {
			return code
		}
	}
	return word
}

// scale brings the unit of a calendar word to one that can be compared: years to
// months, which UCUM does not know, and the rest to UCUM's. It reports whether the
// unit is the calendar's month.
func (q *quantity) scale() (months bool) {
	if !q.word {
		return false
	}
	switch strings.TrimSuffix(q.unit, "s") {
	case "year":
		decimals.Mul(&q.number, &q.number, apd.New(12, 0))
		return true
	case "month":
		return true
	}
	q.unit, q.word = codeOfWord(q.unit), false
	return false
}

// How the comparison of two quantities has ended.
const (
	quantitiesOrdered = iota
	// quantitiesApart: different dimensions.
	quantitiesApart
	// quantitiesOpen: a calendar's year or month beside a definite duration.
	quantitiesOpen
)

// compareQuantities orders two quantities. It changes both. The code "a" of a FHIR
// Quantity is the calendar's year beside a word, and UCUM's year beside a UCUM unit.
func (v *Evaluator) compareQuantities(a, b *quantity) (order, how int) {
	if a.word != b.word {
		for _, q := range [...]*quantity{a, b} {
			if q.code != "" {
				q.unit, q.word = q.code, false
			}
		}
	}
	v.left -= costOfDecimal
	aMonths, bMonths := a.scale(), b.scale()
	switch {
	case aMonths && bMonths || !aMonths && !bMonths && a.unit == b.unit && a.opaque == b.opaque:
		return a.number.Cmp(&b.number), quantitiesOrdered
	case a.opaque || b.opaque:
		return 0, quantitiesApart
	}
	if aMonths != bMonths {
		other := a
		if aMonths {
			other = b
		}
		if u, err := v.unit(other.unit); err == nil && u.Canonical() == "s" {
			return 0, quantitiesOpen
		}
		return 0, quantitiesApart
	}
	x, err1 := v.unit(a.unit)
	y, err2 := v.unit(b.unit)
	if err1 != nil || err2 != nil {
		return 0, quantitiesApart
	}
	order, err := ucum.Compare(&a.number, x, &b.number, y)
	if err != nil {
		return 0, quantitiesApart
	}
	return order, quantitiesOrdered
}

// unit parses a UCUM code. The Evaluator remembers parsed units.
func (v *Evaluator) unit(code string) (*ucum.Unit, error) {
	v.left -= costOfUnit + len(code)
	if v.units == nil {
		v.units = ucum.NewCache(64)
	}
	return v.units.Parse(code)
}
