package synth_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/synth"
)

// TestGolden holds the promise of stable bytes. Who changes the data on purpose
// changes the hashes.
func TestGolden(t *testing.T) {
	for _, test := range []struct {
		seed     uint64
		patients int
		want     string
	}{
		{0, 0, "7e999b7bd07236abd0e3daf04fb5e3b264e5784c44d6834436ba53635a683eba"},
		{1, 10, "a1f11d3563911f3d9848470f21064e7cdb6bc741909c87ec48f7ef0f5b12e34a"},
		{7, 300, "922dd08a6bd24fe9b0d5c157f3c0e3d428155337374bc6503c9e42d50c0a9e8b"},
		{42, 25, "5b2d23554007d1b875396f97667ac7121a579a8374f176b43c997aa8dc0916ec"},
	} {
		hash := sha256.New()
		_, err := synth.New(test.seed, test.patients).WriteTo(hash)
		require.NoError(t, err)
		assert.Equal(t, test.want, hex.EncodeToString(hash.Sum(nil)), "seed %d, %d patients", test.seed, test.patients)
	}
}

// TestGoldenOfMillion holds the same of patients far into a large data set.
func TestGoldenOfMillion(t *testing.T) {
	g := synth.New(2026, 1000000)
	text := g.AppendShared(nil)
	for _, i := range []int{0, 1, 123456, 500000, 999999} {
		text = g.AppendPatient(text, i)
	}
	hash := sha256.Sum256(text)
	assert.Equal(t, "031fdff3948e306a1f660f5470bd295a204a065da011ac81f19b8f6e15874099", hex.EncodeToString(hash[:]))
}

// TestTablesNeedNoEscape holds the tables to what the writer relies on: their
// strings stand in JSON as they are.
func TestTablesNeedNoEscape(t *testing.T) {
	tables, err := filepath.Glob("*_table.go")
	require.NoError(t, err)
	require.NotEmpty(t, tables)
	for _, name := range tables {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				require.NoError(t, err)
				assert.False(t, strings.ContainsFunc(text, func(c rune) bool { return c == '"' || c == '\\' || c < ' ' }), text)
				assert.True(t, utf8.ValidString(text), text)
			}
			return true
		})
	}
}

func whole(t *testing.T, g *synth.Generator) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := g.WriteTo(&b)
	require.NoError(t, err)
	require.EqualValues(t, b.Len(), n)
	return b.Bytes()
}

func TestReaderEqualsWriteTo(t *testing.T) {
	g := synth.New(7, 6)
	want := whole(t, g)
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"plain": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader,
	} {
		got, err := io.ReadAll(wrap(g.NewReader()))
		require.NoError(t, err, name)
		assert.True(t, bytes.Equal(want, got), name)
	}
	require.NoError(t, iotest.TestReader(synth.New(7, 1).NewReader(), whole(t, synth.New(7, 1))))
}

func TestParallelEqualsSequential(t *testing.T) {
	const patients = 24
	g := synth.New(9, patients)
	parts := make([][]byte, patients)
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			for i := worker; i < patients; i += 4 {
				parts[i] = g.AppendPatient(nil, i)
			}
		})
	}
	workers.Wait()
	got := append(g.AppendShared(nil), bytes.Join(parts, nil)...)
	assert.True(t, bytes.Equal(whole(t, synth.New(9, patients)), got))
}

func TestSmallerDataSetIsContained(t *testing.T) {
	small, large := synth.New(5, 3), synth.New(5, 400)
	assert.True(t, bytes.HasPrefix(large.AppendShared(nil), small.AppendShared(nil)), "directory")
	for i := range small.Patients() {
		assert.True(t, bytes.Equal(small.AppendPatient(nil, i), large.AppendPatient(nil, i)), "patient %d", i)
	}
	assert.False(t, bytes.Equal(small.AppendPatient(nil, 0), synth.New(6, 3).AppendPatient(nil, 0)), "another seed")
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	g := synth.New(1, 2)
	got := g.AppendPatient([]byte("before"), 1)
	assert.True(t, bytes.HasPrefix(got, []byte("before{")))
	assert.Equal(t, append([]byte("before"), g.AppendPatient(nil, 1)...), got)
}

func TestPatientOutOfRangePanics(t *testing.T) {
	g := synth.New(1, 2)
	assert.Panics(t, func() { g.AppendPatient(nil, 2) })
	assert.Panics(t, func() { g.AppendPatient(nil, -1) })
	assert.Zero(t, synth.New(1, -5).Patients())
}

type failingWriter struct{ left int }

var errFull = errors.New("full")

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left == 0 {
		return 0, errFull
	}
	w.left--
	return len(p), nil
}

func TestWriteToReportsErrors(t *testing.T) {
	n, err := synth.New(1, 3).WriteTo(&failingWriter{left: 2})
	require.ErrorIs(t, err, errFull)
	assert.Positive(t, n)
}

func TestLines(t *testing.T) { checkLines(t, synth.New(11, 30)) }

func TestLinesOfAnySeed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkLines(t, synth.New(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 1).Draw(t, "patients")))
	})
}

// checkLines checks every line without definitions: valid JSON with unique
// names, the type that Lines says, unique ids, links that resolve.
func checkLines(t require.TestingT, g *synth.Generator) {
	known, links := map[string]bool{}, map[string]string{}
	for kind, line := range g.Lines() {
		n, err := parseNode(line)
		require.NoError(t, err, "%s", line)
		require.True(t, utf8.Valid(line))
		require.Equal(t, kind, n.str("resourceType"))
		require.Contains(t, g.Types(), kind)
		self := kind + "/" + n.str("id")
		require.False(t, known[self], "%s twice", self)
		known[self] = true
		n.walk(kind, func(path string, o *node) {
			if to := o.get("reference"); to != nil && to.kind == '"' && !strings.HasPrefix(to.text, "#") {
				links[to.text] = path
			}
		})
	}
	for to, from := range links {
		assert.True(t, known[to], "%s from %s", to, from)
	}
}

// TestDistribution keeps the shape near Synthea's: types present, resources a
// patient, share of Observations, mean size.
func TestDistribution(t *testing.T) {
	const patients = 250
	g := synth.New(1, patients)
	counts, total, size := map[string]int{}, 0, 0
	for kind, line := range g.Lines() {
		counts[kind]++
		total++
		size += len(line) + 1
	}
	assert.Subset(t, g.Types(), []string{ // what AWS HealthLake preloads
		"AllergyIntolerance", "CarePlan", "CareTeam", "Claim", "Condition", "Device", "DiagnosticReport", "Encounter",
		"ExplanationOfBenefit", "ImagingStudy", "Immunization", "Location", "MedicationAdministration", "MedicationRequest",
		"Observation", "Organization", "Patient", "Practitioner", "PractitionerRole", "Procedure", "Provenance",
	})
	for _, kind := range g.Types() {
		assert.Positive(t, counts[kind], kind)
		t.Logf("%-26s %6.2f a patient", kind, float64(counts[kind])/patients)
	}
	t.Logf("%d resources a patient, %d bytes each", total/patients, size/total)
	assert.InDelta(t, 370, total/patients, 40)
	assert.InDelta(t, 47, 100*counts["Observation"]/total, 6)
	assert.InDelta(t, 1600, size/total, 250)
}

func parseTime(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	return time.Time{}
}

// TestTimesAreConsistent checks that nothing is recorded before birth, after
// death or after Now.
func TestTimesAreConsistent(t *testing.T) {
	var born, died time.Time
	future := map[string]bool{"Immunization.expirationDate": true, "Device.expirationDate": true, "Observation.valueDateTime": true, "MedicationRequest.dispenseRequest.validityPeriod.end": true}
	for kind, line := range synth.New(13, 60).Lines() {
		n, err := parseNode(line)
		require.NoError(t, err)
		if kind == "Patient" {
			born, died = parseTime(n.str("birthDate")), parseTime(n.str("deceasedDateTime"))
			require.True(t, died.IsZero() || died.After(born))
		}
		if kind == "Encounter" {
			start, end := parseTime(n.str("period.start")), parseTime(n.str("period.end"))
			assert.False(t, start.Before(born.AddDate(0, 0, -1)), "encounter before birth")
			assert.True(t, start.Before(end))
			assert.True(t, died.IsZero() || !end.After(died), "encounter after death")
		}
		n.walk(kind, func(path string, o *node) {
			for _, m := range o.members {
				if when := parseTime(m.value.text); m.value.kind == '"' && !when.IsZero() && len(m.value.text) >= 10 && !future[path+"."+m.name] {
					assert.False(t, when.After(synth.Now), "%s.%s %s", path, m.name, m.value.text)
				}
			}
		})
	}
}

// TestIntegersOnly holds the package to integers: fused floating point differs between
// processors.
func TestIntegersOnly(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, imported := range file.Imports {
			assert.NotContains(t, []string{`"math"`, `"math/cmplx"`, `"math/big"`, `"math/rand"`, `"math/rand/v2"`}, imported.Path.Value, name)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				assert.NotContains(t, []token.Token{token.FLOAT, token.IMAG}, n.Kind, "%s: %s", name, n.Value)
			case *ast.Ident:
				assert.NotContains(t, []string{"float32", "float64", "complex64", "complex128"}, n.Name, name)
			case *ast.MapType:
				assert.Fail(t, "a map, whose order changes", name)
			}
			return true
		})
	}
}

// TestMemoryStaysSmall streams patients from far apart of a million: what is live does not
// grow with how many were made.
func TestMemoryStaysSmall(t *testing.T) {
	const patients = 1000000
	g := synth.New(1, patients)
	var buffer []byte
	live := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	for i := range 50 {
		buffer = g.AppendPatient(buffer[:0], i)
	}
	before := live()
	for i := 0; i < patients; i += 3331 {
		buffer = g.AppendPatient(buffer[:0], i)
	}
	after := live()
	assert.Less(t, after, before+8<<20)
	assert.Less(t, after, uint64(64<<20))
	runtime.KeepAlive(g)
}

// TestNotes checks that notes decode to text of some length that names the
// patient's drugs and denies something.
func TestNotes(t *testing.T) {
	notes, denied, doses, family := 0, 0, 0, 0
	for kind, line := range synth.New(17, 60).Lines() {
		if kind != "DocumentReference" {
			continue
		}
		n, err := parseNode(line)
		require.NoError(t, err)
		text, err := base64.StdEncoding.DecodeString(n.str("content.attachment.data"))
		require.NoError(t, err)
		require.True(t, utf8.Valid(text))
		require.NotContains(t, string(text), "{}")
		require.Contains(t, string(text), strings.TrimSpace(n.str("subject.display")))
		notes++
		denied += strings.Count(string(text), "denies ") + strings.Count(string(text), "egative for ")
		doses += strings.Count(string(text), " mg ")
		family += strings.Count(string(text), "Mother has") + strings.Count(string(text), "Father had")
	}
	assert.Greater(t, notes, 300)
	assert.Greater(t, denied, notes/5)
	assert.Greater(t, doses, notes/3)
	assert.Greater(t, family, notes/8)
}
