package exec_test

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// How the model reads the JSON of elements, and compares values with it.

// field returns a member of a JSON object.
func field(value any, names ...string) any {
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// stringsOf returns the parts of an element and the words of a family name.
func stringsOf(e element) []string {
	all := partsOf(e)
	family, ok := field(e.value, "family").(string)
	if e.family {
		family, ok = e.value.(string)
	}
	if ok && (e.family || e.typ == "HumanName") {
		for i, word := range strings.Fields(family) {
			if i > 0 && plainText(word) != "" {
				all = append(all, word)
			}
		}
	}
	return all
}

func partsOf(e element) (all []string) {
	add := func(values ...any) {
		for _, v := range values {
			switch v := v.(type) {
			case string:
				all = append(all, v)
			case []any:
				for _, item := range v {
					if s, ok := item.(string); ok {
						all = append(all, s)
					}
				}
			}
		}
	}
	switch e.typ {
	case "HumanName":
		add(field(e.value, "text"), field(e.value, "family"), field(e.value, "given"), field(e.value, "prefix"), field(e.value, "suffix"))
	case "Address":
		for _, name := range []string{"text", "line", "city", "district", "state", "postalCode", "country"} {
			add(field(e.value, name))
		}
	case "CodeableConcept":
		add(field(e.value, "text"))
		codings, _ := field(e.value, "coding").([]any)
		for _, c := range codings {
			add(field(c, "display"))
		}
	case "Coding":
		add(field(e.value, "display"))
	default:
		add(e.value)
	}
	return all
}

// plainText drops accents, case and punctuation, letter by letter.
func plainText(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		if unicode.IsSpace(r) || !unicode.In(r, unicode.Mn, unicode.Cc, unicode.Cf) && !unicode.IsPunct(r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return strings.Join(strings.Fields(spelt.Replace(b.String())), " ")
}

// spelt writes letters that Unicode does not take apart.
var spelt = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "þ", "th", "ø", "o", "ł", "l", "đ", "d", "ð", "d",
	"ħ", "h", "ŧ", "t", "ı", "i", "ς", "σ", "ʻ", "", "ʼ", "")

type token struct {
	system, code string
	sensitive    bool
}

func tokensOf(e element) (all []token) {
	coding := func(value any, code string) {
		s, _ := field(value, "system").(string)
		c, _ := field(value, code).(string)
		if s != "" || c != "" {
			all = append(all, token{s, c, schema.CaseSensitive(s)})
		}
	}
	switch e.typ {
	case "Coding":
		coding(e.value, "code")
	case "CodeableConcept":
		codings, _ := field(e.value, "coding").([]any)
		for _, c := range codings {
			coding(c, "code")
		}
	case "Identifier":
		coding(e.value, "value")
	case "ContactPoint":
		if value, ok := field(e.value, "value").(string); ok {
			all = append(all, token{code: value})
		}
	case "boolean":
		code := "false"
		if e.value == true {
			code = "true"
		}
		all = append(all, token{code: code, sensitive: true})
	case "code":
		if s, ok := e.value.(string); ok {
			all = append(all, token{e.bind, s, schema.CaseSensitive(e.bind)})
		}
	default:
		if s, ok := e.value.(string); ok {
			all = append(all, token{"", s, e.typ != "string"})
		}
	}
	return all
}

func labelsOf(e element) (all []string) {
	add := func(v any) {
		if s, ok := v.(string); ok {
			all = append(all, s)
		}
	}
	switch e.typ {
	case "CodeableConcept":
		add(field(e.value, "text"))
		codings, _ := field(e.value, "coding").([]any)
		for _, c := range codings {
			add(field(c, "display"))
		}
	case "Coding":
		add(field(e.value, "display"))
	case "Identifier":
		add(field(e.value, "type", "text"))
	}
	return all
}

func matchToken(v modelValue, tokens []token) bool {
	return slices.ContainsFunc(tokens, func(t token) bool {
		if v.system != nil && *v.system != t.system {
			return false
		}
		if v.text == "" {
			return v.system != nil && *v.system != ""
		}
		if t.sensitive {
			return t.code == v.text
		}
		return strings.EqualFold(t.code, v.text)
	})
}

func referenceOf(e element) string {
	if s, ok := e.value.(string); ok {
		return s
	}
	if s, ok := field(e.value, "reference").(string); ok {
		return s
	}
	if typ, ok := field(e.value, "resourceType").(string); ok {
		if id, ok := field(e.value, "id").(string); ok {
			return typ + "/" + id
		}
	}
	return ""
}

// local returns Type/id for a reference to this store, else the text.
func local(s string) string { return localTo("https://example.org/fhir/", s) }

func localTo(base, s string) string {
	s = strings.TrimPrefix(s, base)
	if before, _, found := strings.Cut(s, "/_history/"); found {
		return before
	}
	return s
}

func matchReference(p *schema.Param, modifier, text, reference string) bool {
	if reference == "" {
		return false
	}
	reference = local(reference)
	url, _, _ := strings.Cut(reference, "|") // an address with a version is one as well
	if modifier != "" {
		return url == modifier+"/"+strings.TrimPrefix(text, modifier+"/")
	}
	if !strings.ContainsAny(text, "/:#?|") {
		typ, id, found := strings.Cut(url, "/")
		allowed := len(p.Targets) == 0 || slices.ContainsFunc(p.Targets, func(t schema.TypeID) bool { return t.String() == typ })
		if found && id == text && allowed {
			return true
		}
	}
	return reference == local(text) || url == text
}

func rangeOf(e element) (low, high int64, ok bool) { return rangeIn(time.UTC, e) }

func rangeIn(zone *time.Location, e element) (low, high int64, ok bool) {
	one := func(v any) (int64, int64, bool) {
		s, _ := v.(string)
		t, err := fhirtime.ParseDateTime(s)
		if err != nil {
			return 0, 0, false
		}
		from, to := t.Range(zone)
		return from, to, true
	}
	period := func(v any) (int64, int64, bool) {
		low, startHigh, hasLow := one(field(v, "start"))
		endLow, high, hasHigh := one(field(v, "end"))
		if hasLow && hasHigh && high <= low { // it ends before it starts
			return endLow, startHigh, true
		}
		if !hasLow {
			low = math.MinInt64
		}
		if !hasHigh {
			high = math.MaxInt64
		}
		return low, high, hasLow || hasHigh
	}
	switch e.typ {
	case "Period":
		return period(e.value)
	case "Timing":
		low, high = math.MaxInt64, math.MinInt64
		events, _ := field(e.value, "event").([]any)
		for _, event := range events {
			if l, h, valid := one(event); valid {
				low, high, ok = min(low, l), max(high, h), true
			}
		}
		if l, h, valid := period(field(e.value, "repeat", "boundsPeriod")); valid {
			low, high, ok = min(low, l), max(high, h), true
		}
		return low, high, ok
	case "date", "dateTime", "instant":
		return one(e.value)
	}
	return 0, 0, false
}

func matchDate(v modelValue, e element, zone *time.Location) bool {
	tl, th, ok := rangeIn(zone, e)
	if !ok {
		return false
	}
	t, err := fhirtime.ParseSearch(v.text)
	if err != nil {
		return false
	}
	sl, sh := t.Range(zone)
	contains := sl <= tl && th <= sh
	switch v.prefix {
	case "ne":
		return !contains
	case "gt":
		return th > sh
	case "lt":
		return tl < sl
	case "ge":
		return th > sh || contains
	case "le":
		return tl < sl || contains
	case "sa":
		return tl >= sh
	case "eb":
		return th <= sl
	case "ap":
		distance := max(0, now.UnixMicro()-sh, sl-now.UnixMicro()) / 10
		return tl < sh+distance && th > sl-distance
	}
	return contains
}

// A measure is a range of numbers with a unit; nil is an open end.
type measure struct {
	low, high          *big.Rat
	system, code, unit string
}

func rational(v any) *big.Rat {
	n, ok := v.(json.Number)
	if !ok {
		return nil
	}
	r, _ := new(big.Rat).SetString(n.String())
	return r
}

func quantityOf(e element) (q measure, ok bool) {
	unit := func(v any) {
		q.system, _ = field(v, "system").(string)
		q.code, _ = field(v, "code").(string)
		q.unit, _ = field(v, "unit").(string)
	}
	switch e.typ {
	case "Range":
		q.low, q.high = rational(field(e.value, "low", "value")), rational(field(e.value, "high", "value"))
		if unit(field(e.value, "low")); field(e.value, "low") == nil {
			unit(field(e.value, "high"))
		}
	case "Money":
		q.low = rational(field(e.value, "value"))
		q.high, q.system = q.low, "urn:iso:std:iso:4217"
		q.code, _ = field(e.value, "currency").(string)
	case "SampledData":
		origin, factor := rational(field(e.value, "origin", "value")), rational(field(e.value, "factor"))
		if origin == nil {
			origin = new(big.Rat)
		}
		if factor == nil {
			factor = big.NewRat(1, 1)
		}
		data, _ := field(e.value, "data").(string)
		for _, s := range strings.Fields(data) {
			if sample, isNumber := new(big.Rat).SetString(s); isNumber {
				sample.Add(sample.Mul(sample, factor), origin)
				if q.low == nil || sample.Cmp(q.low) < 0 {
					q.low = sample
				}
				if q.high == nil || sample.Cmp(q.high) > 0 {
					q.high = sample
				}
			}
		}
		unit(field(e.value, "origin"))
	case "decimal", "integer", "positiveInt", "unsignedInt":
		q.low = rational(e.value)
		q.high = q.low
	default:
		value := rational(field(e.value, "value"))
		q.low, q.high = value, value
		switch field(e.value, "comparator") {
		case "<", "<=":
			q.low = nil
		case ">", ">=":
			q.high = nil
		}
		unit(e.value)
		return q, value != nil
	}
	return q, q.low != nil || q.high != nil
}

func matchQuantity(v modelValue, e element) bool {
	q, ok := quantityOf(e)
	if !ok {
		return false
	}
	text := v.text
	if v.hasUnit {
		number, code, _ := strings.Cut(v.text, " ")
		text = number
		if q, ok = q.hasUnit(*v.system, code); !ok {
			return false
		}
	}
	s, isNumber := new(big.Rat).SetString(text)
	if !isNumber {
		return false
	}
	whole := e.typ != "decimal" && strings.Contains("integer positiveInt unsignedInt", e.typ)
	half := halfUnit(text)
	if whole && !strings.ContainsAny(text, "eE") {
		half = new(big.Rat)
	}
	low, high := new(big.Rat).Sub(s, half), new(big.Rat).Add(s, half)
	contains := q.low != nil && q.high != nil && q.low.Cmp(low) >= 0 &&
		(q.high.Cmp(high) < 0 || half.Sign() == 0 && q.high.Cmp(high) == 0)
	isPoint := q.low != nil && q.high != nil && q.low.Cmp(s) == 0 && q.high.Cmp(s) == 0
	reachesAbove, reachesBelow := q.high == nil || q.high.Cmp(s) > 0, q.low == nil || q.low.Cmp(s) < 0
	switch v.prefix {
	case "ne":
		return !contains
	case "gt":
		return reachesAbove
	case "lt":
		return reachesBelow
	case "ge":
		return reachesAbove || isPoint
	case "le":
		return reachesBelow || isPoint
	case "sa":
		return q.low != nil && q.low.Cmp(s) > 0
	case "eb":
		return q.high != nil && q.high.Cmp(s) < 0
	case "ap":
		half = halfUnit(text)
		tenth := new(big.Rat).Mul(new(big.Rat).Abs(s), big.NewRat(1, 10))
		low, high = low.Sub(low.Sub(s, half), tenth), high.Add(high.Add(s, half), tenth)
		return (q.high == nil || q.high.Cmp(low) >= 0) && (q.low == nil || q.low.Cmp(high) < 0)
	}
	return contains
}

// halfUnit returns half a unit of the last digit that a number was written with.
func halfUnit(text string) *big.Rat {
	mantissa, exponent, hasExponent := strings.Cut(strings.ToLower(strings.TrimLeft(text, "+-")), "e")
	power := 0
	if hasExponent {
		n, _ := new(big.Int).SetString(strings.TrimPrefix(exponent, "+"), 10)
		power = int(n.Int64())
		if len(mantissa) == 1 {
			power--
		}
	}
	if _, fraction, found := strings.Cut(mantissa, "."); found {
		power -= len(fraction)
	}
	half := big.NewRat(1, 2)
	ten := big.NewRat(10, 1)
	for ; power > 0; power-- {
		half.Mul(half, ten)
	}
	for ; power < 0; power++ {
		half.Quo(half, ten)
	}
	return half
}
