package rest

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/urlquery"
	"github.com/fhirlake/fhirlake/issue"
)

// observationOperations returns $lastn and $stats (FHIR R4 observation-operation-lastn.html
// and observation-operation-stats.html).
func observationOperations() []Operation {
	types := []string{"Observation"}
	return []Operation{
		{
			Name: "lastn", URL: hl7Definition + "Observation-lastn", Type: true, Resources: types, searches: true, Handle: lastN,
			Parameters: []Parameter{{Name: "max", Type: "positiveInt"}, {Name: "return", Out: true, Min: 1, Type: "Bundle"}},
		},
		{
			Name: "stats", URL: hl7Definition + "Observation-stats", Type: true, Resources: types, Handle: stats,
			Parameters: []Parameter{
				{Name: "subject", Min: 1, Type: "uri"}, {Name: "code", Many: true, Type: "string"}, {Name: "system", Type: "uri"},
				{Name: "coding", Many: true, Type: "Coding"}, {Name: "duration", Type: "decimal"}, {Name: "period", Type: "Period"},
				{Name: "statistic", Min: 1, Many: true, Type: "code"}, {Name: "include", Type: "boolean"}, {Name: "limit", Type: "positiveInt"},
				{Name: "statistics", Out: true, Min: 1, Many: true, Type: "Observation"}, {Name: "source", Out: true, Many: true, Type: "Observation"},
			},
		},
	}
}

// maxObserved is how many observations $lastn and $stats look at.
const maxObserved = 100_000

func tooManyObservations() error {
	return &datastore.Error{Class: datastore.ErrTooCostly, Issues: []datastore.Issue{{
		Severity: issue.Error, Code: issue.TooCostly, Offset: -1, Diagnostics: "there are too many observations to look at: narrow the question",
	}}}
}

// lastN answers $lastn: the newest observations of each code.
func lastN(ctx context.Context, c *Call) (*Reply, error) {
	n := 1
	if a, ok := c.Argument("max"); ok {
		n, _ = strconv.Atoi(a.Text()) // a positiveInt
	}
	subject, code := false, false
	for part := range strings.SplitSeq(c.query, "&") {
		name, value, _ := urlquery.Cut(part)
		name, _, _ = strings.Cut(name, ":")
		first, _, _ := strings.Cut(name, ".")
		switch {
		case value == "":
		case strings.HasPrefix(name, "_") && !slices.Contains([]string{"_id", "_lastUpdated", "_tag", "_profile", "_security", "_source", "_text", "_content", "_filter", "_list", "_has"}, first):
			return nil, parameterError(issue.NotSupported, "", "$lastn takes the search parameters of Observation that select, none that shape the answer")
		case first == "patient" || first == "subject":
			subject = true
		case name == "category" || strings.Contains(name, "code") || strings.Contains(name, "concept"):
			code = true
		}
	}
	if !subject || !code {
		return nil, parameterError(issue.Required, "", "$lastn needs a patient or subject, and a category or a code")
	}
	var options []datastore.SearchOption
	if c.lenient {
		options = append(options, datastore.Lenient())
	}
	groups := newCodeGroups()
	var list []datastore.Version
	var when []string
	var doc fhirjson.Document
	for v, err := range c.View.SearchAll(ctx, "Observation", c.query+"&_sort=-date", options...) {
		if err == nil {
			err = parseAny(v.JSON, &doc)
		}
		if err != nil {
			return nil, err
		}
		if len(list) == maxObserved {
			return nil, tooManyObservations()
		}
		list, when = append(list, v), append(when, effective(&doc))
		groups.add(keysOf(&doc))
	}
	taken, last := map[int]int{}, map[int]string{}
	b := newPageBuilder(c.Base, 0)
	for i, v := range list {
		g := groups.of(i)
		if taken[g] >= n && (when[i] == "" || when[i] != last[g]) {
			continue // of observations with the same time as the last one all are shown
		}
		taken[g]++
		last[g] = when[i]
		b.entry(v.Ref, v.JSON, "match")
	}
	b.total = b.entries
	values := "?" + c.query
	if a, ok := c.Argument("max"); ok {
		values += "&max=" + url.QueryEscape(a.Text())
	}
	return &Reply{Resource: b.bundle(c.Base+"/"+c.path()+values, "")}, nil
}

// effective returns effective[x] as JSON, "" if there is none.
func effective(doc *fhirjson.Document) string {
	for n := range doc.Children(0) {
		if doc.Nodes[n].Field.Field().Element == "effective" {
			return string(doc.Raw(n))
		}
	}
	return ""
}

// keysOf returns what an observation is grouped by: its codes, or the text if it has none.
func keysOf(doc *fhirjson.Document) (keys []string) {
	text := ""
	for code := range doc.Members(0, "code") {
		for c := range doc.Members(code, "coding") {
			if value := doc.Member(c, "code"); value != "" {
				keys = append(keys, doc.Member(c, "system")+"|"+value)
			}
		}
		text = doc.Member(code, "text")
	}
	if keys == nil {
		keys = []string{"\x00" + text}
	}
	return keys
}

// A codeGroups puts things into groups: two things with a key in common are in one group, and
// so are two things that a chain of such things joins.
type codeGroups struct {
	byKey map[string]int
	items []int // the first key of each item
	over  []int // a forest over the keys
}

func newCodeGroups() *codeGroups { return &codeGroups{byKey: map[string]int{}} }

// add adds an item with its keys, one at least.
func (g *codeGroups) add(keys []string) {
	first := -1
	for _, key := range keys {
		k, ok := g.byKey[key]
		if !ok {
			k = len(g.over)
			g.byKey[key] = k
			g.over = append(g.over, k)
		}
		if first < 0 {
			first = k
		} else {
			g.over[g.root(k)] = g.root(first)
		}
	}
	g.items = append(g.items, first)
}

func (g *codeGroups) root(k int) int {
	for g.over[k] != k {
		g.over[k] = g.over[g.over[k]]
		k = g.over[k]
	}
	return k
}

// of returns the group of an item, once all are added.
func (g *codeGroups) of(item int) int { return g.root(g.items[item]) }
