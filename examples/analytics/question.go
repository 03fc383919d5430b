package main

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"sort"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/search"
)

// An asker asks one snapshot. It keeps the first error; all later answers are empty.
type asker struct {
	ctx      context.Context
	snapshot *datastore.Snapshot
	err      error
}

// count returns how many resources a query finds.
func (a *asker) count(typ, query string) int {
	if a.err != nil {
		return 0
	}
	page, err := a.snapshot.Search(a.ctx, typ, query+"&_summary=count")
	if err != nil {
		a.err = err
		return 0
	}
	return page.Total
}

// A month counts from year 0 on, so that months are compared and added.
type month int

func january(year int) month { return month(year * 12) }

// since returns how many resources begin in a month or later. Differences of two such
// counts have each resource once, also where a period spans several months.
func (a *asker) since(typ, date string, m month, filter string) int {
	if m <= january(1) {
		return a.count(typ, date+":missing=false"+filter)
	}
	return a.count(typ, fmt.Sprintf("%s=sa%04d-%02d%s", date, (m-1)/12, (m-1)%12+1, filter))
}

// begin returns how many resources begin in each of some periods, one after the other.
func (a *asker) begin(typ, date string, first, long month, periods int, filter string) (numbers []int) {
	from := a.since(typ, date, first, filter)
	for i := range month(periods) {
		next := a.since(typ, date, first+(i+1)*long, filter)
		numbers, from = append(numbers, from-next), next
	}
	return numbers
}

// years returns the years, at most a number of them, in which nearly everything that since
// counts begins: all but a hundredth at each end, so that a mistaken date, such as one of
// year 9999, does not stretch an axis. The note counts the resources before and after these
// years.
func years(since func(month) int, most int) (first, last int, note string) {
	all := since(january(1))
	newest := func(few int) int { // the last year after which there are more than a few
		return sort.Search(9999, func(i int) bool { return since(january(i+2)) <= few }) + 1
	}
	last = newest(all / 100)
	if since(january(last-most+1)) < all/5 {
		last = newest(all/2) + most/2 // the newest dates are far from all others
	}
	first = max(newest(all-all/100-1), last-most+1)
	for first < last && since(january(first)) == since(january(first+1)) {
		first++
	}
	if n := all - since(january(first)); n > 0 {
		note += fmt.Sprintf(" Earlier: %s.", count(n))
	}
	if n := since(january(last + 1)); n > 0 {
		note += fmt.Sprintf(" Later: %s.", count(n))
	}
	return first, last, note
}

// resources iterates over the resources of an export.
func resources[R any](a *asker, options export.Options) iter.Seq[*R] {
	return func(yield func(*R) bool) {
		if a.err != nil {
			return
		}
		for line, err := range export.Lines(a.ctx, a.snapshot, options) {
			if err != nil {
				a.err = err
				return
			}
			r := new(R)
			if json.Unmarshal(line, r) != nil {
				continue // stored at a level that lets other shapes in
			}
			if !yield(r) {
				return
			}
		}
	}
}

// A coding names a thing in a code system.
type coding struct{ System, Code string }

// token returns the coding as the value of a search parameter of type token.
func (c coding) token() string {
	return url.QueryEscape(search.Escape(c.System) + "|" + search.Escape(c.Code))
}

// A concept is a CodeableConcept.
type concept struct {
	Coding []struct {
		System  string `json:"system"`
		Code    string `json:"code"`
		Display string `json:"display"`
	} `json:"coding"`
	Text string `json:"text"`
}

// first returns the first coding that has a code, and its name.
func (c *concept) first() (of coding, name string, ok bool) {
	for _, d := range c.Coding {
		if d.Code != "" {
			return coding{d.System, d.Code}, firstOf(d.Display, c.Text, d.Code), true
		}
	}
	return of, "", false
}

// firstOf returns the first text that is not blank, without invisible characters and cut to
// a bound.
func firstOf(texts ...string) string {
	for _, text := range texts {
		text = strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) {
				return r
			}
			return ' '
		}, text)
		if text = strings.TrimSpace(text); text != "" {
			return fit(text, 1000)
		}
	}
	return ""
}
