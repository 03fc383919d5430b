package clinical_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/nlp"
	"github.com/stretchr/testify/require"
)

// A sample is a sentence of testdata/sentences.txt with what it speaks of.
type sample struct {
	line     int
	text     string
	entities []*wantEntity
}

// A wantEntity is an entity that a sample has.
type wantEntity struct {
	begin, end int // code points
	text       string
	category   nlp.Category
	kind       string
	optional   bool
	needed     []string   // traits
	one        [][]string // one trait of each list is needed
	allowed    []string   // traits that may be there
	codes      []string
	attributes []wantAttribute
}

type wantAttribute struct {
	begin, end int
	kinds      []string
}

var sampleTypes = map[string]struct {
	category nlp.Category
	kind     string
}{
	"DX": {nlp.Condition, "DX_NAME"}, "GEN": {nlp.Medication, "GENERIC_NAME"}, "BRAND": {nlp.Medication, "BRAND_NAME"},
	"TEST": {nlp.TestProcedure, "TEST_NAME"}, "PROC": {nlp.TestProcedure, "PROCEDURE_NAME"}, "TREAT": {nlp.TestProcedure, "TREATMENT_NAME"},
	"SITE": {nlp.Anatomy, "SYSTEM_ORGAN_SITE"}, "TIME": {nlp.Time, "TIME"},
	"NAME": {nlp.PHI, "NAME"}, "DATE": {nlp.PHI, "DATE"}, "AGE": {nlp.PHI, "AGE"}, "PHONE": {nlp.PHI, "PHONE_OR_FAX"}, "EMAIL": {nlp.PHI, "EMAIL"},
	"ID": {nlp.PHI, "ID"}, "ADDRESS": {nlp.PHI, "ADDRESS"}, "URL": {nlp.PHI, "URL"}, "PROFESSION": {nlp.PHI, "PROFESSION"},
}

var sampleTraits = map[rune]string{
	'D': nlp.Diagnosis, 'S': nlp.Symptom, 'G': nlp.Sign, 'N': nlp.Negation, 'H': nlp.PastHistory,
	'Y': nlp.Hypothetical, 'L': nlp.LowConfidence, 'F': nlp.PertainsToFamily, 'U': nlp.Future,
}

// readSamples reads testdata/sentences.txt.
func readSamples(t testing.TB) []sample { return readSampleFile(t, "sentences.txt") }

func readSampleFile(t testing.TB, name string) []sample {
	t.Helper()
	src, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	var all []sample
	for i, line := range strings.Split(string(src), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		s, err := parseSample(strings.ReplaceAll(line, `\n`, "\n"))
		require.NoError(t, err, "line %d", i+1)
		s.line = i + 1
		all = append(all, s)
	}
	return all
}

func parseSample(line string) (sample, error) {
	var s sample
	var text strings.Builder
	var waiting []wantAttribute // attributes of the entity to come
	for line != "" {
		before, rest, found := strings.Cut(line, "[")
		text.WriteString(before)
		if !found {
			break
		}
		span, after, found := strings.Cut(rest, "]")
		if !found {
			return s, fmt.Errorf("no ] after %q", span)
		}
		line = after
		part := append(strings.Split(span, "|"), "", "", "")
		begin := utf8.RuneCountInString(text.String())
		text.WriteString(part[0])
		end := utf8.RuneCountInString(text.String())
		kind := part[1]
		if kind == "" {
			continue
		}
		kind, optional := strings.CutPrefix(kind, "(")
		kind = strings.TrimSuffix(kind, ")")
		if kind[0] == '@' {
			kind, next := strings.CutSuffix(kind, ">")
			a := wantAttribute{begin, end, strings.FieldsFunc(kind, func(r rune) bool { return r == '@' })}
			if next {
				waiting = append(waiting, a)
			} else if len(s.entities) == 0 {
				return s, fmt.Errorf("attribute %q of nothing", part[0])
			} else {
				e := s.entities[len(s.entities)-1]
				e.attributes = append(e.attributes, a)
			}
			continue
		}
		as, ok := sampleTypes[kind]
		if !ok {
			return s, fmt.Errorf("unknown type %q", kind)
		}
		e := &wantEntity{begin: begin, end: end, text: part[0], category: as.category, kind: as.kind, optional: optional, attributes: waiting}
		waiting = nil
		if err := e.parseTraits(part[2]); err != nil {
			return s, err
		}
		if part[3] != "" {
			e.codes = strings.Split(part[3], "/")
		}
		s.entities = append(s.entities, e)
	}
	s.text = text.String()
	return s, nil
}

func (e *wantEntity) parseTraits(traits string) error {
	for traits != "" {
		group, rest := traits[:1], traits[1:]
		list := false
		if group == "(" {
			var ok bool
			if group, rest, ok = strings.Cut(rest, ")"); !ok {
				return fmt.Errorf("no ) in traits %q", traits)
			}
			list = true
		}
		group, optional := strings.CutSuffix(group, "-")
		var names []string
		for _, c := range group {
			if sampleTraits[c] == "" {
				return fmt.Errorf("unknown trait %q", c)
			}
			names = append(names, sampleTraits[c])
		}
		switch {
		case optional:
			e.allowed = append(e.allowed, names...)
		case list:
			e.one = append(e.one, names)
		default:
			e.needed = append(e.needed, names...)
		}
		traits = rest
	}
	return nil
}
