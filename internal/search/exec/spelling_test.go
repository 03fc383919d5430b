package exec_test

import (
	"math/big"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// spellings returns conditions that an element must satisfy, made of its own
// JSON: the ways in which people write one value.
func spellings(p *schema.Param, e element) []*modelQuery {
	var all []*modelQuery
	add := func(modifier string, values ...modelValue) {
		for _, v := range values {
			all = append(all, &modelQuery{param: p, modifier: modifier, values: []modelValue{v}})
		}
	}
	switch p.Type {
	case schema.ParamToken:
		for _, t := range tokensOf(e) {
			add("", spelledToken(t, e.typ)...)
		}
		for _, label := range labelsOf(e) {
			if plainText(label) != "" {
				add("text", modelValue{text: firstHalf(label)}, modelValue{text: label})
			}
		}
	case schema.ParamReference:
		text := referenceOf(e)
		if text == "" || text[0] == '#' {
			break
		}
		add("", modelValue{text: text})
		if url, _, versioned := strings.Cut(text, "|"); versioned {
			add("", modelValue{text: url})
		}
		if typ, id, _ := strings.Cut(local(text), "/"); allowedTarget(p, typ) && e.typ != "canonical" {
			add("", modelValue{text: id}, modelValue{text: "https://example.org/fhir/" + local(text)})
			add(typ, modelValue{text: id})
		}
		for _, t := range tokensOf(element{typ: "Identifier", value: field(e.value, "identifier")}) {
			add("identifier", spelledToken(t, "Identifier")...)
		}
	case schema.ParamString:
		for _, s := range partsOf(e) {
			if plainText(s) != "" {
				add("", modelValue{text: s}, modelValue{text: firstHalf(s)})
				add("exact", modelValue{text: s})
				add("contains", modelValue{text: s}, modelValue{text: lastHalf(s)})
			}
		}
	case schema.ParamDate:
		add("", spelledDates(e)...)
	case schema.ParamNumber, schema.ParamQuantity:
		add("", spelledQuantities(p, e)...)
	case schema.ParamURI:
		if text, ok := e.value.(string); ok {
			add("", modelValue{text: text})
			add("below", modelValue{text: text})
			if url, _, versioned := strings.Cut(text, "|"); versioned && e.typ == "canonical" {
				add("", modelValue{text: url})
			}
		}
	}
	return all
}

// firstHalf returns the beginning of a text, in capitals.
func firstHalf(s string) string {
	runes := []rune(s)
	half := string(runes[:(len(runes)+1)/2])
	if plainText(half) == "" {
		return s
	}
	return strings.ToUpper(half)
}

// lastHalf returns the end of a text.
func lastHalf(s string) string {
	runes := []rune(s)
	half := string(runes[len(runes)/2:])
	if plainText(half) == "" {
		return s
	}
	return half
}

func allowedTarget(p *schema.Param, name string) bool {
	t, ok := schema.ResourceType(name)
	for _, allowed := range p.Targets {
		if allowed == t || allowed.Type().Abstract {
			return ok
		}
	}
	return ok && len(p.Targets) == 0
}

// spelledToken writes a token as code, as system|code or |code, and as system|.
func spelledToken(t token, typ string) (all []modelValue) {
	if t.code != "" {
		all = append(all, modelValue{text: t.code})
		if !t.sensitive {
			all = append(all, modelValue{text: strings.ToUpper(t.code)})
		}
	}
	switch typ {
	case "Coding", "CodeableConcept", "Identifier", "code":
		if t.code != "" {
			all = append(all, modelValue{text: t.code, system: &t.system})
		}
		if t.system != "" {
			all = append(all, modelValue{system: &t.system})
		}
	}
	return all
}

// spelledDates writes what holds for the range of an element.
func spelledDates(e element) (all []modelValue) {
	low, high, ok := rangeOf(e)
	if !ok {
		return nil
	}
	if text, ok := e.value.(string); ok {
		all = append(all, modelValue{text: text[:4]}, modelValue{prefix: "sa", text: "0002"})
		if _, err := fhirtime.ParseSearch(text); err == nil {
			for _, prefix := range []string{"", "eq", "ge", "le", "ap"} {
				all = append(all, modelValue{prefix: prefix, text: text})
			}
		}
		return all
	}
	moment := func(micros int64) string { return time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.000000Z") }
	inYears := func(micros int64) bool { y := time.UnixMicro(micros).UTC().Year(); return y > 0 && y < 9999 }
	if inYears(low) {
		all = append(all, modelValue{prefix: "ge", text: moment(low)}, modelValue{prefix: "sa", text: moment(low - 1)}, modelValue{prefix: "ne", text: moment(low)})
	}
	if inYears(high) {
		all = append(all, modelValue{prefix: "le", text: moment(high)}, modelValue{prefix: "eb", text: moment(high)})
	}
	return all
}

// spelledQuantities writes what holds for the numbers of an element, without unit
// and with it.
func spelledQuantities(p *schema.Param, e element) (all []modelValue) {
	q, ok := quantityOf(e)
	if !ok {
		return nil
	}
	add := func(prefix string, n *big.Rat) {
		digits, _ := n.FloatPrec()
		text := n.FloatString(digits)
		all = append(all, modelValue{prefix: prefix, text: text})
		if p.Type == schema.ParamNumber {
			return
		}
		for _, system := range []string{q.system, ""} {
			if q.code != "" {
				all = append(all, modelValue{prefix: prefix, text: text + " " + q.code, system: &system, hasUnit: true})
			}
		}
		if q.unit != "" {
			none := ""
			all = append(all, modelValue{prefix: prefix, text: text + " " + q.unit, system: &none, hasUnit: true})
		}
	}
	if q.low != nil && q.high != nil && q.low.Cmp(q.high) == 0 {
		add("", q.low)
		add("ap", q.low)
	}
	if q.low != nil {
		add("ge", q.low)
	}
	if q.high != nil {
		add("le", q.high)
	}
	return all
}

// spelledComposites writes values of a composite whose parts are all of one
// element.
func (m *model) spelledComposites(d *modelDoc, p *schema.Param) (all []*modelQuery) {
	for _, e := range m.all(d, p) {
		var first, last modelValue
		for _, id := range p.Components {
			var written []modelValue
			for _, part := range m.nodes(d, e.node, id.Param().Expression) {
				for _, q := range spellings(id.Param(), part) {
					if q.modifier == "" && q.values[0].text != "" {
						written = append(written, q.values...)
					}
				}
			}
			if len(written) == 0 {
				break
			}
			first.parts, last.parts = append(first.parts, written[0]), append(last.parts, written[len(written)-1])
		}
		if len(first.parts) == len(p.Components) {
			all = append(all, &modelQuery{param: p, values: []modelValue{first}}, &modelQuery{param: p, values: []modelValue{last}})
		}
	}
	return all
}
