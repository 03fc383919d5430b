package datastore_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// A dated is an observation whose meaning depends on zone and base.
type dated struct{ day, subject string }

func (x dated) json(id string) []byte {
	more := ""
	if x.day != "" {
		more += fmt.Sprintf(`,"effectiveDateTime":%q`, x.day)
	}
	if x.subject != "" {
		more += fmt.Sprintf(`,"subject":{"reference":%q}`, x.subject)
	}
	return fmt.Appendf(nil, `{"resourceType":"Observation","id":%q,"status":"final","code":{"text":"x"}%s}`, id, more)
}

// A settled is a store, what is in it, and under which settings it is open.
type settled struct {
	disk  *txlog.Memory
	opts  datastore.Options
	store *datastore.Store
	model map[string]dated
	sexes map[string]string // of the patients
	next  string            // a page to go on with
	rest  []string          // what comes there
	asked string            // the settings that the page was asked under
	from  string            // the settings of the checkpoint; "" if there is none

	restored int // how often the store was opened from a checkpoint
}

// settings are zone and base. A base is the same with a slash at its end.
func (s *settled) settings() string {
	return fmt.Sprint(s.opts.Zone, strings.TrimSuffix(s.opts.BaseURL, "/"))
}

func (s *settled) open(t require.TestingT) {
	log, err := txlog.Open(ctx, "", &txlog.Options{FS: s.disk, Wrapper: s.opts.Key})
	require.NoError(t, err)
	s.store, err = datastore.OpenLog(ctx, log, &s.opts)
	require.NoError(t, err)
}

// reopen opens the store, usually under other settings.
func (s *settled) reopen(t *rapid.T) {
	if rapid.Bool().Draw(t, "checkpoint") {
		require.NoError(t, s.store.Checkpoint())
		s.from = s.settings()
	}
	require.NoError(t, s.store.Close())
	s.opts.Zone = rapid.SampledFrom([]*time.Location{nil, time.UTC, time.FixedZone("east", 14*3600), time.FixedZone("west", -11*3600)}).Draw(t, "zone")
	s.opts.BaseURL = rapid.SampledFrom([]string{"", "https://a.org/fhir", "https://a.org/fhir/", "https://b.org"}).Draw(t, "base")
	s.open(t)
	require.Equal(t, s.from == s.settings(), s.store.Restored(), "a checkpoint is good under its settings alone")
	if s.store.Restored() {
		s.restored++
	}
	require.NoError(t, s.store.Verify(ctx))
}

func (s *settled) put(t *rapid.T) {
	id := rapid.SampledFrom([]string{"o1", "o2", "o3", "o4", "o5"}).Draw(t, "id")
	x := dated{
		rapid.SampledFrom([]string{"", "2020", "2020-02", "2020-02-01", "2020-02-02", "2020-02-01T23:30:00Z", "2020-02-02T01:00:00+02:00", "2020-01-31T22:00:00-10:00"}).Draw(t, "day"),
		rapid.SampledFrom([]string{"", "Patient/p1", "Patient/p2", "https://a.org/fhir/Patient/p1", "https://b.org/Patient/p1", "https://b.org/Patient/p2/_history/2", "https://c.org/Patient/p1"}).Draw(t, "subject"),
	}
	_, err := s.store.Update(ctx, x.json(id))
	require.NoError(t, err)
	s.model[id] = x
}

func (s *settled) delete(t *rapid.T) {
	if len(s.model) == 0 {
		t.Skip("there is nothing to delete yet; another action is drawn")
	}
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(s.model))).Draw(t, "id")
	require.NoError(t, s.store.Delete(ctx, datastore.Ref{Type: "Observation", ID: id}))
	delete(s.model, id)
}

func (s *settled) sweep(t *rapid.T) { require.NoError(t, s.store.SweepAll()) }

// span is the time that a text means in the store's zone.
func (s *settled) span(text string) (from, to time.Time) {
	zone := s.opts.Zone
	if zone == nil {
		zone = time.UTC
	}
	for layout, end := range map[string]func(time.Time) time.Time{
		"2006":                      func(t time.Time) time.Time { return t.AddDate(1, 0, 0) },
		"2006-01":                   func(t time.Time) time.Time { return t.AddDate(0, 1, 0) },
		"2006-01-02":                func(t time.Time) time.Time { return t.AddDate(0, 0, 1) },
		"2006-01-02T15:04:05Z07:00": func(t time.Time) time.Time { return t.Add(time.Second) },
	} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, end(t)
		}
	}
	panic("no time")
}

// local returns the reference that a text is under the store's base: Patient/id, or the text.
func (s *settled) local(text string) string {
	if s.opts.BaseURL != "" {
		text = strings.TrimPrefix(text, strings.TrimSuffix(s.opts.BaseURL, "/")+"/")
	}
	bare, _, _ := strings.Cut(text, "/_history/")
	if strings.HasPrefix(bare, "Patient/") {
		return bare
	}
	return text
}

// where returns the sorted ids of the resources for which a condition holds.
func (s *settled) where(holds func(dated) bool) []string {
	ids := []string{}
	for id, x := range s.model {
		if holds(x) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (s *settled) found(t *rapid.T, query string) []string {
	page, err := s.store.Search(ctx, "Observation", query)
	require.NoError(t, err, query)
	ids := []string{}
	for _, v := range page.Matches {
		ids = append(ids, v.ID)
	}
	return ids
}

// foundIDs are the ids that a query finds, sorted.
func (s *settled) foundIDs(t *rapid.T, query string) []string {
	ids := s.found(t, query)
	slices.Sort(ids)
	return ids
}

// look asks about times and references, and wants what a scan finds.
func (s *settled) look(t *rapid.T) {
	asked := rapid.SampledFrom([]string{"2020", "2020-02", "2020-02-01", "2020-02-02", "2020-02-01T23:30:00Z", "2020-02-01T10:00:00Z", "2020-02-02T09:00:00Z"}).Draw(t, "asked")
	from, to := s.span(asked)
	for prefix, holds := range map[string]func(a, b time.Time) bool{
		"":   func(a, b time.Time) bool { return !a.Before(from) && !b.After(to) },
		"ne": func(a, b time.Time) bool { return a.Before(from) || b.After(to) },
		"gt": func(_, b time.Time) bool { return b.After(to) },
		"lt": func(a, _ time.Time) bool { return a.Before(from) },
		"sa": func(a, _ time.Time) bool { return !a.Before(to) },
		"eb": func(_, b time.Time) bool { return !b.After(from) },
	} {
		want := s.where(func(x dated) bool {
			if x.day == "" {
				return false
			}
			return holds(s.span(x.day))
		})
		require.Equal(t, want, s.foundIDs(t, "date="+prefix+asked), "%s%s in %s", prefix, asked, s.settings())
	}
	for _, subject := range []string{"Patient/p1", "Patient/p2", "https://a.org/fhir/Patient/p1", "https://b.org/Patient/p1", "https://c.org/Patient/p1"} {
		want := s.where(func(x dated) bool { return x.subject != "" && s.local(x.subject) == s.local(subject) })
		require.Equal(t, want, s.foundIDs(t, "subject="+subject), "%s in %s", subject, s.settings())
	}
	for _, sex := range []string{"female", "male"} {
		want := s.where(func(x dated) bool { return s.sexes[s.local(x.subject)] == sex })
		require.Equal(t, want, s.foundIDs(t, "subject:Patient.gender="+sex), "%s in %s", sex, s.settings())
	}
	require.Equal(t, s.sorted(), s.found(t, "_sort=date,_id"))
}

// sorted are the ids by the beginnings of their days.
func (s *settled) sorted() []string {
	ids := s.where(func(dated) bool { return true })
	slices.SortStableFunc(ids, func(a, b string) int {
		x, y := s.model[a].day, s.model[b].day
		if x == "" || y == "" {
			return cmp.Or(missingLast(x, y), 0)
		}
		from, _ := s.span(x)
		other, _ := s.span(y)
		return from.Compare(other)
	})
	return ids
}

// page goes on with a page that was asked for before, or asks for a first one. Under
// other settings there is none to go on with.
func (s *settled) page(t *rapid.T) {
	if s.next == "" {
		first, err := s.store.Search(ctx, "Observation", "_sort=date,_id&_count=2")
		require.NoError(t, err)
		s.next, s.asked = first.Next, s.settings()
		s.rest = s.sorted()[len(first.Matches):]
		return
	}
	page, err := s.store.Search(ctx, "Observation", s.next)
	s.next = ""
	if s.asked != s.settings() {
		require.ErrorIs(t, err, datastore.ErrStalePage)
		return
	}
	if err != nil { // it was swept
		require.ErrorIs(t, err, datastore.ErrStalePage)
		return
	}
	for i, v := range page.Matches {
		require.Equal(t, s.rest[i], v.ID)
	}
}

// TestModelOfSettings opens a store under other zones and bases, again and again, and
// wants what a scan finds under those of today.
func TestModelOfSettings(t *testing.T) {
	restored := 0
	rapid.Check(t, func(r *rapid.T) {
		s := &settled{
			disk: txlog.NewMemory(), opts: datastore.Options{Key: seal.RandomKey()},
			model: map[string]dated{}, sexes: map[string]string{"Patient/p1": "female", "Patient/p2": "male"},
		}
		s.open(r)
		defer func() {
			restored += s.restored
			require.NoError(r, s.store.Close())
		}()
		for ref, sex := range s.sexes {
			_, err := s.store.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Patient","id":%q,"gender":%q}`, ref[len("Patient/"):], sex))
			require.NoError(r, err)
		}
		r.Repeat(map[string]func(*rapid.T){"put": s.put, "delete": s.delete, "reopen": s.reopen, "sweep": s.sweep, "page": s.page, "": s.look})
	})
	require.NotZero(t, restored, "no checkpoint was ever used")
}
