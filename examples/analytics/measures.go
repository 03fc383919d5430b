package main

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fhirlake/fhirlake/export"
)

// An observation has the elements of an Observation that can be drawn.
type observation struct {
	Code    concept `json:"code"`
	Subject struct {
		Reference string `json:"reference"`
	} `json:"subject"`
	DateTime string `json:"effectiveDateTime"`
	Instant  string `json:"effectiveInstant"`
	Period   struct {
		Start string `json:"start"`
	} `json:"effectivePeriod"`
	Quantity  quantity `json:"valueQuantity"`
	Component []struct {
		Code     concept  `json:"code"`
		Quantity quantity `json:"valueQuantity"`
	} `json:"component"`
}

type quantity struct {
	Value jsontext.Value `json:"value"`
	Unit  string         `json:"unit"`
	Code  string         `json:"code"`
}

// A measure is a measured quantity in one unit.
type measure struct {
	of   coding
	unit string
}

// A value is one measurement. Its time is in years.
type value struct {
	patient string
	time, v float64
}

// each calls f with every value of the observation.
func (o *observation) each(f func(of measure, name string, v value)) {
	at, ok := year(firstOf(o.DateTime, o.Instant, o.Period.Start))
	if !ok {
		return
	}
	one := func(c *concept, q *quantity) {
		v, err := strconv.ParseFloat(string(q.Value), 64)
		of, name, ok := c.first()
		if err == nil && ok && math.Abs(v) < 1e12 { // beyond it nothing is measured
			f(measure{of, strings.Trim(firstOf(q.Code, q.Unit), "{}")}, name, value{o.Subject.Reference, at, v})
		}
	}
	one(&o.Code, &o.Quantity)
	for i := range o.Component {
		one(&o.Component[i].Code, &o.Component[i].Quantity)
	}
}

// year returns a FHIR date in years.
func year(date string) (float64, bool) {
	part := func(from, to int) float64 {
		if n, err := strconv.Atoi(date[min(from, len(date)):min(to, len(date))]); err == nil {
			return float64(n)
		}
		return 1
	}
	if len(date) < 4 {
		return 0, false
	}
	return part(0, 4) + (part(5, 7)-1)/12 + (part(8, 10)-1)/372, true
}

// A series is all values of a measure, and its name.
type series struct {
	measure
	name   string
	values []value
	sorted []float64
}

// weight is the number of values, and less if they are nearly the same.
func (s *series) weight() float64 {
	spread := quantile(s.sorted, 0.9) - quantile(s.sorted, 0.1)
	return float64(len(s.sorted)) * min(1, spread/max(math.Abs(quantile(s.sorted, 0.5)), 1e-9))
}

// measures draws each measure of the observations of a query that has many values, and many
// different ones. The values are in memory, about 50 bytes each.
func measures(a *asker, query string, most int) (cards []card) {
	found, patients := map[measure]*series{}, map[string]string{} // each name once
	for o := range resources[observation](a, export.Options{Types: []string{"Observation"}, TypeFilters: []string{"Observation?" + query}}) {
		o.each(func(of measure, name string, v value) {
			if found[of] == nil {
				found[of] = &series{measure: of, name: name}
			}
			if _, ok := patients[v.patient]; !ok {
				patients[v.patient] = v.patient
			}
			v.patient = patients[v.patient]
			found[of].values = append(found[of].values, v)
			found[of].sorted = append(found[of].sorted, v.v)
		})
	}
	for _, s := range found {
		slices.Sort(s.sorted)
	}
	all := slices.SortedFunc(maps.Values(found), func(x, y *series) int {
		return cmp.Or(cmp.Compare(y.weight(), x.weight()), cmp.Compare(x.of.Code, y.of.Code),
			cmp.Compare(x.of.System, y.of.System), cmp.Compare(x.unit, y.unit))
	})
	for _, s := range all[:min(len(all), most)] {
		cards = append(cards, course(s))
	}
	return cards
}
