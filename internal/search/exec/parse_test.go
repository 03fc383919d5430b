package exec_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	syntax "github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/issue"
)

func TestParseErrors(t *testing.T) {
	for _, c := range []struct {
		query, part string
		code        issue.Code
	}{
		{"birthdat=1980", "birthdat", issue.NotFound},
		{"_sort=-birthdat", "_sort", issue.NotFound},
		{"_sort=,", "_sort", issue.Value},
		{"_sort=organization.nam", "_sort", issue.NotFound},
		{"_sort=name.family", "_sort", issue.Invalid},
		{"_sort=name:exact", "_sort", issue.Invalid},
		{"_sort=organization:Patient.name", "_sort", issue.Invalid},
		{"_sort=" + strings.Repeat("name,", 20) + "name", "_sort", issue.TooCostly},
		{"name:like=x", "name:like", issue.Invalid},
		{"name:=x", "name:", issue.Invalid},
		{"active:in=urn:x", "active:in", issue.Invalid},
		{"identifier:of-type=a|b", "identifier:of-type", issue.Value},
		{"gender:of-type=a|b|c", "gender:of-type", issue.Invalid},
		{"gender:text=x", "gender:text", issue.Invalid},
		{"identifier:text=-", "identifier:text", issue.Value},
		{"birthdate:exact=1980", "birthdate:exact", issue.Invalid},
		{"birthdate=198", "birthdate", issue.Value},
		{"birthdate=1980-02-30", "birthdate", issue.Value},
		{"birthdate=xx1980", "birthdate", issue.Value},
		{"birthdate:missing=maybe", "birthdate:missing", issue.Value},
		{"telecom=phone|555", "telecom", issue.Invalid},
		{"active=urn:x|true", "active", issue.Invalid},
		{"identifier=a|b|c", "identifier", issue.Value},
		{"identifier=|", "identifier", issue.Value},
		{"organization:Patient=1", "organization:Patient", issue.Invalid},
		{"general-practitioner:Practitioner=Organization/1", "general-practitioner:Practitioner", issue.Invalid},
		{"name.given=x", "name.given", issue.Invalid},
		{"organization.nam=x", "organization.nam", issue.NotFound},
		{"organization:Patient.name=x", "organization:Patient.name", issue.Invalid},
		{"_has:Observation:patient=x", "_has:Observation:patient", issue.Invalid},
		{"_has:Observation:code:code=x", "_has:Observation:code:code", issue.Invalid},
		{"_has:Observatio:patient:code=x", "_has:Observatio:patient:code", issue.Invalid},
		{"_count=-1", "_count", issue.Value},
		{"_count:x=1", "_count:x", issue.Invalid},
		{"_summary=short", "_summary", issue.Value},
		{"_summary=text&_include=*", "_summary", issue.Invalid},
		{"_summary=true&_summary=data", "_summary", issue.Invalid},
		{"_elements=nonsense", "_elements", issue.NotFound},
		{"_elements=name.family", "_elements", issue.NotFound},
		{"_elements=name&_elements=id", "_elements", issue.Invalid},
		{strings.Repeat("é", 200) + "=x", strings.Repeat("é", 64), issue.NotFound},
		{"name=a%00", "name", issue.Invalid},
		{"_total=some", "_total", issue.Value},
		{"_include=Patient", "_include", issue.Value},
		{"_include=Patient:name", "_include", issue.Invalid},
		{"_include=Patient:organisation", "_include", issue.Value},
		{"_include=Patients:organization", "_include", issue.Value},
		{"_include:again=Patient:organization", "_include:again", issue.Invalid},
		{"_filter=name+eq", "_filter", issue.Value},
		{"_text:missing=true", "_text:missing", issue.Invalid},
		{"_content:exact=x", "_content:exact", issue.Invalid},
		{"_text=x*", "_text", issue.NotSupported},
		{"_text=" + strings.Repeat("x+", 5000), "_text", issue.TooCostly},
		{"_text=" + strings.Repeat("((((((((", 5) + "x", "_text", issue.TooCostly},
		{"_text=" + strings.Repeat("NOT+", 40) + "x", "_text", issue.TooCostly},
		{"_text=" + strings.Repeat("a+", 3000) + "&_content=" + strings.Repeat("a+", 3000), "_content", issue.TooCostly},
		{"_sort=_text", "_sort", issue.Invalid},
		{"_lastUpdated:not=2020", "_lastUpdated:not", issue.Invalid},
		{"name=%zz", "name", issue.Invalid},
		{"name=%ff", "name", issue.Invalid},
		{"%zz=x", "", issue.Invalid},
		{"identifier=" + strings.Repeat("a,", 5000) + "a", "identifier", issue.TooCostly},
		{strings.Repeat("name=a&", 300), "", issue.TooCostly},
		{"link" + strings.Repeat(".link", 20) + "=x", "link" + strings.Repeat(".link", 20), issue.TooCostly},
	} {
		t.Run(c.query[:min(len(c.query), 60)], func(t *testing.T) {
			_, err := syntax.Read(param.R4(), typeOf(t, "Patient"), c.query, syntax.ParseOptions{})
			var e *param.QueryError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.code, e.Code, err)
			assert.Equal(t, c.part, e.Part)
			assert.True(t, strings.HasPrefix(err.Error(), "search: "), err)
		})
	}
	observation := typeOf(t, "Observation")
	for _, query := range []string{
		"value-quantity=heavy", "value-quantity=1|g", "value-quantity=1e999", "value-quantity=NaN", "value-quantity=",
		"code-value-quantity=a", "code-value-quantity=a$b", "code-value-quantity=a$1$2", "code-value-quantity:missing=true",
		"code-value-quantity=$1",
	} {
		_, err := syntax.Read(param.R4(), observation, query, syntax.ParseOptions{})
		if query == "value-quantity=" {
			assert.NoError(t, err)
			continue
		}
		assert.Error(t, err, query)
	}
	_, err := syntax.Read(param.R4(), schema.TypeMeta, "", syntax.ParseOptions{})
	var e *param.TypeError
	assert.ErrorAs(t, err, &e)
}

func TestNearNames(t *testing.T) {
	_, err := syntax.Read(param.R4(), typeOf(t, "Patient"), "brithdate=1980", syntax.ParseOptions{})
	var e *param.QueryError
	require.ErrorAs(t, err, &e)
	require.NotEmpty(t, e.Near)
	assert.Equal(t, "birthdate", e.Near[0])
}

func TestLenient(t *testing.T) {
	q, err := syntax.Read(param.R4(), typeOf(t, "Patient"), "name=a&frobnicate=1&_sort=frob,-name&organization.frob=1", syntax.ParseOptions{Lenient: true})
	require.NoError(t, err)
	assert.Len(t, q.Ignored, 3)
	assert.Equal(t, "name=a&_sort=-name", q.Self())
	_, err = syntax.Read(param.R4(), typeOf(t, "Patient"), "name:frob=a", syntax.ParseOptions{Lenient: true})
	assert.Error(t, err, "a modifier that does not fit is an error in any case")
}

func TestSelf(t *testing.T) {
	for query, want := range map[string]string{
		"":                              "",
		"name=a&gender=&_count=5":       "name=a&_count=5",
		"name=a%20b+c":                  "name=a+b+c",
		"name=%C3%A4%26&name:exact=x,y": "name=%C3%A4%26&name:exact=x,y",
		"_format=json&_page=abc&name=a": "name=a",
		"_has:Observation:patient:code-value-quantity=http://loinc.org|1$gt5": "_has:Observation:patient:code-value-quantity=http://loinc.org%7C1$gt5",
	} {
		q, err := syntax.Read(param.R4(), typeOf(t, "Patient"), query, syntax.ParseOptions{})
		require.NoError(t, err)
		assert.Equal(t, want, q.Self())
		again, err := syntax.Read(param.R4(), typeOf(t, "Patient"), q.Self(), syntax.ParseOptions{})
		require.NoError(t, err)
		assert.Equal(t, want, again.Self())
	}
}

func TestResultParameters(t *testing.T) {
	for query, count := range map[string]int{"": 20, "_count=0": 0, "_count=5000": 1000, "_count=7": 7, "_summary=count&_count=7": 0} {
		q, err := syntax.Read(param.R4(), typeOf(t, "Patient"), query, syntax.ParseOptions{})
		require.NoError(t, err)
		assert.Equal(t, count, q.Count(), query)
	}
}

// FuzzParse wants typed errors, and of what parses that its self link means the
// same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "name=a", "name:exact=a\\,b,c", "birthdate=ge2020-01-01T10:00:00+01:00", "identifier=urn:x|1\\|2",
		"organization.name=a", "general-practitioner:Practitioner.name=b", "_has:Observation:patient:code=c",
		"_has:Observation:patient:_has:Provenance:target:agent=x", "_include=Patient:*&_revinclude=*", "_sort=-name,_id",
		"_contained=both&_containedType=contained&name=x", "_containedType=container", "_contained=true&_sort=name", "_count=0&_summary=count&_total=none", "link.link.link.name=x", "name=%zz", "=&&=", "a=b=c", "_lastUpdated=ap2020",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	zone := time.FixedZone("", 3600)
	patient, _ := schema.ResourceType("Patient")
	f.Fuzz(func(t *testing.T, query string, lenient bool) {
		opts := syntax.ParseOptions{Lenient: lenient, Zone: zone, Base: "http://x/y"}
		q, err := syntax.Read(param.R4(), patient, query, opts)
		if err != nil {
			var e *param.QueryError
			if !errors.As(err, &e) || e.Reason == "" {
				t.Fatalf("untyped error: %v", err)
			}
			return
		}
		opts.Lenient = false
		again, err := syntax.Read(param.R4(), patient, q.Self(), opts)
		if err != nil {
			t.Fatalf("self of %q is %q: %v", query, q.Self(), err)
		}
		if again.Self() != q.Self() || again.Count() != q.Count() {
			t.Fatalf("self of %q is %q, and of that %q", query, q.Self(), again.Self())
		}
		if _, err := url.ParseQuery(q.Self()); err != nil {
			t.Fatal(err)
		}
	})
}
