package exec_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// wordsOf returns the words that are extracted from a resource: those of its
// narrative, if it has one that has any, and then the others.
func wordsOf(t require.TestingT, source []byte) (found []string) {
	var doc fhirjson.Document
	require.NoError(t, fhirjson.Parse(source, &doc, minimal))
	var b index.Builder
	require.NoError(t, exec.New(nil, exec.Options{}).Extract(&doc, &b))
	entries, err := index.Decode(nil, b.Payload())
	require.NoError(t, err)
	for _, e := range entries {
		if e.Kind == index.KindWords {
			found = append(found, e.Exact)
		}
	}
	return found
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"Fever, no fever":                         "fever no",
		"O'Hára-Smith":                            "ohara smith",
		"rock 'n' roll":                           "rock n roll",
		"L’Hôpital d‘Or ʻokina":                   "lhopital dor okina",
		"Weiß Ærø ŁÓDŹ ΣΊΣΥΦΟΣ":                   "weiss aero lodz σισυφοσ",
		"7.5 mg/dL (10^3) 1e-3":                   "7 5 mg dl 10 3 1e",
		"10² ½ №5 ﬁne ＡＢ":                         "102 1 2 no5 fine ab",
		"a\u00adb c\u200dd":                       "ab cd",
		"नमस्ते दुनिया":                           "नमसत दनिया",
		"糖尿病とカレー2型":                               "糖 尿 病 と カ レ ー 2 型",
		"ABCDEF01-2345-6789-abcd-ef0123456789, x": "abcdef01-2345-6789-abcd-ef0123456789 x",
		"É abcdef01-2345-6789-abcd-ef0123456789":  "e abcdef01-2345-6789-abcd-ef0123456789",
		"xabcdef01-2345-6789-abcd-ef0123456789":   "xabcdef01 2345 6789 abcd ef0123456789",
		"abcdef01-2345-6789-abcd-ef0123456789x":   "abcdef01 2345 6789 abcd ef0123456789x",
		"abcdefg1-2345-6789-abcd-ef0123456789":    "abcdefg1 2345 6789 abcd ef0123456789",
		"abcdef01-2345-6789-abcd-ef012345678":     "abcdef01 2345 6789 abcd ef012345678",
		" \t\n":                                   "",
		"-- ’’ …":                                 "",
	} {
		source, err := json.Marshal(map[string]any{"resourceType": "Patient", "name": []any{map[string]any{"text": text}}})
		require.NoError(t, err)
		assert.Equal(t, want, strings.Join(wordsOf(t, source), "|"), "%q", text)
	}
}

func TestWordsOfNarratives(t *testing.T) {
	for xhtml, want := range map[string]string{
		"a<b>b</b>c <SPAN>d</SPAN>e":          "abc de",
		"a<p>b</p>c<br/>d<td>e</td>f<img/>g":  "a b c d e f g",
		"a&amp;b&lt;c&#100;&#x65;&eacute;":    "a b cdee",
		"&lt;b&gt;":                           "b",
		`<a href="x>y" title='z>"'>link</a>s`: "links",
		"a<!-- b --> c <!-- <d> -->e":         "a c e",
		"<![CDATA[a<b>&amp;c]]>d":             "a b amp cd",
		"a < b <3 <> c":                       "a b 3 c",
		"a <p b c":                            "a p b c",
		"a <!-- b":                            "a b",
		"a <![CDATA[b":                        "a b",
	} {
		source, err := json.Marshal(map[string]any{"resourceType": "Patient", "text": map[string]any{"status": "generated", "div": xhtml}})
		require.NoError(t, err)
		assert.Equal(t, want, strings.Join(wordsOf(t, source), "|"), "%q", xhtml)
	}
}

// Words are their own words, whatever they were made of.
func TestWordsOfWords(t *testing.T) {
	words := func(t *rapid.T, text string) string {
		source, err := json.Marshal(map[string]any{"resourceType": "Patient", "name": []any{map[string]any{"text": text}}})
		require.NoError(t, err)
		return strings.Join(wordsOf(t, source), "|")
	}
	rapid.Check(t, func(t *rapid.T) {
		once := words(t, rapid.StringMatching(`[ -~À-ž'’\-ΑβςŁßﬁ糖カ½]{1,60}`).Draw(t, "text"))
		if once != "" {
			require.Equal(t, once, words(t, once))
		}
	})
}

// TestWordsOfCorpora compares the words of whole resources with what a walk over
// plain JSON, XML by the standard library and expressions find.
func TestWordsOfCorpora(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	for _, pattern := range []string{"fhir-r4/examples.ndjson.gz", "synthea/*.gz", "synthea-notes/*.gz", "us-core-3.1.0.ndjson.gz"} {
		t.Run(pattern, func(t *testing.T) {
			for i, line := range shared(t, pattern) {
				if pattern == "synthea/*.gz" && i%10 > 0 || len(line) > 1<<20 {
					continue
				}
				var resource map[string]any
				require.NoError(t, json.Unmarshal(line, &resource))
				want := map[string]bool{}
				naiveContent(t, resource, typeOf(t, resource["resourceType"].(string)), want)
				got := map[string]bool{}
				for _, text := range wordsOf(t, line) {
					for _, word := range strings.Split(text, " ") {
						require.False(t, got[word], "twice: %s", word)
						got[word] = true
					}
				}
				require.Equal(t, want, got, "%s/%s", resource["resourceType"], resource["id"])
				narrative := map[string]bool{}
				if text, ok := resource["text"].(map[string]any); ok {
					naiveWords(naiveNarrative(t, text["div"].(string)), narrative)
				}
				if len(narrative) > 0 {
					require.Len(t, strings.Split(wordsOf(t, line)[0], " "), len(narrative))
				}
			}
		})
	}
}

// naiveContent adds the words of an element of a type.
func naiveContent(t *testing.T, element map[string]any, typ schema.TypeID, words map[string]bool) {
	for name, value := range element {
		name, extended := strings.CutPrefix(name, "_")
		field := schema.Lookup(typ, name).Field()
		items, ok := value.([]any)
		if !ok {
			items = []any{value}
		}
		for _, item := range items {
			switch item := item.(type) {
			case map[string]any:
				below := field.Type
				if own, ok := item["resourceType"].(string); ok && !extended {
					below = typeOf(t, own)
				}
				naiveContent(t, item, below, words)
			case string:
				switch field.Type.String() {
				case "xhtml":
					naiveWords(naiveNarrative(t, item), words)
				case "string", "markdown":
					if name != "id" && fmt.Sprint(typ, ".", name) != "Reference.reference" {
						naiveWords(item, words)
					}
				}
			}
		}
	}
}

var (
	naiveUUID   = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	naiveSigns  = regexp.MustCompile(`[\p{Han}\p{Hiragana}\p{Katakana}ー]`)
	naiveWord   = regexp.MustCompile(`[\p{L}\p{N}\p{Mc}]+`)
	naiveJoined = regexp.MustCompile(`[\p{Mn}\p{Cf}'‘’]`)
)

func naiveWords(text string, words map[string]bool) {
	text = naiveJoined.ReplaceAllString(norm.NFKD.String(text), "")
	text = naiveUUID.ReplaceAllStringFunc(text, func(uuid string) string {
		words[strings.ToLower(uuid)] = true
		return " "
	})
	for _, word := range naiveWord.FindAllString(naiveSigns.ReplaceAllString(text, " $0 "), -1) {
		if folded := param.Fold(word); folded != "" {
			words[folded] = true
		}
	}
}

// naiveNarrative returns the text of XHTML.
func naiveNarrative(t *testing.T, xhtml string) string {
	inline := strings.Fields("a abbr acronym b bdo big cite code dfn em font i kbd q s samp small span strike strong sub sup tt u var")
	var b strings.Builder
	space := func(name xml.Name) {
		if !slices.Contains(inline, name.Local) {
			b.WriteByte(' ')
		}
	}
	d := xml.NewDecoder(strings.NewReader(xhtml))
	d.Strict, d.Entity = false, xml.HTMLEntity
	for {
		token, err := d.Token()
		if token == nil {
			require.ErrorContains(t, err, "EOF")
			return b.String()
		}
		switch token := token.(type) {
		case xml.StartElement:
			space(token.Name)
		case xml.EndElement:
			space(token.Name)
		case xml.CharData:
			b.Write(token)
		}
	}
}

// The words of a text cost what they are, however long it is.
func BenchmarkLongText(b *testing.B) {
	for name, text := range map[string]string{"ASCII": "blood pressure ", "accents": "pression artérielle "} {
		b.Run(name, func(b *testing.B) {
			var long strings.Builder
			for i := range 1 << 20 / (len(text) + 6) {
				fmt.Fprint(&long, text, i, " ")
			}
			var doc fhirjson.Document
			require.NoError(b, fhirjson.Parse(fmt.Appendf(nil, `{"resourceType":"Patient","contact":[{"name":{"text":%q}}]}`, long.String()), &doc, nil))
			engine := exec.New(nil, exec.Options{})
			var builder index.Builder
			b.SetBytes(int64(len(doc.Source)))
			b.ReportAllocs()
			for b.Loop() {
				builder.Reset()
				require.NoError(b, engine.Extract(&doc, &builder))
			}
		})
	}
}
