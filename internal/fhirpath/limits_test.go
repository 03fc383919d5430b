package fhirpath_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

// requireLimit evaluates an expression and requires ErrLimit.
func requireLimit(t *testing.T, v *fhirpath.Evaluator, expr string, resource string) {
	t.Helper()
	_, err := v.Evaluate(context.Background(), compiled(t, expr), []byte(resource))
	require.ErrorIs(t, err, fhirpath.ErrLimit, expr)
}

// store resolves every reference that begins with its prefix to one resource.
type store struct {
	resource string
	asked    int
	bytes    int
}

func (s *store) Resolve(_ context.Context, reference string) ([]byte, error) {
	if !strings.Contains(reference, "Binary/") {
		return nil, nil
	}
	s.asked++
	s.bytes += len(s.resource)
	return []byte(s.resource), nil
}

func resolving(s *store) fhirpath.Services { return fhirpath.Services{Resolve: s.Resolve} }

// TestResolvedOnce checks that a resource counts once, whatever references lead to it.
func TestResolvedOnce(t *testing.T) {
	const links = 400
	refer := func(link func(i int) string) string {
		var items []string
		for i := range links {
			items = append(items, `{"reference":"`+link(i)+`"}`)
		}
		return `{"resourceType":"List","status":"current","mode":"working","entry":[{"item":` + strings.Join(items, `},{"item":`) + `}]}`
	}
	binary := `{"resourceType":"Binary","id":"x","contentType":"a/b","data":"` + strings.Repeat("AAAA", 1<<18) + `"}` // 1 MiB
	e := compiled(t, "entry.item.resolve().contentType.count()")
	for name, test := range map[string]struct {
		link  func(i int) string
		asked int
	}{
		"the same":         {func(int) string { return "Binary/x" }, 1},
		"spelled unalike":  {func(i int) string { return "http://h" + strconv.Itoa(i) + "/Binary/x" }, links},
		"none of them":     {func(i int) string { return "Patient/" + strconv.Itoa(i) }, 0},
		"and of a version": {func(i int) string { return "Binary/x/_history/" + strconv.Itoa(i%2) }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := &store{resource: binary}
			v := fhirpath.Evaluator{Services: resolving(s), MaxResolved: 3 << 20, MaxVisits: 1 << 30}
			result, err := v.Evaluate(context.Background(), e, []byte(refer(test.link)))
			require.NoError(t, err)
			want := strconv.Itoa(links)
			if test.asked == 0 {
				want = "0"
			}
			require.Equal(t, want, result[0].String())
			require.Equal(t, test.asked, s.asked)
		})
	}
	t.Run("more bytes than the limit", func(t *testing.T) {
		v := fhirpath.Evaluator{Services: resolving(&store{resource: binary}), MaxResolved: 1 << 20}
		requireLimit(t, &v, "entry.item.resolve()", refer(func(int) string { return "Binary/x" }))
	})
	t.Run("more nodes than the limit", func(t *testing.T) {
		digits := `{"resourceType":"Binary","id":"x","contentType":"a/b","_data":{"extension":[` + strings.Repeat(`{"url":"a","valueInteger":1},`, 10_000) + `{"url":"a","valueInteger":1}]}}`
		v := fhirpath.Evaluator{Services: resolving(&store{resource: digits}), MaxResolved: 2 * len(digits)}
		requireLimit(t, &v, "entry.item.resolve()", refer(func(int) string { return "Binary/x" }))
	})
	t.Run("work", func(t *testing.T) {
		s := &store{resource: binary}
		v := fhirpath.Evaluator{Services: resolving(s)}
		requireLimit(t, &v, "entry.item.resolve()", refer(func(i int) string { return "http://h" + strconv.Itoa(i) + "/Binary/x" }))
		require.Less(t, s.bytes, 256<<20)
	})
	t.Run("as it is stored", func(t *testing.T) {
		v := fhirpath.Evaluator{Services: resolving(&store{resource: `{"resourceType":"Binary","id":"x","foo":1,"language":" "}`})}
		result, err := v.Evaluate(context.Background(), compiled(t, "entry.item.resolve().id"), []byte(refer(func(int) string { return "Binary/x" })))
		require.NoError(t, err)
		require.Len(t, result, links)
	})
}

// ended is a context that ends after so many looks at it.
type ended struct {
	context.Context
	looks atomic.Int64
}

func (e *ended) Err() error {
	if e.looks.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// costly are expressions of a few hundred bytes that are worth seconds or gigabytes of
// work. Each is over a Patient with a narrative of 1 MB and some thousand names.
var costly = map[string]string{
	"texts compared":             "defineVariable('e', text.div & 'x').name.select(defineVariable('d', %resource.text.div).select(%d < %e))",
	"texts searched":             "name.select(defineVariable('d', %resource.text.div).select(%d.contains('zzzz')))",
	"texts folded":               "name.select(defineVariable('d', %resource.text.div).select(%d.upper().lower().length()))",
	"texts equivalent":           "name.select(defineVariable('d', %resource.text.div).select(%d ~ 'a'))",
	"texts copied":               "name.select(defineVariable('d', %resource.text.div).select(%d.toString()))",
	"texts measured":             "name.select(defineVariable('d', %resource.text.div).select(%d.length()))",
	"texts replaced":             "name.select(defineVariable('d', %resource.text.div).select(%d.replace('a', 'b').length()))",
	"texts encoded":              "name.select(defineVariable('d', %resource.text.div).select(%d.encode('hex').length()))",
	"texts cut":                  "name.select(defineVariable('d', %resource.text.div).select(%d.substring(900000, 1)))",
	"texts doubled":              "(1|2|3|4|5|6|7|8|9|10|11|12).aggregate($total & $total, %resource.text.div).length()",
	"texts joined":               "name.select(%resource.text.div).join('')",
	"texts split":                "name.select(%resource.text.div.split('').count() + $index).count()",
	"texts to numbers":           "name.select(defineVariable('d', %resource.text.div).select(%d.toDecimal() | %d.toQuantity() | %d.toBoolean()))",
	"texts distinct":             "name.select(%resource.text.div & family).distinct().count()",
	"texts matched":              "name.select(%resource.text.div.matches('(a?){50}a{50}b')).count()",
	"pattern of many steps":      "text.div.matches('(a?){400}a{400}b')",
	"pattern that goes back":     "text.div.replaceMatches('(a*b)|a', '')",
	"pattern that goes back far": "text.div.replaceMatches('a(.*z)?', 'x')",
	"patterns":                   "name.select(('a{1000}' & family).matches('x')) | name.select('x'.matches('a{900}' & family))",
	"pairs":                      "name.select(%resource.name.select(family)).count()",
	"cube":                       "name.where(defineVariable('x', family).select(%resource.name.where(family = %x & 'a').exists())).count()",
	"children of children":       "name.select(%resource.descendants()).descendants().count()",
	"steps from many":            "name.select(%resource).name.family.count()",
	"filter from many":           "name.select(%resource).name.where(family = 'zz').count()",
	"sets":                       "name.select(%resource.name.intersect(%resource.name)).count()",
	"combine":                    "name.select(%resource.name).combine(name.select(%resource.name)).combine(name.select(%resource.name)).count()",
	"union":                      "name.select(defineVariable('x', family).select((%resource.name.family | %x & 'a').count())).count()",
	"exclude trees":              "name.select(%resource).exclude(name.select(%resource.text)).count()",
	"trees compared":             "name.select(defineVariable('x', $this).select(%resource.name.where($this = %x).count())).count()",
	"trees equivalent":           "name.all(%resource ~ %resource.select($this)) and name.select(%resource.name ~ %resource.name).count() > 0",
	"membership":                 "name.where(defineVariable('x', family).select((%x & 'a') in %resource.name.family)).count()",
	"repeat":                     "name.select(defineVariable('x', family).select(%resource.name.family.repeat(iif(length() < 9, $this & %x)).count()))",
	"repeat that grows":          "1.repeat($this + 1).count()",
	"quantities distinct":        "name.select($index.toString().toQuantity('1')).distinct().count()",
	"quantities compared":        "name.select(%resource.name.where(5 'mg' < 6 'g')).count()",
	"decimals":                   "name.select(%resource.name.select(1.23456789012345678901 * $index / 7.1)).count()",
	"powers":                     "name.select(%resource.name.select(1.0000001.power(123456.7) + 2.5.exp() + 9.7.ln())).count()",
	"sorted":                     "name.select(%resource.name).sort(-family, given.first(), use).count()",
	"variables":                  "defineVariable('a', name.select(%resource.name)).defineVariable('b', name.select(%resource.name)).defineVariable('c', name.select(%resource.name)).select(%a | %b | %c).count()",
	"types":                      "name.select(%resource.name.type()).count()",
	"totals":                     "name.aggregate($total | $this.family).count() + name.select(%resource.name.aggregate($total.combine($this))).count()",
	"operators":                  "name.select(%resource.name.select(" + strings.Repeat("1 + ", 150) + "$index)).count()",
	"nested":                     "name.select(defineVariable('x', $this).select(%resource.name.select(%x.family & family & 'a')))",
	"iif":                        "name.select(%resource.name.select(iif($index > 1, iif($index > 2, iif($index > 3, 1, 2), 3), 4))).count()",
}

// quoted writes the name div as a name: it is an operator too.
func quoted(expr string) string { return strings.ReplaceAll(expr, "text.div", "text.`div`") }

func costlyResource() string {
	var names []string
	for i := range 4000 {
		names = append(names, fmt.Sprintf(`{"use":"usual","family":"f%d","given":["a%d","b"]}`, i, i%100))
	}
	return `{"resourceType":"Patient","id":"p","text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>` +
		strings.Repeat("a", 1<<20) + `</div>"},"name":[` + strings.Join(names, ",") + `]}`
}

// TestWork checks that what is costly ends by the limit of visits, long before it is
// done, and that memory stays in bounds meanwhile. The limit is a hundredth of the
// default.
func TestWork(t *testing.T) {
	resource := []byte(costlyResource())
	for name, expr := range costly {
		t.Run(name, func(t *testing.T) {
			expr = quoted(expr)
			require.Less(t, len(expr), 800)
			v := fhirpath.Evaluator{MaxVisits: fhirpath.DefaultMaxVisits / 100, MaxItems: 1 << 17, MaxText: 16 << 20}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := v.Evaluate(context.Background(), compiled(t, expr), resource)
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, err, fhirpath.ErrLimit)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<30))
		})
	}
}

// TestWorkEnds checks that an evaluation ends soon after its context: a few looks at it
// are far from its end.
func TestWorkEnds(t *testing.T) {
	resource := []byte(costlyResource())
	for _, name := range []string{"cube", "pattern of many steps", "pattern that goes back", "texts compared", "sorted", "trees compared", "decimals"} {
		t.Run(name, func(t *testing.T) {
			ctx := &ended{Context: context.Background()}
			ctx.looks.Store(5)
			v := fhirpath.Evaluator{MaxItems: 1 << 30, MaxText: 1 << 30}
			_, err := v.Evaluate(ctx, compiled(t, quoted(costly[name])), resource)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

// TestReplaceMatches checks that long texts give what short ones do: they are searched
// in another way.
func TestReplaceMatches(t *testing.T) {
	for _, test := range []struct{ text, pattern, to string }{
		{"abc ", `^a`, "x"}, {"abc ", `\bb|\ba`, "x"}, {"aab ", `a*`, "x"}, {"ab ", `(a)|(b)`, "[$1$2]"}, {"äöa ", `\w|ö`, "<$0>"}, {"a b ", `(?P<n>b)`, "${n}$n"},
		{"aaa ", `a`, ""}, {"ab ", ``, "x"}, {"ab ", `$`, "x"}, {"a\n", `(?m)^`, "x"}, {"ab ", `x*`, "-"}, {"ab", `b$|^a`, "_"}, {"Ab ", `(?i)a`, "z"}, {"ab ", `(?U)a+b|(b)`, "$1"},
	} {
		for _, times := range []int{1, 3000} {
			text := strings.Repeat(test.text, times)
			want := ""
			if test.pattern != "" {
				want = replaceAll(test.pattern, text, test.to)
			} else {
				want = text
			}
			v := fhirpath.Evaluator{Variables: map[string]fhirpath.Collection{
				"text": {fhirpath.NewString(text)}, "pattern": {fhirpath.NewString(test.pattern)}, "to": {fhirpath.NewString(test.to)},
			}}
			result, err := v.EvaluateEmpty(context.Background(), compiled(t, "%text.replaceMatches(%pattern, %to)"))
			require.NoError(t, err)
			require.Equal(t, want, result[0].String(), "%q %d", test.pattern, times)
			result, err = v.EvaluateEmpty(context.Background(), compiled(t, "%text.matches(%pattern)"))
			require.NoError(t, err)
			require.Equal(t, matchesAny(test.pattern, text), result[0].String() == "true", "%q %d", test.pattern, times)
		}
	}
}

// TestEmptyContext evaluates without a resource.
func TestEmptyContext(t *testing.T) {
	for expr, want := range map[string]string{
		"1 + 1": "2", "name": "", "Patient.name.given": "", "$this": "", "%context": "", "%resource": "", "%rootResource": "", "%resource.id": "",
		"descendants().count()": "0", "5 'mg' is Quantity": "true", "(1 | 2).select($this + 1)": "2 3", "iif(exists(), 1, 2)": "2", "resolve()": "", "'a'.contains('a')": "true",
	} {
		v := new(fhirpath.Evaluator)
		result, err := v.EvaluateEmpty(context.Background(), compiled(t, expr))
		check(t, expr, want, result, err)
	}
}

// TestInvariantsAreBounded checks that the invariants of a resource have one limit
// together.
func TestInvariantsAreBounded(t *testing.T) {
	const n = 3000
	var contained, refer []string
	for i := range n {
		contained = append(contained, fmt.Sprintf(`{"resourceType":"Practitioner","id":"p%d"}`, i))
		refer = append(refer, fmt.Sprintf(`{"reference":"#p%d"}`, i))
	}
	doc := parsed(t, `{"resourceType":"Patient","contained":[`+strings.Join(contained, ",")+`],"generalPractitioner":[`+strings.Join(refer, ",")+`]}`)
	_, err := fhirpath.CheckInvariants(context.Background(), doc, &fhirpath.Evaluator{MaxVisits: 1_000_000})
	require.ErrorIs(t, err, fhirpath.ErrLimit)
	_, err = fhirpath.CheckInvariants(context.Background(), doc, nil)
	require.NoError(t, err)

	broken := parsed(t, `{"resourceType":"Patient","name":[`+strings.Repeat(`{"id":"x"},`, 5000)+`{"id":"x"}]}`)
	issues, err := fhirpath.CheckInvariants(context.Background(), broken, nil)
	require.NoError(t, err)
	require.Len(t, issues, 2000)
	require.Equal(t, "Patient", issues[0].Root)

	var doc2 fhirjson.Document
	require.True(t, errors.Is(fhirjson.ParseContext(&ended{Context: context.Background()}, doc.Source, &doc2, nil), context.Canceled))
}
