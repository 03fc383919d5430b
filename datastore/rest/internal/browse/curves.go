package browse

import (
	"cmp"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// The bounds of a page of curves.
const (
	maxMeasured = 3000 // observations that are read
	maxCurves   = 60   // charts
	maxPoints   = 400  // of a line
)

// A point is a value at a time.
type point struct {
	at    time.Time
	value float64
	text  string // the value with its unit
	out   bool   // outside its reference range
	known bool   // it has a reference range
	low   float64
	high  float64 // either may be infinite
}

// A line is the points of one code, in one unit.
type line struct {
	name   string
	points []point
}

// A chart is the lines that are drawn together: those of an observation, or of its
// components.
type chart struct {
	name, unit, category, search string
	lines                        []*line
	n                            int
}

// curves answers with the page of a patient's measured values.
func (v *visit) curves(patient object) {
	p := v.ofPatient(patient, "Curves")
	m := &p.body
	charts, read, total, status := v.measured()
	switch {
	case status != http.StatusOK:
		m.add("<p>Observations cannot be shown (%).</p>\n", strconv.Itoa(status))
	case len(charts) == 0:
		m.add("<p>There are no observations with numbers.</p>\n")
	case read < total:
		m.add("<p class=\"muted\">Of % observations the newest % are drawn.</p>\n", strconv.Itoa(total), strconv.Itoa(read))
	}
	category := "\x00"
	drawn := 0
	for _, c := range charts {
		if drawn == maxCurves || m.full() {
			m.add("<p>% more kinds of values have no room here.</p>\n", strconv.Itoa(len(charts)-drawn))
			break
		}
		if c.category != category {
			if drawn > 0 {
				m.add("</div>\n")
			}
			m.add("<h2>%</h2>\n<div class=\"cards\">\n", cmp.Or(c.category, "Other"))
			category = c.category
		}
		drawn++
		m.add(`<section class="card"><h3><a href="%">%</a></h3><p>%</p>`, v.to("Patient/"+v.id+"/Observation", c.search), short(c.name, 120), c.about())
		m.draw(c)
		m.add("</section>\n")
	}
	if drawn > 0 {
		m.add("</div>\n")
	}
	v.send(http.StatusOK, p)
}

// measured reads the patient's observations, and returns their charts, how many were read
// and how many there are.
func (v *visit) measured() (charts []*chart, read, total, status int) {
	byKey := map[string]*chart{}
	path, query := "Patient/"+v.id+"/Observation", "_sort=-date&_count=1000&_elements=status,category,code,effective,value,component,referenceRange"
	for {
		a := v.ask(path, query)
		if a.status != http.StatusOK {
			return charts, read, total, a.status
		}
		o := a.resource()
		total, _ = strconv.Atoi(text(o, "total"))
		for _, e := range list(o["entry"]) {
			r, _ := get(e, "resource").(object)
			if text(r, "resourceType") != "Observation" {
				continue
			}
			read++
			if text(r, "status") != "entered-in-error" {
				measure(byKey, r)
			}
		}
		below, ok := v.inside(linkOf(o, "next"))
		next, err := url.Parse(below)
		if !ok || err != nil || read >= maxMeasured {
			break
		}
		path, query = strings.TrimPrefix(next.Path, "/"), next.RawQuery
	}
	for _, c := range byKey {
		for _, l := range c.lines {
			slices.SortStableFunc(l.points, func(a, b point) int { return a.at.Compare(b.at) })
			if len(l.points) > maxPoints {
				l.points = l.points[len(l.points)-maxPoints:]
			}
		}
		charts = append(charts, c)
	}
	rank := map[string]int{"Vital signs": 1, "Laboratory": 2, "": 9}
	slices.SortFunc(charts, func(a, b *chart) int {
		return cmp.Or(cmp.Compare(cmp.Or(rank[a.category], 5), cmp.Or(rank[b.category], 5)), strings.Compare(a.category, b.category), b.n-a.n, strings.Compare(a.name, b.name), strings.Compare(a.unit, b.unit))
	})
	return charts, read, total, http.StatusOK
}

// measure adds the numbers of an observation to the charts.
func measure(charts map[string]*chart, o object) {
	period, err := fhirtime.ParseDateTime(dateOf(o))
	if err != nil {
		return
	}
	at := period.Start()
	code := get(o, "code")
	key, name := keyOf(code), say(code)
	add := func(of any, lineName string, ranges any) {
		q, ok := choice(of, "value").(object)
		if !ok {
			return
		}
		value, err := strconv.ParseFloat(text(q, "value"), 64)
		if err != nil || math.IsInf(value, 0) || math.Abs(value) > 1e15 {
			return
		}
		unit := cmp.Or(text(q, "unit"), text(q, "code"))
		c := charts[key+"\x00"+unit]
		if c == nil {
			c = &chart{name: name, unit: unit, category: categoryOf(o), search: "code=" + url.QueryEscape(key) + "&_sort=-date"}
			charts[key+"\x00"+unit] = c
		}
		i := slices.IndexFunc(c.lines, func(l *line) bool { return l.name == lineName })
		if i < 0 {
			if len(c.lines) == 3 {
				return
			}
			i, c.lines = len(c.lines), append(c.lines, &line{name: lineName})
		}
		p := point{at: at, value: value, text: say(q), low: math.Inf(-1), high: math.Inf(1)}
		r := first(ranges) // the one of the patient stands first
		if low, err := strconv.ParseFloat(text(r, "low", "value"), 64); err == nil {
			p.low, p.known = low, true
		}
		if high, err := strconv.ParseFloat(text(r, "high", "value"), 64); err == nil {
			p.high, p.known = high, true
		}
		p.out = value < p.low || value > p.high
		c.lines[i].points = append(c.lines[i].points, p)
		c.n++
	}
	add(o, "", o["referenceRange"])
	for _, component := range list(o["component"]) {
		add(component, short(say(get(component, "code")), 60), get(component, "referenceRange"))
	}
}

// keyOf returns what a concept is searched by: system and code of its first coding.
func keyOf(concept any) string {
	escape := strings.NewReplacer(`\`, `\\`, ",", `\,`, "|", `\|`, "$", `\$`)
	if code := text(concept, "coding", "code"); code != "" {
		return escape.Replace(text(concept, "coding", "system")) + "|" + escape.Replace(code)
	}
	return "|" + escape.Replace(text(concept, "text"))
}

func categoryOf(o object) string {
	switch code := text(o, "category", "coding", "code"); code {
	case "vital-signs":
		return "Vital signs"
	case "laboratory":
		return "Laboratory"
	default:
		return short(say(first(o["category"])), 60)
	}
}

// about says what a chart shows.
func (c *chart) about() string {
	low, high, last := math.Inf(1), math.Inf(-1), point{}
	out := 0
	for _, l := range c.lines {
		for _, p := range l.points {
			low, high = min(low, p.value), max(high, p.value)
			if !p.at.Before(last.at) {
				last = p
			}
			if p.out {
				out++
			}
		}
	}
	said := strconv.Itoa(c.n) + " " + plural(strconv.Itoa(c.n), "value", "values") + ", " + tick(low) + " to " + tick(high) + " " + short(c.unit, 30) + ", last " + short(last.text, 40) + " on " + last.at.Format(time.DateOnly)
	if out > 0 {
		said += ", " + strconv.Itoa(out) + " outside the reference range"
	}
	return said
}
