package datastore_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// custom returns a SearchParameter resource. base is one or several types with
// commas between; more are further elements.
func custom(code, base, typ, expression string, more ...string) []byte {
	quoted := strconv.Quote(expression)
	return []byte(fmt.Sprintf(`{"resourceType":"SearchParameter","id":"sp-%s","url":"http://example.org/sp/%s","name":"%s","status":"active",
		"description":"test","code":"%s","base":["%s"],"type":"%s","expression":%s%s}`,
		code, code, strings.ReplaceAll(code, "-", ""), code, strings.ReplaceAll(base, ",", `","`), typ, quoted, strings.Join(append([]string{""}, more...), ",")))
}

// define writes search parameters and waits until they are complete.
func define(t testing.TB, store *datastore.Store, parameters ...[]byte) {
	t.Helper()
	for _, p := range parameters {
		_, err := store.Update(ctx, p)
		require.NoError(t, err)
	}
	require.NoError(t, store.WaitIndexed(ctx))
}

func put(t testing.TB, store *datastore.Store, lines ...string) {
	t.Helper()
	_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
		for _, line := range lines {
			if _, err := tx.Update(ctx, []byte(line)); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
}

// foundIDs returns the ids that a query finds, in its order.
func foundIDs(t testing.TB, store datastore.Reader, typ, query string, opts ...datastore.SearchOption) string {
	t.Helper()
	page, err := store.Search(ctx, typ, query, opts...)
	require.NoError(t, err, query)
	var ids []string
	for _, v := range page.Matches {
		ids = append(ids, v.ID)
	}
	require.Equal(t, page.Total, len(ids), query)
	return strings.Join(ids, " ")
}

// issueOf checks that a query or write ends with an issue of a code, and returns its
// text.
func issueOf(t testing.TB, err error, code issue.Code) string {
	t.Helper()
	var data *datastore.Error
	require.ErrorAs(t, err, &data)
	require.Equal(t, code, data.Issues[0].Code, err)
	return data.Issues[0].String()
}

func searching(store datastore.Reader, typ, query string) error {
	_, err := store.Search(ctx, typ, query)
	return err
}

const eye = `"extension":[{"url":"http://example.org/eye","valueString":"%s"}]`

var customPatients = []string{
	`{"resourceType":"Patient","id":"a",` + fmt.Sprintf(eye, "Blue") + `,"name":[{"family":"O'Hara van Berg","given":["Ann","Bea"]}],"birthDate":"1980-02-03",
		"maritalStatus":{"coding":[{"system":"urn:m","code":"M"}],"text":"Married"},"contact":[{"organization":{"reference":"Organization/o1"},"gender":"male"}],"active":true}`,
	`{"resourceType":"Patient","id":"b",` + fmt.Sprintf(eye, "grün") + `,"name":[{"given":["Zoe"]}],"birthDate":"1990",
		"contact":[{"organization":{"reference":"Organization/o2"}},{"organization":{"reference":"http://elsewhere/Organization/o1"}}],"active":false}`,
	`{"resourceType":"Patient","id":"c","multipleBirthInteger":3,"contact":[{"name":{"family":"Van"}},{"period":{"start":"2001"},"name":{"text":"x"}}],
		"extension":[{"url":"http://example.org/weight","valueQuantity":{"value":5.4,"system":"http://unitsofmeasure.org","code":"g"}},
		{"url":"http://example.org/doc","valueUri":"http://example.org/a/b"},
		{"url":"http://example.org/form","valueCanonical":"http://example.org/forms/intake|2"}]}`,
}

var customParameters = [][]byte{
	custom("eye", "Patient", "string", "Patient.extension.where(url='http://example.org/eye').value.ofType(string)"),
	custom("any-name", "Patient", "string", "Patient.name | Patient.contact.name"),
	custom("names", "Patient", "number", "Patient.name.given.count()"),
	custom("birth-number", "Patient", "number", "Patient.multipleBirth.ofType(integer)"),
	custom("born", "Patient", "date", "Patient.birthDate"),
	custom("contact-since", "Patient", "date", "Patient.contact.period"),
	custom("has-contact", "Patient", "token", "Patient.contact.exists()"),
	custom("marriage", "Patient", "token", "Patient.maritalStatus"),
	custom("contact-gender", "Patient", "token", "Patient.contact.gender"),
	custom("initials", "Patient", "token", "Patient.name.given.select(substring(0, 1))"),
	custom("employer", "Patient", "reference", "Patient.contact.organization", `"target":["Organization"]`),
	custom("weight", "Patient", "quantity", "Patient.extension('http://example.org/weight').value"),
	custom("document", "Patient", "uri", "Patient.extension('http://example.org/doc').value.as(uri)"),
	custom("known-as", "Patient", "uri", "'urn:name:' & Patient.name.family.first()"),
	custom("kilos", "Patient", "quantity", "Patient.extension('http://example.org/weight').value.ofType(Quantity).select($this * 2)"),
	custom("decade", "Patient", "date", "Patient.birthDate.toString().substring(0, 4).toDate()"),
	custom("form", "Patient", "reference", "Patient.extension('http://example.org/form').value.ofType(canonical)", `"target":["Questionnaire"]`),
	custom("boss", "Patient", "reference", "'Organization/' & Patient.name.family.length().toString()"),
}

var customQueries = []struct{ query, want string }{
	{"eye=blu", "a"}, {"eye=GRUN", "b"}, {"eye:exact=Blue", "a"}, {"eye:exact=blue", ""}, {"eye:contains=u", "b a"}, {"eye:missing=true", "c"},
	{"any-name=van", "c a"}, {"any-name:exact=Van", "c"}, {"any-name=zoe,x", "c b"},
	{"names=2", "a"}, {"names=0", "c"}, {"names=lt2", "c b"}, {"names:missing=false", "c b a"},
	{"birth-number=3", "c"}, {"birth-number=gt3", ""}, {"birth-number:missing=true", "b a"},
	{"born=1980", "a"}, {"born=1980-02", "a"}, {"born=ge1985", "b"}, {"contact-since=gt2020", "c"}, {"contact-since:missing=false", "c"},
	{"has-contact=true", "c b a"}, {"has-contact=false", ""},
	{"marriage=urn:m|M", "a"}, {"marriage=m", "a"}, {"marriage:text=marr", "a"}, {"marriage:not=M", "c b"},
	{"contact-gender=http://hl7.org/fhir/administrative-gender|male", "a"}, {"initials=z", "b"}, {"initials=A,Z", "b a"},
	{"employer=Organization/o1", "a"}, {"employer=o2", "b"}, {"employer=http://elsewhere/Organization/o1", "b"}, {"employer:Organization=o1", "a"},
	{"employer.name=acme", "a"}, {"employer:Organization.name=other", "b"},
	{"weight=5.4|http://unitsofmeasure.org|g", "c"}, {"weight=gt6", ""}, {"kilos=10.8", "c"}, {"kilos=gt10", "c"},
	{"weight=5400|http://unitsofmeasure.org|mg", "c"}, {"kilos=0.0108|http://unitsofmeasure.org|kg", "c"}, {"kilos=gt1|http://unitsofmeasure.org|kg", ""},
	{"document=http://example.org/a/b", "c"}, {"document:below=http://example.org/a", "c"}, {"document:below=http://example.org/b", ""},
	{"known-as=urn:name:O'Hara van Berg", "a"}, {"decade=1980", "a"}, {"decade=ge1985", "b"}, {"boss=15", "a"},
	{"form=http://example.org/forms/intake", "c"}, {"form=http://example.org/forms/intake|2", "c"}, {"form=http://example.org/forms/intake|3", ""},
	{"form.title=intake", "c"}, {"form.title=other", ""}, {"_sort=form.title", "c b a"},
	{"_sort=eye", "a b c"}, {"_sort=-names", "a b c"}, {"_sort=born", "a b c"}, {"_sort=-born", "b a c"}, {"_sort=marriage", "a c b"}, {"_sort=-employer", "b a c"},
	{"_sort=employer.name", "a b c"}, {"eye=blue&names=2", "a"}, {"eye=blue&names=1", ""},
	{"_filter=" + `eye eq "blue" or names eq 1`, "b a"}, {"_filter=employer.name eq acme", "a"},
}

func checkCustom(t *testing.T, store datastore.Reader) {
	t.Helper()
	for _, q := range customQueries {
		assert.Equal(t, q.want, foundIDs(t, store, "Patient", strings.ReplaceAll(q.query, " ", "+")), q.query)
	}
	require.Equal(t, "o1", foundIDs(t, store, "Organization", "_has:Patient:employer:eye=blue"))
	require.Equal(t, "o2 o1", foundIDs(t, store, "Organization", "_has:Patient:employer:names:missing=false"))
	require.Equal(t, "q", foundIDs(t, store, "Questionnaire", "_has:Patient:form:weight=gt5"))
	page, err := store.Search(ctx, "Patient", "_id=c&_include=Patient:form")
	require.NoError(t, err)
	require.Len(t, page.Included, 1)
	page, err = store.Search(ctx, "Patient", "eye=blue&_include=Patient:employer")
	require.NoError(t, err)
	require.Len(t, page.Included, 1)
	page, err = store.Search(ctx, "Organization", "name=other&_revinclude=Patient:employer")
	require.NoError(t, err)
	require.Equal(t, "b", page.Included[0].ID)
	page, err = store.Search(ctx, "Patient", "eye=blue&_include=*")
	require.NoError(t, err)
	require.Len(t, page.Included, 1, "custom references are among all")
}

var customOrganizations = []string{
	`{"resourceType":"Organization","id":"o1","name":"Acme"}`, `{"resourceType":"Organization","id":"o2","name":"Other"}`,
	`{"resourceType":"Questionnaire","id":"q","url":"http://example.org/forms/intake","version":"2","title":"Intake","status":"active"}`,
}

// TestCustomTypes asks for parameters of every type: of resources that were there
// before them, of some that came after, and of both after the store was opened again.
func TestCustomTypes(t *testing.T) {
	t.Run("filled", func(t *testing.T) {
		store := open(t, nil)
		put(t, store, append(customPatients, customOrganizations...)...)
		define(t, store, customParameters...)
		checkCustom(t, store)
	})
	t.Run("written", func(t *testing.T) {
		store := open(t, nil)
		define(t, store, customParameters...)
		put(t, store, append(customPatients, customOrganizations...)...)
		checkCustom(t, store)
	})
	t.Run("options", func(t *testing.T) {
		store := open(t, &datastore.Options{SearchParameters: customParameters})
		put(t, store, customPatients...)
		put(t, store, customOrganizations...)
		require.NoError(t, store.WaitIndexed(ctx))
		checkCustom(t, store)
		_, err := store.Update(ctx, customParameters[0])
		require.Contains(t, issueOf(t, err, issue.Duplicate), "/code")
	})
	t.Run("reopened", func(t *testing.T) {
		dir, key := t.TempDir(), datastore.Passphrase("secret")
		store, err := datastore.Open(ctx, dir, &datastore.Options{Key: key})
		require.NoError(t, err)
		put(t, store, customPatients[:2]...)
		define(t, store, customParameters...)
		put(t, store, customPatients[2:]...)
		put(t, store, customOrganizations...)
		checkCustom(t, store)
		page, err := store.Search(ctx, "Patient", "names:missing=false&_count=1")
		require.NoError(t, err)
		next := page.Next
		require.NoError(t, store.Close())

		store, err = datastore.Open(ctx, dir, &datastore.Options{Key: key})
		require.NoError(t, err)
		require.NoError(t, store.WaitIndexed(ctx))
		checkCustom(t, store)
		page, err = store.Search(ctx, "Patient", next)
		require.NoError(t, err, "nothing was written: the page is as good as before")
		require.Equal(t, "b", page.Matches[0].ID)
		put(t, store, customPatients[0])
		require.NoError(t, store.Verify(ctx))
		require.NoError(t, store.Close())

		store, err = datastore.Open(ctx, dir, &datastore.Options{Key: key})
		require.NoError(t, err)
		require.NoError(t, store.WaitIndexed(ctx))
		require.ErrorIs(t, searching(store, "Patient", next), datastore.ErrStalePage)
		require.NoError(t, store.Close())
	})
}

// TestCustomChanges updates, retires, deletes and brings back a parameter.
func TestCustomChanges(t *testing.T) {
	store := open(t, nil)
	put(t, store, customPatients...)
	eyes := custom("eye", "Patient", "string", "Patient.extension.where(url='http://example.org/eye').value.ofType(string)")
	unknown := func() { t.Helper(); issueOf(t, searching(store, "Patient", "eye=blue"), issue.NotFound) }
	unknown()
	define(t, store, eyes)
	require.Equal(t, "a", foundIDs(t, store, "Patient", "eye=blue"))
	before := store.Snapshot()
	defer before.Close()

	define(t, store, []byte(strings.Replace(string(eyes), `"test"`, `"better"`, 1)))
	require.Equal(t, "a", foundIDs(t, store, "Patient", "eye=blue"), "what it means has not changed")

	define(t, store, custom("eye", "Patient", "token", "Patient.extension.where(url='http://example.org/eye').value.ofType(string)"))
	require.Equal(t, "a", foundIDs(t, store, "Patient", "eye=BLUE"))
	require.Equal(t, "", foundIDs(t, store, "Patient", "eye=blu"))
	issueOf(t, searching(before, "Patient", "eye=blue"), issue.NotSupported)
	put(t, store, fmt.Sprintf(`{"resourceType":"Patient","id":"d",%s}`, fmt.Sprintf(eye, "blue")))
	require.Equal(t, "d a", foundIDs(t, store, "Patient", "eye=BLUE"))

	define(t, store, []byte(strings.Replace(string(eyes), `"active"`, `"retired"`, 1)))
	unknown()
	require.Empty(t, store.SearchParameters())
	define(t, store, eyes)
	require.Equal(t, "d a", foundIDs(t, store, "Patient", "eye=blu"))
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "SearchParameter", ID: "sp-eye"}))
	unknown()
	define(t, store, []byte(strings.Replace(string(eyes), `"active"`, `"draft"`, 1)))
	unknown()
	define(t, store, eyes)
	require.Equal(t, []search.ParameterStatus{{
		URL: "http://example.org/sp/eye", Code: "eye", Type: "string", Base: []string{"Patient"}, Indexed: 12, Total: 12, Complete: true,
	}}, store.SearchParameters())
	require.Equal(t, "d a", foundIDs(t, store, "Patient", "eye=blu"))
}

// TestCustomConditionalCreate has a conditional create rest on a custom parameter.
func TestCustomConditionalCreate(t *testing.T) {
	store := open(t, nil)
	put(t, store, customPatients...)
	define(t, store, customParameters[0])
	v, err := store.Create(ctx, []byte(customPatients[0]), datastore.IfNoneExist("eye=blue"))
	require.NoError(t, err)
	require.Equal(t, "a", v.ID)
	v, err = store.Create(ctx, []byte(strings.Replace(customPatients[0], "Blue", "red", 1)), datastore.IfNoneExist("eye=red"))
	require.NoError(t, err)
	require.True(t, v.Created)
	require.Equal(t, v.ID, foundIDs(t, store, "Patient", "eye=red"))
}

func TestCustomRefused(t *testing.T) {
	store := open(t, nil)
	define(t, store, custom("eye", "Patient,Practitioner", "string", "Patient.name.family | Practitioner.name.family"))
	rename := func(p []byte, id string) []byte {
		return []byte(strings.Replace(string(p), `"id":"`, `"id":"`+id, 1))
	}
	for name, c := range map[string]struct {
		parameter []byte
		code      issue.Code
		pointer   string
	}{
		"syntax":           {custom("x", "Patient", "string", "Patient.name."), issue.Value, "/expression"},
		"unknown element":  {custom("x", "Patient", "string", "Patient.nmae"), issue.Value, "/expression"},
		"other base":       {custom("x", "Patient,Observation", "string", "Patient.name"), issue.Value, "/expression"},
		"kind of value":    {custom("x", "Patient", "date", "Patient.name"), issue.Value, "/expression"},
		"computed value":   {custom("x", "Patient", "quantity", "Patient.name.count()"), issue.Value, "/expression"},
		"the time":         {custom("x", "Patient", "token", "Patient.birthDate < today()"), issue.NotSupported, "/expression"},
		"a variable":       {custom("x", "Patient", "token", "Patient.birthDate < %limit"), issue.NotSupported, "/expression"},
		"special":          {custom("x", "Patient", "special", "Patient.name"), issue.NotSupported, "/type"},
		"code":             {custom("x.y", "Patient", "string", "Patient.name"), issue.Value, "/code"},
		"dash":             {custom("-x", "Patient", "string", "Patient.name"), issue.Value, "/code"},
		"R4's":             {custom("family", "Patient", "string", "Patient.name.given"), issue.Duplicate, "/code"},
		"R4's, abstract":   {custom("family", "DomainResource", "token", "DomainResource.id"), issue.Duplicate, "/code"},
		"another's":        {rename(custom("eye", "Practitioner", "token", "Practitioner.id"), "other"), issue.Duplicate, "/code"},
		"URL":              {[]byte(strings.Replace(string(rename(custom("eye", "Device", "token", "Device.id"), "other")), `"code":"eye"`, `"code":"ear"`, 1)), issue.Duplicate, "/url"},
		"no components":    {custom("x", "Patient", "composite", "Patient.contact"), issue.Required, "/component"},
		"unknown part":     {custom("x", "Patient", "composite", "Patient.contact", `"component":[{"definition":"http://example.org/none","expression":"gender"}]`), issue.NotFound, "/component/0/definition"},
		"part of its kind": {custom("x", "Patient", "composite", "Patient.contact", `"component":[{"definition":"http://hl7.org/fhir/SearchParameter/individual-birthdate","expression":"gender"}]`), issue.Value, "/component/0/expression"},
		"part's expression": {custom("x", "Patient", "composite", "Patient.contact",
			`"component":[{"definition":"http://hl7.org/fhir/SearchParameter/individual-gender","expression":"gendre"}]`), issue.Value, "/component/0/expression"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, write := range []func([]byte) error{
				func(p []byte) error { _, err := store.Update(ctx, p); return err },
				func(p []byte) error { _, err := store.Validate(ctx, p); return err },
				func(p []byte) error {
					_, err := store.Update(ctx, p, datastore.Validation(datastore.WithoutInvariants))
					return err
				},
			} {
				err := write(c.parameter)
				require.ErrorIs(t, err, datastore.ErrInvalid)
				require.Contains(t, issueOf(t, err, c.code), c.pointer+": ")
			}
		})
	}
	require.Len(t, store.SearchParameters(), 1)

	// Lower levels take what cannot be used, and say so.
	v, err := store.Update(ctx, custom("x", "Patient", "string", "Patient.nmae"), datastore.Validation(datastore.Minimal))
	require.NoError(t, err)
	require.NotEmpty(t, v.Issues)
	_, err = store.Update(ctx, rename(custom("eye", "Practitioner", "token", "Practitioner.id"), "other"), datastore.Validation(datastore.StructureOnly))
	require.NoError(t, err)
	require.NoError(t, store.WaitIndexed(ctx))
	all := store.SearchParameters()
	require.Len(t, all, 3)
	require.True(t, all[0].Complete)
	for _, unused := range all[1:] {
		require.False(t, unused.Complete)
		require.NotEmpty(t, unused.Issues)
	}
	require.NoError(t, searching(store, "Patient", "eye=x"))
	issueOf(t, searching(store, "Patient", "x=x"), issue.NotFound)

	_, err = datastore.Open(ctx, "mem:", &datastore.Options{SearchParameters: [][]byte{
		custom("x", "Patient", "string", "Patient.nmae"), []byte(`{"resourceType":"Patient"}`), []byte(`{`),
		[]byte(strings.Replace(string(custom("y", "Patient", "string", "Patient.name")), `"active"`, `"draft"`, 1)),
	}})
	for _, want := range []string{"SearchParameters[0]: /expression", "SearchParameters[1]", "SearchParameters[2]", "SearchParameters[3]"} {
		require.ErrorContains(t, err, want)
	}
	_, err = datastore.Open(ctx, "mem:", &datastore.Options{SearchParameters: [][]byte{
		custom("x", "Patient", "string", "Patient.name"), custom("x", "Patient", "string", "Patient.name"),
	}})
	require.ErrorContains(t, err, "SearchParameters[1]: /code")
}

// TestCustomInOneCommit writes several parameters in one transaction.
func TestCustomInOneCommit(t *testing.T) {
	store := open(t, nil)
	one := custom("one", "Patient", "token", "Patient.contact.gender")
	both := custom("both", "Patient", "composite", "Patient.contact", `"component":[
		{"definition":"http://example.org/sp/one","expression":"gender"},{"definition":"http://hl7.org/fhir/SearchParameter/individual-phonetic","expression":"name"}]`)
	put(t, store, customPatients...)
	put(t, store, string(both), string(one))
	require.NoError(t, store.WaitIndexed(ctx))
	require.Equal(t, "a", foundIDs(t, store, "Patient", "one=male"))
	require.Equal(t, "", foundIDs(t, store, "Patient", "both=male$van"), "not of one contact")

	_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
		for _, id := range []string{"p", "q"} {
			if _, err := tx.Update(ctx, []byte(strings.Replace(string(custom("two", "Patient", "token", "Patient.id")), "sp-two", id, 1))); err != nil {
				return err
			}
		}
		return nil
	})
	require.Contains(t, issueOf(t, err, issue.Duplicate), "/code")
	require.Len(t, store.SearchParameters(), 2)

	// Without the part, what it is a part of is not used either.
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "SearchParameter", ID: "sp-one"}))
	issueOf(t, searching(store, "Patient", "both=male$van"), issue.NotFound)
	require.Equal(t, issue.NotFound, store.SearchParameters()[0].Issues[0].Code)

	// The code of a parameter that goes with the same commit is free.
	_, err = store.Write(ctx, func(tx *datastore.Transaction) error {
		if err := tx.Delete(datastore.Ref{Type: "SearchParameter", ID: "sp-both"}); err != nil {
			return err
		}
		_, err := tx.Update(ctx, []byte(strings.Replace(string(custom("both", "Patient", "token", "Patient.id")), "sp-both", "again", 1)))
		return err
	})
	require.NoError(t, err)
	require.NoError(t, store.WaitIndexed(ctx))
	require.Equal(t, "b", foundIDs(t, store, "Patient", "both=b"))
}

// TestCustomComposite asks for parts of one element, and of the resource itself.
func TestCustomComposite(t *testing.T) {
	store := open(t, nil)
	lines := []string{
		`{"resourceType":"Patient","id":"a","gender":"male","birthDate":"1980","contact":[{"gender":"male","name":{"family":"X"}},{"gender":"female","name":{"family":"Y"}}]}`,
		`{"resourceType":"Patient","id":"b","gender":"female","birthDate":"1980","contact":[{"gender":"male","name":{"family":"Y"},"organization":{"reference":"Organization/o1"}}]}`,
	}
	const gender, name, birth = "http://hl7.org/fhir/SearchParameter/individual-gender", "http://hl7.org/fhir/SearchParameter/individual-family|4.0.1", "http://hl7.org/fhir/SearchParameter/individual-birthdate"
	define(t, store,
		custom("who", "Patient", "composite", "Patient.contact", `"component":[{"definition":"`+gender+`","expression":"gender"},{"definition":"`+name+`","expression":"name.family"}]`),
		custom("self", "Patient", "composite", "Patient", `"component":[{"definition":"`+gender+`","expression":"gender"},{"definition":"`+birth+`","expression":"birthDate"}]`),
		custom("whose", "Patient", "composite", "Patient.contact", `"component":[{"definition":"http://hl7.org/fhir/SearchParameter/Patient-organization","expression":"organization"},{"definition":"`+name+`","expression":"name.family"}]`))
	for _, when := range []string{"written", "filled"} {
		put(t, store, lines...)
		for query, want := range map[string]string{
			"who=male$x": "a", "who=male$y": "b", "who=female$y": "a", "who=female$x": "", "who=male$x,female$y": "a", "who=male$y,female$y": "b a",
			"self=male$1980": "a", "self=female$ge1980": "b", "self=male$1981": "", "whose=o1$y": "b", "whose=Organization/o1$x": "",
		} {
			require.Equal(t, want, foundIDs(t, store, "Patient", query), "%s %s", when, query)
		}
		issueOf(t, searching(store, "Patient", "who=male"), issue.Value)
		if when == "written" {
			for _, id := range []string{"who", "self", "whose"} {
				v, err := store.Read(ctx, datastore.Ref{Type: "SearchParameter", ID: "sp-" + id})
				require.NoError(t, err)
				require.NoError(t, store.Delete(ctx, v.Ref))
				define(t, store, v.JSON)
			}
		}
	}
}

// TestCustomContained checks that no search for contained resources is answered as if
// they had values of custom parameters.
func TestCustomContained(t *testing.T) {
	store := open(t, nil)
	define(t, store, customParameters[0])
	put(t, store, customPatients...)
	for _, query := range []string{"_contained=both&eye=blue", "_contained=true&eye:missing=true", "_contained=true&_filter=eye eq blue"} {
		issueOf(t, searching(store, "Patient", strings.ReplaceAll(query, " ", "+")), issue.NotSupported)
	}
	require.Equal(t, "a", foundIDs(t, store, "Patient", "_contained=false&eye=blue"))
	require.Equal(t, "c b a", foundIDs(t, store, "Patient", "_contained=both&_include=*"))

	// A chain is answered as long as no reference may lead to a contained Patient.
	put(t, store,
		`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}`,
		`{"resourceType":"Encounter","id":"e","contained":[{"resourceType":"Patient","id":"p"}],"status":"planned","class":{"code":"AMB"},"subject":{"reference":"#p"}}`)
	require.Equal(t, "o", foundIDs(t, store, "Observation", "subject:Patient.eye=blue"))
	for _, query := range []string{"subject:Patient.eye=blue", "subject:Patient.eye:missing=true", "subject:Patient.eye:contains=lu", "_filter=not(subject.eye eq blue)"} {
		issueOf(t, searching(store, "Encounter", strings.ReplaceAll(query, " ", "+")), issue.NotSupported)
	}
}

// TestCustomAbstract gives a parameter to all types, and one to several.
func TestCustomAbstract(t *testing.T) {
	store := open(t, nil)
	put(t, store, customPatients...)
	put(t, store, customOrganizations...)
	put(t, store, `{"resourceType":"Binary","id":"bin","contentType":"text/plain","language":"de"}`)
	define(t, store,
		custom("tongue", "Resource", "token", "Resource.language"),
		custom("extended", "DomainResource", "uri", "DomainResource.extension.url"),
		custom("labels", "Organization,Patient", "string", "Organization.name | Patient.name.given"),
	)
	put(t, store, `{"resourceType":"Patient","id":"d","language":"de","extension":[{"url":"http://example.org/x","valueInteger":1}]}`)
	require.Equal(t, "d", foundIDs(t, store, "Patient", "tongue=de"))
	require.Equal(t, "bin", foundIDs(t, store, "Binary", "tongue=de"))
	require.Equal(t, "d bin", foundIDs(t, store, "", "tongue=de"))
	require.Equal(t, "b a", foundIDs(t, store, "Patient", "extended=http://example.org/eye"))
	require.Equal(t, "d b a", foundIDs(t, store, "", "_type=Patient,Organization&extended=http://example.org/eye,http://example.org/x"))
	require.Equal(t, "o1 a", foundIDs(t, store, "", "_type=Patient,Organization&labels=a"))
	require.Equal(t, "o1 a o2 b d c", foundIDs(t, store, "", "_type=Patient,Organization&_sort=labels"))
	issueOf(t, searching(store, "", "_type=Patient,Binary&labels=a"), issue.NotFound)
	issueOf(t, searching(store, "", "_type=Binary,Patient&labels=a"), issue.NotFound)
	issueOf(t, searching(store, "Binary", "extended=x"), issue.NotFound)
}

// TestCustomEvaluationFails checks that a resource on which an expression fails has
// no values, and is no obstacle to the others or to writing it.
func TestCustomEvaluationFails(t *testing.T) {
	store := open(t, nil)
	put(t, store, customPatients...)
	define(t, store, custom("only", "Patient", "string", "Patient.name.given.single()"))
	put(t, store, `{"resourceType":"Patient","id":"d","name":[{"given":["Ida","Eve"]}]}`, `{"resourceType":"Patient","id":"e","name":[{"given":["Eve"]}]}`)
	require.Equal(t, "e b", foundIDs(t, store, "Patient", "only:missing=false"))
	require.Equal(t, "d c a", foundIDs(t, store, "Patient", "only:missing=true"))
	require.Equal(t, "e", foundIDs(t, store, "Patient", "only=eve"))
}

// A custom parameter sees what is stored, and not the id, the version and the time
// that the writer of a resource gave it.
func TestCustomSeesWhatIsStored(t *testing.T) {
	store := open(t, nil)
	define(t, store, custom("set", "Patient", "string", "Patient.id | Patient.meta.versionId | Patient.meta.lastUpdated.toString()"))
	source := []byte(`{"resourceType":"Patient","id":"mine","meta":{"versionId":"seven","lastUpdated":"2001-01-01T00:00:00Z"}}`)
	for range 2 {
		created, err := store.Create(ctx, source)
		require.NoError(t, err)
		_, err = store.Update(ctx, source)
		require.NoError(t, err)
		check := func() {
			require.Equal(t, created.ID, foundIDs(t, store, "Patient", "set="+created.ID))
			require.Equal(t, "mine", foundIDs(t, store, "Patient", "set=mine"))
			require.Empty(t, foundIDs(t, store, "Patient", "set=seven,2001"))
		}
		check()
		require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "SearchParameter", ID: "sp-set"}))
		define(t, store, custom("set", "Patient", "string", "Patient.id | Patient.meta.versionId | Patient.meta.lastUpdated.toString()"))
		check()
	}
}
