package fhirpath_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

// Cases that HL7's suite has not, on the patient; see TestEvaluate for the form.
func TestLanguage(t *testing.T) {
	groups := []struct {
		name  string
		cases [][2]string
	}{
		{"filtering", [][2]string{
			{"name.select(given.first())", "Ann Ann"},
			{"name.given.where($index = 1)", "Eve"},
			{"name.select($index)", "0 1"},
			{"name.where(given.where($index = 1).exists() and $index = 0).use", "official"},
			{"name.repeat(given)", "Ann Eve "},
			{"name.all(given.exists())", "true"},
			{"name.all($index < 1)", "false"},
			{"{}.all(false)", "true"},
			{"{}.allTrue() and {}.allFalse() and {}.anyTrue().not() and {}.anyFalse().not()", "true"},
			{"(true | false).anyFalse() and (true | false).allTrue().not()", "true"},
			{"telecom.rank.aggregate($this + $total, 10)", "12"},
			{"telecom.aggregate($total + $index, 0)", "1"},
			{"name.aggregate(iif($total.empty(), $this.given.first(), $total & '-' & $this.given.first()))", "Ann-Ann"},
			{"name.coalesce(photo.title, 'x', given)", "x"},
			{"coalesce(photo.title, name.given.first())", "Ann"},
			{"(3 | 1 | 2).sort()", "1 2 3"},
			{"(3 | 1 | 2).sort(-$this).first()", "3"},
			{"telecom.sort(-rank, value).value", "a@b 1"},
			{"telecom.sort(rank).value", "1 a@b"},
			{"(1 | 'a').sort()", "error"},
			{"children().count() > 10 and descendants().count() > children().count()", "true"},
			{"contact.children().children()", "Roe"},
			{"name.take(1).given.tail()", "Eve"},
			{"name.given.skip(-1).count()", "4"},
			{"name.single()", "error"},
			{"photo.single()", ""},
		}},
		{"once", [][2]string{
			{"name.given.where($this in %resource.name.first().given).count()", "3"},
			{"name.select(%resource.name.count() + $index)", "2 3"},
			{"name.select(given.where($this = %resource.name[0].given[$index]).count())", "2 1"},
			{"(1 | 2).aggregate($total + %resource.name.count() * $this, 0)", "6"},
			{"defineVariable('a', 1).name.select(%a + %resource.name.count())", "3 3"},
			{"name.select(%resource.name.where(use = 'usual').given.first())", "Ann Ann"},
			{"name.select(%resource.name.select(%resource.name.count() + $index).last() + $index)", "3 4"},
			{"name.where(%resource.photo.exists() or use = %resource.name[1].use).given.first()", "Ann"},
		}},
		{"variables", [][2]string{
			{"defineVariable('n', name).select(%n.count())", "2"},
			{"name.first().defineVariable('f', family).given.select($this & ' ' & %f)", "Ann O'Hara Eve O'Hara"},
			{"name.select(defineVariable('g', given).select(%g.count()))", "2 2"},
			{"name.defineVariable('x').select(%x.count())", "2 2"},
			{"defineVariable('a', 1).select(%a) | %a", "error"},
			{"defineVariable('a', 1).select(%a) | defineVariable('a', 2).select(%a)", "1 2"},
			{"false and defineVariable('a', 1).select(%a) = 1", "false"},
		}},
		{"strings", [][2]string{
			{"'äöü'.length()", "3"},
			{"'äöü'.substring(1, 1)", "ö"},
			{"'äöü'.substring(3)", ""},
			{"'äöü'.substring(1, {})", "öü"},
			{"'äöü'.substring(0, -1)", ""},
			{"'äöü'.indexOf('ü')", "2"},
			{"'abcabc'.lastIndexOf('c')", "5"},
			{"'äöü'.toChars().count()", "3"},
			{"''.toChars().count()", "0"},
			{"''.split(',').count()", "1"},
			{"'a\\nb'.matches('a.b')", "true"},
			{"'xay'.matches('a') and 'xay'.matchesFull('a').not() and 'b'.matchesFull('a|b')", "true"},
			{"'a'.matches('(')", "error"},
			{"'a'.matches('(?=a)')", "error"},
			{"'11/30/1972'.replaceMatches('\\\\b(?P<m>\\\\d{1,2})/(?P<d>\\\\d{1,2})/(?P<y>\\\\d{2,4})\\\\b', '${d}-${m}-${y}')", "30-11-1972"},
			{"'abc'.replaceMatches('(b)', '[$1x]')", "a[bx]c"},
			{"'abc'.replaceMatches('b', '$$')", "a$c"},
			{"(name.given | 'x').join('+')", "Ann+Eve+x"},
			{"{}.join(',')", ""},
			{"'a'.encode('base32')", ""},
			{"'zz'.decode('hex')", ""},
			{"'<a href=\"x\">&'.escape('html')", "&lt;a href=&quot;x&quot;&gt;&amp;"},
			{"'\\\\u0041'.unescape('json')", "A"},
			{"name[0].family & {} & 'x'", "O'Harax"},
			{"name.given + 'x'", "error"},
			{"name.given[3] + 'x'", ""},
			{"1 & 'x'", "error"},
		}},
		{"numbers", [][2]string{
			{"2147483647 + 1", ""}, {"-2147483648 - 1", ""}, {"2147483647 * 2", ""}, {"2147483648 + 1", "2147483649"},
			{"1 / 3", "0.3333333333333333333333333333"}, {"7 / 2", "3.5"}, {"1.0 / 0.0", ""}, {"1 div 0", ""},
			{"-7 div 2", "-3"}, {"-7 mod 2", "-1"}, {"5.5 div 0.7", "7"}, {"5.5 mod 0.7", "0.6"}, {"1.10 + 2.2", "3.30"},
			{"9999999999999999999999999999.0 * 10", ""}, {"0.1 + 0.2 = 0.3", "true"}, {"1e3", "error"},
			{"multipleBirth + 1", "3"}, {"multipleBirth / 4", "0.5"}, {"telecom.rank * 1.5", "3.0"}, {"-multipleBirth", "-2"}, {"-(-2147483648)", ""},
			{"2.power(10)", "1024"}, {"2.power(-1)", "0.5"}, {"2.power(31)", ""}, {"2.0.power(0.5).round(4)", "1.4142"}, {"0.power(0)", "error-free"},
			{"(-8).sqrt()", ""}, {"2.sqrt().round(10)", "1.4142135624"}, {"0.ln()", ""}, {"100.log(10)", "2"}, {"1.exp().round(5)", "2.71828"},
			{"(-1.5).round()", "-2"}, {"2.55.round(1)", "2.6"}, {"1.5.round(-1)", "error"}, {"1.5.truncate()", "1"}, {"(-1.5).floor()", "-2"}, {"3000000000.5.floor()", ""},
			{"(-3).abs()", "3"}, {"(-2147483648).abs()", ""}, {"(-3.5 'mg').abs()", "3.5 'mg'"},
		}},
		{"quantities", [][2]string{
			{"1 'kg' + 1 'g'", "1.001 'kg'"}, {"1 'kg' - 1 'm'", ""}, {"2 'm' * 3", "6 'm'"}, {"6 'm' / 2 's' > 2 'm/s'", "true"}, {"1 'kg' > 1 'm'", ""},
			{"1 year + 6 months", "18 months"}, {"1 year = 12 months", "true"}, {"1 year > 11 months", "true"}, {"1 year = 365 days", ""}, {"1 year ~ 1 'a'", "true"},
			{"1 month = 1 'kg'", "false"}, {"1 hour = 60 minutes", "true"}, {"1 second = 1000 milliseconds", "true"}, {"37 'Cel' > 98 '[degF]'", "true"},
			{"1 'kg' = 1", "false"}, {"1 '1' = 1", "true"}, {"'5 mg'.toQuantity()", ""}, {"'5 \\'mg\\''.toQuantity('g')", "0.005 'g'"},
			{"1 year.toQuantity('months')", "12 months"}, {"18 months.toQuantity('year')", "1.5 year"}, {"2 hours.toQuantity('min')", "120 'min'"},
			{"5 'mg'.convertsToQuantity('m')", "false"}, {"(5 'mg').value + 1", "6"}, {"(5 'mg').unit", "mg"}, {"5 'foo' = 5 'foo'", "true"}, {"5 'foo' < 5 'mg'", ""},
			{"extension[1].value = 3 'mg'", "false"}, {"extension[2].value.toQuantity()", "3 '1'"}, {"(1 'g' | 1000 'mg').count()", "1"},
			{"1 'g' ~ 1001 'mg'", "true"}, {"1.0 'g' ~ 1001 'mg'", "true"}, {"1.000 'g' ~ 1.001 'g'", "true"}, {"1.23 'g' ~ 1.24 'g'", "false"},
		}},
		{"dates", [][2]string{
			{"@2020-02-29 + 1 year", "2021-02-28"}, {"@2020-01-31 + 1 month", "2020-02-29"}, {"@2020 + 14 months", "2021"}, {"@2020-03 - 40 days", "2020-02"},
			{"@2020 + 400 days", "2021"}, {"@9999-12-31 + 1 day", ""}, {"@0001 - 1 year", ""}, {"@2020-01-01 + 36 hours", "2020-01-02"},
			{"@2020-01-01T23 + 90 minutes", "2020-01-02T00"}, {"@2020-01-01T23:30 + 45 minutes", "2020-01-02T00:15"},
			{"@2020-01-01T00:00:00 + 1.5 seconds", "2020-01-01T00:00:01.500"}, {"@T23:30 + 1 hour", "00:30"}, {"@T00:00 - 1 minute", "23:59"}, {"@T10:00 + 1 day", ""},
			{"@2020-01-01T00:00:00Z + 1 week", "2020-01-08T00:00:00Z"}, {"birthDate + 1 'd'", "1974-12-26"}, {"birthDate + 5", "error"}, {"birthDate + 5 'mg'", "error"},
			{"@2012-01-01T10:30Z = @2012-01-01T11:30+01:00", "true"}, {"@2012-01-01T10 = @2012-01-01T10:30", ""}, {"@2012-01-01T10 < @2012-01-01T11:30", "true"},
			{"@2012-01-01T10 ~ @2012-01-01T10:00", "false"}, {"@T10 < @T10:30", ""}, {"@T10:30 = @T10:30", "true"}, {"@2012 < @2013-01", "true"},
			{"@2012-01-01T10:00:00.1 < @2012-01-01T10:00:00.12", "true"}, {"@2015-02-30", "error"}, {"@T25", "error"},
			{"@2015-02-04T14:34:28.123+10:00.timezoneOffsetOf()", "10"}, {"@2015-02-04T14:34:28.123+10:00.millisecondOf()", "123"}, {"birthDate.yearOf()", "1974"},
			{"@2015-02.dayOf()", ""}, {"deceased.dateOf()", "2015-02-14"}, {"deceased.timeOf()", "13:42:00"}, {"@2015T.timeOf()", ""},
			{"@2020-02.lowBoundary()", "2020-02-01"}, {"@2020-02.highBoundary()", "2020-02-29"}, {"@2020-02.lowBoundary(9)", ""}, {"@T10.highBoundary()", "10:59:59.999"},
		}},
		{"conversions", [][2]string{
			{"'yes'.toBoolean() and 'F'.toBoolean().not() and 1.0.toBoolean()", "true"}, {"'+5'.toInteger() + 1", "6"}, {"'2147483648'.toInteger()", ""},
			{"1.5.toInteger()", ""}, {"'+1.50'.toDecimal()", "1.50"}, {"'.5'.toDecimal()", ""}, {"'-007.50'.toDecimal()", "-7.50"}, {"'00 days'.toQuantity()", "0 days"}, {"007.5", "7.5"}, {"deceased.toDate()", "2015-02-14"}, {"'2015-02-30'.toDate()", ""},
			{"birthDate.toDateTime()", "1974-12-25"}, {"name[0].toString()", ""}, {"name.toString()", "error"}, {"(1 | 2).convertsToInteger()", "error"},
			{"{}.convertsToInteger()", ""}, {"name[0].convertsToString()", "false"}, {"active.toString() + multipleBirth.toString()", "true2"},
			{"active.getValue() is Boolean and birthDate.getValue() is Date and telecom[0].rank.getValue() is Integer", "true"},
			{"name.given.getValue()", ""}, {"name.given[3].hasValue()", "false"}, {"name.hasValue()", "false"}, {"photo.hasValue()", "false"},
		}},
		{"types", [][2]string{
			{"name[0].type()", "FHIR.HumanName"}, {"(1 'mg').type().name", "Quantity"}, {"birthDate.type().namespace", "FHIR"}, {"(1 'mg') is Quantity", "true"},
			{"5 'mg' is Quantity", "true"}, {"(5 days).is(Quantity)", "true"}, {"5 'mg' is FHIR.Quantity", "false"}, {"extension[1].value is System.Quantity", "false"}, {"5 is Quantity", "false"}, {"'x' is Quantity", "false"},
			{"(5 'mg' as Quantity).value", "5"}, {"(5 'mg').ofType(Quantity).unit", "mg"}, {"(5 'mg' | 1).ofType(Quantity).count()", "1"}, {"(5 'mg' as FHIR.Quantity).count()", "0"},
			{"('5'.toQuantity() as Quantity).value", "5"}, {"(extension[1].value | 5 'mg').ofType(Quantity).value", "3.0 5"}, {"(extension[1].value as Quantity).unit", "mg"},
			{"(1 'mg') is System.Quantity", "true"}, {"extension[1].value is Quantity and extension[2].value is Age and extension[2].value is Quantity", "true"},
			{"1.type() = 2.type()", "true"}, {"name.where($this is HumanName).count()", "2"}, {"(1 | 'a' | 2.5).ofType(System.String)", "a"}, {"(1 | 'a').ofType(String)", "a"},
		}},
		{"extensions", [][2]string{
			{"extension('urn:' & 'a').value", "x"}, {"extension(%ucum)", ""}, {"name.given[3].extension('urn:n').value", "masked"}, {"extension(contact.name.family)", ""},
			{"extension(extension[0].url).value", "x"}, {"hasExtension(extension[0].url)", "true"},
			{"checkModifiers('urn:x').id", "p"},
		}},
		{"membership", [][2]string{
			{"'Ann' in name.given", "true"}, {"name.given contains 'Eve'", "true"}, {"{} in name.given", ""}, {"name.given in 'Ann'", "error"}, {"'x' in {}", "false"},
			{"(1 | 2 | 3).intersect(3 | 2)", "2 3"}, {"name.given.exclude('Ann')", "Eve "}, {"name.given.combine('x').count()", "5"}, {"{}.subsetOf(name)", "true"},
			{"name.supersetOf({})", "true"}, {"name.given.isDistinct()", "false"},
		}},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.cases {
				e, err := fhirpath.Compile(c[0])
				var result fhirpath.Collection
				if err == nil {
					result, err = e.Evaluate(context.Background(), []byte(patient))
				}
				check(t, c[0], c[1], result, err)
			}
		})
	}
}

// A FHIR Quantity is a System.Quantity by its UCUM code; with another system, or
// none, it can be compared with its like alone.
func TestFHIRQuantities(t *testing.T) {
	const resource = `{"resourceType":"Patient","extension":[
		{"url":"y","valueAge":{"value":30,"system":"http://unitsofmeasure.org","code":"a"}},
		{"url":"d","valueDuration":{"value":2,"unit":"days","system":"http://unitsofmeasure.org","code":"d"}},
		{"url":"t","valueQuantity":{"value":2,"system":"urn:units","code":"TAB"}},
		{"url":"t","valueQuantity":{"value":3,"system":"urn:units","code":"TAB"}},
		{"url":"c","valueQuantity":{"value":3,"comparator":"<","system":"http://unitsofmeasure.org","code":"mg"}},
		{"url":"m","valueQuantity":{"value":3.10,"system":"http://unitsofmeasure.org","code":"mg"}}]}`
	for _, c := range [][2]string{
		{"extension('y').value > 18 'a'", "true"}, {"extension('y').value > 18 years", "true"}, {"extension('y').value = 360 months", "true"},
		{"@2000-02-29 + extension('y').value", "2030-02-28"}, {"@2000-02-28 + extension('d').value", "2000-03-01"}, {"extension('d').value = 48 'h'", "true"},
		{"extension('t')[0].value < extension('t')[1].value", "true"}, {"extension('t')[0].value < 3 'mg'", ""}, {"extension('t')[0].value + 1 'mg'", ""},
		{"extension('t')[0].value.toString()", ""}, {"extension('c').value < 5 'mg'", ""}, {"extension('m').value.toString()", "3.10 'mg'"},
		{"extension('m').value * 2 = 6.2 'mg'", "true"}, {"extension('m').value.lowBoundary(3)", "3.095 'mg'"}, {"-extension('m').value", "-3.10 'mg'"},
		{"extension('m').value in (1 'g' | 0.0031 'g')", "true"}, {"extension('m').value ~ 0.0031 'g'", "true"}, {"extension('m').value.comparable(1 'kg')", "true"},
	} {
		result, err := compiled(t, c[0]).Evaluate(context.Background(), []byte(resource))
		check(t, c[0], c[1], result, err)
	}
}

// With the check of types off, what R4 does not have yields nothing.
func TestUntyped(t *testing.T) {
	for expr, want := range map[string]string{
		"nmae.given": "", "name.nmae": "", "name.nmae.exists()": "false", "birthDate.foo | id": "p", "Patient.name.first().given.first().foo": "",
	} {
		e, err := fhirpath.CompileWith(expr, &fhirpath.Options{Untyped: true})
		require.NoError(t, err, expr)
		result, err := e.Evaluate(context.Background(), []byte(patient))
		check(t, expr, want, result, err)
	}
}

// The type of the context makes the check stricter.
func TestContextType(t *testing.T) {
	_, err := fhirpath.CompileWith("status", nil)
	require.NoError(t, err)
	_, err = fhirpath.CompileWith("status", &fhirpath.Options{Context: "Patient"})
	assert.ErrorIs(t, err, fhirpath.ErrSemantic)
	_, err = fhirpath.CompileWith("%context.status", &fhirpath.Options{Context: "Patient"})
	assert.ErrorIs(t, err, fhirpath.ErrSemantic)
	_, err = fhirpath.CompileWith("id", &fhirpath.Options{Context: "Foo"})
	assert.ErrorIs(t, err, fhirpath.ErrSemantic)
	_, err = fhirpath.CompileWith("children().first()", &fhirpath.Options{Ordered: true})
	assert.ErrorIs(t, err, fhirpath.ErrSemantic)
}

func TestExcerpt(t *testing.T) {
	_, err := fhirpath.Compile("Patient.name.exists() and\n\tPatient.nmae.exists()")
	var e *fhirpath.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "\tPatient.nmae.exists()\n\t        ^", e.Excerpt())
}
