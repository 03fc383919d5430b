package fhirxml_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/fhirxml"
	"github.com/fhirlake/fhirlake/issue"
)

// canonical returns the canonical form of a resource in JSON.
func canonical(t testing.TB, json []byte) string {
	var doc fhirjson.Document
	require.NoError(t, fhirjson.Parse(json, &doc, &fhirjson.Options{Level: fhirjson.Minimal}))
	return string(fhirjson.AppendCanonical(nil, &doc, 0))
}

// Every example of HL7 is the same after the way through XML.
func TestExamplesGoRound(t *testing.T) {
	examples := fhirjsontest.Lines(t, "fhir-r4/examples.ndjson.gz")
	require.Len(t, examples, 732)
	for _, line := range examples {
		var doc fhirjson.Document
		require.NoError(t, fhirjson.Parse(line, &doc, &fhirjson.Options{Level: fhirjson.Minimal}))
		xml, err := fhirxml.Append(nil, &doc, false)
		require.NoError(t, err)
		json, err := fhirxml.AppendJSON(nil, xml)
		require.NoError(t, err, "%s", doc.ID())
		require.Equal(t, string(fhirjson.AppendCanonical(nil, &doc, 0)), canonical(t, json))
	}
}

const ns = ` xmlns="http://hl7.org/fhir"`

// What has a form of its own in XML, in both directions. Line breaks between elements are
// left out before texts are compared.
func TestForms(t *testing.T) {
	for name, c := range map[string]struct{ xml, json string }{
		"resource without content":    {`<Patient` + ns + `/>`, `{"resourceType":"Patient"}`},
		"id of a resource":            {`<Patient` + ns + `><id value="a"/></Patient>`, `{"resourceType":"Patient","id":"a"}`},
		"id of an element":            {`<Patient` + ns + `><name id="n"><family value="A"/></name></Patient>`, `{"resourceType":"Patient","name":[{"id":"n","family":"A"}]}`},
		"url of an extension":         {`<Patient` + ns + `><extension url="http://x"><valueBoolean value="true"/></extension></Patient>`, `{"resourceType":"Patient","extension":[{"url":"http://x","valueBoolean":true}]}`},
		"url of a resource":           {`<ValueSet` + ns + `><url value="http://x"/><status value="draft"/></ValueSet>`, `{"resourceType":"ValueSet","url":"http://x","status":"draft"}`},
		"primitive with an extension": {`<Patient` + ns + `><birthDate id="b" value="2000-01-02"><extension url="http://x"><valueInteger value="-1"/></extension></birthDate></Patient>`, `{"resourceType":"Patient","birthDate":"2000-01-02","_birthDate":{"id":"b","extension":[{"url":"http://x","valueInteger":-1}]}}`},
		"primitive without a value":   {`<Patient` + ns + `><birthDate><extension url="http://x"><valueCode value="y"/></extension></birthDate></Patient>`, `{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://x","valueCode":"y"}]}}`},
		"array with gaps":             {`<Patient` + ns + `><name><given value="A"/><given id="b"/><given id="c" value="C"/></name></Patient>`, `{"resourceType":"Patient","name":[{"given":["A",null,"C"],"_given":[null,{"id":"b"},{"id":"c"}]}]}`},
		"digits of a decimal":         {`<Observation` + ns + `><status value="final"/><code><text value="x"/></code><valueQuantity><value value="1.50"/></valueQuantity></Observation>`, `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50}}`},
		"contained resources":         {`<Patient` + ns + `><contained><Organization><id value="o"/></Organization></contained><contained><Organization><id value="p"/></Organization></contained></Patient>`, `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"},{"resourceType":"Organization","id":"p"}]}`},
		"resource of an entry":        {`<Bundle` + ns + `><type value="collection"/><entry><resource><Patient><id value="a"/></Patient></resource></entry></Bundle>`, `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"a"}}]}`},
		"characters":                  {`<Patient` + ns + `><name><text value="&lt;&amp;&quot;&gt;'&#10;&#9;&#13;é😀"/></name></Patient>`, `{"resourceType":"Patient","name":[{"text":"<&\">'\n\t\ré😀"}]}`},
		"narrative":                   {`<Patient` + ns + `><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p class='a'>1 &lt; 2<!-- x --><br/></p></div></text></Patient>`, `{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class='a'>1 &lt; 2<!-- x --><br/></p></div>"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			json, err := fhirxml.AppendJSON(nil, []byte(c.xml))
			require.NoError(t, err)
			require.Equal(t, canonical(t, []byte(c.json)), canonical(t, json))
			var doc fhirjson.Document
			require.NoError(t, fhirjson.Parse([]byte(c.json), &doc, &fhirjson.Options{Level: fhirjson.StructureOnly}))
			xml, err := fhirxml.Append([]byte("before "), &doc, false)
			require.NoError(t, err)
			require.Equal(t, `before <?xml version="1.0" encoding="UTF-8"?>`+c.xml, string(xml))
		})
	}
}

func TestPretty(t *testing.T) {
	var doc fhirjson.Document
	require.NoError(t, fhirjson.Parse([]byte(`{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a <b>b</b></div>"},"contained":[{"resourceType":"Basic","id":"b","code":{"text":"x"}}],"active":true}`), &doc, &fhirjson.Options{Level: fhirjson.Minimal}))
	xml, err := fhirxml.Append(nil, &doc, true)
	require.NoError(t, err)
	require.Equal(t, `<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir">
  <text>
    <status value="generated"/>
    <div xmlns="http://www.w3.org/1999/xhtml">a <b>b</b></div>
  </text>
  <contained>
    <Basic>
      <id value="b"/>
      <code>
        <text value="x"/>
      </code>
    </Basic>
  </contained>
  <active value="true"/>
</Patient>`, string(xml))
}

// XML that people write has comments, white space, prefixes and declarations.
func TestSpellings(t *testing.T) {
	const text = "\ufeff<?xml version='1.0' encoding='utf-8'?>\n<?xml-model href='x'?><!-- a -->\n" +
		`<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://hl7.org/fhir x.xsd">
		<!-- b --><f:active value='true'></f:active>
		<f:name><f:family value="&#x41;&apos;"/></f:name>
		</f:Patient><!-- c -->` + "\n"
	json, err := fhirxml.AppendJSON(nil, []byte(text))
	require.NoError(t, err)
	require.Equal(t, `{"resourceType":"Patient","active":true,"name":[{"family":"A'"}]}`, string(json))
}

// What is no FHIR in XML is refused with the place.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct{ xml, pointer, reason string }{
		"nothing":               {``, "", "well-formed"},
		"no XML":                {`{"resourceType":"Patient"}`, "", "text between"},
		"no end":                {`<Patient` + ns + `>`, "", "well-formed"},
		"two roots":             {`<Patient` + ns + `/><Patient` + ns + `/>`, "", "after the resource"},
		"no namespace":          {`<Patient/>`, "", "no resource of FHIR R4"},
		"no resource":           {`<Patent` + ns + `/>`, "", "no resource of FHIR R4"},
		"abstract":              {`<Resource` + ns + `/>`, "", "no resource of FHIR R4"},
		"unknown element":       {`<Patient` + ns + `><nme/></Patient>`, "/nme", "unknown element"},
		"other namespace":       {`<Patient` + ns + `><active xmlns="x" value="true"/></Patient>`, "/active", "not of the namespace"},
		"order":                 {`<Patient` + ns + `><name/><active value="true"/></Patient>`, "/active", "stands behind"},
		"twice":                 {`<Patient` + ns + `><active value="true"/><active value="true"/></Patient>`, "/active", "more than once"},
		"apart":                 {`<Patient` + ns + `><name><family value="a"/></name><gender value="male"/><name/></Patient>`, "/name", "stands behind"},
		"text":                  {`<Patient` + ns + `><active>true</active></Patient>`, "/active", "text between"},
		"attribute as element":  {`<Patient` + ns + `><name><id value="a"/></name></Patient>`, "/name/0/id", "unknown element"},
		"id of a resource":      {`<Patient` + ns + ` id="a"/>`, "", "attribute"},
		"value of an object":    {`<Patient` + ns + `><name value="a"/></Patient>`, "/name/0", "attribute"},
		"unknown attribute":     {`<Patient` + ns + `><active value="true" x="y"/></Patient>`, "/active", "attribute"},
		"attribute twice":       {`<Patient` + ns + `><active value="true" value="false"/></Patient>`, "/active", "attribute"},
		"nothing in it":         {`<Patient` + ns + `><active/></Patient>`, "/active", "neither a value"},
		"contained nothing":     {`<Patient` + ns + `><contained/></Patient>`, "/contained/0", "no resource"},
		"contained two":         {`<Patient` + ns + `><contained><Basic/><Basic/></contained></Patient>`, "/contained/0", "more than one"},
		"div elsewhere":         {`<Patient` + ns + `><text><status value="generated"/><div/></text></Patient>`, "/text/div", "namespace"},
		"document type":         {`<!DOCTYPE Patient [<!ENTITY a "b">]><Patient` + ns + `/>`, "", "document type"},
		"entity":                {`<Patient` + ns + `><name><family value="&nbsp;"/></name></Patient>`, "/name/0", "well-formed"},
		"other encoding":        {`<?xml version="1.0" encoding="ISO-8859-1"?><Patient` + ns + `/>`, "", "well-formed"},
		"no UTF-8":              {"<Patient" + ns + "><name><family value=\"\xff\"/></name></Patient>", "/name/0", "well-formed"},
		"instruction in a text": {`<Patient` + ns + `><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><?php x?></div></text></Patient>`, "/text/div", "processing instructions"},
		"deep":                  {`<Patient` + ns + `>` + strings.Repeat(`<extension url="a">`, 300) + strings.Repeat(`</extension>`, 300) + `</Patient>`, strings.Repeat("/extension/0", 256), "deeply"},
		"deep text":             {`<Patient` + ns + `><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">` + strings.Repeat(`<p>`, 300) + `</div></text></Patient>`, "/text/div", "deeply"},
	} {
		t.Run(name, func(t *testing.T) {
			json, err := fhirxml.AppendJSON([]byte("before"), []byte(c.xml))
			var failed *fhirjson.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, "before", string(json))
			require.Len(t, failed.Issues, 1)
			require.Contains(t, failed.Issues[0].Diagnostics, c.reason)
			require.Equal(t, c.pointer, failed.Issues[0].Pointer)
		})
	}
}

// Values of the wrong form are left to the parser of the JSON.
func TestValuesAreLeftToTheParser(t *testing.T) {
	for value, want := range map[string]string{"1": "1", "1e3": "1e3", "01": `"01"`, " 1": `" 1"`, "": `""`, "true": `"true"`, "NaN": `"NaN"`} {
		json, err := fhirxml.AppendJSON(nil, []byte(`<Basic`+ns+`><extension url="x"><valueDecimal value="`+value+`"/></extension></Basic>`))
		require.NoError(t, err)
		require.Equal(t, `{"resourceType":"Basic","extension":[{"url":"x","valueDecimal":`+want+`}]}`, string(json))
	}
}

// What XML cannot carry is told and not dropped.
func TestNoXML(t *testing.T) {
	for name, json := range map[string]string{
		"loose property":      `{"resourceType":"Patient","nme":1}`,
		"control character":   `{"resourceType":"Patient","name":[{"family":"a\u0001"}]}`,
		"no character":        `{"resourceType":"Patient","name":[{"family":"a\uffff"}]}`,
		"no XHTML":            `{"resourceType":"Patient","text":{"status":"generated","div":"<div>&nbsp;</p>"}}`,
		"url with extensions": `{"resourceType":"Patient","extension":[{"_url":{"id":"a"},"valueBoolean":true}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			var doc fhirjson.Document
			require.NoError(t, fhirjson.Parse([]byte(json), &doc, &fhirjson.Options{Level: fhirjson.Minimal}))
			xml, err := fhirxml.Append([]byte("before"), &doc, false)
			require.ErrorIs(t, err, fhirxml.ErrNoXML)
			require.Equal(t, "before", string(xml))
		})
	}
}

// FuzzXML has any bytes read: what has a form in JSON that the parser takes is the same
// after the way back.
func FuzzXML(f *testing.F) {
	f.Add([]byte(`<Patient` + ns + `><id value="a"/><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">a</div></text><name id="n"><given value="A"/><given><extension url="x"><valueDecimal value="1.0"/></extension></given></name></Patient>`))
	f.Add([]byte(`<f:Bundle xmlns:f="http://hl7.org/fhir"><f:entry><f:resource><f:Basic/></f:resource></f:entry></f:Bundle>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		json, err := fhirxml.AppendJSON(nil, text)
		if err != nil {
			var failed *fhirjson.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, issue.Error, failed.Issues[0].Severity)
			return
		}
		var doc fhirjson.Document
		if fhirjson.Parse(json, &doc, &fhirjson.Options{Level: fhirjson.Minimal}) != nil {
			return
		}
		xml, err := fhirxml.Append(nil, &doc, false)
		if err != nil {
			require.ErrorIs(t, err, fhirxml.ErrNoXML)
			return
		}
		again, err := fhirxml.AppendJSON(nil, xml)
		require.NoError(t, err)
		var same fhirjson.Document
		require.NoError(t, fhirjson.Parse(again, &same, &fhirjson.Options{Level: fhirjson.Minimal}))
		require.Equal(t, string(fhirjson.AppendCanonical(nil, &doc, 0)), string(fhirjson.AppendCanonical(nil, &same, 0)))
	})
}
