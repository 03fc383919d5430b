package fhirjson_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

const xmlns = ` xmlns="http://www.w3.org/1999/xhtml"`

// withDiv returns a Patient with a narrative.
func withDiv(tb testing.TB, div string) []byte {
	quoted, err := jsontext.AppendQuote(nil, div)
	require.NoError(tb, err)
	return []byte(`{"resourceType":"Patient","text":{"status":"generated","div":` + string(quoted) + `}}`)
}

// inDiv puts XHTML into a div that declares the namespace.
func inDiv(inner string) string { return `<div` + xmlns + `>` + inner + `</div>` }

// divOf returns the node of the narrative's div.
func divOf(tb testing.TB, doc *fhirjson.Document) fhirjson.Index {
	for i := range doc.Nodes {
		if doc.Nodes[i].Type == schema.TypeXhtml {
			return fhirjson.Index(i)
		}
	}
	require.Fail(tb, "no div")
	return 0
}

func TestNarrative(t *testing.T) {
	for _, good := range []string{
		inDiv(`a`), inDiv(`a<br/><b>c</b>`), inDiv(` &#160; `), inDiv(`&amp;&#160;&#xA0;&lt;`), inDiv(`<![CDATA[ < ]]>`),
		"\n <div class='one > two' xmlns\n=\n'http://www.w3.org/1999/xhtml'\t><!-- < --><![CDATA[ < a ]]></div> ",
		inDiv(`<p>a on the way</p>`), inDiv(`<img src="#a"/>`), inDiv(`<p><img alt='' src='data:image/png;base64,AAAA' /></p>`),
		inDiv(`<a href='https://example.org/?a=1&amp;b=javascript:'>a</a><a name='x'/><img src='#a' alt="javascript:"/>`),
		inDiv(`<p xml:lang='de' lang="de">a</p>`), inDiv(`<div` + xmlns + `>a</div>`), inDiv(`<table border="1"><col span="2"/><tr><td nowrap='nowrap'>a</td></tr></table>`),
	} {
		var doc fhirjson.Document
		require.NoError(t, fhirjson.Parse(withDiv(t, good), &doc, nil), good)
		require.Empty(t, doc.BrokenRule(divOf(t, &doc)))
	}
	safe := &fhirjson.Options{Level: fhirjson.StructureOnly}
	as := &fhirjson.Options{Level: fhirjson.StructureOnly, AnyNarrative: true}
	requireBad := func(bad string, lenient bool) {
		t.Helper()
		src := withDiv(t, bad)
		var doc fhirjson.Document
		var e *fhirjson.Error
		require.ErrorAs(t, fhirjson.Parse(src, &doc, nil), &e, "%.80s", bad)
		require.Len(t, e.Issues, 1, "%.80s", bad)
		require.Equal(t, "/text/div", e.Issues[0].Pointer, "%.80s", bad)
		require.Contains(t, e.Issues[0].Diagnostics, "of the narrative")
		require.Equal(t, lenient, fhirjson.Parse(src, &doc, safe) == nil, "%.80s", bad)
		for _, opts := range []*fhirjson.Options{as, minimal} {
			require.NoError(t, fhirjson.Parse(src, &doc, opts))
			require.NotEmpty(t, doc.BrokenRule(divOf(t, &doc)), "%.80s", bad)
		}
	}
	for _, bad := range []string{ // broken or unsafe
		` `, `a`, `<p>a</p>`, `<p` + xmlns + `>a</p>`, `<divx>a</divx>`, `<div`, `<div` + xmlns, inDiv(`a`) + inDiv(`b`), inDiv(`a`) + `b`,
		`<div` + xmlns + `>`, `<div` + xmlns + `>a`, `<DIV` + xmlns + `>a</DIV>`, `<!-- a -->` + inDiv(`a`), `<?xml version="1.0"?>` + inDiv(`a`), `<!DOCTYPE div>` + inDiv(`a`),
		inDiv(`<b></div></b>`), inDiv(`<B>a</B>`), inDiv(`<form1>a</form1>`), inDiv(`<svg/>`), inDiv(`<style>a</style>`), inDiv(`<?a?>a`),
		inDiv(`&nbsp;`), inDiv(`a & b`), inDiv(`&#xZ;`), inDiv(`&#x110000;`), inDiv(`&#1;`), inDiv(`&#xFFFF;`), inDiv(`<p title='&copy;'>a</p>`), inDiv(`<p title='<'>a</p>`),
		inDiv(`<p title=a>a</p>`), inDiv(`<p title>a</p>`), inDiv(`<p title='a'`), inDiv(`<p title='a' title="b">a</p>`), inDiv(`<p title='a'class='b'>a</p>`),
		inDiv(`<a href='javascript:a()'>a</a>`), inDiv("<a href=' Java\nScript:a()'>a</a>"), inDiv(`<a HREF='vbscript:a'>a</a>`),
		inDiv(`<a href='&#106;ava&#x0A;script&#58;a()'>a</a>`), inDiv(`<a href='data:text/html,a'>a</a>`), inDiv(`<img src='data:text/html,a'/>`),
		inDiv(`<br>`), inDiv(`<script>x</script>`), inDiv(`<IFRAME/>`), `<div` + xmlns + ` onclick="x">a</div>`, inDiv(`<br/ >`), inDiv(`a</br>`), inDiv(`<b>a</b class='x'>`),
		`<div class="a" ONLOAD='x'>a</div>`, inDiv(`a < b`), inDiv(`a<`), inDiv(`<!-- a`), inDiv(`<!-- a -- b -->c`), inDiv(`<!-->a`), inDiv(`a]]>b`), inDiv(`<![CDATA[a`), `<div a="></div>`, `</div>`,
		strings.Repeat("<div>", 1000) + strings.Repeat("</div>", 1000),
	} {
		requireBad(bad, false)
	}
	for _, bad := range []string{ // safe
		inDiv(``), inDiv(" \n\t"), `<div` + xmlns + `/>`, inDiv(`<p/>`), inDiv(`<p> </p><br/>`), inDiv(`<!-- a -->`), inDiv(`<![CDATA[ ]]>`), inDiv(`&#32;&#x9;`), inDiv(`<p title="a"/>`),
		inDiv(`<img/>`), inDiv(`<img alt="a"/>`), `<div>a</div>`, `<div xmlns="http://www.w3.org/1999/html">a</div>`, `<div xmlns="">a</div>`, `<div><p` + xmlns + `>a</p></div>`,
		inDiv(`<p xmlns="urn:x">a</p>`), inDiv(`<p foo='a'>a</p>`), inDiv(`<a target='_blank'>a</a>`), inDiv(`<p xmlns:x='urn:x'>a</p>`), inDiv(`<p TITLE='a'>a</p>`), inDiv(`<a xlink:href='#a'>a</a>`),
	} {
		requireBad(bad, true)
	}
}

// TestNarrativePlace checks that an error says where in the narrative it is.
func TestNarrativePlace(t *testing.T) {
	for _, test := range []struct{ name, div, at, reason string }{
		{"namespace", `<div>a</div>`, `<div>`, "txt-1: the div does not declare the namespace http://www.w3.org/1999/xhtml, at character 1 of the narrative in div"},
		{"element", inDiv(`<p>ä"<blink>x</blink></p>`), `<blink>`, "txt-1: a narrative may not have the element blink, at character 48 of the narrative in div/p"},
		{"attribute", inDiv("<p\n foo='x'>a</p>"), `foo=`, "txt-1: a narrative may not have the attribute foo, at character 47 of the narrative in div/p"},
		{"content", "\n" + inDiv(` `), `<div`, "txt-2: a narrative has text or an image, at character 2 of the narrative"},
		{"root", "  <p>a</p>", `<p>`, "the root of a narrative is a div, at character 3 of the narrative"},
		{"entity", inDiv(`a<b>&nbsp;</b>`), `&nbsp;`, "a & that starts no entity of XML, at character 47 of the narrative in div/b"},
		{"no name that may be data", inDiv(`<Jane.Doe/>`), `<Jane`, "txt-1: markup that a narrative may not have, at character 43 of the narrative in div"},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := withDiv(t, test.div)
			var e *fhirjson.Error
			require.ErrorAs(t, fhirjson.Parse(src, new(fhirjson.Document), nil), &e)
			require.Equal(t, test.reason, e.Issues[0].Diagnostics)
			require.EqualValues(t, strings.Index(string(src), test.at), e.Issues[0].Offset)
		})
	}
}

// TestNarrativeRefers checks dom-3 by the links of narratives.
func TestNarrativeRefers(t *testing.T) {
	const escapedX = `#&#120;`
	for _, test := range []struct {
		name, inner string
		ok          bool
	}{
		{"image", `<img src="#x"/>`, true},
		{"link", `<a href="#x">a</a>`, true},
		{"single quotes", `<a href='#x'>a</a>`, true},
		{"white space", "<a\n\thref \n=\t'#x'\r\n>a</a>", true},
		{"white space in the value", `<a href=" #x ">a</a>`, true},
		{"entity", `<a href="` + escapedX + `">a</a>`, true},
		{"entity for the number sign", `<a href="&#x23;x">a</a>`, true},
		{"deep", `<table><tr><td><p><a class="b" href="#x">a</a></p></td></tr></table>`, true},
		{"another", `<a href="#xx">a</a>`, false},
		{"prefix", `<a href="#">a</a>`, false},
		{"elsewhere", `<a href="http://example.org/#x">a</a>`, false},
		{"name", `<a name="#x">a</a>`, false},
		{"text", `<p>href="#x"</p>`, false},
		{"comment", `a<!-- <a href="#x">a</a> -->`, false},
		{"cdata", `<![CDATA[<a href="#x">a</a>]]>`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			div, err := jsontext.AppendQuote(nil, inDiv(test.inner))
			require.NoError(t, err)
			src := []byte(`{"resourceType":"Patient","text":{"status":"generated","div":` + string(div) + `},
				"contained":[{"resourceType":"Binary","id":"x","contentType":"image/png"}]}`)
			var doc fhirjson.Document
			err = fhirjson.Parse(src, &doc, nil)
			require.Equal(t, test.ok, err == nil, "%v", err)
			if err != nil {
				require.ErrorContains(t, err, "dom-3")
			}
			require.NoError(t, fhirjson.Parse(src, &doc, &fhirjson.Options{Level: fhirjson.StructureOnly}))
			require.Equal(t, test.ok, doc.ContainedUsed(0))
		})
	}
}

func FuzzNarrative(f *testing.F) {
	f.Add(inDiv(`<p title='a'>&amp;<![CDATA[x]]><!-- a --><img src="#a"/></p>`))
	f.Add(`<div><a href=`)
	f.Fuzz(func(t *testing.T, div string) {
		quoted, err := jsontext.AppendQuote(nil, div)
		if err != nil {
			t.Skip()
		}
		src := []byte(`{"resourceType":"Patient","text":{"status":"generated","div":` + string(quoted) + `}}`)
		var doc fhirjson.Document
		if err := fhirjson.Parse(src, &doc, nil); err != nil {
			var e *fhirjson.Error
			require.ErrorAs(t, err, &e)
			require.LessOrEqual(t, e.Issues[0].Offset, int64(len(src)))
			return
		}
		require.Empty(t, doc.BrokenRule(divOf(t, &doc)))
	})
}
