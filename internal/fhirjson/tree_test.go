package fhirjson_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A tree is JSON that a test takes apart and damages. It knows no FHIR.
type tree struct {
	kind    jsontext.Kind
	raw     string // of a scalar
	members []member
	items   []*tree
}

type member struct {
	name  string
	value *tree
}

func readTree(tb testing.TB, src []byte) *tree {
	tb.Helper()
	return decodeTree(tb, jsontext.NewDecoder(bytes.NewReader(src), jsontext.AllowDuplicateNames(true)))
}

func decodeTree(tb testing.TB, d *jsontext.Decoder) *tree {
	t := &tree{kind: d.PeekKind()}
	switch t.kind {
	case '{', '[':
		_, err := d.ReadToken()
		require.NoError(tb, err)
		for d.PeekKind() != '}' && d.PeekKind() != ']' {
			if t.kind == '[' {
				t.items = append(t.items, decodeTree(tb, d))
				continue
			}
			name, err := d.ReadToken()
			require.NoError(tb, err)
			t.members = append(t.members, member{name.String(), decodeTree(tb, d)})
		}
		_, err = d.ReadToken()
		require.NoError(tb, err)
	default:
		raw, err := d.ReadValue()
		require.NoError(tb, err)
		t.raw = string(raw)
	}
	return t
}

func (t *tree) append(dst []byte) []byte {
	switch t.kind {
	case '{':
		dst = append(dst, '{')
		for i, m := range t.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(append(dst, '"'), m.name...), `":`...)
			dst = m.value.append(dst)
		}
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for i, item := range t.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.append(dst)
		}
		return append(dst, ']')
	}
	return append(dst, t.raw...)
}

func (t *tree) child(name string) *tree {
	for _, m := range t.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// scalar returns a tree of JSON text that is no object or array.
func scalar(raw string) *tree { return &tree{kind: jsontext.Kind('"'), raw: raw} }

func object(members ...member) *tree { return &tree{kind: '{', members: members} }

func array(items ...*tree) *tree { return &tree{kind: '[', items: items} }

// A generator makes resources of any type from the schema tables alone, with every
// element that may stand. Of each choice another alternative is taken each time.
type generator struct {
	turns map[schema.FieldID]int // by first alternative
	made  map[schema.TypeID]int  // how often a type was made in full
	ids   int                    // of elements, so far
}

func newGenerator() *generator {
	return &generator{turns: map[schema.FieldID]int{}, made: map[schema.TypeID]int{}}
}

// id returns an id for an element, another one each time.
func (g *generator) id() *tree {
	g.ids++
	return scalar(fmt.Sprintf(`"e%d"`, g.ids))
}

// alternatives returns how often a type must be made for each alternative of each
// choice in it to be taken. The types of its backbone elements follow it.
func alternatives(t schema.TypeID) int {
	most, name := 1, t.String()
	for ; int(t) < len(schema.Types) && strings.HasPrefix(t.String(), name); t++ {
		n := 1
		for f := t.Type().First + 1; f < t.Type().End; f++ {
			if n++; f.Field().Element != (f - 1).Field().Element {
				n = 1
			}
			most = max(most, n)
		}
	}
	return most
}

// resource returns a resource of type t.
func (g *generator) resource(t schema.TypeID) *tree {
	return g.fill(object(member{"resourceType", scalar(`"` + t.String() + `"`)}), t, []schema.TypeID{t}, 0)
}

// fill adds the elements of type t to an object: all of a resource, of a backbone
// element and of a data type not made often enough, elsewhere the required ones and
// the first, since no object is empty.
func (g *generator) fill(o *tree, t schema.TypeID, path []schema.TypeID, depth int) *tree {
	row := t.Type()
	again := g.made[t] < alternatives(t)
	full := row.Kind != schema.KindComplex || again
	if row.Kind == schema.KindBackbone && slices.Contains(path[:len(path)-1], t) {
		full = false
	}
	if full {
		g.made[t]++
	}
	for f := row.First; f < row.End; {
		end := f + 1
		for end < row.End && end.Field().Choice() && f.Field().Choice() && end.Field().Element == f.Field().Element {
			end++
		}
		pick := f + schema.FieldID(g.turns[f]%int(end-f))
		if f.Field().Min > 0 || full && mayRepeat(pick, path, again) {
			g.turns[f]++
			o.members = append(o.members, member{pick.Field().Name, g.value(pick, path, depth+1)})
			if depth == 0 && hasTwin(pick) {
				o.members = append(o.members, member{"_" + pick.Field().Name, g.twin(pick)})
			}
		}
		f = end
	}
	if len(o.members) == 0 {
		pick := row.First + 2 // after id and extension
		for f := pick; f < row.End; f++ {
			if f.Field().Type.Type().Kind == schema.KindPrimitive {
				pick = f
				break
			}
		}
		o.members = append(o.members, member{pick.Field().Name, g.value(pick, path, depth+1)})
	}
	return o
}

// hasTwin reports whether a field may have an underscore twin.
func hasTwin(f schema.FieldID) bool {
	t := f.Field().Type
	return t.Type().Kind == schema.KindPrimitive && f.Field().Name != "id" && t != schema.TypeXhtml
}

// twin returns the underscore twin of a primitive field with one value.
func (g *generator) twin(f schema.FieldID) *tree {
	v := object(member{"id", g.id()},
		member{"extension", array(object(member{"url", scalar(`"urn:a"`)}, member{"valueString", scalar(`"a"`)}))})
	if f.Field().Array() {
		return array(v)
	}
	return v
}

// mayRepeat keeps data types from holding themselves, and extensions from being
// everywhere.
func mayRepeat(f schema.FieldID, path []schema.TypeID, again bool) bool {
	t := f.Field().Type
	if t == schema.TypeExtension && len(path) > 2 && !again {
		return false
	}
	return t.Type().Kind == schema.KindBackbone || !slices.Contains(path, t)
}

func (g *generator) value(f schema.FieldID, path []schema.TypeID, depth int) *tree {
	v := g.item(f, path, depth)
	if f.Field().Array() {
		items := []*tree{v}
		for n := 1; n < int(f.Field().Min); n++ {
			items = append(items, g.item(f, path, depth))
		}
		return array(items...)
	}
	return v
}

func (g *generator) item(f schema.FieldID, path []schema.TypeID, depth int) *tree {
	row := f.Field()
	switch kind := row.Type.Type().Kind; {
	case row.Type == schema.TypeReference:
		target := "Patient"
		if len(row.Targets) > 0 {
			target = row.Targets[g.turns[f]%len(row.Targets)].String()
		}
		return object(member{"id", g.id()}, member{"reference", scalar(fmt.Sprintf(`"%s/1"`, target))}, member{"type", scalar(`"` + target + `"`)},
			member{"identifier", object(member{"value", scalar(`"a"`)})}, member{"display", scalar(`"a"`)})
	case row.Type == schema.TypeExtension:
		value := schema.Lookup(row.Type, "url") + 1
		value += schema.FieldID(g.turns[0] % int(row.Type.Type().End-value))
		g.turns[0]++
		return object(member{"id", g.id()}, member{"url", scalar(`"urn:a"`)}, member{value.Field().Name, g.item(value, append(path, row.Type), 1)})
	case row.Name == "contained":
		return object(member{"resourceType", scalar(`"Basic"`)}, member{"id", scalar(`"c1"`)},
			member{"code", object(member{"text", scalar(`"a"`)})}, member{"subject", object(member{"reference", scalar(`"#"`)})})
	case kind == schema.KindResource:
		return object(member{"resourceType", scalar(`"Basic"`)}, member{"id", scalar(`"b1"`)}, member{"code", object(member{"text", scalar(`"a"`)})})
	case row.Name == "id" && row.Type == schema.TypeString:
		return g.id()
	case kind == schema.KindPrimitive:
		return scalar(goodPrimitive(f))
	}
	if code := requiredCode(f); code != nil { // of a CodeableConcept
		return object(member{"coding", array(object(
			member{"system", scalar(`"` + code.System + `"`)}, member{"code", scalar(`"` + code.Code + `"`)}))}, member{"text", scalar(`"a"`)})
	}
	path = append(path[:len(path):len(path)], row.Type)
	if row.Flags&schema.FlagSimple != 0 { // a Quantity in full has a comparator
		made := g.made[row.Type]
		g.made[row.Type] = alternatives(row.Type)
		defer func() { g.made[row.Type] = made }()
	}
	return g.fill(object(), row.Type, path, depth)
}

// requiredCode returns a code of the value set that an element must be of.
func requiredCode(f schema.FieldID) *schema.Code {
	b := f.Field().Binding.Binding()
	if b.Strength != schema.StrengthRequired || len(b.Codes) == 0 {
		return nil
	}
	return &b.Codes[0]
}

func goodPrimitive(f schema.FieldID) string {
	if code := requiredCode(f); code != nil {
		return `"` + code.Code + `"`
	}
	switch f.Field().Type.String() {
	case "boolean":
		return `true`
	case "integer", "positiveInt", "unsignedInt":
		return `1`
	case "decimal":
		return `1.50`
	case "oid":
		return `"urn:oid:1.2.3"`
	case "uuid":
		return `"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"`
	case "uri", "url", "canonical":
		return `"http://example.org/a"`
	case "date":
		return `"2020-02-29"`
	case "dateTime", "instant":
		return `"2020-02-29T12:00:00Z"`
	case "time":
		return `"12:00:00"`
	case "base64Binary":
		return `"AAAA"`
	case "xhtml":
		return `"<div xmlns='http://www.w3.org/1999/xhtml'>a</div>"`
	}
	return `"a1"`
}
