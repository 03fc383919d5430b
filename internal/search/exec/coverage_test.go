package exec_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/issue"
)

// A pair is a search parameter of one resource type, its own or inherited.
type pair struct {
	typ   schema.TypeID
	param *schema.Param
}

// pairs returns every pair of R4 that the package supports. R4 has no _text on the three
// types that have no narrative.
func pairs() (all []pair) {
	for t := range schema.Types {
		for _, p := range exec.New(nil, exec.Options{}).Parameters(schema.TypeID(t)) {
			if id, ok := schema.FindParam(schema.TypeID(t), p.Code); ok {
				all = append(all, pair{schema.TypeID(t), id.Param()})
			}
		}
	}
	return all
}

func (p pair) String() string { return p.typ.String() + "?" + p.param.Code }

// values returns conditions that a resource must satisfy, made of its values for a
// parameter; none if it has no value.
func (m *model) values(d *modelDoc, p *schema.Param) (all []*modelQuery) {
	if p.Type == schema.ParamComposite {
		return m.spelledComposites(d, p)
	}
	for _, e := range m.all(d, p) {
		all = append(all, spellings(p, e)...)
	}
	if len(all) > 0 {
		all = append(all, &modelQuery{param: p, modifier: "missing", values: []modelValue{{text: "false"}}})
	}
	return all
}

// requireFound wants a resource to be found by every spelling of its values for a
// parameter, and the engine to answer each as the model does. It reports whether
// there was one.
func requireFound(t *testing.T, s *store, m *model, p pair, d *modelDoc) bool {
	switch p.param.Code { // what the model does not know
	case "_lastUpdated":
		return slices.Contains(s.all(d.typ, "_lastUpdated=2024-06-01"), d.id)
	case "near":
		return slices.Contains(s.all(d.typ, "near=0.5|0.5|0"), d.id)
	case "_text", "_content":
		word := someWord(t, d)
		return word != "" && slices.Contains(s.all(d.typ, p.param.Code+"="+strings.ToUpper(word)), d.id)
	}
	queries := m.values(d, p.param)
	for _, q := range queries {
		text := queryText([]*modelQuery{q})
		require.Contains(t, m.search(d.typ, []*modelQuery{q}), d.id, "the model, %s?%s", d.typ, text)
		checkQuery(t, s, m, d.typ, []*modelQuery{q})
	}
	return len(queries) > 0
}

// wordAfterTag finds a word that stands by itself at the beginning of an XHTML element.
var wordAfterTag = regexp.MustCompile(`>\s*([A-Za-z]{4,})[\s<.,:]`)

// someWord returns a word of the narrative of a resource, or of its first tag.
func someWord(t *testing.T, d *modelDoc) string {
	var r any
	require.NoError(t, json.Unmarshal(d.doc.Source, &r))
	text, _ := field(r, "text", "div").(string)
	if tags, _ := field(r, "meta", "tag").([]any); text == "" && len(tags) > 0 {
		display, _ := field(tags[0], "display").(string)
		text = ">" + display + "<"
	}
	if found := wordAfterTag.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

// all answers a query with the ids of a page as large as a page can be.
func (s *store) all(typ, query string) []string {
	ids, _ := s.search(typ, query+"&_count=1000")
	return ids
}

// TestEveryParameterByExample finds HL7's examples by every parameter for which one
// has a value.
func TestEveryParameterByExample(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	s, m := newStore(t), newModel(t)
	var valid [][]byte
	var doc fhirjson.Document
	for _, line := range shared(t, "fhir-r4/examples.ndjson.gz") {
		if fhirjson.Parse(line, &doc, nil) == nil {
			valid = append(valid, line)
		}
	}
	load(s, m, valid)
	byType := map[string][]*modelDoc{}
	for _, d := range m.docs {
		byType[d.typ] = append(byType[d.typ], d)
	}
	found, all := 0, pairs()
	for _, p := range all {
		examples := 0
		for _, d := range byType[p.typ.String()] {
			if requireFound(t, s, m, p, d) {
				if examples++; examples == 3 {
					break
				}
			}
		}
		if examples > 0 {
			found++
		}
	}
	t.Logf("of %d pairs of type and parameter %d find an example", len(all), found)
	require.Greater(t, found, 1600)
}

// TestEveryParameter builds a resource for every place at which a parameter has
// values, and finds it. Nothing but the schema tables is needed for it.
func TestEveryParameter(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	s, m := newStore(t), newModel(t)
	built := map[pair][]string{}
	var batch [][]byte
	var broken []string
	for _, p := range pairs() {
		for _, source := range sampled(t, p) {
			var doc fhirjson.Document
			require.NoError(t, fhirjson.Parse(source, &doc, nil), "%s: %s", p, source)
			if breaksInvariant(t, &doc) {
				broken = append(broken, p.String())
			}
			built[p] = append(built[p], string(doc.ID()))
			batch = append(batch, source)
		}
		require.NotEmpty(t, built[p], "%s has no place for a value", p)
	}
	load(s, m, batch)
	for p, ids := range built {
		for _, id := range ids {
			d := m.byKey[p.typ.String()+"/"+id]
			require.True(t, requireFound(t, s, m, p, d), "%s: %s", p, d.doc.Source)
		}
	}
	t.Logf("%d pairs of type and parameter find one of %d resources; not sound: %v", len(built), len(batch), broken)
}

// sampled returns a resource for each place of a parameter's values.
func sampled(t *testing.T, p pair) (sources [][]byte) {
	b := &sampler{p.param}
	if p.param.Expression == "" {
		return [][]byte{compact(b.narrated(p.typ))}
	}
	at := places(p.param.Expression, p.typ, p.typ)
	composite := p.param.Type == schema.ParamComposite
	switch {
	case composite: // one for each alternative of its parts, of which there are two at most
		at = slices.Concat(at, at)
	case p.param.Type != schema.ParamSpecial:
		at = searchable(at, p.param.Type)
	}
	for i := range at {
		r := b.resource(p.typ, fmt.Sprintf("%s-%d", strings.ReplaceAll(p.param.Code, "_", "all."), i))
		if composite {
			require.NoError(t, b.composite(r, p.typ, at[i], 2*i/len(at)))
		} else {
			b.put(r, at[i])
		}
		source, err := json.Marshal(r)
		require.NoError(t, err)
		sources = append(sources, source)
	}
	return sources
}

// breaksInvariant reports whether a resource breaks an invariant of R4 that is an
// error. A few places need more than the sampler knows.
func breaksInvariant(t *testing.T, doc *fhirjson.Document) bool {
	issues, err := fhirpath.CheckInvariants(context.Background(), doc, nil)
	require.NoError(t, err)
	return slices.ContainsFunc(issues, func(i issue.Issue) bool { return i.Severity == issue.Error })
}
