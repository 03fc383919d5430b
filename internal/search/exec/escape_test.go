package exec_test

import (
	"encoding/json"
	"net/url"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/search/param"
	syntax "github.com/fhirlake/fhirlake/internal/search/query"
)

// FuzzEscapes wants every value that a resource can have to be found by itself, with
// its marks escaped, beside an alternative that is nothing.
func FuzzEscapes(f *testing.F) {
	for _, seed := range [][2]string{{"urn:a", "1"}, {"a|b", `c\,d$|`}, {`\`, `\\`}, {"http://x.org/a,b", "ä ß\u0301"}, {"|", "|"}, {"", ","}, {"u", "\u2028 K\u212a"}, {"x", "Σς"}, {"x", "-"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, system, value string) {
		if !utf8.ValidString(system) || !utf8.ValidString(value) {
			return
		}
		identifier := object{"value": value, "type": object{"coding": []any{object{"system": system, "code": value}}}}
		if system != "" {
			identifier["system"] = system
		}
		source, err := json.Marshal(object{"resourceType": "Patient", "id": "p", "identifier": []any{identifier}, "name": []any{object{"family": value}}})
		require.NoError(t, err)
		var doc fhirjson.Document
		if fhirjson.Parse(source, &doc, nil) != nil {
			return // no system, or no value, that FHIR has
		}
		s := newStore(t)
		s.put(string(source), `{"resourceType":"Patient","id":"other","identifier":[{"value":"other"}],"name":[{"family":"other"}]}`)
		system, value = escaper.Replace(system), escaper.Replace(value)
		queries := []string{"identifier=" + url.QueryEscape(system+"|"+value+",none"), "identifier=" + url.QueryEscape("none,"+value), "family:exact=" + url.QueryEscape(value+",none")}
		if system != "" {
			queries = append(queries, "identifier:of-type="+url.QueryEscape(system+"|"+value+"|"+value), "identifier="+url.QueryEscape(system+"|"))
		}
		for _, query := range queries {
			ids, _ := s.search("Patient", query)
			require.Equal(t, []string{"p"}, ids, query)
		}
	})
}

// FuzzValues wants every value of every type of parameter to be refused or to be read
// again alike.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{`a\,b,c`, "urn:x|y", "|y", "x|", "a|b|c", "ge5.4||mg", "5e-3|s|c", "ne2020-02-29T10:00+05:30", "Patient/1/_history/2", "http://x.org/a|1.0", "a$b", `\`, `\\\`, "1|2|3|km", ",,,", "NaN", "0x1", "1_0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for typ, names := range map[string][]string{
			"Observation":    {"code", "code:of-type", "code:in", "code:below", "subject", "subject:identifier", "subject:Patient", "date", "value-quantity", "value-string:contains", "code-value-quantity", "component-code-value-concept", "subject:Patient.name", "_has:Observation:subject:code", "_id", "_profile:above", "_lastUpdated", "_list", "_filter"},
			"Location":       {"near", "partof:below"},
			"RiskAssessment": {"probability"},
		} {
			for _, name := range names {
				q, err := syntax.Read(param.R4(), typeOf(t, typ), url.QueryEscape(name)+"="+url.QueryEscape(value), syntax.ParseOptions{})
				if err != nil {
					continue
				}
				again, err := syntax.Read(param.R4(), typeOf(t, typ), q.Self(), syntax.ParseOptions{})
				require.NoError(t, err, name)
				require.Equal(t, q.Self(), again.Self(), name)
			}
		}
	})
}
