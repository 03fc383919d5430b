package clinical_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/clinical"
	"github.com/stretchr/testify/require"
)

// A tally counts right, superfluous and missing answers.
type tally struct{ right, extra, missing int }

func (c tally) f1() float64 {
	if c.right+c.extra+c.missing == 0 {
		return 1
	}
	return 2 * float64(c.right) / float64(2*c.right+c.extra+c.missing)
}

func (c tally) String() string {
	return fmt.Sprintf("%.3f (%d right, %d too many, %d missing)", c.f1(), c.right, c.extra, c.missing)
}

// share is right / (right + missing).
func (c tally) share() float64 {
	if c.right+c.missing == 0 {
		return 1
	}
	return float64(c.right) / float64(c.right+c.missing)
}

// A score is what one half of the sentences gives.
type score struct {
	terms, phi, times       tally // entities
	traits, attributes      tally
	codes                   tally
	byCategory, byAttribute map[string]*tally
	byScore                 map[string]*tally
	faults                  []string
}

func (s *score) of(m map[string]*tally, name string) *tally {
	if m[name] == nil {
		m[name] = &tally{}
	}
	return m[name]
}

func overlap(a, b, c, d int) bool { return a < d && c < b }

// compare counts what findings have of a sample.
func (s *score) compare(w sample, f *nlp.Findings) {
	fault := func(format string, args ...any) {
		s.faults = append(s.faults, fmt.Sprintf("%d: %s | %s", w.line, fmt.Sprintf(format, args...), w.text))
	}
	count := func(c nlp.Category) *tally {
		switch c {
		case nlp.PHI:
			return &s.phi
		case nlp.Time:
			return &s.times
		}
		return &s.terms
	}
	used := make([]bool, len(f.Entities))
	for _, e := range w.entities {
		match := -1
		for i := range f.Entities {
			g := &f.Entities[i]
			if !used[i] && g.Category == e.category && overlap(e.begin, e.end, g.BeginOffset, g.EndOffset) && (e.category != nlp.PHI || g.Type == e.kind) {
				match = i
				break
			}
		}
		if match < 0 {
			if !e.optional {
				count(e.category).missing++
				s.of(s.byCategory, string(e.category)).missing++
				fault("missing %q", e.text)
			}
			continue
		}
		used[match] = true
		g := &f.Entities[match]
		if e.optional {
			continue
		}
		count(e.category).right++
		s.of(s.byCategory, string(e.category)).right++
		if e.category == nlp.PHI || e.category == nlp.Time {
			continue
		}
		s.compareTraits(e, g, fault)
		s.compareAttributes(e, g, fault)
		s.compareCodes(e, g, f, fault)
	}
	for i := range f.Entities {
		g := &f.Entities[i]
		if used[i] || slices.ContainsFunc(w.entities, func(e *wantEntity) bool {
			return e.category == g.Category && overlap(e.begin, e.end, g.BeginOffset, g.EndOffset) || e.optional && overlap(e.begin, e.end, g.BeginOffset, g.EndOffset)
		}) || g.Category == nlp.Behavior || g.Category == nlp.Time || g.Category == nlp.PHI && g.Type == "DATE" {
			continue
		}
		count(g.Category).extra++
		s.of(s.byCategory, string(g.Category)).extra++
		if g.Category != nlp.PHI {
			s.of(s.byScore, band(g.Score)).missing++
		}
		fault("too many %s %q", g.Type, g.Text)
	}
}

// bands are the bands of scores in the table.
var bands = []string{".97 and more", ".93 to .97", "under .93"}

// band is the band that a score falls in.
func band(score float64) string {
	switch {
	case score >= 0.97:
		return bands[0]
	case score >= 0.93:
		return bands[1]
	}
	return bands[2]
}

func (s *score) compareTraits(e *wantEntity, g *nlp.Entity, fault func(string, ...any)) {
	has := func(name string) bool {
		return slices.ContainsFunc(g.Traits, func(t nlp.Trait) bool { return t.Name == name })
	}
	allowed := slices.Concat(e.needed, e.allowed)
	for _, name := range e.needed {
		if has(name) {
			s.traits.right++
		} else {
			s.traits.missing++
			fault("%q lacks trait %s", e.text, name)
		}
	}
	for _, list := range e.one {
		allowed = append(allowed, list...)
		if slices.ContainsFunc(list, has) {
			s.traits.right++
		} else {
			s.traits.missing++
			fault("%q lacks trait %v", e.text, list)
		}
	}
	for _, t := range g.Traits {
		if !slices.Contains(allowed, t.Name) {
			s.traits.extra++
			fault("%q has trait %s", e.text, t.Name)
		}
	}
}

func (s *score) compareAttributes(e *wantEntity, g *nlp.Entity, fault func(string, ...any)) {
	used := make([]bool, len(g.Attributes))
next:
	for _, a := range e.attributes {
		for i := range g.Attributes {
			b := &g.Attributes[i]
			if !used[i] && slices.Contains(a.kinds, b.Type) && overlap(a.begin, a.end, b.BeginOffset, b.EndOffset) {
				used[i] = true
				s.attributes.right++
				s.of(s.byAttribute, b.Type).right++
				continue next
			}
		}
		s.attributes.missing++
		s.of(s.byAttribute, a.kinds[0]).missing++
		fault("%q lacks %v at %d", e.text, a.kinds, a.begin)
	}
	for i := range g.Attributes {
		b := &g.Attributes[i]
		inside := b.BeginOffset >= g.BeginOffset && b.EndOffset <= g.EndOffset
		if used[i] || b.Category == nlp.Time || b.Type == "SYSTEM_ORGAN_SITE" || inside || g.Category == nlp.Anatomy || (b.Type == "DIRECTION" && len(e.attributes) == 0) {
			continue
		}
		s.attributes.extra++
		s.of(s.byAttribute, b.Type).extra++
		fault("%q has %s %q", e.text, b.Type, b.Text)
	}
}

func (s *score) compareCodes(e *wantEntity, g *nlp.Entity, f *nlp.Findings, fault func(string, ...any)) {
	right := s.of(s.byScore, band(g.Score))
	if len(e.codes) == 0 {
		right.right++
		return
	}
	var concepts []nlp.Concept
	for _, list := range [][]nlp.Entity{f.ICD10CM, f.RxNorm} {
		for i := range list {
			if list[i].BeginOffset == g.BeginOffset && list[i].EndOffset == g.EndOffset {
				concepts = append(list[i].ICD10CMConcepts, list[i].RxNormConcepts...)
			}
		}
	}
	ok := false
	for i, c := range concepts {
		ok = ok || slices.Contains(e.codes, c.Code) && (i == 0 || e.category == nlp.Medication)
	}
	if ok {
		s.codes.right++
		right.right++
		return
	}
	s.codes.missing++
	right.missing++
	fault("%q has codes %v, want %v", e.text, concepts, e.codes)
}

// measure counts what the detector finds in sentences.
func measure(t *testing.T, d *clinical.Detector, samples []sample) *score {
	t.Helper()
	s := &score{byCategory: map[string]*tally{}, byAttribute: map[string]*tally{}, byScore: map[string]*tally{}}
	for _, w := range samples {
		f, err := d.Detect(context.Background(), w.text)
		require.NoError(t, err)
		s.compare(w, f)
	}
	return s
}

// half returns every second sentence, from the first or the second on.
func half(samples []sample, which int) []sample {
	var some []sample
	for i := which; i < len(samples); i += 2 {
		some = append(some, samples[i])
	}
	return some
}

// TestQuality measures the detector on the sentences of testdata and prints a table of
// docs/nlp.md. With FAULTS=1 it prints what was wrong in the half that rules are tuned on.
func TestQuality(t *testing.T) {
	d, err := clinical.New(nil)
	require.NoError(t, err)
	samples := readSamples(t)
	require.GreaterOrEqual(t, len(samples), 400)
	parts := []*score{measure(t, d, half(samples, 0)), measure(t, d, half(samples, 1)), measure(t, d, readSampleFile(t, "late.txt"))}
	var table strings.Builder
	row := func(name string, value func(s *score) string) {
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", name, value(parts[0]), value(parts[1]), value(parts[2]))
	}
	table.WriteString("| own sentences | half for tuning | half set aside | late ones |\n|---|---|---|---|\n")
	row("terms, F1 by overlap", func(s *score) string { return s.terms.String() })
	for _, c := range []nlp.Category{nlp.Condition, nlp.Medication, nlp.TestProcedure, nlp.Anatomy} {
		row("— "+string(c), func(s *score) string { return s.of(s.byCategory, string(c)).String() })
	}
	row("traits, F1", func(s *score) string { return s.traits.String() })
	row("codes, share", func(s *score) string {
		return fmt.Sprintf("%.3f (%d of %d)", s.codes.share(), s.codes.right, s.codes.right+s.codes.missing)
	})
	row("attributes, F1", func(s *score) string { return s.attributes.String() })
	row("names, dates and the like, F1", func(s *score) string { return s.phi.String() })
	row("times, F1", func(s *score) string { return s.times.String() })
	for _, b := range bands {
		row("right of score "+b, func(s *score) string {
			c := s.of(s.byScore, b)
			return fmt.Sprintf("%.3f of %d", c.share(), c.right+c.missing)
		})
	}
	t.Log("\n" + table.String())
	if os.Getenv("FAULTS") != "" {
		for _, f := range slices.Concat(parts[0].faults, parts[2].faults) {
			t.Log(f)
		}
	}
	for _, s := range parts {
		require.GreaterOrEqual(t, s.terms.f1(), 0.96)
		require.GreaterOrEqual(t, s.traits.f1(), 0.94)
		require.GreaterOrEqual(t, s.codes.share(), 0.95)
		require.GreaterOrEqual(t, s.attributes.f1(), 0.96)
		require.GreaterOrEqual(t, s.phi.f1(), 0.8)
	}
}

func TestRegressions(t *testing.T) {
	d, err := clinical.New(nil)
	require.NoError(t, err)
	require.Empty(t, measure(t, d, readSampleFile(t, "regressions.txt")).faults)
}
