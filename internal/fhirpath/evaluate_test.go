package fhirpath_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/schema"
)

const patient = `{"resourceType":"Patient","id":"p","active":true,
 "meta":{"lastUpdated":"2020-01-02T03:04:05Z"},
 "extension":[{"url":"urn:a","valueString":"x"},{"url":"urn:b","valueQuantity":{"value":3.0,"unit":"mg"}},{"url":"urn:c","valueAge":{"value":3}}],
 "name":[{"use":"official","family":"O\u0027Hara","given":["Ann","Eve"],"period":{"start":"2001-05","end":"2001"}},
         {"use":"usual","given":["Ann",null],"_given":[null,{"extension":[{"url":"urn:n","valueCode":"masked"}]}]}],
 "telecom":[{"system":"phone","value":"1","rank":2},{"system":"email","value":"a@b"}],
 "birthDate":"1974-12-25","deceasedDateTime":"2015-02-14T13:42:00+10:00","multipleBirthInteger":2,
 "contact":[{"name":{"family":"Roe"}}],
 "generalPractitioner":[{"reference":"#doc"},{"reference":"Organization/o/_history/2"},{"reference":"http://x.org/fhir/PractitionerRole/r"},
   {"reference":"urn:uuid:1","type":"Practitioner"},{"reference":"urn:uuid:2"},{"reference":"Practitioner?identifier=1"},{"display":"nobody"}],
 "contained":[{"resourceType":"Practitioner","id":"doc","name":[{"family":"Doc"}]}]}`

const observation = `{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8302-2"}],"text":"Height"},
 "subject":{"reference":"Patient/p"},"effectivePeriod":{"start":"2020-01-01","end":"2020-02-01"},
 "component":[{"code":{"text":"a"},"valueQuantity":{"value":1.50,"unit":"m"}},{"code":{"text":"b"},"valueString":"s"},{"code":{"text":"c"},"valueQuantity":{"value":1.5,"unit":"m"}}]}`

const bundle = `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"a"}},
 {"resource":{"resourceType":"Observation","id":"b","status":"final","code":{"text":"x"},"subject":{"reference":"#s"},
   "contained":[{"resourceType":"Group","id":"s","type":"person","actual":true,"managingEntity":{"reference":"#"}}]}},
 {"resource":{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"x"},"subject":{"reference":"Patient/a"}}},
 {"fullUrl":"http://x.org/Procedure/c","resource":{"resourceType":"Procedure","id":"c","status":"completed","subject":{"reference":"Procedure/c"},
   "basedOn":[{"reference":"Patient/none"}]}}]}`

// Each case is an expression and its result: items as text, with one space
// between, or "error".
func TestEvaluate(t *testing.T) {
	groups := []struct {
		name, resource string
		cases          [][2]string
	}{
		{"paths", patient, [][2]string{
			{"Patient.name.given", "Ann Eve Ann "},
			{"name.given", "Ann Eve Ann "},
			{"Patient.name.family", "O'Hara"},
			{"Resource.id", "p"},
			{"DomainResource.meta.lastUpdated", "2020-01-02T03:04:05Z"},
			{"Observation.code.text", ""},
			{"Patient.contact.name.family", "Roe"},
			{"Patient.contained.id", "doc"},
			{"contained.name.family", "Doc"},
			{"%resource.id | %context.id", "p"},
			{"Patient.name.where(%resource.birthDate.exists()).use", "official usual"},
			{"Patient.name.where($this.use = 'usual').use", "usual"},
		}},
		{"choices", patient, [][2]string{
			{"Patient.deceased", "2015-02-14T13:42:00+10:00"},
			{"Patient.deceased as dateTime", "2015-02-14T13:42:00+10:00"},
			{"Patient.deceased as DateTime", "2015-02-14T13:42:00+10:00"},
			{"Patient.deceased.as(boolean)", ""},
			{"Patient.deceased.ofType(FHIR.dateTime)", "2015-02-14T13:42:00+10:00"},
			{"Patient.deceased.ofType(System.DateTime)", ""},
			{"Patient.deceased.exists() and Patient.deceased != false", "true"},
			{"Patient.extension.value.as(Quantity).unit", "mg"},
			{"Patient.extension.value.where($this is Quantity).value", "3.0 3"},
			{"Patient.extension.value as string", "x"},
			{"Patient.extension('urn:b').value.unit", "mg"},
			{"Patient.hasExtension('urn:b')", "true"},
			{"Patient.hasExtension('urn:d')", "false"},
			{"Patient.name.given.extension('urn:n').value", "masked"},
		}},
		{"types", patient, [][2]string{
			{"Patient.gender is code", ""},
			{"Patient.name[0].use is code", "true"},
			{"Patient.name[0].use is string", "true"},
			{"Patient.name[0].use.is(id)", "false"},
			{"Patient.name[0].use.ofType(string)", ""},
			{"Patient.active is boolean", "true"},
			{"Patient.active is Boolean", "false"},
			{"Patient is DomainResource", "true"},
			{"contained.ofType(DomainResource).id", "doc"},
			{"contained.ofType(Patient).id", ""},
			{"true is Boolean", "true"},
			{"'x' is System.String and 1 is Integer and 1.5 is Decimal", "true"},
			{"@2015 is Date and @2015T is DateTime and @T10:00:00 is Time", "true"},
			{"Patient.name is HumanName", "error"},
		}},
		{"functions", patient, [][2]string{
			{"Patient.name.where(use = 'official').given.first()", "Ann"},
			{"Patient.name.given.last().exists()", "true"},
			{"Patient.name.given.count()", "4"},
			{"Patient.photo.count()", "0"},
			{"Patient.photo.empty()", "true"},
			{"Patient.photo.first()", ""},
			{"Patient.photo.last()", ""},
			{"Patient.name.exists(use = 'old')", "false"},
			{"Patient.name.exists(use = 'usual')", "true"},
			{"Patient.active.not()", "false"},
			{"Patient.photo.not()", ""},
			{"Patient.name.not()", "error"},
			{"Patient.name[1].use", "usual"},
			{"Patient.name[2].use", ""},
			{"Patient.name[-1].use", ""},
			{"Patient.name['x']", "error"},
			{"Patient.name[{}]", ""},
			{"Patient.telecom.where(rank > 1).value", "1"},
			{"Patient.name.where(given).use", "error"},
			{"Patient.name.where(family).use", "official"},
		}},
		{"equality", patient, [][2]string{
			{"Patient.name.family = 'O\\'Hara'", "true"},
			{"Patient.name.given = Patient.name.given", "error-free"},
			{"Patient.photo = 'x'", ""},
			{"Patient.name.given = 'Ann'", "false"},
			{"Patient.name[0] = Patient.name[0]", "true"},
			{"Patient.name[0] = Patient.name[1]", "false"},
			{"1.0 = 1 and 1.50 = 1.5 and 1 != 1.01", "true"},
			{"12345678901234567890 = 12345678901234567890.0", "true"},
			{"Patient.multipleBirth = 2.00", "true"},
			{"'a' = 1", "false"},
			{"Patient.birthDate = @1974-12-25", "true"},
			{"Patient.birthDate = @1974-12", ""},
			{"Patient.birthDate != @1975", "true"},
			{"Patient.birthDate = '1974-12-25'", "false"},
			{"Patient.deceased = @2015-02-14T03:42:00Z", "true"},
			{"Patient.name.given[3] = 'x'", ""},
			{"true = Patient.active", "true"},
		}},
		{"order", patient, [][2]string{
			{"Patient.birthDate < @1975", "true"},
			{"Patient.birthDate < @1974-12", ""},
			{"Patient.name[0].period.start <= Patient.name[0].period.end", ""},
			{"Patient.multipleBirth >= 2 and 2 <= 2.0 and -1 < 1", "true"},
			{"'abc' < 'abd'", "true"},
			{"Patient.birthDate < 'x'", "error"},
			{"Patient.active > false", "error"},
			{"Patient.name.given > 'A'", "error"},
			{"Patient.photo.title > 'A'", ""},
			{"Patient.extension[1].value > Patient.extension[2].value", ""},
			{"Patient.extension[1].value >= Patient.extension[1].value", "true"},
			{"10000000000000000000.5 > 10000000000000000000", "true"},
		}},
		{"logic", patient, [][2]string{
			{"true and {}", ""}, {"false and {}", "false"}, {"{} and false", "false"}, {"true and true", "true"},
			{"true or {}", "true"}, {"{} or true", "true"}, {"false or {}", ""}, {"false or false", "false"},
			{"true xor false", "true"}, {"true xor true", "false"}, {"true xor {}", ""}, {"{} xor true", ""},
			{"false implies {}", "true"}, {"{} implies true", "true"}, {"{} implies false", ""}, {"true implies false", "false"},
			{"true implies {}", ""}, {"true and 'x'", "true"}, {"false and Patient.name", "false"}, {"true and Patient.name", "error"},
		}},
		{"union", patient, [][2]string{
			{"Patient.name.given | Patient.name.family", "Ann Eve  O'Hara"},
			{"Patient.name.given | Patient.name.given", "Ann Eve "},
			{"(1 | 2 | 1.0 | 'a' | 'a' | true).count()", "4"},
			{"Patient.name | Patient.contact.name.where(false)", "2 items"},
			{"(Patient.id | Patient.birthDate | Patient.active).count()", "3"},
			{"{} | {}", ""},
		}},
		{"escapes", `{"resource\u0054ype":"Patient","\u0069d":"\u0070","cont\u0061ined":[{"\u0072esourceType":"Practitioner","id":"d\u006fc","name":[{"family":"Doc"}]}],
			"generalPractitioner":[{"reference":"\u0023doc"}],"deceased\u0042oolean":true,"_birthD\u0061te":{"extension":[{"url":"urn:\u0061","valueString":"x"}]}}`, [][2]string{
			{"Patient.id", "p"}, {"id = 'p'", "true"}, {"deceased", "true"}, {"birthDate.extension('urn:a').value", "x"}, {"contained.where(id = 'doc').name.family", "Doc"},
			{"generalPractitioner.resolve().name.family", "Doc"}, {"generalPractitioner.where(resolve() is Practitioner).count()", "1"},
		}},
		{"references", patient, [][2]string{
			{"Patient.generalPractitioner.where(resolve() is Practitioner).count()", "3"},
			{"Patient.generalPractitioner.where(resolve() is Organization).reference", "Organization/o/_history/2"},
			{"Patient.generalPractitioner.where(resolve().is(PractitionerRole)).reference", "http://x.org/fhir/PractitionerRole/r"},
			{"Patient.generalPractitioner.where((resolve() is Patient).not()).count()", "5"},
			{"Patient.generalPractitioner[0].resolve() is Practitioner", "true"},
			{"Patient.generalPractitioner[0].resolve().is(DomainResource)", "true"},
			{"Patient.generalPractitioner[4].resolve() is Practitioner", ""},
			{"Patient.generalPractitioner.resolve() is Practitioner", "error"},
		}},
		{"components", observation, [][2]string{
			{"Observation.component.value as Quantity", "2 items"},
			{"(Observation.component.value as Quantity).unit", "m m"},
			{"Observation.component.where(code.text = 'b').value", "s"},
			{"(Observation.component.value as Quantity) | (Observation.component.value as Quantity)", "1 items"},
			{"Observation.subject.where(resolve() is Patient).reference", "Patient/p"},
			{"Observation.component[0].value = Observation.component[2].value", "true"},
			{"Observation.effective.start", "2020-01-01"},
		}},
		{"bundles", bundle, [][2]string{
			{"Bundle.entry[0].resource.id", "a"},
			{"Bundle.entry.resource.ofType(Observation).status", "final"},
			{"Bundle.entry.resource.ofType(Observation).subject.where(resolve() is Group).reference", "#s"},
			{"Bundle.entry.resource.ofType(Resource).id", "a b e c"},
			{"Bundle.entry.resource.contained.characteristic.value", ""},
			{"Bundle.entry.resource.contained.managingEntity.where(resolve() is Observation).reference", "#"},
			{"entry.resource.id.count()", "4"},
			{"entry[2].resource.ofType(Encounter).subject.resolve().id", "a"},
			{"entry[3].resource.ofType(Procedure).subject.resolve().id", "c"},
			{"entry[3].resource.ofType(Procedure).basedOn.resolve()", ""},
			{"entry.resource.where(is(Procedure)).id", "c"},
		}},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.cases {
				e, err := fhirpath.Compile(c[0])
				var result fhirpath.Collection
				if err == nil {
					result, err = e.Evaluate(context.Background(), []byte(g.resource))
				}
				check(t, c[0], c[1], result, err)
			}
		})
	}
}

func check(t *testing.T, expr, want string, result fhirpath.Collection, err error) {
	if want == "error" {
		var e *fhirpath.Error
		assert.ErrorAs(t, err, &e, expr)
		return
	}
	if !assert.NoError(t, err, expr) {
		return
	}
	if n, ok := strings.CutSuffix(want, " items"); ok {
		assert.Equal(t, n, string(rune('0'+len(result))), expr)
		return
	}
	if want == "error-free" {
		return
	}
	var texts []string
	for _, i := range result {
		texts = append(texts, i.String())
	}
	assert.Equal(t, want, strings.Join(texts, " "), expr)
}

func TestItems(t *testing.T) {
	for _, c := range []struct{ expr, typeName, text, json string }{
		{"Patient.name[0].family", "string", "O'Hara", `"O\u0027Hara"`},
		{"Patient.name[0].use", "code", "official", `"official"`},
		{"Patient.contact.name", "HumanName", `{"family":"Roe"}`, `{"family":"Roe"}`},
		{"Patient.contact", "Patient.contact", `{"name":{"family":"Roe"}}`, `{"name":{"family":"Roe"}}`},
		{"Patient.multipleBirth", "integer", "2", "2"},
		{"Patient.active", "boolean", "true", "true"},
		{"Patient.name[1].given[1]", "string", "", "null"},
		{"Patient.active = true", "System.Boolean", "true", "true"},
		{"-7", "System.Integer", "-7", "-7"},
		{"1.50", "System.Decimal", "1.50", "1.50"},
		{"'a\\n'", "System.String", "a\n", `"a\n"`},
		{"@2015-02T", "System.DateTime", "2015-02", `"2015-02"`},
	} {
		e, err := fhirpath.Compile(c.expr)
		require.NoError(t, err)
		result, err := e.Evaluate(context.Background(), []byte(patient))
		require.NoError(t, err)
		require.Len(t, result, 1, c.expr)
		assert.Equal(t, c.typeName, result[0].Type(), c.expr)
		assert.Equal(t, c.text, result[0].String(), c.expr)
		assert.Equal(t, c.json, string(result[0].JSON()), c.expr)
		_, ok := result[0].Bool()
		assert.Equal(t, strings.EqualFold(strings.TrimPrefix(c.typeName, "System."), "boolean"), ok)
		assert.Equal(t, c.json != "null" && c.json[0] != '{', result[0].HasValue(), c.expr)
	}
}

// parsed returns a resource as a document.
func parsed(tb testing.TB, json string) *fhirjson.Document {
	doc := new(fhirjson.Document)
	require.NoError(tb, fhirjson.Parse([]byte(json), doc, &fhirjson.Options{Level: fhirjson.StructureOnly}))
	return doc
}

// A component of a composite is evaluated on the composite's element.
func TestSelectOnElement(t *testing.T) {
	doc := parsed(t, observation)
	var v fhirpath.Evaluator
	components, err := v.Select(compiled(t, "Observation.component"), doc, 0, nil)
	require.NoError(t, err)
	require.Len(t, components, 3)
	var units []string
	for _, n := range components {
		values, err := v.Select(compiled(t, "value.as(Quantity) | %resource.code.text"), doc, n, nil)
		require.NoError(t, err)
		for _, value := range values {
			units = append(units, doc.Nodes[value].Type.String())
		}
	}
	assert.Equal(t, []string{"Quantity", "string", "string", "Quantity", "string"}, units)
}

func compiled(tb testing.TB, expr string) *fhirpath.Expression {
	e, err := fhirpath.Compile(expr)
	require.NoError(tb, err, expr)
	return e
}

// %resource is the resource that the context is in, not the outermost.
func TestResourceOfContainedNode(t *testing.T) {
	doc := parsed(t, bundle)
	var v fhirpath.Evaluator
	code, err := v.Select(compiled(t, "Bundle.entry.resource.ofType(Observation).code"), doc, 0, nil)
	require.NoError(t, err)
	require.Len(t, code, 1)
	id, err := v.Select(compiled(t, "%resource.id"), doc, code[0], nil)
	require.NoError(t, err)
	require.Len(t, id, 1)
	assert.Equal(t, "b", string(doc.Raw(id[0])))
}

func TestTest(t *testing.T) {
	doc := parsed(t, patient)
	var v fhirpath.Evaluator
	for expr, want := range map[string][2]bool{
		"Patient.active":               {true, true},
		"Patient.active.not()":         {false, true},
		"Patient.photo":                {false, false},
		"Patient.birthDate":            {true, true},
		"Patient.birthDate > @1974-12": {false, false},
	} {
		value, ok, err := v.Test(compiled(t, expr), doc, 0)
		require.NoError(t, err)
		assert.Equal(t, want, [2]bool{value, ok}, expr)
	}
	_, _, err := v.Test(compiled(t, "Patient.name"), doc, 0)
	assert.ErrorIs(t, err, fhirpath.ErrEvaluation)
	_, err = v.Select(compiled(t, "Patient.active = true"), doc, 0, nil)
	assert.ErrorIs(t, err, fhirpath.ErrEvaluation)

	assert.True(t, compiled(t, "Patient.deceased.exists() and Patient.deceased != false").Boolean())
	assert.False(t, compiled(t, "Patient.active").Boolean())
	assert.False(t, compiled(t, "Patient.active | true").Boolean())
}

func TestResolver(t *testing.T) {
	doc := parsed(t, patient)
	var asked []string
	v := fhirpath.Evaluator{Services: fhirpath.Services{ResolveType: func(reference string) (string, bool) {
		asked = append(asked, reference)
		return "Practitioner", true
	}}}
	nodes, err := v.Select(compiled(t, "Patient.generalPractitioner.where(resolve() is Practitioner)"), doc, 0, nil)
	require.NoError(t, err)
	assert.Len(t, nodes, 4)
	assert.Equal(t, []string{"urn:uuid:2"}, asked, "the text of the others tells")
}

func TestEvaluationLimits(t *testing.T) {
	doc := parsed(t, patient)
	v := fhirpath.Evaluator{MaxVisits: 5}
	_, err := v.Select(compiled(t, "Patient.name.given"), doc, 0, nil)
	assert.ErrorIs(t, err, fhirpath.ErrLimit)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = compiled(t, "Patient.name").Evaluate(ctx, []byte(patient))
	assert.ErrorIs(t, err, context.Canceled)

	_, err = compiled(t, "Patient.name").Evaluate(context.Background(), []byte(`{"resourceType":"Patient","x":1}`))
	assert.Error(t, err)
}

// Many items are made distinct by hash; the result is that of comparing all.
func TestUnionOfMany(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"resourceType":"Patient","name":[`)
	for i := range 300 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"family":"f` + string(rune('a'+i%10)) + `","given":["g"]}`)
	}
	b.WriteString(`],"extension":[`)
	for i := range 60 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"url":"u","valueDecimal":` + strconv.Itoa(i%30) + strings.Repeat(".0", i/30) + `}`)
	}
	b.WriteString(`],"multipleBirthInteger":7,"active":true,"birthDate":"2001-01-01","telecom":[{"rank":7}]}`)
	doc := parsed(t, b.String())
	var v fhirpath.Evaluator
	for expr, want := range map[string]int{
		"Patient.name.intersect(Patient.name.skip(100))":                10,
		"Patient.name.exclude(Patient.name.where(family = 'fa'))":       270,
		"Patient.name.where(%resource.name.subsetOf($this))":            0,
		"Patient.extension.intersect(Patient.extension.skip(30))":       30,
		"Patient.name | Patient.name":                                   10,
		"Patient.name.family | Patient.name.given":                      11,
		"Patient.name.family | Patient.multipleBirth | telecom.rank":    11,
		"Patient.name.family | Patient.active | active":                 11,
		"Patient.name.family | Patient.birthDate | Patient.birthDate":   11,
		"Patient.extension | Patient.extension":                         30,
		"Patient.name.where(family = 'fa') | Patient.name.where(false)": 1,
	} {
		nodes, err := v.Select(compiled(t, expr), doc, 0, nil)
		require.NoError(t, err)
		assert.Len(t, nodes, want, expr)
	}
}

// After the first evaluation of each, an Evaluator allocates nothing.
func TestSelectDoesNotAllocate(t *testing.T) {
	doc := parsed(t, patient)
	var exprs []*fhirpath.Expression
	for t := schema.TypePatient; t != 0; t = t.Type().Base {
		for _, p := range schema.ParamsOf(t) {
			if e, err := fhirpath.Compile(p.Param().Expression); err == nil && !e.Boolean() {
				exprs = append(exprs, e)
			}
		}
	}
	require.Greater(t, len(exprs), 20)
	var v fhirpath.Evaluator
	dst := make([]fhirjson.Index, 0, 64)
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		for _, e := range exprs {
			nodes, err := v.Select(e, doc, 0, dst)
			if err != nil || len(nodes) > cap(dst) {
				t.Fatal(err)
			}
		}
	}))
}

// One Expression serves many goroutines, each with an Evaluator of its own.
func TestExpressionIsShared(t *testing.T) {
	doc := parsed(t, patient)
	e := compiled(t, "Patient.name.where(use = 'official').given | Patient.generalPractitioner.where(resolve() is Practitioner)")
	var group errgroup.Group
	for range 4 {
		group.Go(func() error {
			var v fhirpath.Evaluator
			for range 100 {
				nodes, err := v.Select(e, doc, 0, nil)
				if err != nil || len(nodes) != 5 {
					return fmt.Errorf("%d nodes, %w", len(nodes), err)
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
}
