package dosage_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/clinical/dosage"
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/stretchr/testify/require"
)

// A sig is a line of testdata/sigs.txt.
type sig struct {
	text  string
	drugs [][2]int // bytes
	parts []part
}

// A part is what a sig is expected to have, or has.
type part struct {
	kinds      string // letters, any of which is right
	drug       int
	start, end int // bytes
	optional   bool
}

const letters = "SDFRQTV" // of the kinds, in their order

// parseSig reads a marked sig.
func parseSig(t testing.TB, line string) sig {
	line = strings.ReplaceAll(line, `\n`, "\n")
	var s sig
	var text strings.Builder
	type open struct {
		part   part
		forth  bool
		listed []int
	}
	var pending []open
	for i := 0; i < len(line); {
		switch {
		case line[i] == '[' && line[i+1] != '[':
			end := i + strings.IndexByte(line[i:], ']')
			start := text.Len()
			text.WriteString(line[i+1 : end])
			s.drugs = append(s.drugs, [2]int{start, text.Len()})
			i = end + 1
		case line[i] == '{':
			end := i + strings.IndexByte(line[i:], '}')
			mark, body, ok := strings.Cut(line[i+1:end], " ")
			require.True(t, ok, line)
			var o open
			if strings.HasSuffix(mark, ">") {
				o.forth = true
				mark = strings.TrimSuffix(mark, ">")
			}
			mark, list, _ := strings.Cut(mark, "=")
			for _, number := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
				o.listed = append(o.listed, int(number[0]-'1'))
			}
			o.part.optional = strings.HasPrefix(mark, "?")
			o.part.kinds = strings.ReplaceAll(strings.TrimPrefix(mark, "?"), "/", "")
			require.NotEmpty(t, o.part.kinds, line)
			require.Empty(t, strings.Trim(o.part.kinds, letters), line)
			o.part.drug = len(s.drugs) - 1
			if o.forth {
				o.part.drug++
			}
			o.part.start = text.Len()
			text.WriteString(body)
			o.part.end = text.Len()
			pending = append(pending, o)
			i = end + 1
		default:
			text.WriteByte(line[i])
			i++
		}
	}
	s.text = text.String()
	for _, o := range pending {
		if o.listed == nil {
			o.listed = []int{o.part.drug}
		}
		for _, drug := range o.listed {
			require.Less(t, drug, len(s.drugs), line)
			o.part.drug = drug
			s.parts = append(s.parts, o.part)
		}
	}
	return s
}

func readSigs(t testing.TB, file string) (sigs []sig) {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && line[0] != '#' {
			sigs = append(sigs, parseSig(t, line))
		}
	}
	return sigs
}

// attributes returns the parts that the package finds in a sig.
func (s sig) attributes(t testing.TB) (parts []part) {
	n := note.Parse(s.text)
	var drugs []dosage.Drug
	for _, d := range s.drugs {
		drugs = append(drugs, dosage.Drug{First: n.TokenAt(d[0]), Last: n.TokenAt(d[1]-1) + 1})
	}
	for _, a := range dosage.Attributes(n, drugs) {
		parts = append(parts, part{
			kinds: letters[a.Kind : a.Kind+1],
			drug:  a.Drug,
			start: int(n.Tokens[a.First].Start),
			end:   int(n.Tokens[a.Last-1].End),
		})
	}
	return parts
}

// compare counts the right, the missing and the wrong parts.
func (s sig) compare(found []part) (right, missing, wrong int, report string) {
	var lines strings.Builder
	left := slices.Clone(found)
	for _, want := range s.parts {
		i := slices.IndexFunc(left, func(p part) bool {
			return p.drug == want.drug && p.start == want.start && p.end == want.end && strings.Contains(want.kinds, p.kinds)
		})
		switch {
		case i >= 0:
			right++
			left = slices.Delete(left, i, i+1)
		case !want.optional:
			missing++
			fmt.Fprintf(&lines, "  missing %s %q of %d\n", want.kinds, s.text[want.start:want.end], want.drug+1)
		}
	}
	for _, p := range left {
		wrong++
		fmt.Fprintf(&lines, "  wrong   %s %q of %d\n", p.kinds, s.text[p.start:p.end], p.drug+1)
	}
	return right, missing, wrong, lines.String()
}

// TestSigs measures the parts found in sigs. The even ones were set aside: no rule was made
// for them.
func TestSigs(t *testing.T) {
	var right, missing, wrong, whole, lines [2]int
	for i, s := range readSigs(t, "testdata/sigs.txt") {
		r, m, w, report := s.compare(s.attributes(t))
		half := i % 2
		right[half] += r
		missing[half] += m
		wrong[half] += w
		lines[half]++
		if m+w == 0 {
			whole[half]++
		} else if half == 0 || testing.Verbose() && os.Getenv("SIGS") != "" {
			t.Logf("%q\n%s", s.text, report)
		}
	}
	for half, name := range []string{"odd", "even"} {
		f1 := 2 * float64(right[half]) / float64(2*right[half]+missing[half]+wrong[half])
		t.Logf("%s: %d of %d sigs whole; %d parts right, %d missing, %d wrong: F1 %.3f",
			name, whole[half], lines[half], right[half], missing[half], wrong[half], f1)
		require.GreaterOrEqual(t, f1, .95)
	}
}

func TestRegressions(t *testing.T) {
	for _, s := range readSigs(t, "testdata/regressions.txt") {
		_, missing, wrong, report := s.compare(s.attributes(t))
		require.Zero(t, missing+wrong, "%q\n%s", s.text, report)
	}
}
