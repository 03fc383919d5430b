package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
)

// course draws the values of a measure over the years: the median and the quartiles of
// each year, the lines of a few patients, and at the right how the values are spread.
func course(s *series) card {
	patients := map[string][]value{}
	slices.SortStableFunc(s.values, func(x, y value) int { return cmp.Compare(x.time, y.time) })
	for _, v := range s.values {
		patients[v.patient] = append(patients[v.patient], v)
	}
	years, fullest := map[float64][]float64{}, math.Floor(s.values[0].time)
	for _, v := range s.values {
		year := math.Floor(v.time)
		years[year] = append(years[year], v.v)
		if len(years[year]) > len(years[fullest]) {
			fullest = year
		}
	}
	// Years with fewer values than a tenth of the fullest year's are left out.
	few := len(years[fullest]) / 10
	maps.DeleteFunc(years, func(year float64, in []float64) bool { return len(in) < few || math.Abs(year-fullest) > 15 })
	drawn := slices.Sorted(maps.Keys(years))

	d := &drawing{W: 380, H: 210, Label: s.name}
	y := axisOf(s.sorted, d.H-24, 18)
	x := axis{drawn[0], drawn[len(drawn)-1] + 1, 42, 302}
	d.levels(y, x.start, d.W, 0)
	d.text("muted small", 0, 10, fit(firstOf(s.unit, "no unit"), 200))
	for _, v := range x.ticks(6, 1) {
		if v < x.high {
			d.text("mid muted", x.at(v+0.5), d.H-6, strconv.Itoa(int(v)))
			d.line("tick", "", x.at(v+0.5), y.start, x.at(v+0.5), y.start+5)
		}
	}
	inside := func(v value) bool {
		return v.time >= x.low && v.time < x.high && v.v >= y.low && v.v <= y.high
	}

	longest := slices.SortedFunc(maps.Keys(patients), func(p, q string) int {
		return cmp.Or(cmp.Compare(len(patients[q]), len(patients[p])), cmp.Compare(p, q))
	})
	for _, p := range longest[:min(len(longest), 3)] {
		var points []float64
		for _, v := range patients[p] {
			if inside(v) {
				points = append(points, x.at(v.time), y.at(v.v))
			}
		}
		if len(points) > 2 {
			d.line("patient", "a patient", points...)
		}
	}

	band, median, dots := []float64{}, []float64{}, []string{}
	for _, year := range drawn {
		in := years[year]
		slices.Sort(in)
		middle, at := x.at(year+0.5), func(share float64) float64 { return y.at(min(max(quantile(in, share), y.low), y.high)) }
		band = slices.Concat([]float64{middle, at(0.75)}, band, []float64{middle, at(0.25)})
		median = append(median, middle, at(0.5))
		dots = append(dots, fmt.Sprintf("%.0f: median %s, quartiles %s and %s, of %s", year,
			brief(quantile(in, 0.5)), brief(quantile(in, 0.25)), brief(quantile(in, 0.75)), count(len(in))))
	}
	d.line("band", "", band...)
	d.line("median", "", median...)
	for i, title := range dots {
		d.rect("dot", median[2*i]-2.5, median[2*i+1]-2.5, 5, 5, title)
	}

	shown, bins := 0, [24]int{}
	for _, v := range s.values {
		if inside(v) {
			shown++
			bins[min(int((v.v-y.low)/(y.high-y.low)*float64(len(bins))), len(bins)-1)]++
		}
	}
	most, high := slices.Max(bins[:]), (y.start-y.end)/float64(len(bins))
	for i, n := range bins {
		if n > 0 {
			from := y.low + (y.high-y.low)*float64(i)/float64(len(bins))
			d.rect("spread", x.end+12, y.start-high*float64(i+1)+0.5, (d.W-x.end-12)*float64(n)/float64(most), high-1,
				fmt.Sprintf("from %s %s: %s", brief(from), s.unit, count(n)))
		}
	}
	c := card{Title: s.name, Drawing: d}
	c.Note = fmt.Sprintf("%s of %s, median %s %s.", many(len(s.values), "value"), many(len(patients), "patient"), brief(quantile(s.sorted, 0.5)), s.unit)
	if beyond := len(s.values) - shown; beyond > 0 {
		c.Note += fmt.Sprintf(" Not drawn: %s beyond the axes.", count(beyond))
	}
	return c
}
