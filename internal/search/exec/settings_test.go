package exec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/search/param"
)

// someSettings are zones that skip and repeat hours, midnights and a whole day, with
// bases that references of someReferences are below.
func someSettings(t require.TestingT) (all []param.Settings) {
	for name, base := range map[string]string{
		"UTC": "", "Europe/Berlin": "https://a.org/fhir", "America/New_York": "https://b.org/", "America/Sao_Paulo": "https://a.org",
		"Pacific/Apia": "https://b.org/", "Asia/Kolkata": "https://a.org/fhir/Basic",
	} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		all = append(all, param.Settings{Zone: zone, Base: base})
	}
	return all
}

// someTimes are times by the clock at which clocks change, days and years begin.
var someTimes = []string{
	"2013", "2013-12", "2013-03-31", "2013-03-31T01:59:59", "2013-03-31T02:00:00", "2013-03-31T02:30:00", "2013-03-31T02:30:59.5", "2013-03-31T03:00:00",
	"2013-10-27", "2013-10-27T01:59:59.999", "2013-10-27T02:30:00", "2013-10-27T03:00:00", "2013-11-03T01:30:00", "2013-03-10T02:30:00", "2013-03-10",
	"2013-10-19", "2013-10-20", "2013-10-20T00:30:00", "2013-02-16T23:30:00", "2013-02-17", "2011-12-29", "2011-12-30", "2011-12-30T12:00:00", "2011-12-31",
	"2012-12-31", "2012-12-31T23:59:59", "2013-01-01", "2013-01-01T00:00:00",
}

var someReferences = []string{
	"Patient/1", "Patient/2", "https://a.org/fhir/Patient/1", "https://b.org/Patient/1", "https://a.org/Patient/2/_history/3", "https://c.org/Patient/1",
	"https://a.org/fhir/Basic/Patient/1", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "https://b.org/Patient/0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
}

// drawTime draws a time of a resource: a time of day has a zone.
func drawTime(t *rapid.T, label string) string {
	text := rapid.SampledFrom(someTimes).Draw(t, label)
	if strings.Contains(text, "T") {
		text += rapid.SampledFrom([]string{"Z", "+02:00", "-05:00", "+14:00"}).Draw(t, "zone")
	}
	return text
}

func drawDated(t *rapid.T, id int) string {
	members := ""
	period := func() string {
		var ends []string
		for i, name := range []string{"start", "end"} {
			if rapid.IntRange(0, 3).Draw(t, "has end") > 0 || i == 1 && ends == nil {
				ends = append(ends, fmt.Sprintf("%q:%q", name, drawTime(t, name)))
			}
		}
		return "{" + strings.Join(ends, ",") + "}"
	}
	switch rapid.IntRange(0, 2).Draw(t, "form") {
	case 0:
		members += fmt.Sprintf(`,"effectiveDateTime":%q`, drawTime(t, "effective"))
	case 1:
		members += `,"effectivePeriod":` + period()
	case 2:
		var events []string
		for range rapid.IntRange(1, 5).Draw(t, "events") {
			events = append(events, fmt.Sprintf("%q", drawTime(t, "event")))
		}
		members += `,"effectiveTiming":{"event":[` + strings.Join(events, ",") + "]"
		if rapid.Bool().Draw(t, "bounded") {
			members += `,"repeat":{"boundsPeriod":` + period() + "}"
		}
		members += "}"
	}
	reference := rapid.SampledFrom(someReferences)
	return fmt.Sprintf(`{"resourceType":"Observation","id":"%d","status":"final","code":{"text":"x"},"subject":{"reference":%q}%s,
		"performer":[{"reference":"#in"}],"contained":[{"resourceType":"PractitionerRole","id":"in","period":%s,"practitioner":{"reference":%q},"organization":{"reference":%q}}]}`,
		id, reference.Draw(t, "subject"), members, period(), strings.ReplaceAll(reference.Draw(t, "practitioner"), "Patient", "Practitioner"),
		strings.ReplaceAll(reference.Draw(t, "organization"), "Patient", "Organization"))
}

// What is stored is read under settings that were not known when it was extracted,
// and answers as the model does under these.
func TestSettings(t *testing.T) {
	settings := someSettings(t)
	rapid.Check(t, func(t *rapid.T) {
		s, m := newStore(t), newModel(t)
		var sources []string
		for i := range rapid.IntRange(1, 8).Draw(t, "resources") {
			sources = append(sources, drawDated(t, i))
		}
		s.put(sources...)
		s.settings = rapid.SampledFrom(settings).Draw(t, "settings")
		s.reopen()
		for _, source := range sources {
			m.put([]byte(source))
		}
		for range 6 {
			prefix := rapid.SampledFrom([]string{"", "ne", "gt", "lt", "ge", "le", "sa", "eb"}).Draw(t, "prefix")
			v := modelValue{prefix: prefix, text: rapid.OneOf(rapid.SampledFrom(someTimes), rapid.Custom(func(t *rapid.T) string { return drawTime(t, "asked") })).Draw(t, "time")}
			query := strings.ReplaceAll(v.prefix+v.text, "+", "%2B")
			require.Equal(t, m.where("Observation.effective", func(e element) bool { return matchDate(v, e, s.settings.Zone) }),
				sortedIDs(s.all("Observation", "date="+query)), query)
			inside := "_contained=true&_containedType=container&date=" + query
			require.Equal(t, m.where("Observation.contained.period", func(e element) bool { return matchDate(v, e, s.settings.Zone) }),
				sortedIDs(s.all("PractitionerRole", inside)), inside)
		}
		base := ""
		if s.settings.Base != "" {
			base = strings.TrimSuffix(s.settings.Base, "/") + "/"
		}
		for _, r := range append(someReferences, base+"Patient/1") {
			to := localTo(base, r)
			same := func(e element) bool { return localTo(base, referenceOf(e)) == to }
			require.Equal(t, m.where("Observation.subject", same), sortedIDs(s.all("Observation", "subject="+r)), r)
			if strings.HasPrefix(to, "Patient/") {
				require.Equal(t, m.where("Observation.subject", same), sortedIDs(s.all("Observation", "subject:Patient="+to[8:])), r)
			}
			r, to = strings.ReplaceAll(r, "Patient", "Practitioner"), strings.ReplaceAll(to, "Patient", "Practitioner")
			require.Equal(t, m.where("Observation.contained.practitioner", same), sortedIDs(s.all("PractitionerRole", "_contained=true&_containedType=container&practitioner="+r)), r)
		}
		sorted, _ := s.search("Observation", "_sort=date,_id")
		require.Equal(t, m.sortedByDate(s.settings.Zone), sorted)
	})
}

// where returns the ids of the resources that have an element for which a test holds.
func (m *model) where(expression string, holds func(e element) bool) []string {
	ids := []string{}
	for _, d := range m.docs {
		if slices.ContainsFunc(m.nodes(d, 0, expression), holds) {
			ids = append(ids, d.id)
		}
	}
	slices.Sort(ids)
	return ids
}

// sortedByDate returns the ids of Observations by the beginning of their time.
func (m *model) sortedByDate(zone *time.Location) []string {
	ids := []string{}
	low := map[string]int64{}
	for _, d := range m.docs {
		from, _, ok := rangeIn(zone, m.nodes(d, 0, "Observation.effective")[0])
		require.True(m.t, ok)
		ids, low[d.id] = append(ids, d.id), from
	}
	slices.SortFunc(ids, func(a, b string) int {
		if low[a] != low[b] {
			if low[a] < low[b] {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return ids
}

func sortedIDs(ids []string) []string {
	slices.Sort(ids)
	return ids
}
