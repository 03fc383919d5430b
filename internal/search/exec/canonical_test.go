package exec_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
)

// definition draws a Questionnaire or a Library, or something that refers to them by
// canonical. There are few urls, so that several resources share one.
func definition(t *rapid.T) string {
	pick := func(label string, from ...string) string { return choose(t, from, label) }
	address := func() string {
		return pick("url", "http://x.org/a", "http://x.org/b", "https://example.org/fhir/Questionnaire/1", "urn:uuid:c")
	}
	canonical := func() string {
		if rapid.IntRange(0, 9).Draw(t, "relative") == 0 {
			return pick("address", "Questionnaire/1", "Questionnaire/2")
		}
		return address() + pick("version of canonical", "", "", "|1", "|2-RC", "|2-rc", "|3")
	}
	id := rapid.IntRange(0, 11).Draw(t, "id")
	about := func() string {
		return `"url":"` + address() + `",` + pick("version", "", `"version":"1",`, `"version":"2-RC",`) + `"status":"` + pick("status", "draft", "active") + `"`
	}
	switch rapid.IntRange(0, 4).Draw(t, "type") {
	case 0, 1:
		return fmt.Sprintf(`{"resourceType":"Questionnaire","id":"%d",%s,"title":"T%d"}`, id, about(), id%3)
	case 2:
		return fmt.Sprintf(`{"resourceType":"Library","id":"%d",%s,"type":{"coding":[{"code":"x"}]},"title":"T%d"}`, id, about(), id%3)
	case 3:
		return fmt.Sprintf(`{"resourceType":"PlanDefinition","id":"%d",%s,"title":"T%d","library":["%s","%s"],"relatedArtifact":[{"type":"depends-on","resource":"%s"}]}`, id, about(), id%3, canonical(), canonical(), canonical())
	}
	return fmt.Sprintf(`{"resourceType":"QuestionnaireResponse","id":"%d","status":"%s","questionnaire":"%s"}`, id, pick("status", "completed", "amended"), canonical())
}

// TestCanonicals follows canonicals at random, in chains, _has, _include,
// _revinclude and _sort, and wants what the model finds by comparing texts.
func TestCanonicals(t *testing.T) {
	param := func(typ, code string) *schema.Param {
		p, ok := schema.FindParam(typeOf(t, typ), code)
		require.True(t, ok)
		return p.Param()
	}
	questionnaire, dependsOn := param("QuestionnaireResponse", "questionnaire"), param("PlanDefinition", "depends-on")
	title := func(typ string) *modelQuery {
		return &modelQuery{param: param(typ, "title"), values: []modelValue{{text: "T0"}, {text: "T1"}}}
	}
	status := func(typ string, values ...string) *modelQuery {
		q := &modelQuery{param: param(typ, "status")}
		for _, v := range values {
			q.values = append(q.values, modelValue{text: v})
		}
		return q
	}
	rapid.Check(t, func(t *rapid.T) {
		s, m := newStore(t), newModel(t)
		for range rapid.IntRange(1, 40).Draw(t, "records") {
			source := definition(t)
			s.put(source)
			m.put([]byte(source))
		}
		id := &modelQuery{param: param("Patient", "_id"), values: []modelValue{{text: fmt.Sprint(rapid.IntRange(0, 11).Draw(t, "id"))}}}
		for _, c := range []struct {
			typ   string
			joins []*modelQuery
		}{
			{"QuestionnaireResponse", []*modelQuery{{param: questionnaire, target: "Questionnaire", chain: title("Questionnaire")}}},
			{"PlanDefinition", []*modelQuery{{param: dependsOn, target: "Library", chain: title("Library")}, {param: dependsOn, target: "Questionnaire", chain: status("Questionnaire", "active")}}},
			{"Questionnaire", []*modelQuery{{via: questionnaire, has: status("QuestionnaireResponse", "completed")}, {via: dependsOn, has: status("PlanDefinition", "draft", "active")}}},
			{"Library", []*modelQuery{{via: dependsOn, has: title("PlanDefinition")}}},
		} {
			for _, join := range c.joins {
				checkQuery(t, s, m, c.typ, []*modelQuery{join})
				want := slices.DeleteFunc(m.search(c.typ, []*modelQuery{join}), func(found string) bool { return found != id.values[0].text })
				found, _ := s.search(c.typ, queryText([]*modelQuery{join})+"&_id="+id.values[0].text)
				require.Equal(t, want, found)
			}
		}
		for _, c := range []struct {
			query string
			via   *schema.Param
			back  bool
			to    string
		}{
			{"_include=QuestionnaireResponse:questionnaire", questionnaire, false, ""},
			{"_include=PlanDefinition:depends-on", dependsOn, false, ""},
			{"_include=PlanDefinition:depends-on:Library", dependsOn, false, "Library"},
			{"_revinclude=PlanDefinition:depends-on", dependsOn, true, ""},
			{"_revinclude=QuestionnaireResponse:questionnaire", questionnaire, true, ""},
		} {
			from := c.via.Base.String()
			if c.back {
				from = "Questionnaire"
			}
			matches, r := s.search(from, c.query+"&_count=3")
			var want []string
			for _, other := range m.docs {
				if slices.ContainsFunc(m.docs, func(match *modelDoc) bool {
					if match.typ != from || !slices.Contains(matches, match.id) || other.typ == from && slices.Contains(matches, other.id) {
						return false
					}
					if c.back {
						return other.doc.Type() == c.via.Base && m.refersTo(other, c.via, match)
					}
					return (c.to == "" || other.typ == c.to) && slices.Contains(targetsOf(c.via), other.typ) && m.refersTo(match, c.via, other)
				}) {
					want = append(want, other.id)
				}
			}
			require.Equal(t, want, append([]string(nil), s.keys(r.Included)...), c.query)
		}
	})
}

func targetsOf(p *schema.Param) (types []string) {
	for _, t := range p.Targets {
		types = append(types, t.String())
	}
	return types
}

func TestRulesOfCanonicals(t *testing.T) {
	s := newStore(t)
	questionnaire := func(id, url, version, title string) string {
		return fmt.Sprintf(`{"resourceType":"Questionnaire","id":"%s","url":"%s","version":"%s","title":"%s","status":"active"}`, id, url, version, title)
	}
	response := func(id, canonical string) string {
		return fmt.Sprintf(`{"resourceType":"QuestionnaireResponse","id":"%s","status":"completed","questionnaire":"%s"}`, id, canonical)
	}
	s.put(questionnaire("a1", "http://x.org/a", "1", "Old"), questionnaire("a2", "http://x.org/a", "2", "New"), questionnaire("b", "http://x.org/b", "1-RC", "Other"),
		questionnaire("own", "http://elsewhere.org/own", "1", "Own"),
		`{"resourceType":"Device","id":"d","url":"http://x.org/a"}`)
	s.put(response("any", "http://x.org/a"), response("one", "http://x.org/a|1"), response("two", "http://x.org/a|2"), response("three", "http://x.org/a|3"),
		response("rc", "http://x.org/b|1-rc"), response("part", "http://x.org/a|1.0"), response("address", "https://example.org/fhir/Questionnaire/own"), response("relative", "Questionnaire/own"), response("none", "http://x.org/"),
		`{"resourceType":"MeasureReport","id":"m","status":"complete","type":"individual","measure":"http://x.org/m|1","period":{"start":"2020"}}`,
		`{"resourceType":"Measure","id":"m","url":"http://x.org/m","version":"1","status":"active","title":"M","library":["http://x.org/l"],"relatedArtifact":[{"type":"depends-on","resource":"http://x.org/a|2"}]}`,
		`{"resourceType":"Library","id":"l","url":"http://x.org/l","status":"active","title":"L","type":{"text":"x"}}`)
	for _, c := range []struct{ typ, query, matches, included string }{
		{"QuestionnaireResponse", "questionnaire.title=new", "two any", ""},
		{"QuestionnaireResponse", "questionnaire.title=old", "one any", ""},
		{"QuestionnaireResponse", "questionnaire:Questionnaire.title=other", "rc", ""},
		{"QuestionnaireResponse", "questionnaire.version=1&_id=one,two", "one", ""},
		{"QuestionnaireResponse", "questionnaire.title=own", "relative address", ""},
		{"QuestionnaireResponse", "questionnaire.title:missing=true", "", ""},
		{"QuestionnaireResponse", "questionnaire.url:below=http://x.org", "rc two one any", ""},
		{"QuestionnaireResponse", "_filter=" + url.QueryEscape(`questionnaire[version eq 2].title sw n`), "two any", ""},
		{"QuestionnaireResponse", "_sort=questionnaire.title,_id&_id=one,two,any,rc", "any two one rc", ""},
		{"QuestionnaireResponse", "_sort=-questionnaire.title,_id&_id=one,two,any,none", "any one two none", ""},
		{"QuestionnaireResponse", "questionnaire=http://x.org/a&_sort=-questionnaire", "three two part one any", ""},
		{"QuestionnaireResponse", "questionnaire=http://x.org/a&_sort=questionnaire", "part three two one any", ""},
		{"QuestionnaireResponse", "questionnaire=http://x.org/a|1", "one", ""},
		{"QuestionnaireResponse", "questionnaire:below=http://x.org/a|1", "part one", ""},
		{"QuestionnaireResponse", "questionnaire:below=http://x.org/a", "part three two one any", ""},
		{"QuestionnaireResponse", "questionnaire=http://x.org/b|1-RC", "", ""},
		{"QuestionnaireResponse", "_id=any,two&_include=QuestionnaireResponse:questionnaire", "two any", "a1 a2"},
		{"QuestionnaireResponse", "_id=two,three&_include=QuestionnaireResponse:questionnaire:Questionnaire", "three two", "a2"},
		{"QuestionnaireResponse", "_id=two&_include=QuestionnaireResponse:questionnaire:Library", "two", ""},
		{"QuestionnaireResponse", "_id=rc&_include=*", "rc", "b"},
		{"Questionnaire", "_has:QuestionnaireResponse:questionnaire:status=completed", "own b a2 a1", ""},
		{"Questionnaire", "_has:QuestionnaireResponse:questionnaire:_id=any", "a2 a1", ""},
		{"Questionnaire", "_has:QuestionnaireResponse:questionnaire:_id=any&version=2", "a2", ""},
		{"Questionnaire", "_has:QuestionnaireResponse:questionnaire:_id=three,part", "", ""},
		{"Questionnaire", "_id=a2&_revinclude=QuestionnaireResponse:questionnaire", "a2", "any two"},
		{"Questionnaire", "_id=a2&_revinclude=*", "a2", "any two m"},
		{"Questionnaire", "_id=b,own&_revinclude=QuestionnaireResponse:questionnaire:Questionnaire", "own b", "rc address relative"},
		{"Questionnaire", "_id=a1&_revinclude=QuestionnaireResponse:questionnaire:Library", "a1", ""},
		{"Questionnaire", "_has:Measure:depends-on:_has:MeasureReport:measure:status=complete", "a2", ""},
		{"MeasureReport", "measure.depends-on.title=new", "m", ""},
		{"MeasureReport", "measure.depends-on.title=l", "m", ""},
		{"MeasureReport", "_include=MeasureReport:measure&_include:iterate=Measure:depends-on", "m", "a2 m l"},
		{"Device", "_has:QuestionnaireResponse:questionnaire:status=completed", "", ""},
	} {
		ids, r := s.search(c.typ, c.query)
		assert.Equal(t, c.matches, words(ids), "%s?%s", c.typ, c.query)
		assert.Equal(t, c.included, words(s.keys(r.Included)), "%s?%s", c.typ, c.query)
	}
	s.put(questionnaire("a2", "http://x.org/a", "3", "New"))
	ids, _ := s.search("QuestionnaireResponse", "questionnaire.title=new")
	assert.Equal(t, "three any", words(ids), "the newest version of a resource counts")
	s.remove("Questionnaire", "a2")
	ids, _ = s.search("QuestionnaireResponse", "questionnaire.title=new")
	assert.Empty(t, ids)
}

// Joins along canonicals are paid for, in either direction.
func TestCanonicalsAreCharged(t *testing.T) {
	s := newStore(t)
	var sources []string
	for i := range 100 {
		sources = append(sources, fmt.Sprintf(`{"resourceType":"Questionnaire","id":"%d","url":"http://x.org/%d","version":"1","status":"active"}`, i, i),
			fmt.Sprintf(`{"resourceType":"QuestionnaireResponse","id":"%d","status":"completed","questionnaire":"http://x.org/%d|1"}`, i, i))
	}
	s.put(sources...)
	e := exec.New(s.index, exec.Options{CostLimit: 1000, Values: func(o index.Ordinal, dst []byte) ([]byte, error) { return append(dst, s.blocks[o]...), nil }})
	for typ, query := range map[string]string{
		"QuestionnaireResponse": "questionnaire.status=active", "Questionnaire": "_has:QuestionnaireResponse:questionnaire:status=completed",
	} {
		q, err := e.Parse(typeOf(t, typ), query, false)
		require.NoError(t, err)
		_, err = e.Search(t.Context(), s.index.View(), q)
		assert.ErrorIs(t, err, exec.ErrTooCostly, query)
	}
	q, err := e.Parse(typeOf(t, "QuestionnaireResponse"), "_count=50&_include=QuestionnaireResponse:questionnaire", false)
	require.NoError(t, err)
	_, err = e.Search(t.Context(), s.index.View(), q)
	assert.ErrorIs(t, err, exec.ErrTooCostly)
}

// Many responses to a few questionnaires are joined without reading them.
func BenchmarkCanonicals(b *testing.B) {
	s := newStore(b)
	var sources []string
	for i := range 50 {
		sources = append(sources, fmt.Sprintf(`{"resourceType":"Questionnaire","id":"%d","url":"http://x.org/%d","version":"1","title":"T%d","status":"active"}`, i, i, i))
	}
	for i := range 100_000 {
		sources = append(sources, fmt.Sprintf(`{"resourceType":"QuestionnaireResponse","id":"%d","status":"completed","questionnaire":"http://x.org/%d%s"}`, i, i%50, strings.Repeat("|1", i%2)))
	}
	s.put(sources...)
	for _, c := range []struct{ name, typ, query string }{
		{"chain", "QuestionnaireResponse", "questionnaire.title=T7"},
		{"has", "Questionnaire", "_has:QuestionnaireResponse:questionnaire:status=completed"},
		{"include", "QuestionnaireResponse", "_count=50&_include=QuestionnaireResponse:questionnaire"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.search(c.typ, c.query)
			}
		})
	}
}
