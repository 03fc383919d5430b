package attachment_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/nlp/attachment"
	"github.com/stretchr/testify/require"
)

func read(t *testing.T, contentType, data string) string {
	t.Helper()
	text, err := attachment.Text(t.Context(), contentType, []byte(data), nil)
	require.NoError(t, err)
	require.True(t, utf8.ValidString(text))
	return text
}

func TestReadable(t *testing.T) {
	for contentType, want := range map[string]bool{
		"": true, "text/plain": true, "TEXT/HTML; charset=utf-8": true, "application/pdf": true, "text/markdown": true,
		"application/rtf": true, "application/xhtml+xml": true, "application/hl7-cda+xml": true, "text/xml;;": true,
		"image/png": false, "image/svg+xml": false, "application/dicom": false, "application/msword": false, "nonsense": false,
	} {
		require.Equal(t, want, attachment.Readable(contentType), contentType)
		if !want {
			_, err := attachment.Text(t.Context(), contentType, []byte("secret"), nil)
			require.ErrorIs(t, err, attachment.ErrUnsupported)
			require.NotContains(t, err.Error(), "secret")
		}
	}
}

func TestPlain(t *testing.T) {
	for name, test := range map[string]struct{ contentType, data, want string }{
		"as it is":           {"text/plain", " a\r\n\tb\x00\n", " a\r\n\tb\x00\n"},
		"markdown":           {"text/markdown", "# Plan\n* rest", "# Plan\n* rest"},
		"latin 1":            {"text/plain; charset=ISO-8859-1", "caf\xe9", "café"},
		"windows":            {`text/plain; charset="windows-1252"`, "\x93x\x94 \x80", "“x” €"},
		"shift jis":          {"text/plain; charset=Shift_JIS", "\x83A", "ア"},
		"UTF-16":             {"text/plain; charset=utf-16", "a\x00\xe9\x00", "aé"},
		"UTF-8 mark":         {"text/plain", "\xef\xbb\xbfcafé", "café"},
		"UTF-16 mark":        {"text/plain; charset=utf-8", "\xfe\xff\x00a\x00\xe9", "aé"},
		"half a mark":        {"text/plain", "\xff\xfea", "\uFFFD"},
		"invalid":            {"text/plain; charset=utf-8", "a\xffb\xc3", "a\uFFFDb\uFFFD"},
		"ASCII that is more": {"text/plain; charset=us-ascii", "café", "café"},
		"unknown but UTF-8":  {"text/plain; charset=x-own", "café", "café"},
		"malformed type":     {"text/plain; charset", "x", "x"},
		"empty":              {"text/plain", "", ""},
		"no type":            {"", "No fever.", "No fever."},
		"no type, UTF-16":    {"", "\xff\xfea\x00", "a"},
		"no type, HTML":      {"", "\n<!DOCTYPE HTML><p>a<p>b", "a\n\nb"},
		"no type, RTF":       {"", `{\rtf1 a\par b}`, "a\nb"},
		"no type, CDA":       {"", `<ClinicalDocument><title>T</title><id>x</id></ClinicalDocument>`, "T"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, read(t, test.contentType, test.data))
		})
	}
	_, err := attachment.Text(t.Context(), "", []byte("\x89PNG\r\n\x1a\n\x00secret"), nil)
	require.ErrorIs(t, err, attachment.ErrUnsupported)
	_, err = attachment.Text(t.Context(), "text/plain; charset=x-own", []byte("caf\xe9"), nil)
	require.ErrorIs(t, err, attachment.ErrCharset)
	_, err = attachment.Text(t.Context(), "text/plain; charset=iso-2022-kr", []byte("caf\xe9"), nil)
	require.ErrorIs(t, err, attachment.ErrCharset)
}

func TestHTML(t *testing.T) {
	for name, test := range map[string]struct{ data, want string }{
		"blocks":             {"<html><head><title>Note</title></head><body><h1>Plan</h1><div>Rest.</div><div>Fluids</div><p>Come  back\n soon", "Plan\n\nRest.\nFluids\n\nCome back soon"},
		"inline":             {"No <b>acute</b> dis<i>tress</i>.<br>Well<br/><br />Done", "No acute distress.\nWell\n\nDone"},
		"scripts":            {"a<script>if (a<b) alert('</p>')</script><style>p{}</style><noscript>x</noscript><!-- c --><template><p>y</p></template>b", "ab"},
		"entities":           {"BP &lt; 140&nbsp;&amp; caf&eacute; &#8211; &#x41; &bogus; pneu&shy;monia", "BP < 140 & café – A &bogus; pneumonia"},
		"list":               {"<ul><li>fever<li> cough <ul><li>dry</ul></ul>end", "- fever\n- cough\n- dry\nend"},
		"list of paragraphs": {"<ol><li><p>fever</p></li><li><p>cough</p></li></ol>", "- fever\n- cough"},
		"table":              {"<table><tr><th>Test</th><th>Value</th></tr><tr><td>Na</td><td> 140 </td></tr></table>", "Test\tValue\nNa\t140"},
		"table of blocks":    {"<table><tr><td><p>Na</p></td><td><div>140</div><div>high</div><td><tr><td></td><td>x</td></tr><tr><td>y</table>z", "Na\t140\nhigh\nx\ny\n\nz"},
		"list in a cell":     {"<table><tr><td>a<td><ul><li><p>b</p><li>c</ul><td>d", "a\n- b\n- c\td"},
		"preformatted":       {"<p>a</p><pre>\nx  y\r\n  z\n</pre>b", "a\n\nx  y\n  z\n\nb"},
		"charset":            {"<meta charset=windows-1252><p>caf\xe9", "café"},
		"wrong charset":      {"<meta charset=utf-16><p>café", "café"},
		"less than":          {"<p>SpO2 < 90 and HR <120</p>", "SpO2 < 90 and HR <120"},
		"never closed":       {"<p>a<b>c <a href='", "ac"},
		"textarea":           {"<textarea>a <b>\n c</textarea>d", "a <b>\n c d"},
		"empty":              {"<p> <br> &nbsp;</p>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "textarea" {
				test.want = "a <b>\n cd"
			}
			require.Equal(t, test.want, read(t, "text/html", test.data))
		})
	}
	require.Equal(t, "a\n\nx < y\n\nb", read(t, "application/xhtml+xml", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="x"/></head><body><p>a</p><p><![CDATA[x < y]]></p>b</body></html>`))
}

func TestXML(t *testing.T) {
	for name, test := range map[string]struct{ data, want string }{
		"narrative":      {`<div xmlns="http://www.w3.org/1999/xhtml"><p>No <b>acute</b> distress</p><table><tr><td>a</td><td>b</td></tr></table></div>`, "No acute distress\n\na\tb"},
		"any":            {`<note><author>A</author><body><para>No fever.</para><para>No <emph>cough</emph></para></body></note>`, "A\nNo fever.\nNo\ncough"},
		"encoding":       {"<?xml version='1.0' encoding='ISO-8859-1'?><a>caf\xe9</a>", "café"},
		"wrong encoding": {"<?xml version='1.0' encoding='UTF-16'?><a>café</a>", "café"},
		"entities":       {`<!DOCTYPE a SYSTEM "file:///etc/passwd"><a>&x; &lt; &#65;</a>`, "&x; < A"},
		"prefixes":       {`<h:div xmlns:h="http://www.w3.org/1999/xhtml"><h:p>a</h:p><h:p>b</h:p></h:div>`, "a\n\nb"},
		"raw names":      {`<doc><title>a <x>b</x></title><textarea><c>d</c></textarea><plaintext/>e</doc>`, "a\nb\n\nd\ne"},
		"CDA": {`<ClinicalDocument xmlns="urn:hl7-org:v3"><title>Discharge</title><recordTarget><given>Ann</given></recordTarget>
			<component><structuredBody><component><section><title>Allergies</title><text><list><item>Penicillin</item><item><content>Nuts</content></item></list>
			<paragraph>No <content styleCode="Bold">latex</content> allergy</paragraph><table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table></text>
			<entry><observation><text>ref</text><value>7</value></observation></entry></section></component></structuredBody></component></ClinicalDocument>`,
			"Discharge\n\nAllergies\n- Penicillin\n- Nuts\n\nNo latex allergy\n\nA\tB\n1\t2"},
		"CDA of text": {`<ClinicalDocument><title>T</title><component><nonXMLBody><text mediaType="text/plain" representation="B64">` +
			base64.StdEncoding.EncodeToString([]byte("No fever.\nWell.")) + `</text></nonXMLBody></component></ClinicalDocument>`, "T\n\nNo fever.\nWell."},
		"CDA of plain text": {`<ClinicalDocument><component><nonXMLBody><text>No fever.</text></nonXMLBody></component></ClinicalDocument>`, "No fever."},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, read(t, "application/xml", test.data))
		})
	}
	_, err := attachment.Text(t.Context(), "text/xml", []byte(`<ClinicalDocument><component><nonXMLBody><text mediaType="image/png" representation="B64">AAAA</text></nonXMLBody>`+
		`</component></ClinicalDocument>`), nil)
	require.ErrorIs(t, err, attachment.ErrUnsupported)
}

func TestRTF(t *testing.T) {
	for name, test := range map[string]struct{ data, want string }{
		"paragraphs":   {"{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Times New Roman;}}\r\n\\pard No \\b acute\\b0  dis\r\ntress.\\par Well\\line done\\tab x}", "No acute distress.\nWell\ndone\tx"},
		"escapes":      {`{\rtf1 a\{b\}\\ c\~d\_e f\-g \emdash\endash\lquote x\rquote \bullet y}`, "a{b}\\ c d-e fg —–‘x’•y"},
		"windows":      {`{\rtf1\ansi\ansicpg1252 caf\'e9 \'93x\'94}`, "café “x”"},
		"cyrillic":     {`{\rtf1\ansi\ansicpg1251 \'ea\'e0\'f8\'e5\'eb\'fc}`, "кашель"},
		"font charset": {`{\rtf1\ansi{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}\f1 \'ea{\f0 \'e9}\'e0 \plain\'e9}`, "кéа é"},
		"symbols":      {`{\rtf1{\fonttbl{\f0 Arial;}{\f3\fcharset2 Symbol;}{\f4\fcharset2 Wingdings;}}{\f3\'b3 \u-3917\'b3}\f0 5 {\f4\u-3929\'a7}}`, "≥ ≥5 •"},
		"shift jis":    {`{\rtf1\ansi\ansicpg932 \'83\'41\'83A}`, "アア"},
		"unicode":      {`{\rtf1\ansi\uc1 caf\u233?\u-10179?\u-8704? \uc2\u8804\'3d\'3d 5{\uc0\u233 x}\u233 abc}`, "café😀 ≤ 5éxéc"},
		"half a pair":  {`{\rtf1 \u-10179?x\u-8704?}`, "\uFFFDx\uFFFD"},
		"skipped":      {`{\rtf1{\info{\author Ann}}{\stylesheet{\s0 Normal;}}{\*\generator X;}{\pict\bin3 }}}}{\header Page}{\v hidden}{\deleted old}new{\v0 er}}`, "newer"},
		"binary":       {"{\\rtf1{\\pict\\bin5 {{{{{}ok}", "ok"},
		"field":        {`{\rtf1 see {\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt the report}} now}`, "see the report now"},
		"table":        {`{\rtf1\trowd\cellx1 Na\cell 140\cell\row K\cell 4\cell\row}`, "Na\t140\nK\t4"},
		"never closed": {`{\rtf1 {{a\par b`, "a\nb"},
		"ends early":   {`{\rtf1 a}{b} c`, "a"},
		"cut":          {`{\rtf1 a\'e`, "ae"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, read(t, "application/rtf", test.data))
		})
	}
	for _, data := range []string{"", "plain", strings.Repeat(`{\rtf1`, 20_000)} {
		_, err := attachment.Text(t.Context(), "text/rtf", []byte(data), nil)
		require.ErrorIs(t, err, attachment.ErrMalformed)
	}
}

func TestPDF(t *testing.T) {
	const document = "%PDF-1.4\n1 0 obj << /Type /Page /Contents 2 0 R /Resources << /Font << /F << /Type /Font /Subtype /Type1 >> >> >> >> endobj\n" +
		"2 0 obj << >> stream\nBT /F 12 Tf (No acute) Tj 0 -14 Td (distress.) Tj ET\nendstream endobj\n"
	require.Equal(t, "No acute\ndistress.", read(t, "application/pdf", document))
	require.Equal(t, "No acute\ndistress.", read(t, "", document))
	_, err := attachment.Text(t.Context(), "application/pdf", []byte(document+"trailer << /Size 3 /Encrypt 3 0 R >>"), nil)
	require.ErrorIs(t, err, attachment.ErrEncrypted)
	_, err = attachment.Text(t.Context(), "application/pdf", []byte("no"), nil)
	require.ErrorIs(t, err, attachment.ErrMalformed)
	_, err = attachment.Text(t.Context(), "application/pdf", []byte(document), &attachment.Options{MaxText: 10})
	require.ErrorIs(t, err, attachment.ErrTooLarge)
}

func TestLimits(t *testing.T) {
	documents := map[string]string{
		"text/plain": "twenty characters or more", "text/plain; charset=utf-16": strings.Repeat("a\x00", 25),
		"text/html": "<p>twenty characters or more", "text/xml": "<p>twenty characters or more</p>",
		"text/rtf": `{\rtf1 twenty characters or more}`,
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for contentType, data := range documents {
		_, err := attachment.Text(t.Context(), contentType, []byte(data), &attachment.Options{MaxText: 24})
		require.ErrorIs(t, err, attachment.ErrTooLarge, contentType)
		_, err = attachment.Text(t.Context(), contentType, []byte(data), &attachment.Options{MaxText: 25})
		require.NoError(t, err, contentType)
		_, err = attachment.Text(t.Context(), contentType, []byte(data), &attachment.Options{MaxData: len(data) - 1})
		require.ErrorIs(t, err, attachment.ErrTooLarge, contentType)
		for name, negative := range map[string]*attachment.Options{"MaxText": {MaxText: -1}, "MaxData": {MaxData: -1}} {
			_, err = attachment.Text(t.Context(), contentType, []byte(data), negative)
			require.ErrorContains(t, err, name)
		}
		_, err = attachment.Text(canceled, contentType, []byte(data), nil)
		require.ErrorIs(t, err, context.Canceled, contentType)
	}
}

// Documents that are made to cost much cost what they are long.
func TestBombs(t *testing.T) {
	const n = 1 << 18
	for name, test := range map[string]struct{ contentType, data, want string }{
		"deep HTML":         {"text/html", strings.Repeat("<div>", n) + "x", "x"},
		"deep lists":        {"text/html", strings.Repeat("<ul><li>", n) + "x", "- x"},
		"attributes":        {"text/html", "<p " + strings.Repeat("a ", n) + ">x", "x"},
		"deep XML":          {"text/xml", strings.Repeat("<a>", n) + "x", "x"},
		"unclosed tags":     {"text/html", "x" + strings.Repeat("<a", n), "x"},
		"unclosed comments": {"text/html", "x" + strings.Repeat("<!-", n), "x"},
		"entities":          {"text/html", strings.Repeat("&", 3*n), strings.Repeat("&", 3*n)},
		"laughs":            {"text/xml", `<!DOCTYPE l [<!ENTITY a "&b;&b;">]><l>&a;</l>`, "]>\n&a;"},
		"one long text":     {"text/html", strings.Repeat("x", 9<<20), strings.Repeat("x", 9<<20)},
		"one long script":   {"text/html", "a<script>" + strings.Repeat("<p>x", 5<<19) + "</script>b", "ab"},
		"RTF words":         {"text/rtf", `{\rtf1` + strings.Repeat(`\b`, n) + " x}", "x"},
		"RTF long word":     {"text/rtf", `{\rtf1\` + strings.Repeat(`z`, n) + " x}", ""},
		"RTF fonts":         {"text/rtf", `{\rtf1{\fonttbl` + strings.Repeat(`\f1\fcharset204`, n) + "}x}", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "RTF long word" {
				test.want = strings.Repeat("z", n-32) + " x"
			}
			require.Equal(t, len(test.want), len(read(t, test.contentType, test.data)))
		})
	}
	_, err := attachment.Text(t.Context(), "text/html", []byte("<p "+strings.Repeat("a ", 8<<20)), nil)
	require.ErrorIs(t, err, attachment.ErrTooLarge)
}

func fuzz(f *testing.F, contentType string, seeds ...string) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := attachment.Text(t.Context(), contentType, data, &attachment.Options{MaxText: 1 << 16})
		require.True(t, utf8.ValidString(text))
		require.LessOrEqual(t, len(text), 1<<16)
		if err != nil {
			require.NotContains(t, err.Error(), "panicked")
		}
	})
}

func FuzzPlain(f *testing.F) { fuzz(f, "text/plain", "a\xff", "\xff\xfea\x00", "\xef\xbb\xbf") }

func FuzzUTF16(f *testing.F) { fuzz(f, "text/plain; charset=utf-16", "a\x00\x00\xd8") }

func FuzzHTML(f *testing.F) {
	fuzz(f, "text/html", "<p>a<br>b<ul><li>c<pre>\r\n d</pre><table><tr><td>e<td>f<script>x</script>&nbsp;", "<meta charset=utf-16><p>a")
}

func FuzzXML(f *testing.F) {
	fuzz(f, "text/xml", "<?xml version='1.0' encoding='utf-16'?><a>b</a>", `<ClinicalDocument><title>a</title><component><nonXMLBody>`+
		`<text mediaType="text/rtf" representation="B64">e1xydGYxIGF9</text></nonXMLBody></component></ClinicalDocument>`)
}

func FuzzRTF(f *testing.F) {
	fuzz(f, "text/rtf", `{\rtf1\ansi\ansicpg932{\fonttbl{\f1\fcharset204 A;}}\uc2 a\u-10179??\u-8704??{\*\x y}\f1\'e9\par\bin2 }`)
}
