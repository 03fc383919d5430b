package browse

import (
	"math"
	"strconv"
	"time"
)

// The size of a chart and of its plot.
const (
	chartWidth, chartHeight      = 340.0, 170.0
	plotLeft, plotRight          = 46.0, 330.0
	plotTop, plotBottom          = 10.0, 146.0
	hour                         = float64(time.Hour)
	shortestTime, shortestValues = 24 * hour, 1e-9
)

// lineClasses are the classes of the lines of a chart.
var lineClasses = []literal{"", " b", " c"}

// draw draws a chart as SVG: the reference range as a band, the lines, and a point for
// each value with its text.
func (m *markup) draw(c *chart) {
	first, last := c.times()
	low, high := c.values()
	x := func(t time.Time) string {
		return coordinate(plotLeft + (plotRight-plotLeft)*float64(t.Sub(first))/max(float64(last.Sub(first)), 1))
	}
	y := func(v float64) float64 { return plotBottom - (plotBottom-plotTop)*(v-low)/(high-low) }
	m.add(`<svg viewBox="0 0 340 170" role="img" aria-label="%"><title>%</title>`, short(c.name, 120)+": "+c.about(), short(c.name, 120))
	for _, v := range ticks(low, high) {
		m.add(`<path class="grid" d="M46 %H330"/><text class="end" x="41" y="%">%</text>`, coordinate(y(v)), coordinate(y(v)+4), tick(v))
	}
	m.add(`<text x="46" y="164">%</text><text class="end" x="330" y="164">%</text>`, first.Format(time.DateOnly), last.Format(time.DateOnly))
	for i, l := range c.lines {
		class := lineClasses[i%len(lineClasses)]
		m.band(l, x, y, low, high)
		if len(l.points) > 1 {
			m.add(`<path class="curve` + class + `" d="`)
			for i, p := range l.points {
				letter := "L"
				if i == 0 {
					letter = "M"
				}
				m.add("%% %", letter, x(p.at), coordinate(y(p.value)))
			}
			m.add(`"/>`)
		}
		for _, p := range l.points {
			if m.full() {
				break
			}
			m.add(`<circle class="dot` + class)
			if p.out {
				m.add(" outside")
			}
			m.add(`" cx="%" cy="%" r="2.6"><title>%</title></circle>`, x(p.at), coordinate(y(p.value)), joined(" ", l.name, short(p.text, 60))+", "+p.at.Format("2006-01-02 15:04"))
		}
	}
	m.add("</svg>")
	if len(c.lines) > 1 {
		m.add(`<ul class="legend">`)
		for i, l := range c.lines {
			m.add(`<li><svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true" class="swatch"><circle class="dot`+lineClasses[i%len(lineClasses)]+`" cx="5" cy="5" r="4"/></svg>%</li>`, l.name)
		}
		m.add("</ul>")
	}
}

// band draws the reference range of a line's newest point that has one.
func (m *markup) band(l *line, x func(time.Time) string, y func(float64) float64, low, high float64) {
	for i := len(l.points) - 1; i >= 0; i-- {
		p := l.points[i]
		if !p.known {
			continue
		}
		from, to := max(p.low, low), min(p.high, high)
		if from < to {
			m.add(`<rect class="band" x="46" width="284" y="%" height="%"/>`, coordinate(y(to)), coordinate(y(from)-y(to)))
		}
		return
	}
}

// times returns the span of time of a chart.
func (c *chart) times() (first, last time.Time) {
	for _, l := range c.lines {
		for _, p := range l.points {
			if first.IsZero() || p.at.Before(first) {
				first = p.at
			}
			if last.IsZero() || p.at.After(last) {
				last = p.at
			}
		}
	}
	if last.Sub(first) < time.Duration(shortestTime) {
		first, last = first.Add(-12*time.Hour), last.Add(12*time.Hour)
	}
	return first, last
}

// values returns the span of values of a chart, with room above and below. A reference
// range widens it by as much as the values take.
func (c *chart) values() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, l := range c.lines {
		for _, p := range l.points {
			low, high = min(low, p.value), max(high, p.value)
		}
	}
	span := max(high-low, math.Abs(high)*0.1, shortestValues)
	least, most := low-span, high+span
	for _, l := range c.lines {
		if n := len(l.points); n > 0 && l.points[n-1].known {
			if p := l.points[n-1]; p.low >= least {
				low = min(low, p.low)
			}
			if p := l.points[n-1]; p.high <= most {
				high = max(high, p.high)
			}
		}
	}
	space := max((high-low)*0.08, span*0.05)
	if low >= 0 && low-space < 0 {
		return 0, high + space
	}
	return low - space, high + space
}

// ticks returns some round values.
func ticks(low, high float64) (values []float64) {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/4)))
	for _, f := range []float64{1, 2, 5, 10} {
		if (high-low)/(step*f) <= 5 {
			step *= f
			break
		}
	}
	for i := math.Ceil(low / step); i*step <= high && len(values) < 8; i++ {
		values = append(values, i*step)
	}
	return values
}

// tick writes a value shortly.
func tick(v float64) string {
	if v == 0 {
		return "0" // not -0
	}
	return strconv.FormatFloat(v, 'g', 5, 64)
}

// coordinate writes a coordinate.
func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
