package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// check reads a page as whoever shows it does: it has to be well-formed, to need nothing
// else, and to have numbers where a picture has them.
func check(t *testing.T, page string) (text string) {
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	known := strings.Fields("html head meta title style body header h1 h2 h3 p ul li b main div article svg path text footer")
	var b strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			require.Contains(t, known, token.Name.Local)
			for _, a := range token.Attr {
				name := a.Name.Local
				require.NotContains(t, []string{"href", "src", "srcset", "style", "xmlns"}, name)
				require.False(t, strings.HasPrefix(name, "on"), name)
				if slices.Contains([]string{"d", "x", "y", "viewBox", "opacity"}, name) {
					require.Regexp(t, `^[-0-9.MLhvz ]+$`, a.Value)
				}
			}
		case xml.CharData:
			b.Write(token)
			b.WriteByte('\n')
		}
	}
}

func drawn(t *testing.T, o options) (out, page string) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, run(t.Context(), &b, o, now))
	file, err := os.ReadFile(o.html)
	require.NoError(t, err)
	info, err := os.Stat(o.html)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	require.NotContains(t, string(file), "url(")
	require.NotContains(t, string(file), "@import")
	return b.String(), check(t, string(file))
}

func TestSyntheticPatients(t *testing.T) {
	o := options{store: "mem:", html: filepath.Join(t.TempDir(), "a.html"), patients: 15}
	out, page := drawn(t, o)
	require.Regexp(t, `^.*a\.html: [\d,]+ resources of 22 types, 15 patients\n$`, out)
	for _, text := range []string{
		"Resources by type and year", "Living patients by age and sex", "Encounters by month", "Most frequent conditions",
		"Acetaminophen 325 MG Oral Tablet", "Laboratory", "Vital signs", "mg/dL", "Systolic blood pressure", "100+", "2025",
	} {
		require.Contains(t, page, text)
	}
	lines, err := io.ReadAll(ingest.Synthetic(1, 15))
	require.NoError(t, err)
	for line := range bytes.Lines(lines) {
		var r struct {
			ResourceType, ID string
			Name             []struct{ Family string }
		}
		if json.Unmarshal(line, &r) == nil && r.ResourceType == "Patient" {
			require.NotContains(t, page, r.ID)
			require.NotContains(t, page, r.Name[0].Family)
		}
	}
}

// A shelf is a store in a folder.
func shelf(t *testing.T, lines ...string) options {
	folder := t.TempDir()
	o := options{store: filepath.Join(folder, "store"), keyFile: filepath.Join(folder, "key"), html: filepath.Join(folder, "a.html")}
	store, err := datastore.Open(t.Context(), o.store, &datastore.Options{Key: datastore.KeyFile(o.keyFile), Validation: datastore.Minimal})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) }) // it is open while the page is drawn
	for _, line := range lines {
		_, err := store.Update(t.Context(), []byte(line))
		require.NoError(t, err, line)
	}
	return o
}

func TestEmptyStore(t *testing.T) {
	out, page := drawn(t, shelf(t))
	require.Regexp(t, `a\.html: 0 resources of 0 types, 0 patients\n$`, out)
	require.Contains(t, page, "Nothing was written yet")
	require.Contains(t, page, "Nothing to draw.")
	_, page = drawn(t, options{store: "mem:", html: filepath.Join(t.TempDir(), "a.html")})
	require.Contains(t, page, "Nothing to draw.")
}

func TestOnePatient(t *testing.T) {
	out, page := drawn(t, shelf(t, `{"resourceType":"Patient","id":"p","gender":"male","birthDate":"1980"}`,
		observed(1, "p", "2020-02-03", "4.5", "mmol/L")))
	require.Regexp(t, `2 resources of 2 types, 1 patient\n$`, out)
	require.Contains(t, page, "1 value of 1 patient, median 4.5 mmol/L.")
}

func observed(id int, patient, date, value, unit string) string {
	return fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"2345-7","display":"Glucose"}]},
		"subject":{"reference":"Patient/%s"},"effectiveDateTime":"%s","valueQuantity":{"value":%s,"unit":"%s"}}`, id, patient, date, value, unit)
}

// Whatever a store has, the page says what it leaves out, and markup in data stays text.
func TestOddData(t *testing.T) {
	const attack = `</text></svg><script>alert(1)</script><img src=x onerror='alert(2)'>"`
	quoted, err := json.Marshal(attack)
	require.NoError(t, err)
	lines := []string{
		`{"resourceType":"Patient","id":"nothing"}`,
		`{"resourceType":"Patient","id":"old","gender":"female","birthDate":"0001-01-01"}`,
		`{"resourceType":"Patient","id":"unborn","gender":"female","birthDate":"9999-12-31"}`,
		`{"resourceType":"Patient","id":"strange","gender":"sometimes","birthDate":"long ago","name":[{"family":` + string(quoted) + `}]}`,
		`{"resourceType":"Patient","id":"typed","gender":7,"birthDate":1980,"deceasedBoolean":"no"}`,
		`{"resourceType":"Condition","id":"c1","code":{"coding":[{"system":"a|b,c$d\\e","code":"x|y,z$\\&=#","display":` + string(quoted) + `}]},"subject":{"reference":"Patient/old"}}`,
		`{"resourceType":"Condition","id":"c2","code":{"text":"no code"},"subject":{"reference":"Patient/old"},"onsetDateTime":"0001"}`,
		`{"resourceType":"Condition","id":"c3","code":{"coding":[{"code":"` + strings.Repeat("9", 5000) + `"}]},"subject":{"reference":"Patient/old"}}`,
		`{"resourceType":"Condition","id":"c4","code":["?"],"subject":{"reference":"Patient/old"}}`,
		`{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":` + string(quoted) + `},"period":{"start":"9999-12-31T23:59:59Z"}}`,
		`{"resourceType":"Encounter","id":"e2","status":"finished","class":{"code":"AMB"},"period":{"start":"0001-01-01","end":"9999-12-31"}}`,
		`{"resourceType":"Encounter","id":"e3","status":"finished","class":{"code":"AMB"},"period":{"end":"2020-01-01"}}`,
		`{"resourceType":"Encounter","id":"e4","status":"finished","class":{"code":"AMB"},"period":{"start":"2020-01-01","end":"2019-01-01"}}`,
		`{"resourceType":"Procedure","id":"r1","status":"completed","code":{"coding":[{"system":"s","code":"c","display":"\u202egnirts\u0000\u0007"}]},"subject":{"reference":"Patient/old"}}`,
		`{"resourceType":"Immunization","id":"i1","vaccineCode":{"coding":[{"system":"s","code":"疫苗","display":"` + strings.Repeat("新型コロナ", 30) + `"}]},"patient":{"reference":"Patient/old"}}`,
	}
	for i, value := range []string{"5", "5.5", "6", "1e300", "-1e300", "1e400", "0", "-0", "1e-300", "99999999999", "\"7\"", "6.1", "5.7"} {
		lines = append(lines, observed(i, "old", "2020-03-04", value, "mmol/L"))
	}
	for i, date := range []string{"0001", "9999-12", "2021-05-06T07:08:09.123456789+14:00", "yesterday", "2021"} {
		lines = append(lines, observed(100+i, "unborn", date, "5", "mmol/L"), observed(200+i, "old", date, "5", strings.ReplaceAll(attack, `"`, "")))
	}
	out, page := drawn(t, shelf(t, lines...))
	require.Regexp(t, `of 6 types, 5 patients\n$`, out)
	require.Contains(t, page, attack)
	require.Contains(t, page, "Observation, 2020: 1")
	require.Contains(t, page, "Not counted: 1 without a code.")
	require.Contains(t, page, "4 without a date of birth")
}

func TestWhereThePageGoes(t *testing.T) {
	o := shelf(t)
	link := filepath.Join(t.TempDir(), "link.html")
	require.NoError(t, os.Symlink(filepath.Join(o.store, "head"), link))
	before, err := os.ReadFile(link)
	require.NoError(t, err)
	for html, reason := range map[string]string{
		o.keyFile:                               "-html names the key file",
		link:                                    "-html names a file in the store's folder",
		filepath.Join(o.store, "a.html"):        "-html names a file in the store's folder",
		filepath.Join(o.store, "log", "a.html"): "-html names a file in the store's folder",
	} {
		at := o
		at.html = html
		require.ErrorContains(t, run(t.Context(), io.Discard, at, now), reason)
	}
	after, err := os.ReadFile(link)
	require.NoError(t, err)
	require.Equal(t, before, after)
	o.keyFile, o.store = filepath.Join(t.TempDir(), "key"), t.TempDir()
	require.ErrorIs(t, run(t.Context(), io.Discard, o, now), datastore.ErrNoStore)
	require.NoFileExists(t, o.keyFile)
}

// Counts by period are those of a plain look at each resource.
func TestBeginnings(t *testing.T) {
	ctx := context.Background()
	store := storetest.Open(t, nil)
	random, plain := rand.New(rand.NewPCG(1, 1)), map[month]int{}
	for i := range 300 {
		m := january(2010) + month(random.IntN(60))
		plain[m]++
		start := fmt.Sprintf("%04d-%02d-%02d", m/12, m%12+1, 1+random.IntN(28))
		if i%3 == 0 {
			start = start[:7]
		}
		_, err := store.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Encounter","id":"e%d","status":"finished","class":{"code":"AMB"},"period":{"start":"%s","end":"2020-01-01"}}`, i, start))
		require.NoError(t, err)
	}
	a := &asker{ctx: ctx, snapshot: store.Snapshot()}
	defer a.snapshot.Close()
	for i, n := range a.begin("Encounter", "date", january(2010), 1, 60, "") {
		require.Equal(t, plain[january(2010)+month(i)], n)
	}
	require.Equal(t, 300, a.since("Encounter", "date", 0, ""))
	first, last, note := years(func(m month) int { return a.since("Encounter", "date", m, "") }, 20)
	require.Equal(t, []int{2010, 2014}, []int{first, last})
	require.Empty(t, note)
	first, _, note = years(func(m month) int { return a.since("Encounter", "date", m, "") }, 2)
	require.Equal(t, 2013, first)
	early := 0
	for m := range maps.Keys(plain) {
		if m < january(2013) {
			early += plain[m]
		}
	}
	require.Equal(t, fmt.Sprintf(" Earlier: %d.", early), note)
	require.NoError(t, a.err)
}

func TestNumbers(t *testing.T) {
	for n, text := range map[int]string{0: "0", 999: "999", 1000: "1.0k", 9_960: "10k", 999_499: "999k", 999_600: "1.0M", 12_000_000: "12M"} {
		require.Equal(t, text, rough(n))
	}
	for n, text := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		require.Equal(t, text, count(n))
	}
	for v, text := range map[float64]string{0: "0", 0.25: "0.25", 9000: "9000", 12000: "12k", -2.5e6: "-2500k", 1e-7: "1e-07"} {
		require.Equal(t, text, brief(v))
	}
	for _, a := range []axis{{0, 1, 0, 1}, {-3, 8, 0, 1}, {1e11, 1.0001e11, 0, 1}, {2020, 2021, 0, 1}, {0, 1e-300, 0, 1}} {
		ticks := a.ticks(5, 0)
		require.NotEmpty(t, ticks)
		require.LessOrEqual(t, len(ticks), 7)
		require.IsIncreasing(t, ticks)
	}
	require.Equal(t, []float64{0, 1, 2}, axis{0, 2.04, 0, 1}.ticks(5, 1))
}
