package browse_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest/internal/browse"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// attacks are texts that break out of HTML without escapes, or run something where a link is
// made of them.
var attacks = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'><svg/onload=alert(1)>`, `</pre></code></style></script></title></textarea><script>alert(1)</script>`,
	`javascript:alert(1)`, "java\nscript:alert(1)", ` javascript:alert(1)`, `JaVaScRiPt:alert(1)`, `data:text/html,<script>alert(1)</script>`, `vbscript:x`,
	`http://a"onmouseover="alert(1)`, `https://user:pass@evil.example/`, `//evil.example/x`, `\\evil.example\x`, `http://example.com/fhir/../../evil`, `http://example.com/fhir.evil.example/Patient/1`,
	`Patient/1"><script>`, `Patient/../../evil`, `Patient/%2e%2e`, `<!--`, `]]>`, `{{.}}`, `${alert(1)}`, `%3Cscript%3E`, `&lt;script&gt;`, `&#x3c;script&#x3e;`,
	"\u202eevil\u202c", "\u2066x\u2069\u200f", "שלום <b>x</b> مرحبا", "a\u2028b\u2029c", "\ufdd0\ufffe", "\u0085\u009b", strings.Repeat("W", 100_000), strings.Repeat("𝒜<", 3000), strings.Repeat("a\u0301", 5000), "%", "%%s%d%",
}

// TestHostileResources has every page be sound, whatever the texts of the resources are.
func TestHostileResources(t *testing.T) {
	s := newSite(t, datastore.Minimal)
	paths := []string{"", "/Patient", "/_history", "/Patient/_history?_count=100", "/Observation?_count=100", "/?_type=Patient,DocumentReference,OperationOutcome,StructureDefinition&_count=100"}
	for i, attack := range attacks {
		q, err := jsontext.AppendQuote(nil, attack)
		require.NoError(t, err)
		x, id := string(q), fmt.Sprint("h", i)
		html64 := base64.StdEncoding.EncodeToString([]byte("<p>" + attack + "</p> Patient denies cough."))
		narrative, err := json.Marshal(`<div xmlns="http://www.w3.org/1999/xhtml" onclick="alert(1)"><script>alert(1)</script><svg><a href="javascript:alert(1)"><text>x</text></a></svg><img src="x" alt="` + html.EscapeString(attack) + `" onerror="alert(1)"/><a href="javascript:alert(1)">` + html.EscapeString(attack) + `</a><iframe src="//evil"/><style>*{}</style>` + attack + `</div>`)
		require.NoError(t, err)
		for _, r := range []string{
			`{"resourceType":"Patient","id":"` + id + `","meta":{"profile":[` + x + `],"tag":[{"system":` + x + `,"code":` + x + `,"display":` + x + `}]},"text":{"status":` + x + `,"div":` + string(narrative) + `},"extension":[{"url":` + x + `,"valueUrl":` + x + `}],` + x + `:` + x + `,"name":[{"family":` + x + `,"given":[` + x + `]}],"gender":` + x + `,"birthDate":` + x + `,"managingOrganization":{"reference":` + x + `,"display":` + x + `}}`,
			`{"resourceType":"Patient","id":"` + id + `","name":[{"text":` + x + `}],"photo":[{"url":` + x + `,"title":` + x + `}]}`,
			`{"resourceType":"Observation","id":"` + id + `","status":` + x + `,"category":[{"text":` + x + `}],"code":{"coding":[{"system":` + x + `,"code":` + x + `}],"text":` + x + `},"subject":{"reference":"Patient/` + id + `","display":` + x + `},"effectiveDateTime":"2020-01-0` + fmt.Sprint(i%9+1) + `","valueQuantity":{"value":1` + fmt.Sprint(i) + `,"unit":` + x + `},"component":[{"code":{"text":` + x + `},"valueQuantity":{"value":1e300,"unit":` + x + `}}],"referenceRange":[{"low":{"value":-1e14},"high":{"value":1e14},"text":` + x + `}]}`,
			`{"resourceType":"Condition","id":"` + id + `","code":{"text":` + x + `},"subject":{"reference":"Patient/` + id + `"},"onsetDateTime":"2020","abatementString":` + x + `}`,
			`{"resourceType":"Encounter","id":"` + id + `","status":` + x + `,"class":{"display":` + x + `},"subject":{"reference":"Patient/` + id + `"},"period":{"start":` + x + `}}`,
			`{"resourceType":"DocumentReference","id":"` + id + `","status":"current","subject":{"reference":"Patient/` + id + `"},"date":"2020-01-01T00:00:00Z","description":` + x + `,"content":[{"attachment":{"contentType":"text/html","title":` + x + `,"data":"` + html64 + `"}},{"attachment":{"contentType":` + x + `,"url":` + x + `}}]}`,
			`{"resourceType":"OperationOutcome","id":"` + id + `","issue":[{"severity":` + x + `,"code":` + x + `,"diagnostics":` + x + `,"details":{"text":` + x + `},"expression":[` + x + `]}]}`,
			`{"resourceType":"StructureDefinition","id":"` + id + `","url":` + x + `,"name":` + x + `,"title":` + x + `,"status":"draft","kind":"resource","abstract":false,"type":` + x + `}`,
		} {
			if _, err := s.store.Update(t.Context(), []byte(r)); err != nil {
				require.ErrorIs(t, err, datastore.ErrInvalid, r[:min(len(r), 200)])
				continue
			}
		}
		for _, path := range []string{"/Patient/X", "/Patient/X?:view=xml", "/Patient/X?:view=timeline", "/Patient/X?:view=curves", "/Patient/X/_history", "/Patient/X/*", "/Observation/X", "/DocumentReference/X", "/OperationOutcome/X", "/StructureDefinition/X", "/Encounter/X"} {
			paths = append(paths, strings.Replace(path, "X", id, 1))
		}
		paths = append(paths, "/Patient?name="+url.QueryEscape(attack[:min(len(attack), 2000)]), "/Patient?"+url.QueryEscape(attack[:min(len(attack), 2000)])+"=x",
			"/Patient?:view="+url.QueryEscape(attack[:min(len(attack), 2000)]), "/Patient/h0?:view=timeline&:before="+url.QueryEscape(attack[:min(len(attack), 2000)]),
			"/?:go="+url.QueryEscape(attack[:min(len(attack), 2000)]), "/"+url.PathEscape(attack[:min(len(attack), 2000)]), "/Patient/"+url.PathEscape(attack[:min(len(attack), 2000)]))
	}
	pages := 0
	for _, path := range paths {
		w := s.do("GET", path, "")
		require.NotEqual(t, http.StatusInternalServerError, w.Code, path)
		if w.Code == http.StatusSeeOther {
			requireLink(t, w.Header().Get("Location"))
			continue
		}
		s.check(w)
		pages++
	}
	require.Greater(t, pages, 400)
}

// TestOffsetsOfStrangers has a document with offsets that are not those of its text be
// shown without marks.
func TestOffsetsOfStrangers(t *testing.T) {
	for _, offsets := range []string{`-1,"EndOffset":2`, `2,"EndOffset":1`, `0,"EndOffset":99999999999`, `1e99,"EndOffset":2`, `"x","EndOffset":2`, `0,"EndOffset":4`} {
		entities, err := json.Marshal(`{"Entities":[{"Text":"<b>x","Category":"\"><script>","Type":"<i>","BeginOffset":` + offsets + `,"Traits":[{"Name":"<u>"}]}]}`)
		require.NoError(t, err)
		s := newSite(t, 0)
		w := s.do("PUT", "/DocumentReference/d", `{"resourceType":"DocumentReference","id":"d","status":"current","extension":[{"url":"http://healthlake.amazonaws.com/aws-cm/","extension":[{"url":"http://healthlake.amazonaws.com/aws-cm/detect-entities/","extension":[{"url":"http://healthlake.amazonaws.com/aws-cm/detect-entities/raw-response","valueString":`+string(entities)+`}]}]}],"content":[{"attachment":{"contentType":"text/plain","data":"PGI+eA=="}}]}`, "Content-Type: application/fhir+json")
		require.Equal(t, http.StatusCreated, w.Code, w.Body)
		require.Contains(t, s.page("/DocumentReference/d"), "&lt;b&gt;x")
	}
}

// TestLargeResources has pages say what they leave out of large resources.
func TestLargeResources(t *testing.T) {
	var names, contained, components strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&names, `,{"family":"F%d","given":["G<%d>"]}`, i, i)
		fmt.Fprintf(&components, `,{"code":{"text":"C%d"},"valueQuantity":{"value":%d,"unit":"u%d"}}`, i, i, i)
		fmt.Fprintf(&contained, `,{"resourceType":"Organization","id":"o%d","name":"O"}`, i)
	}
	s := newSite(t, datastore.Minimal,
		`{"resourceType":"Patient","id":"many","contained":[`+contained.String()[1:]+`],"name":[`+names.String()[1:]+`]}`,
		`{"resourceType":"Patient","id":"many","name":[`+strings.ReplaceAll(names.String()[1:], `"F`, `"E`)+`]}`,
		`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/many"},"effectiveDateTime":"2020","component":[`+components.String()[1:]+`]}`,
		`{"resourceType":"Basic","id":"deep","code":{"text":"x"},"extension":[`+strings.Repeat(`{"url":"u","extension":[`, 100)+`{"url":"u","valueString":"x"}`+strings.Repeat("]}", 100)+`]}`,
		`{"resourceType":"DocumentReference","id":"long","status":"current","content":[{"attachment":{"contentType":"text/plain","data":"`+base64.StdEncoding.EncodeToString([]byte(strings.Repeat("Patient denies cough. ", 100_000)))+`"}}]}`,
	)
	for i := range 300 {
		s.put(fmt.Sprintf(`{"resourceType":"Observation","id":"k%d","status":"final","code":{"text":"K%d"},"subject":{"reference":"Patient/many"},"effectiveDateTime":"2020-01-01","valueQuantity":{"value":%d,"unit":"%s"}}`, i, i, i, strings.Repeat("u", i)))
	}
	require.Contains(t, s.page("/Patient/many"), "has no room here")
	require.Contains(t, s.page("/Patient/many?:view=xml"), "has no room here")
	require.Contains(t, s.page("/Patient/many/_history"), "more changes")
	require.Contains(t, s.page("/Patient/many?:view=curves"), "more kinds of values have no room here")
	require.Contains(t, s.page("/DocumentReference/long"), "has no room here")
	s.page("/Patient/many?:view=timeline")
	s.page("/Basic/deep")
	s.page("/Basic/deep?:view=xml")
	for i := range 700 {
		s.put(fmt.Sprintf(`{"resourceType":"Basic","id":"b%d","code":{"text":"%s"},"subject":{"reference":"Patient/%s","display":"%s"}}`, i, strings.Repeat("'", 200), strings.Repeat("p", 64), strings.Repeat("<", 200)))
	}
	require.Contains(t, s.page("/Basic?_count=1000"), "more have no room here")
	s.page("/_history?_count=1000")
	amps := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("&'", 300_000)))
	s.put(`{"resourceType":"DocumentReference","id":"amps","status":"current","content":[{"attachment":{"contentType":"text/plain","data":"` + amps + `"}},{"attachment":{"contentType":"text/plain","data":"` + amps + `"}},{"attachment":{"contentType":"text/plain","data":"` + amps + `"}}]}`)
	s.page("/DocumentReference/amps")
	s.put(`{"resourceType":"Basic","id":"digits","code":{"text":"x"},"nonsense":[` + strings.Repeat("0,", 2_000_000) + `0]}`)
	require.Contains(t, s.page("/Basic/digits"), "There is no page of this answer")
	s.put(`{"resourceType":"Basic","id":"narrative","code":{"text":"x"},"text":{"status":"generated","div":"<div xmlns='http://www.w3.org/1999/xhtml'>` + strings.Repeat("<p>&amp;</p>", 20_000) + `</div>"}}`)
	require.Contains(t, s.page("/Basic/narrative"), "The narrative is too long")
}

// TestLongAddresses has addresses of every length be answered with little work.
func TestLongAddresses(t *testing.T) {
	s := newSite(t, 0)
	for _, n := range []int{1000, 15_000, 200_000} {
		for _, path := range []string{strings.Repeat("/a", n/2), strings.Repeat("/Patient", n/8), "/Patient?" + strings.Repeat("name=a&", n/7), "/Patient?name=" + strings.Repeat("%27", n/3), "/Patient?" + strings.Repeat("x%5c=%22&", n/9), "/?:go=" + strings.Repeat("Patient/", n/8)} {
			w := s.do("GET", path, "")
			require.NotEqual(t, http.StatusInternalServerError, w.Code)
			if w.Code != http.StatusSeeOther {
				s.check(w)
			}
		}
		w := s.do("POST", "/Patient/_search", strings.Repeat("name=a&", n/7), "Content-Type: application/x-www-form-urlencoded")
		s.check(w)
	}
}

func TestLinks(t *testing.T) {
	for text, want := range map[string]string{
		"Patient/1": "/r4/Patient/1", "Patient/1/_history/2": "/r4/Patient/1/_history/2", "https://example.org/r4/Patient/1": "/r4/Patient/1",
		"https://example.org/r4x/Patient/1": "", "Patient": "", "Patient/": "", "Patient/1/": "", "Patient/1/x/2": "", "#x": "", "Nothing/1": "", "Patient/a b": "", "/Patient/1": "", "Patient?x=y": "", "urn:uuid:1": "",
	} {
		require.Equal(t, want, browse.Reference("https://example.org/r4", text), text)
	}
	for text, want := range map[string]string{
		"http://example.org/a?b=c#d": "http://example.org/a?b=c#d", "https://é.example/ü": "https://%C3%A9.example/%C3%BC", "ftp://x/y": "", "javascript:alert(1)": "", "mailto:a@b": "", "http:///x": "", "http:x": "", "//x/y": "", "http://u@x/": "", "http://x/ y": "", "http://x\\y": "",
	} {
		require.Equal(t, want, browse.Outside(text), text)
	}
}

// TestDots has ids that browsers take for a way up not become links.
func TestDots(t *testing.T) {
	require.Empty(t, browse.Reference("http://example.org/r4", "Patient/.."))
	require.Empty(t, browse.Reference("http://example.org/r4", "Patient/."))
	require.Empty(t, browse.Reference("http://example.org/r4", "Patient/1/_history/.."))
}

// FuzzText reads back what was escaped.
func FuzzText(f *testing.F) {
	for _, a := range attacks {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, s string) {
		made := browse.Text(s)
		require.NotContains(t, made, "<")
		require.NotContains(t, made, `"`)
		if plain := strings.IndexFunc(s, func(c rune) bool { return c < ' ' || c > '~' }) < 0; plain {
			require.Equal(t, s, html.UnescapeString(made))
		}
	})
}

// FuzzJSON and FuzzXML have whatever is shown be text and links.
func FuzzJSON(f *testing.F) {
	f.Add(`{"resourceType":"Patient","managingOrganization":{"reference":"Organization/1"},"photo":[{"url":"http://x/y"}],"x":[1,true,null,{"":[]}]}`)
	f.Add(`{"a":"` + attacks[3] + `"`)
	f.Fuzz(func(t *testing.T, src string) { requireInline(t, browse.JSON(base, []byte(src))) })
}

func FuzzXML(f *testing.F) {
	f.Add(`<Patient xmlns="http://hl7.org/fhir"><managingOrganization><reference value="Organization/1"/></managingOrganization><a b='c' d=e f></a></Patient>`)
	f.Add(`<a b="` + attacks[4])
	f.Fuzz(func(t *testing.T, src string) { requireInline(t, browse.XML(base, src)) })
}

// requireInline fails the test unless HTML is well-formed and has nothing but links, spans
// and what is around them.
func requireInline(t *testing.T, made string) {
	var open []string
	for in := html.NewTokenizer(strings.NewReader(made)); ; {
		kind := in.Next()
		if kind == html.ErrorToken {
			break
		}
		switch token := in.Token(); kind {
		case html.StartTagToken:
			require.Contains(t, []string{"pre", "code", "span", "a"}, token.Data)
			for _, a := range token.Attr {
				require.Contains(t, []string{"class", "href", "id", "tabindex", "aria-label"}, a.Key)
				if a.Key == "href" {
					requireLink(t, a.Val)
				}
			}
			open = append(open, token.Data)
		case html.EndTagToken:
			require.NotEmpty(t, open)
			require.Equal(t, open[len(open)-1], token.Data)
			open = open[:len(open)-1]
		case html.TextToken:
		default:
			t.Fatal(token)
		}
	}
	require.Empty(t, open)
}

// FuzzNarrative has what is kept of a narrative be well-formed and harmless.
func FuzzNarrative(f *testing.F) {
	f.Add(`<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x">a<br/>b</p><script>x</script><a href="javascript:x">y</a><table><tr><td>1</td></tr></table></div>`)
	f.Add(`<div><svg><p>x</svg></p>` + attacks[3])
	f.Fuzz(func(t *testing.T, div string) {
		kept := browse.Narrative(div)
		requireHarmless(t, kept)
		var open []string
		for in := html.NewTokenizer(strings.NewReader(kept)); ; {
			kind := in.Next()
			if kind == html.ErrorToken {
				break
			}
			switch token := in.Token(); {
			case kind == html.CommentToken, kind == html.DoctypeToken:
				t.Fatal(token)
			case kind == html.StartTagToken && !void[token.Data]:
				require.Empty(t, token.Attr)
				open = append(open, token.Data)
			case kind == html.EndTagToken:
				require.NotEmpty(t, open)
				require.Equal(t, open[len(open)-1], token.Data)
				open = open[:len(open)-1]
			}
		}
		require.Empty(t, open)
	})
}
