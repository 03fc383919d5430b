package exec_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// contain makes documents of what a document contains: the same tape, seen from
// another node.
func (d *modelDoc) contain() {
	field := schema.Lookup(d.doc.Type(), "contained")
	for c := range d.doc.Children(0) {
		if node := &d.doc.Nodes[c]; node.Field == field && field != 0 {
			in := &modelDoc{typ: node.Type.String(), doc: d.doc, elements: map[string][]element{}, root: c, container: d}
			if id, ok := d.doc.Child(c, schema.Lookup(node.Type, "id")); ok {
				in.id = string(d.doc.Text(id, nil))
			}
			d.inner = append(d.inner, in)
		}
	}
}

// chainsInside reports whether a chain holds of what a reference leads to within one
// container.
func (m *model) chainsInside(d *modelDoc, q *modelQuery) bool {
	container := d
	if d.container != nil {
		container = d.container
	}
	return slices.ContainsFunc(m.all(d, q.param), func(e element) bool {
		id, local := strings.CutPrefix(referenceOf(e), "#")
		to := container
		if id != "" {
			i := slices.IndexFunc(container.inner, func(in *modelDoc) bool { return in.id == id })
			if i < 0 {
				return false
			}
			to = container.inner[i]
		}
		return local && (id != "" || d.container != nil) && to.typ == q.target && m.holds(to, q.chain)
	})
}

// inside returns what a search of contained resources finds, newest container first.
func (m *model) inside(typ string, queries []*modelQuery, topLevel bool) (containers, contained []string) {
	for _, d := range slices.Backward(m.docs) {
		n := len(contained)
		holds := func(d *modelDoc) bool {
			return d.typ == typ && !slices.ContainsFunc(queries, func(q *modelQuery) bool { return !m.holds(d, q) })
		}
		if topLevel && holds(d) {
			contained = append(contained, d.id)
		}
		for i, in := range d.inner {
			if holds(in) {
				contained = append(contained, fmt.Sprint(d.id, "#", i+1))
			}
		}
		if len(contained) > n {
			containers = append(containers, d.id)
		}
	}
	return containers, contained
}

// flat is a model in which contained resources are documents like others, to draw
// queries from.
func (m *model) flat() *model {
	all := newModel(m.t)
	for _, d := range m.docs {
		all.docs = append(append(all.docs, d), d.inner...)
	}
	return all
}

// checkContained compares a query with the model, as it is and with each value of
// _contained and _containedType.
func checkContained(t *rapid.T, s *store, m *model, typ string, conditions []*modelQuery) {
	checkQuery(t, s, m, typ, conditions)
	for _, contained := range []string{"true", "both"} {
		containers, alone := m.inside(typ, conditions, contained == "both")
		text := queryText(conditions) + "&_count=1000&_contained=" + contained
		require.Equal(t, containers, s.found(t, typ, text), "%s?%s", typ, text)
		text += "&_containedType=contained"
		require.Equal(t, alone, s.found(t, typ, text), "%s?%s", typ, text)
	}
}

// found answers a query with the ids of its matches: container#number of contained ones.
func (s *store) found(t *rapid.T, typ, text string) []string {
	q, err := s.engine.Parse(typeOf(t, typ), text, false)
	require.NoError(t, err, text)
	r, err := s.engine.Search(context.Background(), s.index.View(), q)
	require.NoError(t, err, text)
	var names []string
	for i, key := range s.keys(r.Matches) {
		if r.Contained != nil && r.Contained[i] > 0 {
			key = fmt.Sprint(key, "#", r.Contained[i])
		}
		names = append(names, key)
	}
	require.Len(t, names, r.Total)
	return names
}

// container draws a resource that contains up to four others, all of which refer to
// each other, to themselves and to resources of the store.
func container(t *rapid.T) string {
	n := func(label string, below int) int { return rapid.IntRange(0, below-1).Draw(t, label) }
	ids := []string{"a", "b", "c", "d"}
	target := func(typ string) string {
		switch n("target", 4) {
		case 0:
			return typ + "/" + ids[n("id", 4)]
		case 1:
			return "#"
		}
		return "#" + ids[n("id", 4)]
	}
	canonical := func() string {
		url := fmt.Sprintf("http://x.org/%d", n("url", 2))
		return []string{url, url + "|V1", url + "|v2", target("Questionnaire"), "Questionnaire/a|v1"}[n("canonical", 5)]
	}
	one := func(id, rest string) string {
		switch n("type", 6) {
		case 4:
			return fmt.Sprintf(`{"resourceType":"Questionnaire","id":%q%s,"url":"http://x.org/%d","version":"v%d","status":"%s"}`,
				id, rest, n("url", 2), 1+n("version", 2), []string{"draft", "active"}[n("status", 2)])
		case 5:
			return fmt.Sprintf(`{"resourceType":"QuestionnaireResponse","id":%q%s,"questionnaire":%q,"status":"completed"}`, id, rest, canonical())
		case 0:
			return fmt.Sprintf(`{"resourceType":"Medication","id":%q%s,"code":{"coding":[{"system":"urn:c","code":"c%d","display":"Code %d"}]},"status":"%s","manufacturer":{"reference":%q}}`,
				id, rest, n("code", 3), n("display", 2), []string{"active", "inactive"}[n("status", 2)], target("Organization"))
		case 1:
			return fmt.Sprintf(`{"resourceType":"Organization","id":%q%s,"name":%q,"partOf":{"reference":%q}}`, id, rest, []string{"Mill", "Lake", "Mül"}[n("name", 3)], target("Organization"))
		case 2:
			return fmt.Sprintf(`{"resourceType":"Observation","id":%q%s,"status":"final","code":{"coding":[{"code":"c%d"}]},"subject":{"reference":%q},"hasMember":[{"reference":%q}],"effectiveDateTime":"20%d","valueQuantity":{"value":%d,"unit":"g"},"component":[{"code":{"coding":[{"code":"c%d"}]},"valueQuantity":{"value":%d}},{"code":{"coding":[{"code":"c%d"}]},"valueQuantity":{"value":%d}}]}`,
				id, rest, n("code", 3), target("Patient"), target("Observation"), 20+n("year", 3), n("value", 3), n("part", 2), n("number", 2), n("part", 2), n("number", 2))
		}
		return fmt.Sprintf(`{"resourceType":"Patient","id":%q%s,"name":[{"family":"Fam%d Ily","given":["G%d"]}],"birthDate":"198%d","managingOrganization":{"reference":%q}}`,
			id, rest, n("family", 2), n("given", 2), n("born", 2), target("Organization"))
	}
	var inner []string
	for i := range n("contained", 5) {
		inner = append(inner, one(ids[i], ""))
	}
	contained := ""
	if inner != nil {
		contained = `,"contained":[` + strings.Join(inner, ",") + `]`
	}
	id := ids[n("own id", 4)]
	if n("request", 2) == 0 {
		return fmt.Sprintf(`{"resourceType":"MedicationRequest","id":%q%s,"status":"active","intent":"order","medicationReference":{"reference":%q},"subject":{"reference":%q},"reasonReference":[{"reference":%q},{"reference":%q}]}`,
			id, contained, target("Medication"), target("Patient"), target("Observation"), target("Condition"))
	}
	return one(id, contained)
}

// TestContainedModel compares chains into contained resources and searches of them with
// a model, over random containers that are written over and deleted.
func TestContainedModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, m := newStore(t), newModel(t)
		s.level, m.level = minimal, minimal // references lead anywhere
		for range rapid.IntRange(2, 14).Draw(t, "resources") {
			source := container(t)
			s.put(source)
			m.put([]byte(source))
		}
		if len(m.docs) > 1 && rapid.Bool().Draw(t, "delete") {
			d := choose(t, m.docs, "victim")
			s.remove(d.typ, d.id)
			m.remove(d.typ, d.id)
		}
		maker := newQueryMaker(m.flat())
		for range 4 {
			typ := choose(t, maker.types(), "type")
			var conditions []*modelQuery
			for range rapid.IntRange(1, 2).Draw(t, "conditions") {
				conditions = append(conditions, maker.condition(t, typ, 3))
			}
			checkContained(t, s, m, typ, conditions)
		}
	})
}

// TestContainedExamples does so over those of HL7's examples that contain others.
func TestContainedExamples(t *testing.T) {
	s, m := newStore(t), newModel(t)
	s.level, m.level = minimal, minimal
	var containers [][]byte
	for _, line := range shared(t, "fhir-r4/examples.ndjson.gz") {
		if bytes.Contains(line, []byte(`"contained":[`)) {
			containers = append(containers, line)
		}
	}
	load(s, m, containers)
	require.NotEmpty(t, containers)
	maker := newQueryMaker(m.flat())
	rapid.Check(t, func(t *rapid.T) {
		typ := choose(t, maker.types(), "type")
		checkContained(t, s, m, typ, []*modelQuery{maker.condition(t, typ, 2)})
	})
}
