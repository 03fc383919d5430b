package rest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// theTerms are code systems, value sets and maps.
var theTerms = []string{
	`{"resourceType":"CodeSystem","id":"animals","url":"http://example.org/animals","version":"2.0","name":"Animals","status":"active","caseSensitive":true,"hierarchyMeaning":"is-a","content":"complete","language":"en",
		"property":[{"code":"legs","type":"integer"},{"code":"status","uri":"http://hl7.org/fhir/concept-properties#status","type":"code"},{"code":"notSelectable","uri":"http://hl7.org/fhir/concept-properties#notSelectable","type":"boolean"}],
		"concept":[{"code":"animal","display":"Animal","property":[{"code":"notSelectable","valueBoolean":true}],"concept":[
			{"code":"dog","display":"Dog","definition":"It barks.","designation":[{"language":"de","value":"Hund"},{"use":{"system":"http://example.org/use","code":"fun"},"value":"Doggo"}],"property":[{"code":"legs","valueInteger":4}],"concept":[{"code":"poodle","display":"Poodle","property":[{"code":"legs","valueInteger":4}]}]},
			{"code":"bird","display":"Bird","property":[{"code":"legs","valueInteger":2}]},
			{"code":"dodo","display":"Dodo","property":[{"code":"legs","valueInteger":2},{"code":"status","valueCode":"retired"}]}]}]}`,
	`{"resourceType":"CodeSystem","id":"old","url":"http://example.org/animals","version":"1.10","name":"Animals","status":"active","content":"complete","concept":[{"code":"dragon","display":"Dragon"}]}`,
	`{"resourceType":"CodeSystem","id":"colours","url":"http://example.org/colours","name":"Colours","status":"active","content":"complete","concept":[{"code":"red","display":"Red"},{"code":"blue"}]}`,
	`{"resourceType":"ValueSet","id":"all","url":"http://example.org/vs/all","version":"1","name":"All","status":"active","compose":{"include":[{"system":"http://example.org/animals"}]}}`,
	`{"resourceType":"ValueSet","id":"mixed","url":"http://example.org/vs/mixed","name":"Mixed","status":"active","compose":{"include":[{"system":"http://example.org/animals","filter":[{"property":"legs","op":"=","value":"4"}]},{"system":"http://example.org/colours","concept":[{"code":"red","display":"Crimson"},{"code":"green"}]},{"system":"http://example.org/elsewhere","concept":[{"code":"x","display":"X"}]}],
		"exclude":[{"system":"http://example.org/animals","concept":[{"code":"poodle"}]}]}}`,
	`{"resourceType":"ValueSet","id":"nested","url":"http://example.org/vs/nested","name":"Nested","status":"active","compose":{"inactive":false,"include":[{"system":"http://example.org/animals","valueSet":["http://example.org/vs/below"]}]}}`,
	`{"resourceType":"ValueSet","id":"below","url":"http://example.org/vs/below","name":"Below","status":"active","compose":{"include":[{"system":"http://example.org/animals","filter":[{"property":"concept","op":"descendent-of","value":"animal"}]}]}}`,
	`{"resourceType":"ValueSet","id":"circle","url":"http://example.org/vs/circle","name":"Circle","status":"active","compose":{"include":[{"valueSet":["http://example.org/vs/circle"]}]}}`,
	`{"resourceType":"ValueSet","id":"lost","url":"http://example.org/vs/lost","name":"Lost","status":"active","compose":{"include":[{"system":"http://example.org/nowhere"}]}}`,
	`{"resourceType":"ConceptMap","id":"sounds","url":"http://example.org/cm","version":"1","name":"Sounds","status":"active","sourceUri":"http://example.org/vs/all","targetUri":"http://example.org/vs/sounds","group":[{"source":"http://example.org/animals","target":"http://example.org/sounds",
		"element":[{"code":"dog","target":[{"code":"bark","display":"Bark","equivalence":"equivalent"},{"code":"howl","equivalence":"wider","dependsOn":[{"property":"http://example.org/time","system":"http://example.org/times","value":"night"}]}]},{"code":"bird","target":[{"code":"bark","equivalence":"disjoint","comment":"no"}]}],"unmapped":{"mode":"fixed","code":"silence"}}]}`,
}

// terms stores code systems, value sets and maps.
func (c *client) terms() {
	for _, r := range theTerms {
		part := strings.SplitN(r, `"`, 9)
		c.must(201, "PUT", "/"+part[3]+"/"+part[7], r)
	}
}

// listed writes an expansion as codes, nested ones in brackets.
func listed(contains any) string {
	var out []string
	list, _ := contains.([]any)
	for _, item := range list {
		e := item.(map[string]any)
		text := fmt.Sprint(e["code"])
		if e["abstract"] == true {
			text += "!"
		}
		if e["inactive"] == true {
			text += "~"
		}
		if e["contains"] != nil {
			text += "[" + listed(e["contains"]) + "]"
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func TestExpand(t *testing.T) {
	c := newClient(t, nil)
	c.terms()
	for _, test := range []struct{ query, want string }{
		{"ValueSet/all/$expand", "animal![dog[poodle] bird dodo~]"},
		{"ValueSet/$expand?url=http://example.org/vs/all", "animal![dog[poodle] bird dodo~]"},
		{"ValueSet/$expand?url=http://example.org/vs/all|1", "animal![dog[poodle] bird dodo~]"},
		{"ValueSet/all/$expand?excludeNested=true", "animal! dog poodle bird dodo~"},
		{"ValueSet/all/$expand?activeOnly=true", "animal! dog poodle bird"},
		{"ValueSet/all/$expand?filter=d", "dog poodle bird dodo~"},
		{"ValueSet/all/$expand?filter=HUND", "dog"},
		{"ValueSet/all/$expand?count=2", "animal! dog"},
		{"ValueSet/all/$expand?count=2&offset=3", "bird dodo~"},
		{"ValueSet/all/$expand?count=2&offset=9", ""},
		{"ValueSet/all/$expand?count=0", ""},
		{"ValueSet/mixed/$expand", "dog red x"},
		{"ValueSet/mixed/$expand?exclude-system=http://example.org/animals", "red x"},
		{"ValueSet/nested/$expand", "dog[poodle] bird"},
		{"ValueSet/all/$expand?system-version=http://example.org/animals|1.10", "dragon"},
		{"ValueSet/all/$expand?force-system-version=http://example.org/animals|1.10", "dragon"},
		{"ValueSet/all/$expand?check-system-version=http://example.org/animals|2.0&excludeNested=true", "animal! dog poodle bird dodo~"},
	} {
		a := c.must(200, "GET", "/"+test.query, "")
		require.Equal(t, test.want, a.expanded(t), test.query)
		require.NotContains(t, a.body, "compose")
	}
	a := c.must(200, "GET", "/ValueSet/all/$expand?count=2&offset=1", "")
	require.Regexp(t, `"expansion":\{"identifier":"urn:uuid:[-0-9a-f]{36}","timestamp":"[^"]+","total":5,"offset":1,"parameter":\[.*\{"name":"count","valueInteger":2\}.*\{"name":"used-codesystem","valueUri":"http://example.org/animals\|2.0"\}\]`, a.body)
	require.Contains(t, c.must(200, "GET", "/ValueSet/all/$expand?displayLanguage=de", "").body, `"display":"Hund"`)
	require.NotContains(t, c.must(200, "GET", "/ValueSet/all/$expand", "").body, `designation`)
	require.Contains(t, c.must(200, "GET", "/ValueSet/all/$expand?includeDesignations=true", "").body, `"designation":[{"language":"de","value":"Hund"},{"use":{"system":"http://example.org/use","code":"fun"},"value":"Doggo"}]`)
	require.Contains(t, c.must(200, "GET", "/ValueSet/all/$expand?designation=http://example.org/use|fun", "").body, `"designation":[{"use"`)
	require.Contains(t, c.must(200, "GET", "/ValueSet/all/$expand?designation=de", "").body, `"designation":[{"language":"de","value":"Hund"}]`)
	require.Contains(t, c.must(200, "GET", "/ValueSet/all/$expand?includeDefinition=true", "").body, `compose`)
	require.Contains(t, c.must(200, "GET", "/ValueSet/mixed/$expand", "").body, `"display":"Crimson"`)
	inline := `{"resourceType":"Parameters","parameter":[{"name":"valueSet","resource":{"resourceType":"ValueSet","status":"active","compose":{"include":[{"system":"http://example.org/colours"}]}}}]}`
	require.Equal(t, "red blue", c.must(200, "POST", "/ValueSet/$expand", inline).expanded(t))
	for path, status := range map[string]int{
		"ValueSet/$expand": 400, "ValueSet/$expand?url=http://example.org/none": 404, "ValueSet/none/$expand": 404, "ValueSet/circle/$expand": 422, "ValueSet/lost/$expand": 404,
		"ValueSet/all/$expand?count=-1": 400, "ValueSet/all/$expand?context=x": 501, "ValueSet/all/$expand?system-version=x": 400, "ValueSet/all/$expand?nonsense=1": 400,
		"ValueSet/all/$expand?check-system-version=http://example.org/animals|1.10": 422, "ValueSet/all/$expand?system-version=http://example.org/animals|7": 404, "CodeSystem/animals/$expand": 404,
	} {
		c.must(status, "GET", "/"+path, "")
	}
}

func (a answer) expanded(t *testing.T) string {
	expansion, _ := a.resource(t)["expansion"].(map[string]any)
	return listed(expansion["contains"])
}

func TestValidateCode(t *testing.T) {
	c := newClient(t, nil)
	c.terms()
	for _, test := range []struct {
		query string
		want  string // the result and the display
	}{
		{"ValueSet/all/$validate-code?code=dog&system=http://example.org/animals", "true Dog"},
		{"ValueSet/$validate-code?url=http://example.org/vs/all&code=dog&system=http://example.org/animals&display=hund", "true Dog"},
		{"ValueSet/all/$validate-code?code=dog&system=http://example.org/animals&display=Cat", "false Dog"},
		{"ValueSet/all/$validate-code?code=dog&system=http://example.org/animals&displayLanguage=de", "true Hund"},
		{"ValueSet/all/$validate-code?code=cat&system=http://example.org/animals", "false "},
		{"ValueSet/all/$validate-code?code=Dog&system=http://example.org/animals", "false "},
		{"ValueSet/all/$validate-code?code=dog", "true Dog"},
		{"ValueSet/all/$validate-code?code=animal&system=http://example.org/animals", "false Animal"},
		{"ValueSet/all/$validate-code?code=animal&system=http://example.org/animals&abstract=true", "true Animal"},
		{"ValueSet/mixed/$validate-code?code=red&system=http://example.org/colours", "true Crimson"},
		{"ValueSet/mixed/$validate-code?code=RED&system=http://example.org/colours", "true Crimson"},
		{"ValueSet/mixed/$validate-code?code=red&system=http://example.org/colours&display=Red", "true Crimson"},
		{"ValueSet/mixed/$validate-code?code=poodle&system=http://example.org/animals", "false "},
		{"ValueSet/all/$validate-code?code=dragon&system=http://example.org/animals&systemVersion=1.10", "true Dragon"},
		{"CodeSystem/$validate-code?url=http://example.org/animals&code=poodle", "true Poodle"},
		{"CodeSystem/$validate-code?url=http://example.org/animals&version=1.10&code=poodle", "false "},
		{"CodeSystem/animals/$validate-code?code=bird&display=Fish", "false Bird"},
	} {
		a := c.must(200, "GET", "/"+test.query, "")
		require.Equal(t, test.want, a.value(t, "result")+" "+a.value(t, "display"), test.query)
		require.Equal(t, strings.HasPrefix(test.want, "false"), a.value(t, "message") != "", test.query)
	}
	concept := `{"resourceType":"Parameters","parameter":[{"name":"codeableConcept","valueCodeableConcept":{"coding":[{"system":"http://example.org/colours","code":"red"},{"system":"http://example.org/animals","code":"bird"}]}}]}`
	require.Equal(t, "true", c.must(200, "POST", "/ValueSet/all/$validate-code", concept).value(t, "result"))
	require.Equal(t, "true", c.must(200, "POST", "/CodeSystem/$validate-code", concept).value(t, "result"))
	for path, status := range map[string]int{
		"ValueSet/$validate-code?code=x&system=y": 400, "ValueSet/all/$validate-code": 400, "ValueSet/$validate-code?url=http://example.org/none&code=x": 404,
		"CodeSystem/$validate-code?code=x": 400, "ValueSet/lost/$validate-code?code=x&system=http://example.org/nowhere": 404, "ValueSet/circle/$validate-code?code=x&system=y": 422,
	} {
		c.must(status, "GET", "/"+path, "")
	}
}

func (a answer) value(t *testing.T, name string) string {
	list, _ := a.resource(t)["parameter"].([]any)
	for _, item := range list {
		if p := item.(map[string]any); p["name"] == name {
			for key, value := range p {
				if strings.HasPrefix(key, "value") {
					return fmt.Sprint(value)
				}
			}
		}
	}
	return ""
}

func TestLookup(t *testing.T) {
	c := newClient(t, nil)
	c.terms()
	dog := c.must(200, "GET", "/CodeSystem/$lookup?system=http://example.org/animals&code=dog", "").body
	for _, want := range []string{
		`{"name":"name","valueString":"Animals"},{"name":"version","valueString":"2.0"},{"name":"display","valueString":"Dog"}`,
		`{"name":"designation","part":[{"name":"language","valueCode":"de"},{"name":"value","valueString":"Hund"}]}`,
		`{"name":"property","part":[{"name":"code","valueCode":"definition"},{"name":"value","valueString":"It barks."}]}`,
		`{"name":"property","part":[{"name":"code","valueCode":"parent"},{"name":"value","valueCode":"animal"},{"name":"description","valueString":"Animal"}]}`,
		`{"name":"property","part":[{"name":"code","valueCode":"child"},{"name":"value","valueCode":"poodle"},{"name":"description","valueString":"Poodle"}]}`,
		`{"name":"property","part":[{"name":"code","valueCode":"legs"},{"name":"value","valueInteger":4}]}`,
		`{"name":"property","part":[{"name":"code","valueCode":"inactive"},{"name":"value","valueBoolean":false}]}`,
	} {
		require.Contains(t, dog, want)
	}
	few := c.must(200, "GET", "/CodeSystem/$lookup?system=http://example.org/animals&code=dog&property=legs", "").body
	require.Contains(t, few, "legs")
	require.NotContains(t, few, "parent")
	require.NotContains(t, few, "designation")
	coding := `{"resourceType":"Parameters","parameter":[{"name":"coding","valueCoding":{"system":"http://example.org/animals","version":"1.10","code":"dragon"}}]}`
	require.Equal(t, "Dragon", c.must(200, "POST", "/CodeSystem/$lookup", coding).value(t, "display"))
	require.Equal(t, "Hund", c.must(200, "GET", "/CodeSystem/$lookup?system=http://example.org/animals&code=dog&displayLanguage=de", "").value(t, "display"))
	require.Equal(t, "blue", c.must(200, "GET", "/CodeSystem/$lookup?system=http://example.org/colours&code=BLUE", "").value(t, "display"))
	for path, status := range map[string]int{"code=cat&system=http://example.org/animals": 404, "code=x&system=http://example.org/none": 404, "code=dog": 400, "": 400, "code=dog&system=http://example.org/animals&version=9": 404} {
		c.must(status, "GET", "/CodeSystem/$lookup?"+path, "")
	}
}

func TestSubsumes(t *testing.T) {
	c := newClient(t, nil)
	c.terms()
	for pair, want := range map[[2]string]string{
		{"dog", "dog"}: "equivalent", {"animal", "poodle"}: "subsumes", {"poodle", "animal"}: "subsumed-by", {"dog", "bird"}: "not-subsumed", {"dog", "poodle"}: "subsumes",
	} {
		for _, path := range []string{"/CodeSystem/$subsumes?system=http://example.org/animals&", "/CodeSystem/animals/$subsumes?"} {
			require.Equal(t, want, c.must(200, "GET", path+"codeA="+pair[0]+"&codeB="+pair[1], "").value(t, "outcome"))
		}
		codings := fmt.Sprintf(`{"resourceType":"Parameters","parameter":[{"name":"codingA","valueCoding":{"system":"http://example.org/animals","code":"%s"}},{"name":"codingB","valueCoding":{"system":"http://example.org/animals","code":"%s"}}]}`, pair[0], pair[1])
		require.Equal(t, want, c.must(200, "POST", "/CodeSystem/$subsumes", codings).value(t, "outcome"))
	}
	for path, status := range map[string]int{
		"$subsumes?codeA=dog&codeB=bird": 400, "$subsumes?system=http://example.org/animals&codeA=dog": 400, "$subsumes?system=http://example.org/none&codeA=a&codeB=b": 404,
		"$subsumes?system=http://example.org/animals&codeA=dog&codeB=cat": 404, "animals/$subsumes?system=http://example.org/colours&codeA=dog&codeB=bird": 422,
	} {
		c.must(status, "GET", "/CodeSystem/"+path, "")
	}
}

func TestTranslate(t *testing.T) {
	c := newClient(t, nil)
	c.terms()
	matches := func(a answer) (list []string) {
		parameters, _ := a.resource(t)["parameter"].([]any)
		for _, item := range parameters {
			p := item.(map[string]any)
			if p["name"] != "match" {
				continue
			}
			text := ""
			for _, part := range p["part"].([]any) {
				part := part.(map[string]any)
				switch part["name"] {
				case "equivalence":
					text += fmt.Sprint(part["valueCode"])
				case "concept":
					text += fmt.Sprint(" ", part["valueCoding"].(map[string]any)["code"])
				}
			}
			list = append(list, text)
		}
		return list
	}
	for _, test := range []struct {
		query, result string
		want          []string
	}{
		{"ConceptMap/sounds/$translate?code=dog&system=http://example.org/animals", "true", []string{"equivalent bark"}},
		{"ConceptMap/$translate?url=http://example.org/cm&code=dog&system=http://example.org/animals", "true", []string{"equivalent bark"}},
		{"ConceptMap/$translate?code=dog&system=http://example.org/animals", "true", []string{"equivalent bark"}},
		{"ConceptMap/$translate?code=dog&system=http://example.org/animals&targetsystem=http://example.org/sounds&source=http://example.org/vs/all", "true", []string{"equivalent bark"}},
		{"ConceptMap/$translate?code=dog&system=http://example.org/animals&source=ValueSet/all", "true", []string{"equivalent bark"}},
		{"ConceptMap/$translate?code=dog&system=http://example.org/animals&target=http://example.org/vs/none", "false", nil},
		{"ConceptMap/$translate?code=dog&system=http://example.org/animals&targetsystem=http://example.org/none", "false", nil},
		{"ConceptMap/$translate?code=bird&system=http://example.org/animals", "false", []string{"disjoint bark"}},
		{"ConceptMap/$translate?code=dodo&system=http://example.org/animals", "true", []string{"wider silence"}},
		{"ConceptMap/$translate?code=x&system=http://example.org/none", "false", nil},
		{"ConceptMap/$translate?code=bark&system=http://example.org/sounds&reverse=true", "true", []string{"equivalent dog", "disjoint bird"}},
	} {
		a := c.must(200, "GET", "/"+test.query, "")
		require.Equal(t, test.result, a.value(t, "result"), test.query)
		require.Equal(t, test.want, matches(a), test.query)
	}
	night := `{"resourceType":"Parameters","parameter":[{"name":"coding","valueCoding":{"system":"http://example.org/animals","code":"dog"}},
		{"name":"dependency","part":[{"name":"element","valueUri":"http://example.org/time"},{"name":"concept","valueCodeableConcept":{"coding":[{"system":"http://example.org/times","code":"night"}]}}]}]}`
	require.Equal(t, []string{"equivalent bark", "wider howl"}, matches(c.must(200, "POST", "/ConceptMap/$translate", night)))
	for path, status := range map[string]int{
		"$translate?code=dog": 400, "$translate": 400, "$translate?url=http://example.org/none&code=x&system=y": 404, "none/$translate?code=x&system=y": 404,
		"$translate?code=x&system=y&source=ValueSet/none": 404,
	} {
		c.must(status, "GET", "/ConceptMap/"+path, "")
	}
}

func TestTerminologyCapabilities(t *testing.T) {
	c := newClient(t, nil)
	c.must(200, "GET", "/metadata?mode=terminology", "")
	c.terms()
	body := c.must(200, "GET", "/metadata?mode=terminology", "").body
	require.Contains(t, body, `"codeSystem":[{"uri":"http://example.org/animals","version":[{"code":"1.10","isDefault":false},{"code":"2.0","isDefault":true}],"subsumption":true},{"uri":"http://example.org/colours","version":[{"isDefault":true}],"subsumption":true}]`)
	for _, name := range []string{"filter", "count", "activeOnly"} {
		require.Contains(t, body, `{"name":"`+name+`"}`)
	}
	require.NotContains(t, body, `{"name":"context"}`)
}
