package datastore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

// A fullScan is all resources of one type, parsed. It counts matches by looking
// at each. Package search proves its rules against a fuller one; this one asks
// whether they still hold through a store.
type fullScan struct {
	typ  schema.TypeID
	docs []*fhirjson.Document
}

// A found value is one element that a parameter's expression yields.
type found struct {
	typ   string
	value any // decoded JSON, numbers as json.Number

	// of a date parameter, worked out once
	from, to time.Time
	isDate   bool
}

// scans parses resources and sorts them by type.
func scans(t *testing.T, lines [][]byte) map[schema.TypeID]*fullScan {
	all := map[schema.TypeID]*fullScan{}
	for _, line := range lines {
		doc := new(fhirjson.Document)
		require.NoError(t, fhirjson.Parse(line, doc, nil))
		if all[doc.Type()] == nil {
			all[doc.Type()] = &fullScan{typ: doc.Type()}
		}
		all[doc.Type()].docs = append(all[doc.Type()].docs, doc)
	}
	return all
}

// params returns the search parameters of the type that have an expression. The
// values of _lastUpdated are the store's, not the data's.
func (s *fullScan) params() (all []*schema.Param) {
	for base := s.typ; base != 0; base = base.Type().Base {
		for _, id := range schema.ParamsOf(base) {
			if p := id.Param(); p.Expression != "" && p.Type != schema.ParamComposite && p.Type != schema.ParamSpecial && p.Code != "_lastUpdated" {
				all = append(all, p)
			}
		}
	}
	return all
}

// elements returns what a parameter yields, by resource.
func (s *fullScan) elements(t *testing.T, p *schema.Param) [][]found {
	e, err := fhirpath.Compile(p.Expression)
	require.NoError(t, err)
	var v fhirpath.Evaluator
	all := make([][]found, len(s.docs))
	for i, doc := range s.docs {
		if e.Boolean() {
			items, err := v.EvaluateNode(t.Context(), e, doc, 0)
			require.NoError(t, err)
			value := false
			if len(items) == 1 {
				value, _ = items[0].Bool()
			}
			all[i] = []found{{typ: "boolean", value: value}}
			continue
		}
		nodes, err := v.Select(e, doc, 0, nil)
		require.NoError(t, err)
		for _, n := range nodes {
			f := found{typ: doc.Nodes[n].Type.String()}
			if doc.Nodes[n].Field.Field().Element == "family" {
				f.typ = "family"
			}
			if doc.Nodes[n].Kind == fhirjson.String {
				f.value = string(doc.Text(n, nil))
			} else {
				decoder := json.NewDecoder(bytes.NewReader(doc.Raw(n)))
				decoder.UseNumber()
				require.NoError(t, decoder.Decode(&f.value))
			}
			if p.Type == schema.ParamDate {
				f.from, f.to, f.isDate = span(f)
			}
			all[i] = append(all[i], f)
		}
	}
	return all
}

// A scanQuery is the value of a parameter and what it means.
type scanQuery struct {
	value string
	holds func(found) bool
}

// queriesOf makes queries out of an element.
func queriesOf(p *schema.Param, f found) []scanQuery {
	switch p.Type {
	case schema.ParamToken:
		return tokenQueries(f)
	case schema.ParamReference:
		return referenceQueries(f)
	case schema.ParamString:
		return stringQueries(f)
	case schema.ParamDate:
		return dateQueries(f)
	case schema.ParamNumber, schema.ParamQuantity:
		return quantityQueries(f)
	case schema.ParamURI:
		return uriQueries(f)
	}
	return nil
}

// text returns a member of an object that is a string.
func text(v any, name string) string {
	object, _ := v.(map[string]any)
	s, _ := object[name].(string)
	return s
}

// list returns a member of an object that is an array.
func list(v any, name string) []any {
	object, _ := v.(map[string]any)
	items, _ := object[name].([]any)
	return items
}

// codings returns the tokens of an element as system and code.
func codings(f found) (all [][2]string) {
	switch f.typ {
	case "CodeableConcept":
		for _, c := range list(f.value, "coding") {
			all = append(all, [2]string{text(c, "system"), text(c, "code")})
		}
	case "Coding":
		all = append(all, [2]string{text(f.value, "system"), text(f.value, "code")})
	case "Identifier":
		all = append(all, [2]string{text(f.value, "system"), text(f.value, "value")})
	case "ContactPoint":
		all = append(all, [2]string{"", text(f.value, "value")})
	default:
		all = append(all, [2]string{"", fmt.Sprint(f.value)})
	}
	return all
}

func tokenQueries(f found) (all []scanQuery) {
	for _, c := range codings(f) {
		if c[1] == "" {
			continue
		}
		all = append(all, scanQuery{escape(c[1]), func(f found) bool {
			return slices.ContainsFunc(codings(f), func(d [2]string) bool { return strings.EqualFold(d[1], c[1]) })
		}})
		if c[0] != "" {
			all = append(all,
				scanQuery{escape(c[0]) + "|" + escape(c[1]), func(f found) bool {
					return slices.ContainsFunc(codings(f), func(d [2]string) bool { return d[0] == c[0] && strings.EqualFold(d[1], c[1]) })
				}},
				scanQuery{escape(c[0]) + "|", func(f found) bool {
					return slices.ContainsFunc(codings(f), func(d [2]string) bool { return d[0] == c[0] })
				}})
		}
	}
	return all
}

var escape = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`).Replace

// target returns what an element refers to.
func target(f found) string {
	if s, ok := f.value.(string); ok {
		return s
	}
	return text(f.value, "reference")
}

func referenceQueries(f found) (all []scanQuery) {
	to := target(f)
	if to == "" || strings.HasPrefix(to, "#") {
		return nil
	}
	all = append(all, scanQuery{escape(to), func(f found) bool { return target(f) == to }})
	if _, id, ok := strings.Cut(to, "/"); ok && !strings.Contains(to, ":") {
		all = append(all, scanQuery{id, func(f found) bool { return strings.HasSuffix(target(f), "/"+id) }})
	}
	return all
}

// parts returns the texts of an element that a string parameter looks at.
func parts(f found) (all []string) {
	object, ok := f.value.(map[string]any)
	if !ok {
		all = []string{fmt.Sprint(f.value)}
		if f.typ == "family" {
			all = append(all, strings.Fields(all[0])...)
		}
		return all
	}
	names := []string{"text", "family", "given", "prefix", "suffix"}
	if f.typ == "Address" {
		names = []string{"text", "line", "city", "district", "state", "postalCode", "country"}
	}
	for _, name := range names {
		switch v := object[name].(type) {
		case string:
			all = append(all, v)
			if name == "family" {
				all = append(all, strings.Fields(v)...)
			}
		case []any:
			for _, item := range v {
				all = append(all, fmt.Sprint(item))
			}
		}
	}
	return all
}

// spelt writes letters that Unicode does not take apart.
var spelt = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "þ", "th", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "ı", "i", "ς", "σ")

// plain drops case, accents and punctuation.
func plain(s string) string {
	letters := spelt.Replace(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Cf) || unicode.IsPunct(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s)))
	return strings.Join(strings.Fields(letters), " ")
}

func stringQueries(f found) (all []scanQuery) {
	for _, part := range parts(f) {
		for _, s := range []string{part, strings.ToUpper(string([]rune(part)[:(len([]rune(part))+1)/2]))} {
			want := plain(s)
			if want == "" {
				continue
			}
			all = append(all, scanQuery{escape(s), func(f found) bool {
				return slices.ContainsFunc(parts(f), func(p string) bool { return strings.HasPrefix(plain(p), want) })
			}})
		}
	}
	return all
}

// open ends of a period.
var (
	always = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	never  = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)

// moment returns the first moment of a date and the first after it.
func moment(s string) (from, to time.Time, ok bool) {
	for _, form := range []struct {
		layout string
		next   func(time.Time) time.Time
	}{
		{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
		{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"2006-01-02T15:04:05Z07:00", func(t time.Time) time.Time {
			digits := 0
			if _, fraction, ok := strings.Cut(s, "."); ok {
				digits = strings.IndexFunc(fraction, func(r rune) bool { return r < '0' || r > '9' })
			}
			unit := time.Second
			for range digits {
				unit /= 10
			}
			return t.Add(unit)
		}},
	} {
		if from, err := time.Parse(form.layout, s); err == nil {
			return from, form.next(from), true
		}
	}
	return always, never, false
}

// span returns the range of an element of time.
func span(f found) (from, to time.Time, ok bool) {
	if s, ok := f.value.(string); ok {
		return moment(s)
	}
	if f.typ != "Period" {
		return always, never, false
	}
	from, _, starts := moment(text(f.value, "start"))
	_, to, ends := moment(text(f.value, "end"))
	if !ends {
		to = never
	}
	return from, to, starts || ends
}

func dateQueries(f found) (all []scanQuery) {
	if !f.isDate {
		return nil
	}
	for _, layout := range []string{"2006", "2006-01-02", "2006-01-02T15:04:05Z"} {
		value := f.from.UTC().Format(layout)
		low, high, _ := moment(value)
		in := func(from, to time.Time) bool { return !from.Before(low) && !to.After(high) }
		for prefix, holds := range map[string]func(from, to time.Time) bool{
			"": in, "ne": func(from, to time.Time) bool { return !in(from, to) },
			"gt": func(_, to time.Time) bool { return to.After(high) },
			"lt": func(from, _ time.Time) bool { return from.Before(low) },
			"ge": func(from, to time.Time) bool { return to.After(high) || in(from, to) },
			"le": func(from, to time.Time) bool { return from.Before(low) || in(from, to) },
			"sa": func(from, _ time.Time) bool { return !from.Before(high) },
			"eb": func(_, to time.Time) bool { return !to.After(low) },
		} {
			all = append(all, scanQuery{prefix + value, func(f found) bool {
				return f.isDate && holds(f.from, f.to)
			}})
		}
	}
	return all
}

// number returns the number of an element, and its unit.
func number(f found) (n *big.Rat, unit [2]string) {
	digits, ok := f.value.(json.Number)
	if object, isObject := f.value.(map[string]any); isObject {
		digits, ok = object["value"].(json.Number)
		unit = [2]string{text(object, "code"), text(object, "unit")}
		if f.typ == "Money" {
			unit = [2]string{text(object, "currency")}
		}
	}
	if !ok {
		return nil, unit
	}
	n, _ = new(big.Rat).SetString(digits.String())
	return n, unit
}

func quantityQueries(f found) (all []scanQuery) {
	value, unit := number(f)
	if value == nil {
		return nil
	}
	digits := value.FloatString(2)
	asked, _ := new(big.Rat).SetString(digits)
	half := big.NewRat(1, 200)
	low, high := new(big.Rat).Sub(asked, half), new(big.Rat).Add(asked, half)
	for prefix, holds := range map[string]func(n *big.Rat) bool{
		"":   func(n *big.Rat) bool { return n.Cmp(low) >= 0 && n.Cmp(high) < 0 },
		"gt": func(n *big.Rat) bool { return n.Cmp(asked) > 0 },
		"lt": func(n *big.Rat) bool { return n.Cmp(asked) < 0 },
		"ge": func(n *big.Rat) bool { return n.Cmp(asked) >= 0 },
		"le": func(n *big.Rat) bool { return n.Cmp(asked) <= 0 },
	} {
		if _, bare := f.value.(json.Number); bare && prefix == "" {
			continue // of an integer, which has no range
		}
		all = append(all, scanQuery{prefix + digits, func(f found) bool {
			n, _ := number(f)
			return n != nil && holds(n)
		}})
		if unit[0] != "" {
			all = append(all, scanQuery{prefix + digits + "||" + escape(unit[0]), func(f found) bool {
				n, u := number(f)
				return n != nil && holds(n) && (u[0] == unit[0] || u[1] == unit[0])
			}})
		}
	}
	return all
}

func uriQueries(f found) []scanQuery {
	s := fmt.Sprint(f.value)
	url, _, _ := strings.Cut(s, "|")
	queries := []scanQuery{{escape(s), func(f found) bool { return fmt.Sprint(f.value) == s }}}
	if f.typ == "canonical" {
		queries = append(queries, scanQuery{escape(url), func(f found) bool {
			other, _, _ := strings.Cut(fmt.Sprint(f.value), "|")
			return other == url || fmt.Sprint(f.value) == url
		}})
	}
	return queries
}

// A scanAnswer is a query and the number of resources that it matches.
type scanAnswer struct {
	typ, code, query string
	total            int
}

// answers makes queries out of values of every parameter that the resources use,
// and counts what they match by a look at each resource.
func answers(t *testing.T, lines [][]byte) (all []scanAnswer) {
	for _, s := range scans(t, lines) {
		for _, p := range s.params() {
			elements := s.elements(t, p)
			asked := map[string]bool{}
			for _, f := range spread(elements, 3) {
				for _, q := range queriesOf(p, f) {
					if asked[q.value] {
						continue
					}
					asked[q.value] = true
					a := scanAnswer{s.typ.String(), p.Code, p.Code + "=" + url.QueryEscape(q.value) + "&_count=0", 0}
					for _, of := range elements {
						if slices.ContainsFunc(of, q.holds) {
							a.total++
						}
					}
					all = append(all, a)
				}
			}
		}
	}
	return all
}

// checkSearches wants the store to count as the scan did.
func checkSearches(t *testing.T, store *datastore.Store, want []scanAnswer) {
	t.Helper()
	for _, a := range want {
		page, err := store.Search(ctx, a.typ, a.query)
		require.NoError(t, err, "%s?%s", a.typ, a.query)
		require.Equal(t, a.total, page.Total, "%s?%s", a.typ, a.query)
	}
}

// spread returns some elements from all over the resources.
func spread(elements [][]found, n int) (some []found) {
	var all []found
	for _, of := range elements {
		all = append(all, of...)
	}
	for i := range min(n, len(all)) {
		some = append(some, all[i*len(all)/n%len(all)])
	}
	return some
}
