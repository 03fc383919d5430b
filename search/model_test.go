package search_test

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"

	"github.com/fhirlake/fhirlake/fhirpath"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A model answers queries the slow way: it evaluates each parameter's own
// FHIRPath expression on each resource and compares the JSON of the elements,
// straight from the rules. It shares the reading of dates with what it checks,
// and nothing else.
type model struct {
	t       require.TestingT
	docs    []*modelDoc // in the order of their ordinals, superseded ones left out
	byKey   map[string]*modelDoc
	exprs   map[string]*fhirpath.Expression
	visitor fhirpath.Evaluator
	level   *fhirjson.Options // nil is strict
}

type modelDoc struct {
	typ, id  string
	doc      *fhirjson.Document
	elements map[string][]element // by expression
	updated  int64                // microseconds since 1970, where the test sets it
	decoded  any                  // the JSON of what canonicals lead to

	root      fhirjson.Index // of a contained resource, its node; else 0
	container *modelDoc      // of a contained resource
	inner     []*modelDoc    // what it contains
}

// An element is one item that an expression yields.
type element struct {
	node   fhirjson.Index
	typ    string
	value  any    // decoded JSON; numbers as json.Number
	bind   string // of a code: the system of its binding
	family bool   // a family name
}

// resource returns the type of the resource, in the tables.
func (d *modelDoc) resource() schema.TypeID { return d.doc.Nodes[d.root].Type }

func newModel(t require.TestingT) *model {
	return &model{t: t, byKey: map[string]*modelDoc{}, exprs: map[string]*fhirpath.Expression{}}
}

func (m *model) put(source []byte) {
	doc := new(fhirjson.Document)
	require.NoError(m.t, fhirjson.Parse(source, doc, m.level))
	d := &modelDoc{typ: doc.Type().String(), id: string(doc.ID()), doc: doc, elements: map[string][]element{}}
	d.contain()
	m.remove(d.typ, d.id)
	m.docs = append(m.docs, d)
	m.byKey[d.typ+"/"+d.id] = d
}

func (m *model) remove(typ, id string) {
	delete(m.byKey, typ+"/"+id)
	m.docs = slices.DeleteFunc(m.docs, func(d *modelDoc) bool { return d.typ == typ && d.id == id })
}

// select evaluates an expression on a node.
func (m *model) nodes(d *modelDoc, at fhirjson.Index, expression string) []element {
	e := m.exprs[expression]
	if e == nil {
		var err error
		e, err = fhirpath.Compile(expression)
		require.NoError(m.t, err, expression)
		m.exprs[expression] = e
	}
	if e.Boolean() {
		value, ok, err := m.visitor.Test(e, d.doc, at)
		require.NoError(m.t, err)
		return []element{{typ: "boolean", value: value && ok}}
	}
	nodes, err := m.visitor.Select(e, d.doc, at, nil)
	require.NoError(m.t, err, expression)
	var all []element
	for _, n := range nodes {
		all = append(all, m.element(d, n))
	}
	return all
}

func (m *model) element(d *modelDoc, n fhirjson.Index) element {
	node := d.doc.Nodes[n]
	text := d.doc.Source[node.Start:node.End]
	if node.Kind == fhirjson.String {
		text = d.doc.Source[node.Start-1 : node.End+1]
	}
	e := element{node: n, typ: node.Type.String(), family: node.Field == familyName}
	if node.Kind != fhirjson.Null {
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.UseNumber()
		require.NoError(m.t, decoder.Decode(&e.value))
	}
	if e.typ == "Extension" {
		for c := range d.doc.Children(n) {
			if d.doc.Nodes[c].Field.Field().Element == "value" {
				return m.element(d, c)
			}
		}
	}
	if code, ok := e.value.(string); ok && e.typ == "code" {
		if b := node.Field.Field().Binding.Binding(); b.Strength == schema.StrengthRequired {
			for _, c := range b.Codes {
				if c.Code == code {
					e.bind = c.System
					break
				}
			}
		}
	}
	return e
}

// familyName is the field of family names.
var familyName = func() schema.FieldID {
	t, _ := schema.TypeOf("HumanName")
	return schema.Lookup(t, "family")
}()

// all returns the elements of a parameter.
func (m *model) all(d *modelDoc, p *schema.Param) []element {
	if p.Code == "_lastUpdated" {
		return []element{{typ: "instant", value: time.UnixMicro(d.updated).UTC().Format("2006-01-02T15:04:05.000000Z")}}
	}
	found, ok := d.elements[p.Expression]
	if !ok {
		found = m.nodes(d, d.root, p.Expression)
		d.elements[p.Expression] = found
	}
	return found
}

// A modelQuery is one condition, as the tests make them: it is written as text
// for the engine and evaluated as it is by the model.
type modelQuery struct {
	param    *schema.Param
	modifier string
	values   []modelValue // alternatives
	chain    *modelQuery  // what the reference's target must satisfy
	target   string       // type of the chain's target
	has      *modelQuery  // what a resource that refers here must satisfy
	via      *schema.Param
	other    modelCondition // what is no comparison of a parameter's values
}

// A modelCondition is a condition of a kind of its own, as a query writes it and as
// the model answers it.
type modelCondition interface {
	name() string
	value() string
	holds(m *model, d *modelDoc) bool
}

// A modelValue is one alternative: only what its type of parameter has is set.
type modelValue struct {
	prefix  string
	text    string
	system  *string
	parts   []modelValue
	hasUnit bool
}

func (q *modelQuery) name() string {
	switch {
	case q.other != nil:
		return q.other.name()
	case q.has != nil:
		return "_has:" + q.via.Base.String() + ":" + q.via.Code + ":" + q.has.name()
	case q.chain != nil:
		return q.param.Code + ":" + q.target + "." + q.chain.name()
	case q.modifier != "":
		return q.param.Code + ":" + q.modifier
	}
	return q.param.Code
}

func (q *modelQuery) value() string {
	switch {
	case q.other != nil:
		return q.other.value()
	case q.has != nil:
		return q.has.value()
	case q.chain != nil:
		return q.chain.value()
	}
	var parts []string
	for _, v := range q.values {
		parts = append(parts, v.String())
	}
	return strings.Join(parts, ",")
}

var escaper = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`)

func (v modelValue) String() string {
	if v.parts != nil {
		var parts []string
		for _, p := range v.parts {
			parts = append(parts, p.String())
		}
		return strings.Join(parts, "$")
	}
	s := v.prefix + escaper.Replace(v.text)
	if v.system != nil {
		if v.hasUnit {
			number, code, _ := strings.Cut(v.text, " ")
			return v.prefix + number + "|" + escaper.Replace(*v.system) + "|" + escaper.Replace(code)
		}
		return escaper.Replace(*v.system) + "|" + s
	}
	return s
}

// search returns the ids of the resources for which all conditions hold, newest first.
func (m *model) search(typ string, queries []*modelQuery) []string {
	ids := []string{}
	for _, d := range slices.Backward(m.docs) {
		if d.typ == typ && !slices.ContainsFunc(queries, func(q *modelQuery) bool { return !m.holds(d, q) }) {
			ids = append(ids, d.id)
		}
	}
	return ids
}

func (m *model) holds(d *modelDoc, q *modelQuery) bool {
	switch {
	case q.other != nil:
		return q.other.holds(m, d)
	case q.has != nil:
		return d.container == nil && slices.ContainsFunc(m.docs, func(from *modelDoc) bool {
			return schema.TypeID(from.doc.Type()).Is(q.via.Base) && m.refersTo(from, q.via, d) && m.holds(from, q.has)
		})
	case q.chain != nil:
		return slices.ContainsFunc(m.docs, func(to *modelDoc) bool {
			return to.typ == q.target && m.refersTo(d, q.param, to) && m.holds(to, q.chain)
		}) || m.chainsInside(d, q)
	case q.modifier == "missing":
		return m.present(d, q.param) != (q.values[0].text == "true")
	case q.modifier == "not":
		return !m.anyValue(d, q, "")
	}
	return m.anyValue(d, q, q.modifier)
}

func (m *model) anyValue(d *modelDoc, q *modelQuery, modifier string) bool {
	if q.param.Type == schema.ParamComposite {
		return slices.ContainsFunc(q.values, func(v modelValue) bool { return m.composite(d, q.param, v) })
	}
	elements := m.all(d, q.param)
	return slices.ContainsFunc(q.values, func(v modelValue) bool {
		return slices.ContainsFunc(elements, func(e element) bool { return m.matches(q.param, modifier, v, e) })
	})
}

func (m *model) composite(d *modelDoc, p *schema.Param, v modelValue) bool {
	return slices.ContainsFunc(m.all(d, p), func(e element) bool {
		for i, part := range p.Components {
			found := m.nodes(d, e.node, part.Param().Expression)
			if !slices.ContainsFunc(found, func(e element) bool { return m.matches(part.Param(), "", v.parts[i], e) }) {
				return false
			}
		}
		return true
	})
}

// present reports whether a parameter has anything that a value could match.
func (m *model) present(d *modelDoc, p *schema.Param) bool {
	return slices.ContainsFunc(m.all(d, p), func(e element) bool {
		switch p.Type {
		case schema.ParamString:
			return len(stringsOf(e)) > 0
		case schema.ParamToken:
			return len(tokensOf(e)) > 0 || len(labelsOf(e)) > 0
		case schema.ParamReference:
			identifier, _ := field(e.value, "identifier").(map[string]any)
			return referenceOf(e) != "" || identifier["value"] != nil || identifier["system"] != nil
		case schema.ParamDate:
			_, _, ok := rangeOf(e)
			return ok
		case schema.ParamQuantity, schema.ParamNumber:
			_, ok := quantityOf(e)
			return ok
		}
		_, ok := e.value.(string)
		return ok
	})
}

func (m *model) refersTo(from *modelDoc, p *schema.Param, to *modelDoc) bool {
	return slices.ContainsFunc(m.all(from, p), func(e element) bool {
		if text, ok := e.value.(string); ok {
			return namesByURL(text, to)
		}
		return local(referenceOf(e)) == to.typ+"/"+to.id
	})
}

// namesByURL reports whether a canonical leads to a resource: by its address, or by
// its url and, if the canonical has one, its version.
func namesByURL(canonical string, to *modelDoc) bool {
	own := func(name string) string {
		child, ok := to.doc.Child(0, schema.Lookup(to.doc.Type(), name))
		if !ok || to.doc.Nodes[child].Kind != fhirjson.String {
			return ""
		}
		return string(to.doc.Text(child, nil))
	}
	url, version, versioned := strings.Cut(canonical, "|")
	return local(url) == to.typ+"/"+to.id || url == own("url") && (!versioned || strings.EqualFold(version, own("version")))
}

func (m *model) matches(p *schema.Param, modifier string, v modelValue, e element) bool {
	switch {
	case modifier == "text":
		return slices.ContainsFunc(labelsOf(e), func(s string) bool { return strings.HasPrefix(plainText(s), plainText(v.text)) })
	case modifier == "identifier":
		return matchToken(v, tokensOf(element{typ: "Identifier", value: field(e.value, "identifier")}))
	}
	switch p.Type {
	case schema.ParamString:
		if modifier == "exact" {
			return slices.Contains(partsOf(e), v.text)
		}
		return slices.ContainsFunc(stringsOf(e), func(s string) bool {
			if modifier == "contains" {
				return strings.Contains(plainText(s), plainText(v.text))
			}
			return strings.HasPrefix(plainText(s), plainText(v.text))
		})
	case schema.ParamToken:
		return matchToken(v, tokensOf(e))
	case schema.ParamReference:
		return matchReference(p, modifier, v.text, referenceOf(e))
	case schema.ParamDate:
		return matchDate(v, e)
	case schema.ParamNumber, schema.ParamQuantity:
		return matchQuantity(v, e)
	case schema.ParamURI:
		s, _ := e.value.(string)
		url, _, _ := strings.Cut(s, "|")
		if modifier == "below" && strings.Contains(v.text, "|") {
			return s == v.text || strings.HasPrefix(s, v.text+".")
		}
		if e.typ != "canonical" {
			url = s
		}
		if modifier == "below" {
			return s == v.text || isUnder(url, v.text)
		}
		if modifier == "above" {
			return s == v.text || isUnder(v.text, url) || url == v.text+"/" // a slash at the end is no segment
		}
		return s == v.text || url == v.text
	}
	return false
}

// isUnder reports whether a uri is parent or below it, by whole segments.
func isUnder(uri, parent string) bool {
	return uri == parent || strings.HasPrefix(uri, strings.TrimSuffix(parent, "/")+"/")
}

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
func local(s string) string {
	s = strings.TrimPrefix(s, "https://example.org/fhir/")
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

func rangeOf(e element) (low, high int64, ok bool) {
	one := func(v any) (int64, int64, bool) {
		s, _ := v.(string)
		t, err := fhirtime.ParseDateTime(s)
		if err != nil {
			return 0, 0, false
		}
		from, to := t.Range(time.UTC)
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

func matchDate(v modelValue, e element) bool {
	tl, th, ok := rangeOf(e)
	if !ok {
		return false
	}
	t, err := fhirtime.ParseSearch(v.text)
	if err != nil {
		return false
	}
	sl, sh := t.Range(time.UTC)
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
