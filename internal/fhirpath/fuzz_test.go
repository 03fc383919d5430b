package fhirpath_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

// limited returns an evaluator that gives up soon.
func limited() *fhirpath.Evaluator {
	return &fhirpath.Evaluator{MaxVisits: 300_000, MaxItems: 100_000, MaxText: 1 << 20, Now: time.Unix(1_600_000_000, 0).UTC()}
}

// Whatever the expression, evaluation ends soon, with a result or an Error, and
// never panics.
func FuzzEvaluate(f *testing.F) {
	for _, s := range []string{
		"Patient.name.where(use = 'official').given.first()", "descendants().repeat(children()).aggregate($total & 'x', '')",
		"name.given.replaceMatches('(.)', '$1$1') | (1 | 2.0 | 'a').sort(-$this)", "5.4 'mg' * 3 'kg' / 2 'm2' > 1 year",
		"@2014-01-01T08.lowBoundary(17) + 1.5 months - 7 'd'", "2147483647 + 1 * 10.power(27) mod 0.3 div 7 / 3",
		"name.defineVariable('x', given).select(%x).join(',').split('').count()", "iif(true, $this, {}) ~ $this",
		"birthDate.toString().toDateTime().convertsToTime() xor name is HumanName", "'a'.encode('hex').escape('json').toQuantity('mg').toDecimal()",
		"type().name & %`vs-x` & %resource.id", "contained.resolve().conformsTo('x')", "(1).trace('x').combine(2).exclude(2).subsetOf(1|1)",
		"1.1.exp().ln().sqrt().log(2).round(3).floor().abs()", "gender.memberOf('x')", "extension('x' & 'y').value.precision()",
	} {
		f.Add(s)
	}
	patient, observation := []byte(patient), []byte(observation)
	f.Fuzz(func(t *testing.T, s string) {
		start := time.Now()
		for _, opts := range []*fhirpath.Options{nil, {Untyped: true, Ordered: true, Context: "Patient"}} {
			e, err := fhirpath.CompileWith(s, opts)
			if err != nil {
				if !errors.As(err, new(*fhirpath.Error)) {
					t.Fatalf("%q: %v", s, err)
				}
				continue
			}
			for _, resource := range [][]byte{patient, observation} {
				result, err := limited().Evaluate(context.Background(), e, resource)
				if err != nil && !errors.As(err, new(*fhirpath.Error)) {
					t.Fatalf("%q: %v", s, err)
				}
				for _, i := range result {
					if !json.Valid(i.JSON()) {
						t.Fatalf("%q: %s is no JSON", s, i.Type())
					}
					_ = i.String()
				}
			}
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("%q takes %v", s, took)
		}
	})
}

// Each of these would take more time or memory than there is.
func TestBombs(t *testing.T) {
	nested := func(open, close string, n int) string {
		return strings.Repeat(open, n) + "1" + strings.Repeat(close, n)
	}
	long := "('" + strings.Repeat("a", 10_000) + "')"
	digits := strings.Repeat("9", 10_000)
	for name, expr := range map[string]string{
		"doubling text":         "descendants().aggregate($total & $total, 'xxxxxxxx')",
		"doubling items":        "descendants().aggregate($total.combine($total), 1)",
		"nested selects":        "descendants()" + strings.Repeat(".select(%resource.descendants())", 20),
		"growing replacement":   long + strings.Repeat(".replaceMatches('a', '$0$0')", 40),
		"growing replace":       long + strings.Repeat(".replace('a', 'aa')", 40),
		"growing escapes":       "('" + strings.Repeat(`\'`, 5000) + "')" + strings.Repeat(".escape('html')", 40),
		"growing hexadecimals":  long + strings.Repeat(".encode('hex')", 40),
		"split and join":        long + strings.Repeat(".toChars().join('abcdefghij')", 20),
		"repeat without end":    "('x').repeat($this & 'x')",
		"repeat of new numbers": "(1).repeat($this + 1)",
		"sort of many":          "%resource.descendants().select(%resource.descendants()).select(%resource.descendants()).select(%resource.descendants().id).sort()",
		"distinct quantities":   "descendants().select(%resource.descendants()).select($index.toQuantity()).distinct()",
		"slow pattern":          long + ".select($this & $this).select($this & $this).matches('((a?){100}){9}b')",
		"pattern of groups":     long + ".replaceMatches('" + strings.Repeat("(a?)", 1000) + "', '')",
		"variables":             "defineVariable('a', descendants())" + strings.Repeat(".select(%a)", 10),
	} {
		t.Run(name, func(t *testing.T) {
			e, err := fhirpath.Compile(expr)
			require.NoError(t, err)
			_, err = limited().Evaluate(context.Background(), e, []byte(patient))
			assert.ErrorIs(t, err, fhirpath.ErrLimit)
		})
	}
	_, err := fhirpath.Compile("Patient." + strings.Repeat("repeat(children().", 90) + "id" + strings.Repeat(")", 90))
	assert.ErrorIs(t, err, fhirpath.ErrLimit, "an argument of repeat is compiled several times")
	for name, expr := range map[string]string{
		"huge power":       "(10.power(1000000000) | 0.1.power(1000000000) | 2.5.power(99999)).count() >= 0",
		"huge exponential": "(1000000000.exp() | (-1000000000).exp() | 100000.ln()).count() >= 0",
		"huge integer":     digits + " * " + digits + " = 1",
		"huge rounding":    "1.5.round(2147483647) = 1.5",
		"huge precision":   "1.5.lowBoundary(2147483647).empty()",
		"huge date":        "(@2000 + 9999999999999999999 years).empty() and (@2000-01-01T00:00:00 + 99999999999999 milliseconds).exists()",
		"huge unit":        "1 'm' * 1 'm10' * 1 'm99' * 1 'km99' > 0 'g'",
		"long chain":       "id" + strings.Repeat(" | id", fhirpath.MaxLength/6),
		"deep parentheses": nested("(", ")", 99),
		"deep choices":     nested("iif(true, ", ")", 90),
		"large pattern":    "'a'.matches('((((a{10}){10}){10}){2}){10}')",
		"nested pattern":   "'" + strings.Repeat("a", 5000) + "b'.matches('^(((a*)*)*)*$')",
	} {
		t.Run(name, func(t *testing.T) {
			e, err := fhirpath.Compile(expr)
			require.NoError(t, err)
			_, err = limited().Evaluate(context.Background(), e, []byte(patient))
			if err != nil {
				assert.ErrorIs(t, err, fhirpath.ErrEvaluation)
			}
		})
	}
}
