package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// A table has rows of numbers, with the name of each row at its end.
type table struct{ *tabwriter.Writer }

// newTable begins a table with the names of its columns.
func newTable(out io.Writer, title string, columns ...string) table {
	fmt.Fprintln(out)
	t := table{tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)}
	t.row(title, columns...)
	return t
}

func (t table) row(name string, numbers ...string) {
	fmt.Fprintf(t, "%s\t  %s\n", strings.Join(numbers, "\t"), name)
}

// each measures calls of f one by one, as many as there is time for, and returns how long
// they took, sorted. The first tenth of them counts for nothing.
func each(f func(i int) error) (took []time.Duration, err error) {
	const most, enough = 20_000, 500 * time.Millisecond
	for begin := time.Now(); len(took) < 20 || len(took) < most && time.Since(begin) < enough; {
		start := time.Now()
		if err := f(len(took)); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
	took = took[len(took)/10:]
	slices.Sort(took)
	return took, nil
}

// times returns the columns of measured calls: their number, the median, and the 99th
// percentile.
func times(took []time.Duration) []string {
	at := func(share float64) string { return brief(took[int(share*float64(len(took)-1))]) }
	return []string{fmt.Sprint(len(took)), at(0.5), at(0.99)}
}

// brief writes a duration with three digits or so.
func brief(d time.Duration) string {
	for unit := time.Nanosecond; unit < time.Minute; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
	return d.Round(time.Second).String()
}

// rate returns how many a second.
func rate(n int64, d time.Duration) string { return fmt.Sprintf("%.0f/s", float64(n)/d.Seconds()) }

// megabytes writes a number of bytes.
func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// megabytesRate returns how many megabytes a second.
func megabytesRate(n int64, d time.Duration) string {
	return fmt.Sprintf("%.0f MB/s", float64(n)/1e6/d.Seconds())
}
