package urlquery_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/urlquery"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		part, name, value string
		ok                bool
	}{
		{"", "", "", true}, {"name=x", "name", "x", true}, {"name", "name", "", true}, {"=x", "", "x", true}, {"a=b=c", "a", "b=c", true},
		{"_format=application%2Ffhir%2Bjson;fhirVersion=4.0", "_format", "application/fhir+json;fhirVersion=4.0", true},
		{"na%6De=a+b%20c", "name", "a b c", true}, {"a%3Db=c", "a=b", "c", true}, {"name=%zz", "name", "", false}, {"%=x", "", "x", false},
	} {
		name, value, ok := urlquery.Cut(c.part)
		require.Equal(t, c.ok, ok, c.part)
		require.Equal(t, c.name, name, c.part)
		require.Equal(t, c.value, value, c.part)
	}
}

func TestCutPath(t *testing.T) {
	for _, c := range []struct {
		text, path, query string
		ok                bool
	}{
		{"Patient?name=x", "Patient", "name=x", true}, {"?name=x", "", "name=x", true}, {"name=x", "", "name=x", false},
		{"name=x?y", "", "name=x?y", false}, {"a&b?c", "", "a&b?c", false}, {"Patient", "", "Patient", false}, {"Patient?", "Patient", "", true},
	} {
		path, query, ok := urlquery.CutPath(c.text)
		require.Equal(t, []any{c.path, c.query, c.ok}, []any{path, query, ok}, c.text)
	}
}

// What package url encodes is read back.
func FuzzCut(f *testing.F) {
	f.Add("name:exact", "a,b|c&d=e;f")
	f.Fuzz(func(t *testing.T, name, value string) {
		gotName, gotValue, ok := urlquery.Cut(url.QueryEscape(name) + "=" + url.QueryEscape(value))
		if !ok || gotName != name || gotValue != value {
			t.Fatalf("%q=%q became %q=%q, %v", name, value, gotName, gotValue, ok)
		}
	})
}
