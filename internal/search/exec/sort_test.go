package exec_test

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A modelKey is what a resource is sorted by: one of its fields, by type of parameter.
type modelKey struct {
	time   int64
	number *big.Rat // nil is an open end
	text   string
}

// keys returns the smallest and the largest key of a resource.
func (m *model) keys(d *modelDoc, p *schema.Param) (smallest, largest *modelKey) {
	for _, e := range m.all(d, p) {
		var low, high []modelKey
		switch p.Type {
		case schema.ParamDate:
			if from, to, ok := rangeOf(e); ok {
				low, high = []modelKey{{time: from}}, []modelKey{{time: to}}
			}
		case schema.ParamQuantity, schema.ParamNumber:
			if q, ok := quantityOf(e); ok {
				low, high = []modelKey{{number: q.low}}, []modelKey{{number: q.high}}
			}
		case schema.ParamString:
			for _, s := range partsOf(e) {
				low = append(low, modelKey{text: plainText(s)})
			}
		case schema.ParamToken:
			for _, t := range tokensOf(e) {
				if !t.sensitive {
					t.code = strings.ToLower(t.code)
				}
				low = append(low, modelKey{text: t.code + "\x00" + t.system})
			}
		case schema.ParamReference:
			if s := referenceOf(e); s != "" {
				low = append(low, modelKey{text: local(s)})
				if _, isURL := e.value.(string); isURL { // an address of this store as well
					low = append(low, modelKey{text: s})
				}
				if url, _, found := strings.Cut(s, "|"); found {
					low = append(low, modelKey{text: url})
				}
			}
		case schema.ParamURI:
			if s, ok := e.value.(string); ok {
				low = append(low, modelKey{text: s})
				if url, _, found := strings.Cut(s, "|"); found && e.typ == "canonical" {
					low = append(low, modelKey{text: url})
				}
			}
		}
		if high == nil {
			high = low
		}
		for i := range low {
			if smallest == nil || low[i].compare(smallest, -1) < 0 {
				smallest = &low[i]
			}
		}
		for i := range high {
			if largest == nil || high[i].compare(largest, 1) > 0 {
				largest = &high[i]
			}
		}
	}
	return smallest, largest
}

// compare orders two keys; open is the sign of an open end.
func (k *modelKey) compare(other *modelKey, open int) int {
	switch {
	case k.number == nil && other.number == nil:
		return cmp.Or(cmp.Compare(k.time, other.time), strings.Compare(k.text, other.text))
	case k.number == nil:
		return open
	case other.number == nil:
		return -open
	}
	return k.number.Cmp(other.number)
}

func (m *model) sorted(ids []string, typ string, keys []modelSort) []string {
	docs := make([]*modelDoc, len(ids))
	for i, id := range ids {
		docs[i] = m.byKey[typ+"/"+id]
	}
	m.order(docs, keys)
	ids = slices.Clone(ids)
	for i, d := range docs {
		ids[i] = d.id
	}
	return ids
}

// order sorts resources, which come newest first and stay so where all keys are equal.
func (m *model) order(docs []*modelDoc, keys []modelSort) {
	type ends struct{ low, high *modelKey }
	known := map[*modelDoc][]ends{}
	for _, d := range docs {
		for _, key := range keys {
			low, high := m.keysOf(d, key.via, key.param)
			known[d] = append(known[d], ends{low, high})
		}
	}
	slices.SortStableFunc(docs, func(a, b *modelDoc) int {
		for i, key := range keys {
			a, b := known[a][i], known[b][i]
			order := 0
			switch {
			case a.low == nil && b.low == nil:
			case a.low == nil:
				return 1
			case b.low == nil:
				return -1
			case key.descending:
				order = -a.high.compare(b.high, 1)
			default:
				order = a.low.compare(b.low, -1)
			}
			if order != 0 {
				return order
			}
		}
		return 0
	})
}

// A modelSort is a key of _sort, perhaps of what references lead to.
type modelSort struct {
	param      *schema.Param
	descending bool
	via        []modelStep
}

// A modelStep leads through a reference to resources of a type, "" for any.
type modelStep struct {
	param  *schema.Param
	target string
}

func (k modelSort) String() string {
	text := map[bool]string{true: "-"}[k.descending]
	for _, step := range k.via {
		text += step.param.Code
		if step.target != "" {
			text += ":" + step.target
		}
		text += "."
	}
	return text + k.param.Code
}

// keysOf returns the smallest and the largest key of a resource, or of those that some
// steps lead to.
func (m *model) keysOf(d *modelDoc, via []modelStep, p *schema.Param) (smallest, largest *modelKey) {
	if len(via) == 0 {
		if p = paramOf(d.typ, p.Code); p == nil {
			return nil, nil
		}
		return m.keys(d, p)
	}
	for _, key := range m.edges(d, via[0].param) {
		to := m.byKey[key]
		if to == nil || via[0].target != "" && via[0].target != to.typ {
			continue
		}
		low, high := m.keysOf(to, via[1:], p)
		if low != nil && (smallest == nil || low.compare(smallest, -1) < 0) {
			smallest = low
		}
		if high != nil && (largest == nil || high.compare(largest, 1) > 0) {
			largest = high
		}
	}
	return smallest, largest
}

func TestSort(t *testing.T) {
	s, m := newStore(t), newModel(t)
	var valid [][]byte
	var doc fhirjson.Document
	for _, line := range shared(t, "fhir-r4/examples.ndjson.gz") {
		if fhirjson.Parse(line, &doc, nil) == nil {
			valid = append(valid, line)
		}
	}
	load(s, m, valid)
	maker := newQueryMaker(m)
	rapid.Check(t, func(t *rapid.T) {
		typ := choose(t, maker.types(), "type")
		var keys []modelSort
		var text []string
		for range rapid.IntRange(1, 3).Draw(t, "keys") {
			key := modelSort{param: choose(t, maker.params[typ], "key"), descending: rapid.Bool().Draw(t, "descending")}
			if key.param.Type == schema.ParamComposite {
				continue
			}
			keys = append(keys, key)
			text = append(text, key.String())
		}
		count := rapid.IntRange(1, 60).Draw(t, "count")
		query := "_count=" + big.NewInt(int64(count)).String()
		if len(text) > 0 {
			query += "&_sort=" + strings.Join(text, ",")
		}
		q, err := s.engine.Parse(typeOf(s.t, typ), query, false)
		require.NoError(t, err, query)
		r, err := s.engine.Search(context.Background(), s.index.View(), q)
		require.NoError(t, err)
		want := m.sorted(m.search(typ, nil), typ, keys)
		require.Equal(t, want[:min(count, len(want))], s.keys(r.Matches), "%s?%s", typ, query)
	})
}

func TestSortByTargets(t *testing.T) {
	s := newStore(t)
	s.put(`{"resourceType":"Organization","id":"o1","name":"Zeta"}`, `{"resourceType":"Organization","id":"o2","name":"Alpha","partOf":{"reference":"Organization/o3"}}`, `{"resourceType":"Organization","id":"o3","name":"Mid"}`)
	s.put(`{"resourceType":"Practitioner","id":"d1","name":[{"family":"B"}]}`, `{"resourceType":"Practitioner","id":"d2","name":[{"family":"C"}]}`)
	patient := func(id, organization, first, second string) string {
		return `{"resourceType":"Patient","id":"` + id + `","managingOrganization":{"reference":"Organization/` + organization +
			`"},"generalPractitioner":[{"reference":"` + first + `"},{"reference":"` + second + `"}]}`
	}
	s.put(patient("a", "o1", "Practitioner/d1", "Organization/o2"), patient("b", "o2", "Practitioner/d2", "Practitioner/d1"), patient("c", "gone", "Organization/o3", "Practitioner/d2"))
	for query, want := range map[string]string{
		"_sort=organization.name":                            "b a c",
		"_sort=-organization.name":                           "a b c",
		"_sort=organization.partof.name":                     "b c a",
		"_sort=general-practitioner.name":                    "a b c",
		"_sort=-general-practitioner.name":                   "c b a",
		"_sort=general-practitioner:Practitioner.name,-_id":  "b a c",
		"_sort=-general-practitioner:Organization.name,-_id": "c a b",
	} {
		ids, _ := s.search("Patient", query)
		require.Equal(t, want, words(ids), query)
	}
}

// A page that was picked from a column is the page of the whole order.
func TestSortedPages(t *testing.T) {
	s := newStore(t)
	var items []string
	for i := range 400 {
		date, value := "", fmt.Sprintf(`"value":%d.5`, i*i%23)
		if i%10 > 0 {
			date = fmt.Sprintf(`,"effectiveDateTime":"20%02d-%02d"`, i*7%11, 1+i%12)
		}
		if i%31 == 0 {
			value += `,"comparator":"<"`
		}
		items = append(items, fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"text":"x"},"valueQuantity":{%s}%s}`, i, value, date))
	}
	s.put(items...)
	s.put(items[50:60]...)
	view, typ := s.index.View(), typeOf(t, "Observation")
	for _, query := range []string{"_sort=date", "_sort=-date", "_sort=value-quantity", "_sort=-value-quantity", "_sort=-date,value-quantity", "_sort=date&value-quantity=gt5"} {
		q, err := s.engine.Parse(typ, query+"&_count=7", false)
		require.NoError(t, err)
		want, err := s.engine.Sorted(t.Context(), view, q)
		require.NoError(t, err)
		var got []index.Ordinal
		for {
			r, err := s.engine.Search(t.Context(), view, q)
			require.NoError(t, err)
			if got = append(got, r.Matches...); r.Next == "" {
				break
			}
			q, err = s.engine.Parse(typ, query+"&_count=7&_page="+r.Next, false)
			require.NoError(t, err)
		}
		require.Equal(t, want, got, query)
	}
}
