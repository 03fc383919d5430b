package datastore_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/stretchr/testify/require"
)

var datedCount = flag.Int("dated", 67_000, "how many Observations TestDatesAgainstScan has: more than one segment of a column")

// A dateRange is the instants [from, to) of a date, in microseconds since the Unix epoch.
type dateRange struct{ from, to int64 }

// A datedRandom draws dates as they are written, and their ranges.
type datedRandom struct {
	*rand.Rand
	zone *time.Location
}

// date draws a date of any precision, near the boundaries of years and months more often
// than elsewhere. A date of a query has no fraction of a second.
func (r datedRandom) date(stored bool) (text string, of dateRange) {
	t := time.Date(2005+r.IntN(20), time.Month(1+r.IntN(12)), 1, 0, 0, 0, 0, r.zone)
	switch r.IntN(3) {
	case 0:
		t = t.Add(time.Duration(r.IntN(5)-2) * time.Second)
	case 1:
		t = t.AddDate(0, 0, r.IntN(31)).Add(time.Duration(r.IntN(86_400)) * time.Second)
	}
	day := func(end time.Time) dateRange { return dateRange{t.UnixMicro(), end.UnixMicro()} }
	switch r.IntN(6) {
	case 0:
		t = time.Date(t.Year(), 1, 1, 0, 0, 0, 0, r.zone)
		return t.Format("2006"), day(t.AddDate(1, 0, 0))
	case 1:
		t = time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, r.zone)
		return t.Format("2006-01"), day(t.AddDate(0, 1, 0))
	case 2, 3:
		t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, r.zone)
		return t.Format("2006-01-02"), day(t.AddDate(0, 0, 1))
	case 4:
		if stored {
			t = t.Add(time.Duration(r.IntN(1000)) * time.Millisecond)
			return t.UTC().Format("2006-01-02T15:04:05.000Z"), day(t.Add(time.Millisecond))
		}
		return t.UTC().Format("2006-01-02T15:04:05Z"), day(t.Add(time.Second))
	default:
		t = t.In(time.FixedZone("", []int{-11, -5, 0, 6, 13}[r.IntN(5)]*3600))
		return t.Format("2006-01-02T15:04:05-07:00"), day(t.Add(time.Second))
	}
}

// observation writes an Observation with a date, a period, a timing or none.
func (r datedRandom) observation(id int) (line string, of *dateRange) {
	start, from := r.date(true)
	end, to := r.date(true)
	if to.to < from.from {
		start, from, end, to = end, to, start, from
	}
	effective := ""
	switch kind := r.IntN(40); {
	case kind == 0:
	case kind == 1:
		effective, of = fmt.Sprintf(`,"effectivePeriod":{"start":%q}`, start), &dateRange{from.from, math.MaxInt64}
	case kind == 2:
		effective, of = fmt.Sprintf(`,"effectivePeriod":{"end":%q}`, end), &dateRange{math.MinInt64, to.to}
	case kind == 3 && from.from < to.to:
		effective, of = fmt.Sprintf(`,"effectivePeriod":{"start":%q,"end":%q}`, start, end), &dateRange{from.from, to.to}
	case kind == 4:
		effective, of = fmt.Sprintf(`,"effectiveTiming":{"event":[%q,%q]}`, end, start), &dateRange{min(from.from, to.from), max(from.to, to.to)}
	default:
		effective, of = fmt.Sprintf(`,"effectiveDateTime":%q`, start), &from
	}
	return fmt.Sprintf(`{"resourceType":"Observation","id":"%d","status":"%s","code":{"text":"x"}%s}`+"\n", id, []string{"final", "amended", "registered"}[r.IntN(3)], effective), of
}

// satisfies decides by the table of prefixes alone (FHIR R4 §3.1.1.4.5).
func satisfies(prefix string, s, t dateRange, now int64) bool {
	within := s.from <= t.from && t.to <= s.to
	switch prefix {
	case "ne":
		return !within
	case "gt":
		return t.to > s.to
	case "lt":
		return t.from < s.from
	case "ge":
		return t.to > s.to || within
	case "le":
		return t.from < s.from || within
	case "sa":
		return t.from >= s.to
	case "eb":
		return t.to <= s.from
	case "ap":
		var far int64
		if far = s.from - now; now >= s.to {
			far = now - s.to
		} else if far < 0 {
			far = 0
		}
		return t.from < s.to+far/10 && s.from-far/10 < t.to
	default:
		return within
	}
}

// Random conditions on dates find what a scan finds that decides by the table of prefixes,
// over more dates than a segment of a column has; and pages by date, both ways, come in
// order to their end while others write.
func TestDatesAgainstScan(t *testing.T) {
	if testing.Short() {
		t.Skip("a long model")
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	now := time.Date(2017, 5, 6, 7, 8, 9, 0, time.UTC)
	store, err := datastore.Open(ctx, "mem:", &datastore.Options{Zone: zone, Now: func() time.Time { return now }})
	require.NoError(t, err)
	defer store.Close()
	r := datedRandom{rand.New(rand.NewPCG(uint64(*datedCount), 7)), zone}
	spans := make([]*dateRange, *datedCount)
	var text bytes.Buffer
	for i := range spans {
		var line string
		line, spans[i] = r.observation(i)
		text.WriteString(line)
	}
	job, err := ingest.Start(ctx, store, ingest.Options{Reader: &text})
	require.NoError(t, err)
	result, err := job.Wait()
	require.NoError(t, err)
	require.EqualValues(t, len(spans), result.Imported)
	snapshot := store.Snapshot()
	defer snapshot.Close()

	prefixes := []string{"", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"}
	for range 100 {
		var query string
		var conditions [][]func(dateRange) bool
		for range 1 + r.IntN(3) {
			query += "&date="
			var any []func(dateRange) bool
			for i := range 1 + r.IntN(2) {
				if i > 0 {
					query += ","
				}
				prefix := prefixes[r.IntN(len(prefixes))]
				value, of := r.date(false)
				query += prefix + queryEscaped(value)
				any = append(any, func(t dateRange) bool { return satisfies(prefix, of, t, now.UnixMicro()) })
			}
			conditions = append(conditions, any)
		}
		var want []int
		for i, of := range spans {
			if of != nil && !slices.ContainsFunc(conditions, func(any []func(dateRange) bool) bool {
				return !slices.ContainsFunc(any, func(holds func(dateRange) bool) bool { return holds(*of) })
			}) {
				want = append(want, i)
			}
		}
		found, err := snapshot.Select(ctx, "Observation", query[1:])
		require.NoError(t, err, query)
		var got []int
		for o := range found {
			id, err := strconv.Atoi(snapshot.Describe(o).ID)
			require.NoError(t, err)
			got = append(got, id)
		}
		slices.Sort(got)
		require.Equal(t, len(want), len(got), query)
		require.Equal(t, want, got, query)
		page, err := snapshot.Search(ctx, "Observation", query[1:]+"&_count=0")
		require.NoError(t, err)
		require.Equal(t, len(want), page.Total, query)
	}
	for _, sort := range []string{"date", "-date"} {
		requireSortedByDate(t, store, snapshot, sort, spans)
	}
}

func queryEscaped(value string) string {
	return string(bytes.ReplaceAll([]byte(value), []byte("+"), []byte("%2B")))
}

// requireSortedByDate walks through all pages of a sort, and writes between pages.
func requireSortedByDate(t *testing.T, store *datastore.Store, snapshot *datastore.Snapshot, sort string, spans []*dateRange) {
	order := make([]int, len(spans))
	for i := range order {
		order[i] = len(spans) - 1 - i // the newest first among equals
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := spans[a], spans[b]
		switch {
		case x == nil || y == nil:
			return cmp.Compare(btoi(x == nil), btoi(y == nil))
		case sort == "date":
			return cmp.Compare(x.from, y.from)
		default:
			return cmp.Compare(y.to, x.to)
		}
	})
	at := 0
	for query, pages := "_sort="+sort+"&_count=1000", 0; query != ""; pages++ {
		page, err := snapshot.Search(ctx, "Observation", query)
		require.NoError(t, err)
		require.Equal(t, len(spans), page.Total)
		for _, v := range page.Matches {
			require.Equal(t, strconv.Itoa(order[at]), v.ID, "%s, place %d", sort, at)
			at++
		}
		query = page.Next
		for i := range 3 {
			_, err = store.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Observation","id":"%d","status":"final","code":{"text":"x"},"effectiveDateTime":"19%02d"}`, pages*7+i, i+50))
			require.NoError(t, err)
		}
	}
	require.Equal(t, len(spans), at)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
