package fhirproto_test

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A maker makes random resources that the schema allows.
type maker struct {
	*rand.Rand
	// tame leaves out what jsonformat refuses or loses; see differ_test.go.
	tame bool
	// full gives the resource every element that it can have.
	full bool
}

// chance is true in one of n cases.
func (m *maker) chance(n int) bool { return m.IntN(n) == 0 }

// pick returns one of the texts.
func (m *maker) pick(texts ...string) string { return texts[m.IntN(len(texts))] }

// resource returns the JSON of a resource of type t, at the given depth.
func (m *maker) resource(t schema.TypeID, depth int) string {
	parts := append([]string{`"resourceType":"` + t.String() + `"`}, m.fields(t, depth)...)
	return "{" + strings.Join(parts, ",") + "}"
}

func (m *maker) object(t schema.TypeID, depth int) string {
	parts := m.fields(t, depth)
	if len(parts) == 0 {
		parts = []string{`"id":"x"`}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// fields returns the properties of an object of type t.
func (m *maker) fields(t schema.TypeID, depth int) []string {
	var parts []string
	row := t.Type()
	for first := row.First; first < row.End; {
		last := first + 1
		for last < row.End && last.Field().Choice() && last.Field().Element == first.Field().Element {
			last++
		}
		f := first + schema.FieldID(m.IntN(int(last-first)))
		first = last
		if m.wanted(f, depth) {
			parts = append(parts, m.property(f, depth)...)
		}
	}
	m.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return parts
}

func (m *maker) wanted(id schema.FieldID, depth int) bool {
	f := id.Field()
	isResource := f.Type == schema.TypeResource
	switch {
	case f.Name == "valueMeta" && f.Owner == schema.TypeExtension:
		return false
	case m.tame && isResource && f.Owner.String() == "Parameters.parameter":
		return false
	case f.Min > 0:
		return true
	case depth == 0 && m.full:
		return true
	case depth > 3 || isResource && depth > 1:
		return false
	case f.Name == "extension" || f.Name == "modifierExtension":
		return m.chance(12)
	}
	return m.chance(2 + depth*depth)
}

// property returns the property of field id, with its underscore twin if it has
// one.
func (m *maker) property(id schema.FieldID, depth int) []string {
	f := id.Field()
	n := 1
	if f.Array() {
		n = 1 + m.IntN(min(3, int(f.Max)))
	}
	values, twins := make([]string, n), make([]string, n)
	anyValue, anyTwin := false, false
	for i := range n {
		values[i], twins[i] = "null", "null"
		if f.Type.Type().Kind != schema.KindPrimitive {
			values[i] = m.complex(f, depth)
			anyValue = true
			continue
		}
		twin := m.mayHaveTwin(f) && m.chance(8)
		if twin {
			twins[i] = m.twin(depth)
			anyTwin = true
		}
		if !twin || m.tame && needsValue(f) || !m.chance(3) {
			values[i] = m.primitive(f, twin)
			anyValue = true
		}
	}
	join := func(all []string) string {
		if f.Array() {
			return "[" + strings.Join(all, ",") + "]"
		}
		return all[0]
	}
	var parts []string
	// jsonformat refuses an array of twins with null where the values are no plain strings.
	if m.tame && anyTwin && f.Array() && !plainString(f) {
		anyTwin = false
	}
	if anyValue {
		parts = append(parts, strconv.Quote(f.Name)+":"+join(values))
	}
	if anyTwin {
		parts = append(parts, strconv.Quote("_"+f.Name)+":"+join(twins))
	}
	return parts
}

func (m *maker) complex(f *schema.Field, depth int) string {
	if f.Type == schema.TypeResource {
		t, _ := schema.ResourceType(m.pick("Patient", "Observation", "Binary", "Medication", "List"))
		return m.resource(t, max(depth, 2))
	}
	if f.Flags&schema.FlagSimple != 0 {
		return `{"value":` + m.pick("1.50", "2") + `,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}`
	}
	return m.object(f.Type, depth+1)
}

// mayHaveTwin reports whether JSON has an underscore twin for f.
func (m *maker) mayHaveTwin(f *schema.Field) bool {
	switch {
	case f.Name == "id", f.Type == schema.TypeXhtml, f.Name == "url" && f.Owner == schema.TypeExtension:
		return false
	case m.tame && f.Owner == schema.TypeReference && f.Name == "reference":
		return false
	case m.tame && f.Type == schema.TypeBase64Binary:
		return false // in jsonformat the order of its extensions is left to chance
	}
	return true
}

func (m *maker) twin(depth int) string {
	url := strconv.Quote(m.pick("urn:x:a", "http://example.org/e"))
	switch m.IntN(3) {
	case 0:
		return `{"id":"t` + strconv.Itoa(depth) + `"}`
	case 1:
		return `{"extension":[{"url":` + url + `,"valueString":"é"},{"url":` + url + `,"valueDecimal":1.50}]}`
	}
	return `{"id":"u","extension":[{"url":` + url + `,"_valueDate":{"id":"d"}}]}`
}

// plainString reports whether the proto has a string of any form for f: of these
// alone jsonformat takes null in an array.
func plainString(f *schema.Field) bool {
	switch f.Type {
	case schema.TypeString, schema.TypeUri, schema.TypeCanonical, schema.TypeMarkdown, schema.TypeUrl:
		return true
	}
	return f.Flags&schema.FlagProtoCode != 0
}

// needsValue reports whether jsonformat refuses f without a value.
func needsValue(f *schema.Field) bool {
	switch f.Type {
	case schema.TypeCode:
		return f.Enum == "" && f.Flags&schema.FlagProtoCode == 0 || f.Array()
	case schema.TypeId, schema.TypeOid, schema.TypeUuid:
		return true
	}
	return f.Array() && !plainString(f)
}

// primitive returns a value for f; twin says that it will have an id or extensions.
func (m *maker) primitive(f *schema.Field, twin bool) string {
	if b := f.Binding.Binding(); f.Type == schema.TypeCode && b.Strength == schema.StrengthRequired && b.Codes != nil {
		return strconv.Quote(b.Codes[m.IntN(len(b.Codes))].Code)
	}
	if f.Owner == schema.TypeReference && f.Name == "reference" {
		return strconv.Quote(m.reference())
	}
	switch f.Type {
	case schema.TypeBoolean:
		if m.tame && twin {
			return "true"
		}
		return m.pick("true", "false")
	case schema.TypeInteger:
		return m.pick("1", "-7", "2147483647", "-2147483648")
	case schema.TypePositiveInt:
		return m.pick("1", "128", "2147483647")
	case schema.TypeUnsignedInt:
		if m.tame && twin {
			return "1"
		}
		return m.pick("0", "1", "2147483647")
	case schema.TypeDecimal:
		return m.pick("0", "-1.50", "3.14159265358979323846264338327950288", "1e-7", "6.02E23", "100", "0.0")
	case schema.TypeString, schema.TypeMarkdown:
		if f.Name == "id" {
			return m.pick(`"a"`, `"a-1.B"`)
		}
		return m.pick(`"a"`, `"ö \"quoted\" \\ back"`, `"line\nline\tend"`, `"😀 \u00e9 \ud83d\ude00 <&>"`, `" "`,
			strconv.Quote(strings.Repeat("long ", 60)))
	case schema.TypeXhtml:
		return `"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a &amp; b</p></div>"`
	case schema.TypeId:
		return m.pick(`"a"`, `"A-1.b"`, strconv.Quote(strings.Repeat("x", 64)))
	case schema.TypeCode:
		return m.pick(`"a"`, `"a b"`, `"text/plain"`)
	case schema.TypeOid:
		return `"urn:oid:1.2.3"`
	case schema.TypeUuid:
		return `"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"`
	case schema.TypeBase64Binary:
		return strconv.Quote(m.base64())
	case schema.TypeDate:
		return strconv.Quote(m.date())
	case schema.TypeDateTime:
		if m.chance(3) {
			return strconv.Quote(m.date())
		}
		return strconv.Quote(m.instant())
	case schema.TypeInstant:
		return strconv.Quote(m.instant())
	case schema.TypeTime:
		return strconv.Quote(m.clock())
	}
	return m.pick(`"http://example.org/a?b=c#d"`, `"urn:x:1"`, `"a"`) // uri, url, canonical
}

func (m *maker) reference() string {
	return m.pick("Patient/1", "Observation/a-b/_history/3", "#c", "#", "http://example.org/Patient/1", "urn:uuid:x",
		"Patient", "patient/1", "Patient/1/x", "Patient/1/_history", "Patient/", "Resource/1", "MetadataResource/1",
		"a/b", "Patient/1/history/2", "Organization/1/_history/2/3", "Patient?identifier=a")
}

func (m *maker) day() string {
	return fmt.Sprintf("%04d-%02d-%02d", m.pickInt(1, 1582, 1899, 1969, 1970, 2024, 9999), 1+m.IntN(12), 1+m.IntN(28))
}

func (m *maker) instant() string {
	if m.tame { // jsonformat drops the fraction where nanoseconds since 1970 do not fit 64 bits
		return fmt.Sprintf("%04d", 1700+m.IntN(550)) + m.day()[4:] + "T" + m.clock() + m.zone()
	}
	return m.day() + "T" + m.clock() + m.zone()
}

func (m *maker) pickInt(all ...int) int { return all[m.IntN(len(all))] }

func (m *maker) date() string { return m.day()[:m.pickInt(4, 7, 10)] }

func (m *maker) clock() string {
	return fmt.Sprintf("%02d:%02d:%02d", m.IntN(24), m.IntN(60), m.IntN(60)) +
		m.pick("", ".5", ".123", ".000", ".1234", ".123456", ".123456789")
}

func (m *maker) zone() string { return m.pick("Z", "+00:00", "-00:00", "+05:30", "-12:00", "+14:00") }

func (m *maker) base64() string {
	data := make([]byte, 1+m.IntN(100))
	for i := range data {
		data[i] = byte(m.Uint32())
	}
	text := base64.StdEncoding.EncodeToString(data)
	if m.chance(3) {
		separator := m.pick(" ", "  ")
		if !m.tame {
			separator = m.pick(" ", "\r\n", "\n")
		}
		var parts []string
		for stride := 4 * m.pickInt(1, 2, 19); len(text) > 0; {
			n := min(stride, len(text))
			parts, text = append(parts, text[:n]), text[n:]
		}
		return strings.Join(parts, separator)
	}
	return text
}

// resourceTypes are all types that a resource may have.
func resourceTypes() []schema.TypeID {
	var all []schema.TypeID
	for t := range schema.Types {
		if row := &schema.Types[t]; row.Kind == schema.KindResource && !row.Abstract {
			all = append(all, schema.TypeID(t))
		}
	}
	return all
}

// forEveryType calls check with random resources of every type.
func forEveryType(t *testing.T, tame bool, check func(t *testing.T, src []byte)) {
	types := resourceTypes()
	require.Len(t, types, 146)
	for _, id := range types {
		t.Run(id.String(), func(t *testing.T) {
			for seed := range uint64(rounds()) {
				m := &maker{Rand: rand.New(rand.NewPCG(seed, uint64(id))), tame: tame, full: seed == 0}
				check(t, []byte(m.resource(id, 0)))
			}
		})
	}
}

// rounds is how many resources of each type are made.
func rounds() int {
	if *full {
		return 100
	}
	return 3
}

func TestRandomAgreement(t *testing.T) {
	forEveryType(t, true, func(t *testing.T, src []byte) { requireAgreement(t, src) })
}

func TestRandomRoundTrip(t *testing.T) {
	forEveryType(t, false, func(t *testing.T, src []byte) {
		requireRoundTrip(t, src)
		// A proto comes back as it was, too.
		m := toProto(t, src)
		again := toProto(t, []byte(toJSON(t, m)))
		require.True(t, proto.Equal(unpacked(t, m), unpacked(t, again)))
	})
}
