package datastore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/datastore"
)

// narrated is a resource with a narrative and further elements.
func narrated(typ, id, xhtml, rest string) string {
	div, _ := json.Marshal(`<div xmlns="http://www.w3.org/1999/xhtml">` + xhtml + `</div>`)
	return fmt.Sprintf(`{"resourceType":%q,"id":%q,"text":{"status":"generated","div":%s}%s}`, typ, id, div, rest)
}

// FHIR R4 §3.1.1.4.20: the words of narratives.
func TestRulesOfText(t *testing.T) {
	store := filled(t, nil,
		narrated("Patient", "bone", `<p>Tumour of the <b>b</b>one,&#160;with metastases</p><p>in 2019</p>`, ``),
		narrated("Patient", "liver", `<p title="kidney">Métastases &amp; lesions</p>liver<br/>O&apos;Hara&#x2019;s x-ray: 7.5&lt;8<!-- spleen --><img src="#a" alt="skull"/><![CDATA[<b>& raw]]>`, `,"name":[{"family":"Bone"}]`),
		narrated("Patient", "weiss", `<table><tr><td>Weiß</td><td>ＡＢＣ ﬁne Straße</td></tr></table> 糖尿病の疑い 123e4567-E89B-12d3-a456-426614174000`, `,"name":[{"family":"Smith"}]`),
		`{"resourceType":"Patient","id":"none","name":[{"family":"Metastases"}]}`,
		narrated("Condition", "c", `liver`, `,"subject":{"reference":"Patient/liver"}`),
	)
	ordered(t, store, "Patient", []rule{
		{"_text=metastases", "liver bone"}, {"_text=METASTASES", "liver bone"}, {"_text=Métastases", "liver bone"}, {"_text=metastas", ""}, {"_text=bone", "bone"}, {"_text=b", "liver"}, {"_text=one", ""}, {"_text=2019", "bone"}, {"_text=20", ""},
		{"_text=tumour bone", "bone"}, {"_text=tumour liver", ""}, {"_text=tumour AND bone", "bone"}, {"_text=tumour OR liver", "liver bone"}, {"_text=(bone OR liver) and metastases", "liver bone"}, {"_text=bone OR liver lesions", "liver bone"}, {"_text=(bone OR liver) lesions", "liver"},
		{"_text=metastases NOT bone", "liver"}, {"_text=NOT metastases", "none weiss"}, {"_text=NOT (bone OR liver)", "none weiss"}, {"_text=NOT NOT bone", "bone"}, {"_text=bone,liver", "liver bone"}, {"_text=bone tumour,liver NOT lesions", "bone"}, {"_text=bone&_text=tumour", "bone"}, {"_text=bone&_text=liver", ""},
		{`_text="of the bone"`, "bone"}, {`_text="the of bone"`, ""}, {`_text="metastases in 2019"`, "bone"}, {`_text="the bon"`, ""}, {`_text="one with"`, ""}, {`_text="bone\, with"`, "bone"}, {`_text="lesions liver"`, "liver"}, {`_text=NOT "lesions liver"`, "none weiss bone"}, {`_text="of the bone","lesions liver"`, "liver bone"}, {`_text=lesions "tumour of" OR "of the"`, "bone"},
		{`_text="AND"`, ""}, {"_text=or", ""}, {"_text=oharas", "liver"}, {"_text=O'Hara's", "liver"}, {"_text=O’Hara’s", "liver"}, {"_text=x-ray", "liver"}, {"_text=ray-x", ""}, {"_text=xray", ""}, {"_text=7.5", "liver"}, {"_text=5.7", ""}, {"_text=7.5<8", "liver"}, {"_text=8", "liver"},
		{"_text=kidney", ""}, {"_text=skull", ""}, {"_text=spleen", ""}, {"_text=img OR p OR amp OR title OR div OR xhtml OR w3", ""}, {"_text=raw", "liver"}, {"_text=weiss", "weiss"}, {"_text=Weiß", "weiss"}, {"_text=abc fine strasse", "weiss"}, {"_text=STRASSE", "weiss"},
		{"_text=糖尿病", "weiss"}, {"_text=尿糖", ""}, {"_text=疑", "weiss"}, {"_text=123E4567-e89b-12d3-a456-426614174000", "weiss"}, {"_text=123e4567", ""}, {"_text=bone(tumour)", "bone"}, {`_text=bone"the bone"`, "bone"},
		{"_text=", "none weiss liver bone"}, {"_text=,", "none weiss liver bone"}, {"_text=,bone,", "bone"}, {"_text=smith", ""}, {"_text=metastases&family=bone", "liver"}, {"_text=metastases&_sort=_id", "bone liver"}, {"_text=metastases&_count=1", "liver"},
		{"_has:Condition:subject:_text=liver", "liver"}, {"_has:Condition:subject:_text=bone", ""}, {"_text=a:b", ""}, {`_text=bone\\`, "bone"},
	})
	ordered(t, store, "Condition", []rule{
		{"_text=liver", "c"}, {"_text=bone", ""}, {`subject:Patient._text="lesions liver"`, "c"}, {"subject._text=metastases", "c"}, {"patient._text=bone", ""}, {"patient._content=bone", "c"},
	})
	ordered(t, store, "", []rule{
		{"_text=liver", "c liver"}, {"_text=liver lesions", "liver"}, {`_text="lesions liver"`, "liver"}, {"_type=Binary,Condition&_text=liver", "c"}, {"_type=Binary,Bundle&_text=liver", ""}, {"_type=Patient,Condition&_text=NOT liver", "none weiss bone"}, {"_text=liver&_count=1", "c"},
	})
	for query, reason := range map[string]string{
		"_text=(":    "_text: after term 1: a word or a phrase is expected",
		"_text=a (b": "_text: after term 3: a parenthesis is not closed",
		"_text=a)":   "_text: term 2: a parenthesis is closed that is not open",
		"_text=()":   "_text: term 2: a word or a phrase is expected",
		"_text=a OR": "_text: after term 2: a word or a phrase is expected", "_text=OR a": "_text: term 1: a word or a phrase is expected", "_text=a AND OR b": "_text: term 3: a word or a phrase is expected", "_text=and": "_text: term 1: a word or a phrase is expected",
		"_text=a NOT": "_text: after term 2: a word or a phrase is expected", "_text=a,b OR,c": "_text: after term 3: a word or a phrase is expected",
		`_text="a b`: `_text: term 1: a quotation is not closed; a comma inside is written \,`, `_text="a, b"`: `_text: term 1: a quotation is not closed; a comma inside is written \,`, `_text=a "`: `_text: term 2: a quotation is not closed; a comma inside is written \,`,
		`_text=""`: "_text: term 1: no letter and no digit", "_text=a - b": "_text: term 2: no letter and no digit", "_text= ": "_text: a word or a phrase is expected",
		"_text=bon*": "_text: term 1: words are found whole, without *", `_text="the bon*"`: "_text: term 1: words are found whole, without *",
		"_text:missing=true": "_text:missing: _text takes no modifier", "_text:not=a": "_text:not: _text takes no modifier", "_content:exact=a": "_content:exact: _content takes no modifier", "_text.name=a": "_text.name: _text is not a reference parameter",
		"_filter=_text co a": "_filter: _text is not supported in _filter", "_filter=_content pr true": "_filter: _content is not supported in _filter", "_sort=_text": "_sort: _text is no key to sort by",
	} {
		_, err := store.Search(ctx, "Patient", encoded(query))
		assert.ErrorIs(t, err, datastore.ErrInvalid, query)
		assert.EqualError(t, err, "datastore: invalid: "+reason, query)
	}
	for _, absurd := range []string{strings.Repeat("a", 9000), strings.Repeat("a ", 4097), strings.Repeat("(", 33) + "a", strings.Repeat("NOT ", 33) + "a"} {
		_, err := store.Search(ctx, "Patient", encoded("_text="+absurd))
		assert.ErrorIs(t, err, datastore.ErrTooCostly)
	}
}

// The words of everything else.
func TestRulesOfContent(t *testing.T) {
	store := filled(t, nil,
		narrated("Patient", "a", `<p>narrative words</p>`, `,"meta":{"tag":[{"system":"urn:tag","code":"tagcode","display":"Tag display"}]},"language":"en",
			"extension":[{"url":"urn:url:of:extension","valueString":"Extended <b>text</b>"},{"url":"urn:u","valueMarkdown":"**bold** _italic_"},{"url":"urn:u","valueCode":"codevalue"}],
			"name":[{"id":"idvalue","family":"O'Hara-Smith","given":["Zoë"],"_given":[{"extension":[{"url":"urn:u","valueString":"twin"}]}]}],"gender":"female","birthDate":"1980-02-03",
			"identifier":[{"system":"urn:system","value":"MRN 007"}],"managingOrganization":{"reference":"Organization/orgid","display":"Good Health"},"active":true`),
		`{"resourceType":"Observation","id":"o","contained":[`+narrated("Patient", "p", `held narrative`, `,"name":[{"family":"Contained"}]`)+`],"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8302-2","display":"Body Height"}],"text":"Body Height"},
			"subject":{"reference":"#p"},"valueQuantity":{"value":180,"unit":"centimetres"},"note":[{"text":"Measured *twice*, and\nnoted"}],"component":[{"code":{"text":"first part"},"valueString":"second part"}]}`,
		narrated("Composition", "s", `own`, `,"status":"final","type":{"text":"Note"},"date":"2020-01-01","author":[{"display":"Dr. Author"}],"title":"A title","section":[{"title":"Heading","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Section <i>te</i>xt</div>"}}]`),
		`{"resourceType":"Bundle","id":"b","type":"collection","entry":[{"fullUrl":"urn:uuid:123e4567-e89b-12d3-a456-426614174000","resource":`+narrated("Patient", "e", `entry`, `,"name":[{"family":"Enclosed"}]`)+`}]}`,
	)
	ordered(t, store, "", []rule{
		{"_content=narrative", "o a"}, {"_text=narrative", "a"}, {"_content=narrative words", "a"}, {"_content=tag display", "a"}, {"_content=tagcode", ""}, {"_content=extended text", "a"}, {`_content="extended b text b"`, "a"}, {"_content=bold italic", "a"}, {"_content=codevalue", ""}, {"_content=extension", ""},
		{"_content=ohara smith zoe", "a"}, {"_content=O'Hara-Smith", "a"}, {"_content=twin", "a"}, {"_content=idvalue", ""}, {"_content=female", ""}, {"_content=1980", ""}, {"_content=true", ""}, {"_content=mrn 007", "a"}, {"_content=7", ""}, {"_content=orgid OR Organization", ""}, {`_content="good health"`, "a"}, {`_content="words good"`, ""}, {"_content=words good", "a"},
		{"_content=contained", "o"}, {"_text=contained OR held", ""}, {"_content=held", "o"}, {"_content=body height", "o"}, {"_content=height body", "o"}, {`_content="height body"`, ""}, {"_content=centimetres", "o"}, {"_content=180", ""}, {"_content=8302", ""}, {`_content="twice and noted"`, "o"}, {`_content="first part second"`, ""}, {"_content=part", "o"}, {"_content=p", ""},
		{"_content=section text", "s"}, {`_content="section text"`, "s"}, {"_text=section", ""}, {"_text=own", "s"}, {"_content=own heading author", "s"}, {"_content=te", ""},
		{"_content=enclosed entry", "b"}, {"_text=entry", ""}, {"_content=123e4567-e89b-12d3-a456-426614174000", ""}, {"_content=enclosed OR height", "b o"}, {"_content=enclosed NOT entry", ""}, {"_type=Bundle&_content=enclosed", "b"}, {"_content=own&_text=own", "s"}, {"_content=own&_text=author", ""},
	})
	ordered(t, store, "Patient", []rule{{"_content=narrative", "a"}, {"_content=height", ""}, {"_content=NOT height", "a"}, {"_content=words&_explain=true", "a"}})
	page, err := store.Search(ctx, "Patient", "_content=narrative&_explain=true")
	require.NoError(t, err)
	assert.Contains(t, string(page.Bundle("")), "Patient _content: by postings")
	page, err = store.Search(ctx, "Patient", encoded(`_content="a\, b" OR c&_text=NOT x`))
	require.NoError(t, err)
	assert.Equal(t, `_content=%22a%5C,+b%22+OR+c&_text=NOT+x`, page.Self)
}

// Words follow what is written: an update takes the old ones away, a deletion all,
// and they are there when a folder is opened again.
func TestTextFollowsWrites(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake")
	options := func() *datastore.Options {
		return &datastore.Options{Key: datastore.Passphrase("words"), Now: clock(), NewID: ids()}
	}
	store, err := datastore.Open(ctx, dir, options())
	require.NoError(t, err)
	write := func(id, text string) {
		_, err := store.Update(ctx, []byte(narrated("Patient", id, text, "")), datastore.Validation(datastore.WithoutInvariants))
		require.NoError(t, err)
	}
	check := func() {
		t.Helper()
		ordered(t, store, "Patient", []rule{
			{"_text=first", ""}, {"_text=second", "a"}, {"_text=gone", ""}, {"_text=stays", "b"}, {`_text="first version"`, ""}, {`_text="second version"`, "a"}, {"_text=version", "a"}, {"_text=NOT stays", "a"}, {"_content=version OR stays", "a b"},
		})
	}
	write("a", "first version")
	write("b", "stays")
	write("c", "gone version")
	snapshot := store.Snapshot()
	write("a", "second version")
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: "c"}))
	page, err := snapshot.Search(ctx, "Patient", encoded(`_text="first version" OR gone&_sort=_id`))
	require.NoError(t, err)
	assert.Equal(t, "a c", idsOf(page.Matches), "as of then")
	snapshot.Close()
	ordered(t, store, "Patient", []rule{{"_text=stays OR second&_sort=_id", "a b"}})
	require.NoError(t, store.Close())
	store, err = datastore.Open(ctx, dir, options())
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	ordered(t, store, "Patient", []rule{{"_text=first", ""}, {"_text=second", "a"}})
	check()
}

// A text of a megabyte is found by each of its words, and costs no more for being
// one text.
func TestLongText(t *testing.T) {
	var b strings.Builder
	for i := range 120_000 {
		fmt.Fprintf(&b, "w%d ", i)
	}
	store := filled(t, nil, narrated("Patient", "long", b.String(), ""), narrated("Patient", "run", strings.Repeat("x", 1_000_000), ""))
	ordered(t, store, "Patient", []rule{
		{"_text=w0 w119999", "long"}, {"_text=w120000", ""}, {`_text="w55554 w55555"`, "long"}, {`_text="w55555 w55554"`, ""}, {"_text=" + strings.Repeat("x", 8192), ""},
	})
	query := "_text=" + strings.Repeat("w1 OR ", 1000) + "w2"
	ordered(t, store, "Patient", []rule{{query, "long"}})
}

// A told text is one for the reference: as markup, and as the words that it has.
type told struct {
	markup string
	words  []string
}

var toldPieces = []told{
	{"fever", []string{"fever"}}, {"Fièvre", []string{"fievre"}}, {"<b>co</b>ld", []string{"cold"}}, {"co<br/>ld", []string{"co", "ld"}}, {"no", []string{"no"}}, {"x-ray", []string{"x", "ray"}},
	{"O&#39;Hara", []string{"ohara"}}, {"&amp;", nil}, {"<p class=\"fever\">cough.</p>", []string{"cough"}}, {"37.5", []string{"37", "5"}}, {"wei\u00df", []string{"weiss"}}, {"<!-- cold --><img src='cold'/>", nil},
}

// TestRandomText compares with a reference that splits the words itself, over random
// texts, rewritten at random, and random queries.
func TestRandomText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		store := storetest.Open(t, &datastore.Options{Now: clock(), NewID: ids()})
		reference := map[string]resourceWords{}
		for range rapid.IntRange(1, 12).Draw(t, "writes") {
			id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "id")
			if rapid.IntRange(0, 9).Draw(t, "delete") == 0 {
				if err := store.Delete(ctx, datastore.Ref{Type: "Patient", ID: id}); !errors.Is(err, datastore.ErrNotFound) && !errors.Is(err, datastore.ErrGone) {
					require.NoError(t, err)
				}
				delete(reference, id)
				continue
			}
			pieces := rapid.SliceOfN(rapid.SampledFrom(toldPieces), 1, 6).Draw(t, "pieces")
			given := rapid.SliceOfN(rapid.SliceOfN(rapid.SampledFrom([]string{"Fever", "COLD", "no", "Ray", "wei\u00df", "37"}), 1, 3), 0, 2).Draw(t, "given")
			var markup, names []string
			words := resourceWords{}
			for _, p := range pieces {
				markup = append(markup, p.markup)
				words.narrative = append(words.narrative, p.words...)
			}
			for _, g := range given {
				names = append(names, fmt.Sprintf("%q", strings.Join(g, " ")))
				words.others = append(words.others, strings.Fields(plainWords.Replace(strings.ToLower(strings.Join(g, " ")))))
			}
			rest := ""
			if names != nil {
				rest = `,"name":[{"given":[` + strings.Join(names, ",") + `]}]`
			}
			_, err := store.Update(ctx, []byte(narrated("Patient", id, strings.Join(markup, " "), rest)), datastore.Validation(datastore.WithoutInvariants))
			require.NoError(t, err)
			reference[id] = words
		}
		for range 8 {
			name := rapid.SampledFrom([]string{"_text", "_content"}).Draw(t, "parameter")
			q := drawText(t, 3)
			var want []string
			for id, words := range reference {
				if q.holds(words.texts(name == "_content")) {
					want = append(want, id)
				}
			}
			slices.Sort(want)
			page, err := store.Search(ctx, "Patient", encoded(name+"="+q.text+"&_sort=_id"))
			require.NoError(t, err, q.text)
			require.Equal(t, strings.Join(want, " "), idsOf(page.Matches), "%s=%s", name, q.text)
			require.Equal(t, len(want), page.Total)
		}
	})
}

var plainWords = strings.NewReplacer("\u00df", "ss")

// resourceWords are the words of a resource, text by text.
type resourceWords struct {
	narrative []string
	others    [][]string
}

func (w resourceWords) texts(all bool) [][]string {
	texts := [][]string{w.narrative}
	if all {
		texts = append(texts, w.others...)
	}
	return texts
}

// A textQuery is a query and what it means.
type textQuery struct {
	text  string
	holds func(texts [][]string) bool
}

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

func drawText(t *rapid.T, depth int) textQuery {
	kind := "phrase"
	if depth > 0 {
		kind = rapid.SampledFrom([]string{"phrase", "phrase", "and", "or", "not", "comma"}).Draw(t, "kind")
	}
	switch kind {
	case "phrase":
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"fever", "Fievre", "cold", "co", "ld", "no", "x-ray", "ray", "ohara", "cough", "37.5", "5", "weiss", "class"}), 1, 3).Draw(t, "words")
		text := strings.Join(words, " ")
		if len(words) > 1 {
			text = `"` + text + `"`
		}
		phrase := strings.Fields(notWord.ReplaceAllString(strings.ToLower(text), " "))
		return textQuery{text, func(texts [][]string) bool {
			return slices.ContainsFunc(texts, func(have []string) bool {
				for i := range have {
					if i+len(phrase) <= len(have) && slices.Equal(have[i:i+len(phrase)], phrase) {
						return true
					}
				}
				return false
			})
		}}
	case "not":
		inner := drawText(t, 0)
		return textQuery{"NOT " + inner.text, func(texts [][]string) bool { return !inner.holds(texts) }}
	}
	a, b := drawText(t, depth-1), drawText(t, depth-1)
	switch kind {
	case "and":
		joint := rapid.SampledFrom([]string{" ", " AND ", " and "}).Draw(t, "joint")
		return textQuery{a.group() + joint + b.group(), func(texts [][]string) bool { return a.holds(texts) && b.holds(texts) }}
	case "comma":
		if strings.Contains(a.text+b.text, ",") || depth < 3 { // alternatives are outermost
			return a
		}
		return textQuery{a.text + "," + b.text, func(texts [][]string) bool { return a.holds(texts) || b.holds(texts) }}
	}
	return textQuery{a.group() + " OR " + b.group(), func(texts [][]string) bool { return a.holds(texts) || b.holds(texts) }}
}

// group puts a query into parentheses, so that what follows is not joined into it.
func (q textQuery) group() string { return "(" + q.text + ")" }
