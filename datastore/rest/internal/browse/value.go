package browse

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// An object is a JSON object. Its values are objects, lists, texts, numbers, bool and nil.
type object map[string]any

// A number is a JSON number as it was written.
type number string

// maxValues is how many values an answer may have that becomes a page. Each takes up to a
// hundred bytes.
const maxValues = 1 << 20

var errTooMany = errors.New("browse: the answer has more values than a page is made of")

// A decoder reads a JSON text with a bounded number of values.
type decoder struct {
	*jsontext.Decoder
	left int
}

// decode reads one JSON value.
func decode(src []byte) (any, error) {
	d := &decoder{jsontext.NewDecoder(bytes.NewReader(src), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)), maxValues}
	v, err := d.next()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return v, err
}

func (d *decoder) next() (any, error) {
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	if d.left--; d.left < 0 {
		return nil, errTooMany
	}
	switch t.Kind() {
	case '{':
		o := object{}
		for d.PeekKind() != '}' {
			name, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			key := name.String() // before the next token is read
			if o[key], err = d.next(); err != nil {
				return nil, err
			}
		}
		_, err := d.ReadToken()
		return o, err
	case '[':
		list := []any{}
		for d.PeekKind() != ']' {
			v, err := d.next()
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.ReadToken()
		return list, err
	case '"':
		return t.String(), nil
	case '0':
		return number(t.String()), nil
	case 'n':
		return nil, nil
	}
	return t.Bool(), nil
}

// get returns the value at some names, of a list that of its first item, nil for none.
func get(v any, names ...string) any {
	for _, name := range names {
		v = first(v)
		o, ok := v.(object)
		if !ok {
			return nil
		}
		v = o[name]
	}
	return v
}

// first returns the first item of a list, and any other value itself.
func first(v any) any {
	if list, ok := v.([]any); ok {
		if len(list) == 0 {
			return nil
		}
		return list[0]
	}
	return v
}

// list returns the items of a list, and any other value as the only one.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// text returns the text at some names, "" for none.
func text(v any, names ...string) string {
	switch v := first(get(v, names...)).(type) {
	case string:
		return v
	case number:
		return string(v)
	}
	return ""
}

// choice returns the value of an element with a choice of types, such as value[x].
func choice(v any, element string) any {
	o, _ := first(v).(object)
	var found string
	for name := range o {
		rest, ok := strings.CutPrefix(name, element)
		if ok && rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' && (found == "" || name < found) {
			found = name
		}
	}
	return o[found]
}

// say returns a value of FHIR in a few words, "" for one that has no short form.
func say(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case number:
		return string(v)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case []any:
		var said []string
		for _, item := range v {
			if len(said) == 3 {
				said = append(said, "…")
				break
			}
			if s := say(item); s != "" && !slices.Contains(said, s) {
				said = append(said, s)
			}
		}
		return strings.Join(said, ", ")
	case object:
		return sayObject(v)
	}
	return ""
}

// sayObject says an object by the elements that it has.
func sayObject(o object) string {
	has := func(name string) bool { return o[name] != nil }
	switch {
	case text(o, "text") != "":
		return text(o, "text")
	case has("coding"):
		return say(first(o["coding"]))
	case has("family"), has("given"):
		return joined(" ", text(o, "prefix"), saySpaced(o["given"]), text(o, "family"), text(o, "suffix"))
	case has("numerator"):
		return joined(" / ", say(o["numerator"]), say(o["denominator"]))
	case has("value") && (has("unit") || has("code")):
		return joined(" ", text(o, "comparator")+text(o, "value"), cmp.Or(text(o, "unit"), text(o, "code")))
	case has("value") && has("currency"):
		return joined(" ", text(o, "value"), text(o, "currency"))
	case has("value"):
		return text(o, "comparator") + say(o["value"])
	case has("start"), has("end"):
		return when(text(o, "start")) + " – " + when(text(o, "end"))
	case has("low"), has("high"):
		return say(o["low"]) + " – " + say(o["high"])
	case has("display"):
		return text(o, "display")
	case has("reference"):
		return text(o, "reference")
	case has("code"):
		return say(o["code"])
	case has("city"), has("line"), has("country"):
		return joined(", ", saySpaced(o["line"]), text(o, "postalCode"), text(o, "city"), text(o, "state"), text(o, "country"))
	case has("title"):
		return text(o, "title")
	case has("contentType"):
		return text(o, "contentType")
	case has("event"):
		return say(o["event"])
	}
	return ""
}

func saySpaced(v any) string {
	var parts []string
	for _, item := range list(v) {
		parts = append(parts, say(item))
	}
	return strings.Join(parts, " ")
}

// joined joins the parts that are not empty.
func joined(between string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), between)
}

// when shortens a dateTime to what people read: the day and the minute.
func when(s string) string {
	if len(s) > 16 && s[10] == 'T' {
		return s[:10] + " " + s[11:16]
	}
	return s
}

// sortedNames returns the names of an object's members.
func sortedNames(o object) []string { return slices.Sorted(maps.Keys(o)) }
